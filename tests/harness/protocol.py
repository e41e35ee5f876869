# SPDX-License-Identifier: BSD-2-Clause
"""The guest's console as values: KTAP with a few conventions of our own.

A pure reader: lines in, events and results out. It knows no VMM and prints nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

PLAN = re.compile(r"^1\.\.(\d+)$")
RUN = re.compile(r"^# run (\S+)$")
RESULT = re.compile(r"^(ok|not ok) (\d+) (\S+)(?: # ([A-Z]+)(?: (.*))?)?$")
EXIT = re.compile(r"^EXIT: STATUS=(\d+)$")
FINDING = re.compile(r"^# (FAIL|WARN) ([A-Z0-9][A-Z0-9_-]*) ")
LISTED = re.compile(r"^# test (\S+) (default|optional)$")
ERROR = re.compile(r"^# error: (.*)$")

# What may stand behind the '#' of a result, and whether the line then says `ok`.
WORDS = {"WARN": True, "SKIP": True, "FAIL": False, "ERROR": False, "CRASH": False, "HANG": False}


@dataclass
class Result:
    number: int
    id: str
    verdict: str  # PASS or one of WORDS; XFAIL, XPASS and PLAN are ours
    message: str = ""
    diagnostics: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)  # of the FAIL diagnostics
    seconds: float = 0.0


def printable(raw: bytes) -> str:
    """A line without terminal sequences and without what XML and terminals cannot bear."""
    text = raw.decode("utf-8", "replace")
    text = re.sub(r"\x1b(\[[0-9;?=]*[A-Za-z]|.)", "", text)
    return "".join(c for c in text if c == "\t" or (c.isprintable() and ord(c) < 0xFFFE))


class Console:
    """One boot's console. `plan` and `running` tell where the boot stands."""

    def __init__(self) -> None:
        self.started = False  # the KTAP line was seen
        self.plan: int | None = None
        self.running: str | None = None
        self.results: list[Result] = []
        self.records: list[object] = []
        self.listed: list[tuple[str, str]] = []
        self.header: list[str] = []  # diagnostics before the plan
        self.error: str | None = None
        self.exit_status: int | None = None
        self.complaints: list[str] = []
        self._diagnostics: list[str] = []

    def feed(self, line: str) -> Result | None:
        """Takes one line; returns the result that it completes, if any."""
        if not self.started:
            # Firmware may have left something before it on the same line.
            self.started = line.endswith("KTAP version 1")
            return None
        if match := RESULT.match(line):
            return self._result(match)
        if match := RUN.match(line):
            self.running = match.group(1)
            self._diagnostics = []
        elif match := PLAN.match(line):
            self.plan = int(match.group(1))
        elif match := EXIT.match(line):
            self.exit_status = int(match.group(1))
        elif line.startswith("# json "):
            self._record(line[7:])
        elif match := LISTED.match(line):
            self.listed.append((match.group(1), match.group(2)))
        elif match := ERROR.match(line):
            self.error = match.group(1)
        elif self.plan is None:
            self.header.append(line)
        else:
            self._diagnostics.append(line)
        return None

    def _record(self, text: str) -> None:
        try:
            self.records.append(json.loads(text))
        except ValueError:
            self.complaints.append(f"a record is not JSON: {text[:80]}")

    def _result(self, match: re.Match[str]) -> Result:
        ok, number, test_id, word, message = match.groups()
        verdict = word or ("PASS" if ok == "ok" else "")
        diagnostics = self._diagnostics
        if verdict not in WORDS and verdict != "PASS":
            verdict, message = "ERROR", f"a result of an unknown kind: {match.group(0)}"
        elif word and WORDS[word] != (ok == "ok"):
            verdict, message = "ERROR", f"'{ok}' and '{word}' contradict each other"
        elif self.running is not None and self.running != test_id:
            verdict, message = "ERROR", f"the result of {test_id} came while {self.running} ran"
        findings = [FINDING.match(line) for line in diagnostics]
        result = Result(
            int(number),
            test_id,
            verdict,
            message or "",
            diagnostics,
            sorted({m.group(2) for m in findings if m and m.group(1) == "FAIL"}),
        )
        self.results.append(result)
        self.running = None
        self._diagnostics = []
        return result

    def pending_diagnostics(self) -> list[str]:
        """What the test that is running has said so far."""
        return self._diagnostics
