# SPDX-License-Identifier: BSD-2-Clause
"""Another boot protocol must not change a verdict: compares machines that differ in it only.

Reads the last whole run of each (./run.sh -m MACHINE) under build/results.
"""

from __future__ import annotations

import json
import os

import ktap
from ktap import check

RESULTS = os.path.join(ktap.HOME, "build/results")

# A machine, and those that reach the same devices by another boot protocol.
EQUIVALENT = {
    "q35": ("q35-bzimage", "q35-linux64", "q35-efi", "q35-efi-disk"),
    "virt-arm64": ("virt-arm64-image", "virt-arm64-efi", "virt-arm64-efi-disk"),
    "virt-riscv64": ("virt-riscv64-efi-disk",),
}

# What an equivalent machine can't execute, and why; it must be a SKIP there.
IN_AML = {"discovery.mmio.described_blocks_are_virtio": "ACPI describes virtio-mmio in AML only"}
WITHOUT = {"virt-arm64-efi": IN_AML, "virt-arm64-efi-disk": IN_AML}


def verdicts(machine: str) -> set[tuple[str, str]]:
    """Of every test; of the stress tests, which have another seed each time, whether they were executed."""
    path = os.path.join(RESULTS, machine, "results.json")
    check(os.path.exists(path), f"no {path}: ./run.sh -m {machine} makes it")
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    tests = results["tests"]
    check(len(tests) == results["plan"] > 100, f"{machine}: {len(tests)} of {results['plan']} tests")
    return {
        (test["id"], "executed" if test["id"].startswith("stress.") and test["verdict"] != "SKIP" else test["verdict"])
        for test in tests
    }


def define(direct: str, other: str) -> None:
    def compare() -> None:
        without = WITHOUT.get(other, {})
        ours = {(name, "SKIP" if name in without else verdict) for name, verdict in verdicts(direct)}
        theirs = verdicts(other)
        check(ours == theirs, f"only on {direct}: {sorted(ours - theirs)}, only on {other}: {sorted(theirs - ours)}")

    compare.__name__ = f"{other}_finds_what_{direct}_does".replace("-", "_")
    ktap.test(compare)


for machine, others in EQUIVALENT.items():
    for other in others:
        define(machine, other)

if __name__ == "__main__":
    ktap.main("harness.equivalent_machines")
