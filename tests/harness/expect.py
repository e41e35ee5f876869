# SPDX-License-Identifier: BSD-2-Clause
"""What is known of a VMM: tests/harness/expect/VMM.toml.

`[[deviation]]` has the `test`, the `clauses` that it then finds violated, the `reason`, the `evidence` for it, and
the `versions` of the VMM, ranges; `arch` or `machine` where it is not all of them. A test that fails as listed is
XFAIL; with `verdict = "WARN"` one that warns as listed is a known WARN. One that no longer does is XPASS; with
`may_pass` it may pass, too, as a random walk that does not come that far: true, or the machines where it may.
What is not listed stays what it is: it is not hidden by what is. The clause VMM-DIED stands for a VMM that crashes
in the test, VMM-HUNG for one that says no more.

`[[skips]]` has the `reasons` for which tests are skipped on a `machine` of these `versions`, `*` for any text in one.
Where a machine has such a list, a test that skips for another reason is XSKIP: a feature has vanished.
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
LISTS = ("clauses", "versions", "arch", "machine", "reasons")
PLANTED = "selftest."  # tests of the guest's framework
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


@dataclass
class Skips:
    reasons: list[str]
    versions: list[str]
    machine: list[str]

    def is_of(self, version: Version, machine: str) -> bool:
        return machine in self.machine and any(holds(text, version) for text in self.versions)


class Expectations:
    """What applies to one run. `notes` are printed."""

    def __init__(self, directory: str, vmm: str, version: str, arch: str, machine: str) -> None:
        self.by_test: dict[str, Deviation] = {}
        self.reasons: list[str] = []  # of skips; none: any will do
        self.notes: list[str] = []
        path = os.path.join(directory, f"{vmm}.toml")
        if not os.path.exists(path):
            return
        deviations, skips = read(path)
        known = parse(version)
        if known is None:
            self.notes.append(f"no deviations are expected: the version of {vmm} is not known")
            return
        if not any(holds(text, known) for one in deviations for text in one.versions):
            ranges = ", ".join(sorted({text for one in deviations for text in one.versions}))
            self.notes.append(f"no deviations of {vmm} {version} are known, but of versions {ranges}: {path}")
        self.reasons = [text for one in skips if one.is_of(known, machine) for text in one.reasons]
        for one in deviations:
            if one.is_of(known, arch, machine):
                if one.test in self.by_test:
                    raise ValueError(f"{path}: {one.test}: two deviations for {vmm} {version}, {arch}, {machine}")
                may_pass = one.may_pass is True or (one.may_pass is not False and machine in one.may_pass)
                self.by_test[one.test] = replace(one, may_pass=may_pass)

    def apply(self, result: Result, vmm_died: bool = False) -> None:
        """Turns what is expected into XFAIL or a known WARN, what is and did not come into XPASS, and a new skip
        into XSKIP."""
        if result.verdict == "SKIP" and self.reasons and not result.id.startswith(PLANTED):
            self._apply_skip(result)
            return
        deviation = self.by_test.get(result.id)
        if deviation is None:
            return
        if deviation.verdict == "WARN" or (deviation.may_pass and result.verdict == "WARN"):
            _apply_warning(deviation, result)
        elif result.verdict == "HANG" and VMM_HUNG in deviation.clauses:
            _apply_failure(deviation, result, {VMM_HUNG})
        elif result.verdict == "FAIL" or vmm_died:
            _apply_failure(deviation, result, {VMM_DIED} if vmm_died else set(result.failed_clauses))
        elif result.verdict in ("PASS", "WARN") and not deviation.may_pass:
            result.verdict, result.message = "XPASS", f"no longer fails: {deviation.reason}"

    def _apply_skip(self, result: Result) -> None:
        if not any(_pattern(reason).fullmatch(result.message) for reason in self.reasons):
            result.verdict = "XSKIP"
            result.message = f"no test is known to skip on this machine as {result.message}"


@functools.cache
def _pattern(reason: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, reason.split("*"))))


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


def read(path: str) -> tuple[list[Deviation], list[Skips]]:
    """All of a file. ValueError: it is invalid; says where."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    entries, skips = document.pop("deviation", []), document.pop("skips", [])
    if document or not isinstance(entries, list) or not isinstance(skips, list):
        raise ValueError(f"{path}: expected nothing but [[deviation]] and [[skips]]")
    deviations = [_parse(f"{path}: deviation {number}", entry) for number, entry in enumerate(entries, 1)]
    for number, one in enumerate(deviations):
        for other in deviations[:number]:
            if one.test == other.test and _overlap(one, other):
                raise ValueError(f"{path}: {one.test}: a duplicate for {', '.join(one.versions)}")
    return deviations, [_parse_skips(f"{path}: skips {number}", entry) for number, entry in enumerate(skips, 1)]


def _overlap(one: Deviation, other: Deviation) -> bool:
    def common(ours: list[str], theirs: list[str]) -> bool:
        return not ours or not theirs or bool(set(ours) & set(theirs))

    samples = [bound for d in (one, other) for text in d.versions for _, bound in bounds(text)]
    both = (all(any(holds(t, s) for t in d.versions) for d in (one, other)) for s in samples)
    return any(both) and common(one.arch, other.arch) and common(one.machine, other.machine)


def _lists(entry: dict[str, Any]) -> dict[str, Any]:
    """The keys that hold lists; a string stands for a list of one."""
    return {name: [value] if isinstance(value := entry[name], str) else value for name in LISTS if name in entry}


def _check_lists(where: str, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
            raise ValueError(f"{where}: {name}: {value!r}, expected strings")


def _check_versions(where: str, versions: list[str]) -> None:
    for text in versions:
        try:
            bounds(text)
        except ValueError as error:
            raise ValueError(f"{where}: versions: {error}") from error


def _parse_skips(where: str, entry: object) -> Skips:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected a table")
    fields = _lists(entry)
    _check_lists(where, fields)
    try:
        skips = Skips(**{**entry, **fields})
    except TypeError as error:
        raise ValueError(f"{where}: {str(error).partition(' ')[2]}") from error
    _check_versions(where, skips.versions)
    return skips


def _parse(where: str, entry: object) -> Deviation:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected a table")
    fields, rest = _lists(entry), {name: value for name, value in entry.items() if name not in LISTS}
    where += f", {rest.get('test', 'without a test')}"
    _check_lists(where, fields)
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
    _check_versions(where, deviation.versions)
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
