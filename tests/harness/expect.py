# SPDX-License-Identifier: BSD-2-Clause
"""Known deviations of a device: tests/harness/expect/VMM.toml.

`[[deviation]]` has the `test`, the `clauses` that it then finds violated, the `reason`, the `evidence` for it, and
the `versions` of the VMM, ranges; `arch` or `machine` where it is not all of them. A test that fails as listed is
XFAIL; with `verdict = "WARN"` one that warns as listed is a known WARN. One that no longer does is XPASS; with
`may_pass` it may pass, too, as a random walk that does not come that far: true, or the machines where it may.
What is not listed stays what it is: it is not hidden by what is. The clause VMM-DIED stands for a VMM that crashes
in the test, VMM-HUNG for one that says no more.
"""

from __future__ import annotations

import functools
import glob
import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import Any

from build import HOME
from protocol import Result
from versions import Version, bounds, holds, parse

VMM_DIED, VMM_HUNG = "VMM-DIED", "VMM-HUNG"
LISTS = ("clauses", "versions", "arch", "machine")
VERDICTS = ("FAIL", "WARN")


@dataclass
class Deviation:
    test: str
    clauses: list[str]
    reason: str
    evidence: str
    versions: list[str]
    arch: list[str] = field(default_factory=list)
    machine: list[str] = field(default_factory=list)
    may_pass: bool | list[str] = False
    verdict: str = "FAIL"

    def is_of(self, version: Version, arch: str, machine: str) -> bool:
        return (
            any(holds(text, version) for text in self.versions)
            and arch in (self.arch or [arch])
            and machine in (self.machine or [machine])
        )


class Expectations:
    """The deviations that apply to one run. `notes` are printed."""

    def __init__(self, directory: str, vmm: str, version: str, arch: str, machine: str) -> None:
        self.by_test: dict[str, Deviation] = {}
        self.notes: list[str] = []
        path = os.path.join(directory, f"{vmm}.toml")
        if not os.path.exists(path):
            return
        deviations = read(path)
        known = parse(version)
        if known is None:
            self.notes.append(f"no deviations are expected: the version of {vmm} is not known")
            return
        if not any(holds(text, known) for one in deviations for text in one.versions):
            ranges = ", ".join(sorted({text for one in deviations for text in one.versions}))
            self.notes.append(f"no deviations of {vmm} {version} are known, but of versions {ranges}: {path}")
        for one in deviations:
            if one.is_of(known, arch, machine):
                if one.test in self.by_test:
                    raise ValueError(f"{path}: {one.test}: two deviations for {vmm} {version}, {arch}, {machine}")
                may_pass = one.may_pass is True or (one.may_pass is not False and machine in one.may_pass)
                self.by_test[one.test] = replace(one, may_pass=may_pass)

    def apply(self, result: Result, vmm_died: bool = False) -> None:
        """Turns what is expected into XFAIL or a known WARN, and what is expected and did not come into XPASS."""
        deviation = self.by_test.get(result.id)
        if deviation is None:
            return
        if deviation.verdict == "WARN":
            _apply_warning(deviation, result)
        elif result.verdict == "HANG" and VMM_HUNG in deviation.clauses:
            _apply_failure(deviation, result, {VMM_HUNG})
        elif result.verdict == "FAIL" or vmm_died:
            _apply_failure(deviation, result, {VMM_DIED} if vmm_died else set(result.failed_clauses))
        elif result.verdict in ("PASS", "WARN") and not deviation.may_pass:
            result.verdict, result.message = "XPASS", f"no longer fails: {deviation.reason}"


def _apply_failure(deviation: Deviation, result: Result, found: set[str]) -> None:
    others = [finding for finding in result.findings if finding.clause not in deviation.clauses]
    if found and found <= set(deviation.clauses):
        result.verdict, result.message = "XFAIL", deviation.reason
    elif result.verdict != "FAIL" or not found & set(deviation.clauses):
        return
    if others:
        worst = next((one for one in others if one.verdict == "FAIL"), others[0])
        result.verdict, result.impact = worst.verdict, worst.impact
        result.message = f"{worst.clause} {worst.text}, beside what is known: {deviation.reason}"


