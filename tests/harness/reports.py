# SPDX-License-Identifier: BSD-2-Clause
"""Counts the verdicts of a run, decides which are failures (FAILURES, with --strict a WARN that is not known, too), and
writes results.ktap, junit.xml and results.json.

Each is written whole or not at all, for every way in which a run can end; what did not run is an error in each.
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import io
import json
import os
import re
import time
import xml.etree.ElementTree as ET
from dataclasses import asdict

from protocol import IMPACTS, START, Result, printable

FAILURES = ("FAIL", "ERROR", "CRASH", "HANG", "XPASS", "XSKIP", "PLAN")
NOT_RUN = "PLAN"
FILES = ("console.log", "results.ktap", "junit.xml", "results.json", "vmm.log")
OURS = re.compile(r"\.(results\.ktap|junit\.xml|results\.json)\.[0-9]+")  # what a killed run may leave
NAMELESS = "run.verdict"  # the one test of a run without a plan


def is_failure(result: Result, strict: bool) -> bool:
    return result.verdict in FAILURES or (strict and result.verdict == "WARN" and not result.is_known)


def ktap_line(result: Result, strict: bool) -> str:
    status = "not ok" if is_failure(result, strict) else "ok"
    line = f"{status} {result.number} {result.id}"
    if result.verdict != "PASS":
        line += f" # {result.verdict} {result.message}".rstrip()
    return line


def plan_line(plan: int, skipped: str) -> str:
    return f"1..{plan}" + (f" # SKIP {skipped}" if skipped else "")


class Folder:
    """Where the files of one run go, and of no other one at the same time."""

    def __init__(self, path: str) -> None:
        self.path = path
        if os.path.lexists(path) and not os.path.isdir(path):
            raise ValueError(f"-o: '{path}' is no folder")
        os.makedirs(path, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise ValueError(f"-o: '{path}' can't be written to")
        self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ValueError(f"-o: '{path}' is in use by another run") from None
        # What an earlier run left must not be taken for this one's.
        for name in os.listdir(path):
            if name in FILES or OURS.fullmatch(name):
                self._remove(name)

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def _remove(self, name: str) -> None:
        try:
            os.remove(self.file(name))
        except OSError as error:
            raise ValueError(f"-o: '{self.file(name)}' is in the way: {error.strerror}") from error

    def write(self, texts: dict[str, str]) -> None:
        """All of them under other names first; then they get theirs."""
        written: dict[str, str] = {}
        try:
            for name, text in texts.items():
                temporary = self.file(f".{name}.{os.getpid()}")
                written[temporary] = self.file(name)
                with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as out:
                    out.write(text)
            for temporary, path in written.items():
                os.replace(temporary, path)
        finally:
            for temporary in written:
                with contextlib.suppress(OSError):
                    os.remove(temporary)

    def close(self) -> None:
        os.close(self._lock)


class Run:
    """What is known of a run: results by number, and diagnostics about the run as a whole."""

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.started = time.time()
        self._began = time.monotonic()
        self.plan: int | None = None
        self.header: list[str] = []
        self.results: dict[int, Result] = {}
        self.records: list[object] = []
        self.diagnostics: list[str] = []  # each is an error
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.skipped_plan = ""  # why nothing was run
        self.boots = 0  # how many, where that matters: tests had boots of their own
        self.stopped = ""  # why it ended before its end
        self._ids: dict[str, int] = {}
        self._is_told = False  # `stopped` is a test

    def take(self, result: Result) -> str:
        """'' or why the result can't be taken."""
        if result.number in self.results:
            return f"a second result of number {result.number}: {result.id}"
        self.results[result.number] = result
        first = self._ids.setdefault(result.id, result.number)
        return "" if first == result.number else f"{result.id} has two results, of number {first} and {result.number}"

    def fill(self, why: str) -> list[Result]:
        """Those of the plan that have no result get one that says so; they are returned."""
        missing = [number for number in range(1, (self.plan or 0) + 1) if number not in self.results]
        for number in missing:
            self.results[number] = Result(number, f"missing.{number}", NOT_RUN, why)
        return [self.results[number] for number in missing]

    def ordered(self) -> list[Result]:
        return [self.results[number] for number in sorted(self.results)]

    def skipped(self) -> int:
        return sum(result.verdict == "SKIP" for result in self.results.values())

    def executed(self) -> int:
        """Tests that ran, whatever came of it."""
        return sum(result.verdict not in ("SKIP", "XSKIP", NOT_RUN) for result in self.results.values())

    def begin(self) -> None:
        """Now, by a clock for people and by one that nobody sets."""
        self.started, self._began = time.time(), time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def failed(self) -> int:
        """Failed tests; each diagnostic counts as one more."""
        return self._failures() + len(self.diagnostics) + bool(self.strict) * len(self.warnings)

    def _failures(self) -> int:
        return sum(is_failure(result, self.strict) for result in self.results.values())

    def remarks(self) -> list[str]:
        return [
            *(f"# note: {note}" for note in self.notes),
            *(f"# WARN run: {warning}" for warning in self.warnings),
            *(f"# error: {diagnostic}" for diagnostic in self.diagnostics),
            *([f"# error: {self.stopped}"] if self.stopped else []),
        ]

    def summary(self) -> list[str]:
        """A line for each test that needs a look, then the remarks."""
        return [
            f"# {result.verdict} {result.id}: {result.message}"
            for result in self.ordered()
            if result.verdict not in ("PASS", "SKIP")
        ] + [*self.remarks(), *([f"# impact: {impacts}"] if (impacts := self.impacts()) else [])]

    def impacts(self) -> str:
        """How many tests found what, the worst first; '' if none did. What is known is not counted."""
        found = [one.impact for one in self.results.values() if one.verdict != "XFAIL" and not one.is_known]
        return ", ".join(f"{count} {impact}" for impact in IMPACTS if (count := found.count(impact)))

    def counts(self) -> str:
        count = collections.Counter(result.verdict for result in self.results.values())
        failed = sum(count[verdict] for verdict in FAILURES if verdict != "ERROR")
        errors = count["ERROR"] + len(self.diagnostics)
        return (
            f"{count['PASS']} passed, {failed} failed, {count['WARN'] + len(self.warnings)} warned, "
            f"{count['XFAIL']} xfail, {count['SKIP']} skipped, {errors} errors, "
            f"{self.executed()} executed, {self.seconds():.1f} s"
        )

    def total(self) -> str:
        passed = len(self.results) - self.skipped() - self._failures()
        boots = f", {self.boots} boots" if self.boots else ""
        return f"{passed} passed, {self.failed()} failed, {self.skipped()} skipped{boots}"

    # -- files --------------------------------------------------------------------------------

    def texts(self, properties: dict[str, str], document: dict[str, object]) -> dict[str, str]:
        """What each file holds."""
        if self.stopped and not self.fill(f"not run: {self.stopped}") and not self._is_told:
            self.plan = max([self.plan or 0, *self.results]) + 1
            self.take(Result(self.plan, NAMELESS, NOT_RUN, self.stopped))
        self._is_told |= bool(self.stopped)
        document = {
            **document,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "seconds": round(self.seconds(), 3),
            "plan": self.plan or 0,
            "executed": self.executed(),
            "impact": self.impacts(),
            "error": self.stopped or None,
            "diagnostics": self.diagnostics,
            "warnings": self.warnings,
            "notes": self.notes,
            "tests": [asdict(result) for result in self.ordered()],
            "records": self.records,
        }
        return {
            "results.ktap": "\n".join(self._ktap()) + "\n",
            "junit.xml": self._junit(properties),
            "results.json": json.dumps(document, indent=1, allow_nan=False) + "\n",
        }

    def _ktap(self) -> list[str]:
        lines = [START, *self.header, plan_line(self.plan or 0, self.skipped_plan)]
        for result in self.ordered():
            lines += [*result.diagnostics, ktap_line(result, self.strict)]
        return lines + self.remarks()

    def _junit(self, properties: dict[str, str]) -> str:
        cases = self.ordered()
        errors = sum(result.verdict == NOT_RUN for result in cases)
        suite = ET.Element(
            "testsuite",
            name=f"viommu-guest.{properties['machine']}",
            tests=str(len(cases) + bool(self.diagnostics or self.warnings)),
            failures=str(self._failures() - errors + bool(self.diagnostics or self.strict and self.warnings)),
            errors=str(errors),
            skipped=str(self.skipped()),
            time=f"{sum(result.seconds for result in cases):.3f}",
        )
        group = ET.SubElement(suite, "properties")
        for name, value in {**properties, "executed": str(self.executed())}.items():
            ET.SubElement(group, "property", name=name, value=_clean(value))
        for result in cases:
            self._add_case(suite, result)
        if self.diagnostics or self.warnings:
            case = ET.SubElement(suite, "testcase", classname="run", name="protocol", time="0")
            if reported := self.diagnostics or (self.warnings if self.strict else []):
                failure = ET.SubElement(case, "failure", message=_clean(reported[0]), type="ERROR")
                failure.text = _clean("\n".join(reported))
            if self.warnings:
                ET.SubElement(case, "system-out").text = _clean("\n".join(self.warnings))
        ET.indent(suite)
        out = io.BytesIO()
        ET.ElementTree(suite).write(out, encoding="utf-8", xml_declaration=True)
        return out.getvalue().decode()

    def _add_case(self, suite: ET.Element, result: Result) -> None:
        branch, _, name = result.id.rpartition(".")
        case = ET.SubElement(
            suite, "testcase", classname=branch, name=name, time=f"{result.seconds:.3f}"
        )
        if is_failure(result, self.strict):
            kind = "error" if result.verdict == NOT_RUN else "failure"
            failure = ET.SubElement(case, kind, message=_clean(result.message), type=result.verdict)
            failure.text = _clean("\n".join([result.message, *result.diagnostics]))
        elif result.verdict == "SKIP":
            ET.SubElement(case, "skipped", message=_clean(result.message))
        if result.impact:
            ET.SubElement(ET.SubElement(case, "properties"), "property", name="impact", value=result.impact)
        if result.diagnostics:
            ET.SubElement(case, "system-out").text = _clean("\n".join(result.diagnostics))


def _clean(text: str) -> str:
    """Without characters that XML does not take."""
    return "\n".join(printable(line.encode("utf-8", "backslashreplace")) for line in text.split("\n"))
