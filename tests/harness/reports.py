# SPDX-License-Identifier: BSD-2-Clause
"""The results of a run, counted, and what it leaves behind: results.ktap, junit.xml, results.json."""

from __future__ import annotations

import collections
import json
import os
import time
import xml.etree.ElementTree as ET
from dataclasses import asdict

from protocol import START, Result

FAILURES = ("FAIL", "ERROR", "CRASH", "HANG", "XPASS", "PLAN")
LENIENT = ("WARN", "XFAIL")
FILES = ("console.log", "results.ktap", "junit.xml", "results.json", "vmm.log")


def is_failure(result: Result, strict: bool) -> bool:
    return result.verdict in FAILURES or (strict and result.verdict in LENIENT)


def ktap_line(result: Result, strict: bool) -> str:
    status = "not ok" if is_failure(result, strict) else "ok"
    line = f"{status} {result.number} {result.id}"
    if result.verdict != "PASS":
        line += f" # {result.verdict} {result.message}".rstrip()
    return line


def plan_line(plan: int, skipped: str) -> str:
    return f"1..{plan}" + (f" # SKIP {skipped}" if skipped else "")


def prepare(directory: str) -> None:
    """What an earlier run left must not be taken for this one's."""
    os.makedirs(directory, exist_ok=True)
    for name in FILES:
        try:
            os.remove(os.path.join(directory, name))
        except FileNotFoundError:
            pass


class Run:
    """What is known of a run: results by number, and diagnostics about the run as a whole."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.started = time.time()
        self.header: list[str] = []
        self.results: dict[int, Result] = {}
        self.records: list[object] = []
        self.diagnostics: list[str] = []
        self.skipped_plan = ""  # why nothing was run

    def ordered(self) -> list[Result]:
        return [self.results[number] for number in sorted(self.results)]

    def skipped(self) -> int:
        return sum(result.verdict == "SKIP" for result in self.results.values())

    def executed(self) -> int:
        return len(self.results) - self.skipped()

    def failed(self) -> int:
        """Failed tests; each diagnostic counts as one more."""
        failures = sum(is_failure(result, self.strict) for result in self.results.values())
        return failures + len(self.diagnostics)

    def summary(self) -> list[str]:
        """A line for each test that needs a look, then the diagnostics."""
        lines = [
            f"# {result.verdict} {result.id}: {result.message}"
            for result in self.ordered()
            if result.verdict not in ("PASS", "SKIP")
        ]
        return lines + [f"# error: {diagnostic}" for diagnostic in self.diagnostics]

    def counts(self) -> str:
        count = collections.Counter(result.verdict for result in self.results.values())
        failed = sum(count[verdict] for verdict in FAILURES if verdict != "ERROR")
        errors = count["ERROR"] + len(self.diagnostics)
        return (
            f"{count['PASS']} passed, {failed} failed, {count['WARN']} warned, "
            f"{count['XFAIL']} xfail, {count['SKIP']} skipped, {errors} errors, "
            f"{time.time() - self.started:.1f} s"
        )

    def total(self) -> str:
        failures = sum(is_failure(result, self.strict) for result in self.results.values())
        passed = self.executed() - failures
        return f"{passed} passed, {self.failed()} failed, {self.skipped()} skipped"

    def write(
        self, directory: str, plan: int, properties: dict[str, str], document: dict[str, object]
    ) -> None:
        self._write_ktap(os.path.join(directory, "results.ktap"), plan)
        self._write_junit(os.path.join(directory, "junit.xml"), properties)
        document = {
            **document,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "seconds": round(time.time() - self.started, 3),
            "plan": plan,
            "diagnostics": self.diagnostics,
            "tests": [asdict(result) for result in self.ordered()],
            "records": self.records,
        }
        with open(os.path.join(directory, "results.json"), "w", encoding="utf-8") as out:
            json.dump(document, out, indent=1)
            out.write("\n")

    def _write_ktap(self, path: str, plan: int) -> None:
        with open(path, "w", encoding="utf-8") as out:
            print(START, *self.header, plan_line(plan, self.skipped_plan), sep="\n", file=out)
            for result in self.ordered():
                for line in result.diagnostics:
                    print(line, file=out)
                print(ktap_line(result, self.strict), file=out)
            for diagnostic in self.diagnostics:
                print(f"# error: {diagnostic}", file=out)

    def _write_junit(self, path: str, properties: dict[str, str]) -> None:
        suite = ET.Element(
            "testsuite",
            name=f"viommu-guest.{properties['machine']}",
            tests=str(len(self.results) + bool(self.diagnostics)),
            failures=str(
                sum(is_failure(result, self.strict) for result in self.results.values())
                + bool(self.diagnostics)
            ),
            errors="0",
            skipped=str(self.skipped()),
            time=f"{sum(result.seconds for result in self.results.values()):.3f}",
        )
        group = ET.SubElement(suite, "properties")
        for name, value in properties.items():
            ET.SubElement(group, "property", name=name, value=value)
        for result in self.ordered():
            self._add_case(suite, result)
        if self.diagnostics:
            case = ET.SubElement(suite, "testcase", classname="run", name="protocol", time="0")
            failure = ET.SubElement(case, "failure", message=self.diagnostics[0], type="ERROR")
            failure.text = "\n".join(self.diagnostics)
        ET.indent(suite)
        ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)

    def _add_case(self, suite: ET.Element, result: Result) -> None:
        branch, _, name = result.id.rpartition(".")
        case = ET.SubElement(
            suite, "testcase", classname=branch, name=name, time=f"{result.seconds:.3f}"
        )
        if is_failure(result, self.strict):
            failure = ET.SubElement(case, "failure", message=result.message, type=result.verdict)
            failure.text = "\n".join([result.message, *result.diagnostics])
        elif result.verdict == "SKIP":
            ET.SubElement(case, "skipped", message=result.message)
        if result.diagnostics:
            ET.SubElement(case, "system-out").text = "\n".join(result.diagnostics)
