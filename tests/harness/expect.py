# SPDX-License-Identifier: BSD-2-Clause
"""Known deviations of a device: tests/harness/expect/<vmm>-<version>, and <vmm>-<version>.<cpu> for those that it
has on one CPU only.

A line is `test.id CLAUSE[,CLAUSE...] reason`. A test that fails as listed is XFAIL, one that no longer
does is XPASS; with `~` before its id it may pass, too, as a random walk that does not come that far. VMM-DIED stands for a VMM that dies of the test.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from protocol import Result

VMM_DIED = "VMM-DIED"


@dataclass
class Deviation:
    clauses: frozenset[str]
    reason: str
    may_pass: bool = False


def find_files(directory: str, vmm: str, version: str, arch: str) -> list[str]:
    """Those with the longest prefix of the version: qemu-7.2.22, qemu-7.2, qemu-7."""
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        path = os.path.join(directory, f"{vmm}-{'.'.join(parts[:length])}")
        if os.path.isfile(path):
            return [path, *filter(os.path.isfile, [f"{path}.{arch}"])]
    return []


def read(path: str) -> dict[str, Deviation]:
    deviations: dict[str, Deviation] = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            fields = line.split(None, 2)
            test_id = fields[0].removeprefix("~")
            if len(fields) != 3 or test_id in deviations:
                raise ValueError(f"{path}:{number}: expected one '[~]test.id CLAUSE[,CLAUSE] reason'")
            deviations[test_id] = Deviation(
                frozenset(fields[1].split(",")), fields[2], fields[0] != test_id
            )
    return deviations


def apply(result: Result, deviations: dict[str, Deviation], vmm_died: bool = False) -> None:
    """Turns an expected failure into XFAIL and an expected failure that passed into XPASS."""
    deviation = deviations.get(result.id)
    if deviation is None:
        return
    found = {VMM_DIED} if vmm_died else set(result.failed_clauses)
    failed_as_listed = (result.verdict == "FAIL" or vmm_died) and found <= deviation.clauses
    if failed_as_listed and found:
        result.verdict, result.message = "XFAIL", deviation.reason
    elif result.verdict == "PASS" and not deviation.may_pass:
        result.verdict, result.message = "XPASS", f"no longer fails: {deviation.reason}"
