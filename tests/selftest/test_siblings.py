# SPDX-License-Identifier: BSD-2-Clause
"""Another way in must not change what is tested: the results of machines that differ in it only.

Reads the last whole run of each (./run.sh -m MACHINE) under build/results.
"""

from __future__ import annotations

import json
import os

import ktap
from ktap import check

RESULTS = os.path.join(ktap.HOME, "build/results")

# The machine that boots directly, and those with another way to the same devices.
SIBLINGS = {
    "q35": ("q35-bzimage", "q35-linux64", "q35-efi", "q35-efi-disk"),
    "virt-arm64": ("virt-arm64-image", "virt-arm64-efi", "virt-arm64-efi-disk"),
    "virt-riscv64": ("virt-riscv64-efi-disk",),
}


def executed(machine: str) -> set[str]:
    path = os.path.join(RESULTS, machine, "results.json")
    check(os.path.exists(path), f"no {path}: ./run.sh -m {machine} makes it")
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    check(len(results["tests"]) == results["plan"], f"{machine}: {len(results['tests'])} of {results['plan']} tests")
    return {test["id"] for test in results["tests"] if test["verdict"] != "SKIP"}


def define(direct: str, other: str) -> None:
    def compare() -> None:
        ours, theirs = executed(direct), executed(other)
        check(ours, f"{direct}: no test was executed")
        check(ours == theirs, f"only on {direct}: {sorted(ours - theirs)}, only on {other}: {sorted(theirs - ours)}")

    compare.__name__ = f"{other}_executes_what_{direct}_does".replace("-", "_")
    ktap.test(compare)


for machine, others in SIBLINGS.items():
    for sibling in others:
        define(machine, sibling)

if __name__ == "__main__":
    ktap.main("harness.siblings")