def _apply_warning(deviation: Deviation, result: Result) -> None:
    if result.verdict == "PASS" and not deviation.may_pass:
        result.verdict, result.message = "XPASS", f"no longer warns: {deviation.reason}"
    elif result.verdict == "WARN" and set(result.clauses) <= set(deviation.clauses):
        result.is_known, result.message = True, f"known: {deviation.reason}"


def read(path: str) -> list[Deviation]:
    """All of a file. ValueError: it is invalid; says where."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    entries = document.pop("deviation", [])
    if document or not isinstance(entries, list):
        raise ValueError(f"{path}: expected nothing but [[deviation]]")
    deviations = [_parse(f"{path}: deviation {number}", entry) for number, entry in enumerate(entries, 1)]
    for number, one in enumerate(deviations):
        for other in deviations[:number]:
            if one.test == other.test and _overlap(one, other):
                raise ValueError(f"{path}: {one.test}: a duplicate for {', '.join(one.versions)}")
    return deviations


def _overlap(one: Deviation, other: Deviation) -> bool:
    def common(ours: list[str], theirs: list[str]) -> bool:
        return not ours or not theirs or bool(set(ours) & set(theirs))

    samples = [bound for d in (one, other) for text in d.versions for _, bound in bounds(text)]
    both = (all(any(holds(t, s) for t in d.versions) for d in (one, other)) for s in samples)
    return any(both) and common(one.arch, other.arch) and common(one.machine, other.machine)


def _parse(where: str, entry: object) -> Deviation:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected a table")
    fields: dict[str, Any] = {
        name: [value] if isinstance(value := entry[name], str) else value for name in LISTS if name in entry
    }
    rest = {name: value for name, value in entry.items() if name not in LISTS}
    where += f", {rest.get('test', 'without a test')}"
    for name, value in fields.items():
        if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
            raise ValueError(f"{where}: {name}: {value!r}, expected strings")
    try:
        deviation = Deviation(**fields, **rest)
    except TypeError as error:
        raise ValueError(f"{where}: {str(error).partition(' ')[2]}") from error
    texts = (deviation.test, deviation.reason, deviation.evidence)
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"{where}: test, reason and evidence are strings")
    if not isinstance(may := deviation.may_pass, bool) and not (
        isinstance(may, list) and may and all(isinstance(name, str) for name in may)
    ):
        raise ValueError(f"{where}: may_pass: {may!r}, expected true, false or machines")
    if deviation.verdict not in VERDICTS:
        raise ValueError(f"{where}: verdict: {deviation.verdict!r}, expected {' or '.join(VERDICTS)}")
    for text in deviation.versions:
        try:
            bounds(text)
        except ValueError as error:
            raise ValueError(f"{where}: versions: {error}") from error
    if deviation.test not in test_ids():
        raise ValueError(f"{where}: no test has this id")
    if unknown := set(deviation.clauses) - clauses() - {VMM_DIED, VMM_HUNG}:
        raise ValueError(f"{where}: there is no clause {min(unknown)}")
    return deviation


@functools.cache
def clauses() -> frozenset[str]:
    with open(os.path.join(HOME, "lib", "spec", "clauses.def"), encoding="utf-8") as file:
        return frozenset(re.findall(r"^CLAUSE\((\w+),", file.read(), re.M))


@functools.cache
def test_ids() -> frozenset[str]:
    """Of the sources: the same as the guest lists."""
    found: list[str] = []
    for directory in ("suites", "selftest"):
        for path in glob.glob(os.path.join(HOME, "tests", directory, "**", "*.c"), recursive=True):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if suite := re.search(r'^#define SUITE "(.*)"', text, re.M):
                found += [f"{suite[1]}.{test}" for test in re.findall(r"^TEST\((\w+),", text, re.M)]
    return frozenset(found)
