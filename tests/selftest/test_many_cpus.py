# SPDX-License-Identifier: BSD-2-Clause
"""As many CPUs as there is room for, and RAM above 4 GiB: some tests on a machine of each CPU, as a default run takes
minutes there."""

from __future__ import annotations

import ktap
from ktap import check, run_sh, test

EVERY_CPU = "conformance.cpus.every_cpu_submits_requests"


def runs(machine: str) -> None:
    globs = (EVERY_CPU, "conformance.interrupt", "discovery")
    ran = run_sh("-m", machine, "-s", "1", *globs, "--", "-smp", "64", "-m", "6G")
    ran.ends(0)
    results = [line for line in ran.text("results.ktap").splitlines() if EVERY_CPU in line]
    check(any(line.startswith("ok ") and "#" not in line for line in results), results)


@test
def x86_64() -> None:
    runs("q35")


@test
def aarch64() -> None:
    runs("virt-arm64")


@test
def riscv64() -> None:
    runs("virt-riscv64-options")


if __name__ == "__main__":
    ktap.main("selftest.many_cpus")
