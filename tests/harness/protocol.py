# SPDX-License-Identifier: BSD-2-Clause
"""The guest's console as values: KTAP with a few conventions of our own.

A pure reader: lines in, results and diagnostics out. It knows no VMM and prints nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

START = "KTAP version 1"
PLAN = re.compile(r"^1\.\.(\d{1,6})$")
RUN = re.compile(r"^# run (\S+)$")
RESULT = re.compile(r"^(ok|not ok) (\d{1,6}) ([^\s#]+)(?: # ([A-Z]+)(?: (.*))?)?$")
LIKE_A_RESULT = re.compile(r"^(ok|not ok)\b|^1\.\.|^Bail out!")
EXIT = re.compile(r"^EXIT: STATUS=(\d{1,3})$")
FINDING = re.compile(r"^# (FAIL|WARN) ([A-Z0-9][A-Z0-9_-]*) ")
LISTED = re.compile(r"^# test (\S+) (default|optional)$")
ERROR = re.compile(r"^# error: (.*)$")
TERMINAL = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[0-Z\\-~])")

# What may stand behind the '#' of a result, and whether the line then says `ok`.
WORDS = {"WARN": True, "SKIP": True, "FAIL": False, "ERROR": False, "CRASH": False, "HANG": False}
ENDS_THE_BOOT = ("CRASH", "HANG")


@dataclass
class Result:
    number: int
    id: str
    verdict: str  # PASS or one of WORDS; XFAIL, XPASS and PLAN (no result at all) are ours
    message: str = ""
    diagnostics: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)  # of the FAIL and WARN diagnostics
    failed_clauses: list[str] = field(default_factory=list)  # of the FAIL diagnostics
    seconds: float = 0.0


def printable(raw: bytes) -> str:
    """A line without terminal sequences and without what XML and terminals cannot bear."""
    text = TERMINAL.sub("", raw.decode("utf-8", "replace"))
    return "".join(c for c in text if c == "\t" or c.isprintable())


def glob_matches(pattern: str, test_id: str) -> bool:
    """As the guest selects: without a wildcard, a pattern names a test or a whole branch."""
    if not re.search(r"[*?]", pattern):
        return test_id == pattern or test_id.startswith(pattern + ".")
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, test_id) is not None


class Console:
    """One boot's console. `plan` and `running` tell where the boot stands.

    `first` is the number that the boot's first result must have. What breaks the protocol is kept
    in `diagnostics`, and reading goes on.
    """

    def __init__(self, first: int = 1) -> None:
        self.started = False  # the KTAP line was seen
        self.plan: int | None = None
        self.running: str | None = None
        self.next = first
        self.results: list[Result] = []
        self.records: list[object] = []
        self.listed: list[tuple[str, str]] = []
        self.header: list[str] = []  # diagnostics before the plan
        self.error: str | None = None
        self.exit_status: int | None = None
        self.diagnostics: list[str] = []
        self._verdicts: set[str] = set()
        self._diagnostics: list[str] = []

    def feed(self, line: str) -> Result | None:
        """Takes one line; returns the result that it completes, if any."""
        if not self.started:
            # Firmware may have left something before it on the same line.
            self.started = line.endswith(START)
        elif self.exit_status is not None:
            if line:
                self.report("a line after EXIT", line)
        elif match := RESULT.match(line):
            return self._result(match)
        elif match := RUN.match(line):
            self._run(match.group(1))
        elif (match := PLAN.match(line)) and self.plan is None:
            self.plan = int(match.group(1))
        elif match := EXIT.match(line):
            self._exit(int(match.group(1)))
        elif line == START:
            self.report("the guest started anew", line)
        elif LIKE_A_RESULT.match(line):
            self.report("a line that is no result", line)
        elif line.startswith("# json "):
            self._record(line[len("# json ") :])
        else:
            self._diagnostic(line)
        return None

    def report(self, what: str, line: str) -> None:
        self.diagnostics.append(f"{what}: {line[:120]}")

    def pending_diagnostics(self) -> list[str]:
        """What the test that is running has said so far."""
        return self._diagnostics

    def _run(self, test_id: str) -> None:
        if self.running is not None:
            self.report("no result before the next test", f"{self.running}, {test_id}")
            self.next += 1
        self.running = test_id
        self._diagnostics = []

    def _exit(self, status: int) -> None:
        self.exit_status = status
        if self.plan is None:
            return
        said = 5 if self._verdicts & set(ENDS_THE_BOOT) else 1
        if said == 1 and self._verdicts & {"FAIL", "ERROR"}:
            said = 3
        if status not in (said, 5):
            self.diagnostics.append(f"EXIT: STATUS={status}, the results of the boot mean {said}")

    def _record(self, text: str) -> None:
        try:
            self.records.append(json.loads(text))
        except ValueError:
            self.report("a record is not JSON", text)

    def _diagnostic(self, line: str) -> None:
        if match := LISTED.match(line):
            self.listed.append((match.group(1), match.group(2)))
        elif (match := ERROR.match(line)) and self.plan is None:
            self.error = match.group(1)
        elif line:
            line = line if line.startswith("#") else f"# {line}"
            (self.header if self.plan is None else self._diagnostics).append(line)

    def _result(self, match: re.Match[str]) -> Result:
        ok, number, test_id, word, message = match.groups()
        verdict = word or ("PASS" if ok == "ok" else "")
        diagnostics = self._diagnostics
        if verdict not in WORDS and verdict != "PASS":
            verdict, message = "ERROR", f"a result of an unknown kind: {match.group(0)}"
        elif word and WORDS[word] != (ok == "ok"):
            verdict, message = "ERROR", f"'{ok}' and '{word}' contradict each other"
        elif self.running is None:
            verdict, message = "ERROR", "a result of a test that did not run"
        elif self.running != test_id:
            verdict, message = "ERROR", f"the result of {test_id} came while {self.running} ran"
        elif int(number) != self.next:
            verdict, message = "ERROR", f"the result has number {number}, expected {self.next}"
        findings = [found for line in diagnostics if (found := FINDING.match(line))]
        result = Result(
            int(number),
            test_id,
            verdict,
            message or "",
            diagnostics,
            sorted({found.group(2) for found in findings}),
            sorted({found.group(2) for found in findings if found.group(1) == "FAIL"}),
        )
        self.results.append(result)
        self._verdicts.add(word or ("PASS" if ok == "ok" else "FAIL"))
        self.next = int(number) + 1
        self.running = None
        self._diagnostics = []
        return result
