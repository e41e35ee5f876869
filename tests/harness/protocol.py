# SPDX-License-Identifier: BSD-2-Clause
"""The guest's console as values: KTAP with a few conventions of our own. The only reader of it.

Lines in, results and diagnostics out, as they come and within limits. It knows no VMM and prints nothing.
"""

from __future__ import annotations

import collections
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

START = "KTAP version 1"
PLAN = re.compile(r"^1\.\.([0-9]{1,6})$")
RUN = re.compile(r"^# run (\S+)$")
RESULT = re.compile(r"^(ok|not ok) ([0-9]{1,6}) ([^\s#]+)(?: # ([A-Z]+)(?: (.*))?)?$")
LIKE_A_RESULT = re.compile(r"^(ok|not ok)\b|^1\.\.|^Bail out!")
EXIT = re.compile(r"^EXIT: STATUS=([0-9]{1,3})$")
FINDING = re.compile(r"^# (FAIL|WARN) ([A-Z0-9][A-Z0-9_-]*) (?:\[([A-Za-z ]+), ([a-z]+)\] )?(.*)$")
RESET_BROKEN = re.compile(r"^# reset broken: (.+)$")
STOPPED = re.compile(r"^# stopped before test ([0-9]{1,6})$")
MAY_HANG = re.compile(rb"# may hang the VMM: the next words within (\d{1,4}) s")  # tests/framework/report.h
LISTED = re.compile(r"^# test (\S+) (default|optional)$")
ERROR = re.compile(r"^# error: (.*)$")
COST = re.compile(r"^# a request takes ([0-9]{1,9}) us on this host")
TERMINAL = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[0-Z\\-~])")
RECORD = "# json "

# The verdicts that may follow the '#' of a result, and whether the line then begins with `ok`.
WORDS = {"WARN": True, "SKIP": True, "FAIL": False, "ERROR": False, "CRASH": False, "HANG": False}
ENDS_THE_BOOT = ("CRASH", "HANG")

# What a finding does to a guest, the worst first; lib/spec/clause.h says what each is.
IMPACTS = ("isolation", "data", "liveness", "status", "report", "form")

KEPT_LINES, KEPT_BYTES = 4000, 1 << 18  # of the diagnostics of one test
PROTOCOL_ERRORS_MAX = 8  # of one kind that are listed one by one
RECORDS_MAX = 16 << 20  # bytes of one boot's records
LISTED_MAX = 100000


@dataclass
class Finding:
    """A statement that was violated."""

    verdict: str  # FAIL or WARN
    clause: str
    level: str  # MUST, ..., prose or open; '' where the line does not say
    impact: str  # one of IMPACTS, or ''
    text: str


@dataclass
class Result:
    number: int
    id: str
    verdict: str  # PASS or one of WORDS; XFAIL, XPASS, XSKIP and PLAN (no result at all) are ours
    message: str = ""
    diagnostics: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)  # of the FAIL and WARN diagnostics
    failed_clauses: list[str] = field(default_factory=list)  # of the FAIL diagnostics
    findings: list[Finding] = field(default_factory=list)
    impact: str = ""  # the worst of the findings that decided the verdict
    is_known: bool = False  # a WARN that is expected
    seconds: float = 0.0


class Lines:
    """Lines within limits; those beyond are counted."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self._left_out = 0
        self._bytes_left = KEPT_BYTES

    def add(self, line: str) -> bool:
        """Whether it was kept."""
        self._bytes_left -= len(line)
        if self._bytes_left < 0 or len(self.kept) >= KEPT_LINES:
            self._left_out += 1
            return False
        self.kept.append(line)
        return True

    def all(self) -> list[str]:
        return [*self.kept, f"# [{self._left_out} more lines left out]"] if self._left_out else self.kept


class ProtocolErrors:
    """Lines of a console that break the protocol: the first of each kind, and the number of the others."""

    def __init__(self) -> None:
        self._kinds: collections.Counter[str] = collections.Counter()
        self._listed: list[str] = []

    def add(self, kind: str, about: str) -> None:
        self._kinds[kind] += 1
        if self._kinds[kind] <= PROTOCOL_ERRORS_MAX:
            self._listed.append(f"{kind}: {about[:120]}")

    def all(self) -> list[str]:
        more = {kind: count - PROTOCOL_ERRORS_MAX for kind, count in self._kinds.items()}
        return self._listed + [f"{kind}: {count} more" for kind, count in more.items() if count > 0]


def printable(raw: bytes) -> str:
    """A line without terminal sequences and without characters that XML or a terminal does not take."""
    text = raw.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(c for c in TERMINAL.sub("", text) if c == "\t" or c.isprintable())


def glob_matches(pattern: str, test_id: str) -> bool:
    """As the guest selects: without a wildcard, a pattern names a test or a whole branch."""
    if not re.search(r"[*?]", pattern):
        return test_id == pattern or test_id.startswith(pattern + ".")
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, test_id) is not None


def findings_of(lines: Iterable[str]) -> list[Finding]:
    """Of the diagnostics that report a violation."""
    matches = (FINDING.match(line) for line in lines)
    return [Finding(*(group or "" for group in found.groups())) for found in matches if found]


def worst_impact(verdict: str, findings: list[Finding]) -> str:
    if verdict in ENDS_THE_BOOT:
        return "liveness"
    found = {finding.impact for finding in findings if finding.verdict == verdict}
    return next((impact for impact in IMPACTS if impact in found), "")


def parse_record(text: str) -> object:
    """A value that is JSON wherever it is written again. ValueError: it is none."""

    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is no number of JSON's")

    def finite(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else refuse(digits)

    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


class Console:
    """One boot's console. `plan` and `running` say how far the boot is.

    `first` is the number that the boot's first result must have, 0: any. What breaks the protocol is kept in
    `diagnostics`, and reading goes on.
    """

    def __init__(self, first: int = 1) -> None:
        self.started = False  # the KTAP line was seen
        self.plan: int | None = None
        self.running: str | None = None
        self.next = first
        self.results: list[Result] = []
        self.records: list[object] = []
        self.listed: list[tuple[str, str]] = []
        self.error: str | None = None
        self.exit_status: int | None = None
        self.reset_broken = ""  # why no later test can have this boot
        self.is_stopped = False  # by the guest, for another boot
        self.request_cost = 0.0  # seconds, where the guest says that requests are dear on this host
        self._protocol_errors = ProtocolErrors()
        self._verdicts: set[str] = set()
        self._header, self._diagnostics = Lines(), Lines()
        self._record_bytes_left = RECORDS_MAX
        self._after_exit = 0
        self._first_after_exit = ""

    @property
    def diagnostics(self) -> list[str]:
        after = []
        if self._after_exit:
            after = [f"{self._after_exit} lines after EXIT, the first: {self._first_after_exit[:120]}"]
        return self._protocol_errors.all() + after

    @property
    def header(self) -> list[str]:
        """Diagnostics before the plan."""
        return self._header.all()

    def feed(self, line: str) -> Result | str | None:
        """Takes one line; returns the result that it completes, or the diagnostic of a test that it is."""
        if not self.started:
            # Firmware may have left something before it on the same line.
            self.started = line.endswith(START)
        elif self.exit_status is not None:
            if line:
                self._after_exit += 1
                self._first_after_exit = self._first_after_exit or line
        elif match := RESULT.match(line):
            return self._result(match)
        elif match := RUN.match(line):
            self._run(match.group(1))
        elif (match := PLAN.match(line)) and self.plan is None:
            self.plan = int(match.group(1))
        elif (match := STOPPED.match(line)) and self.running is None and self.plan is not None:
            self._stop(int(match.group(1)), line)
        elif (match := RESET_BROKEN.match(line)) and self.running is None and self.plan is not None:
            self.reset_broken = match.group(1)
        elif match := EXIT.match(line):
            self._exit(int(match.group(1)))
        elif line == START:
            self.report("the guest restarted", line)
        elif LIKE_A_RESULT.match(line):
            self.report("a line that is no result", line)
        elif line.startswith(RECORD):
            self._record(line[len(RECORD) :])
        else:
            return self._diagnostic(line)
        return None

    def report(self, what: str, line: str) -> None:
        self._protocol_errors.add(what, line)

    def pending_diagnostics(self) -> list[str]:
        """What the test that is running has said so far."""
        return self._diagnostics.all()

    def _run(self, test_id: str) -> None:
        if self.running is not None:
            self.report("no result before the next test", f"{self.running}, {test_id}")
            self.next += 1
        self.running = test_id
        self._diagnostics = Lines()

    def _stop(self, number: int, line: str) -> None:
        self.is_stopped = number == self.next
        if not self.is_stopped:
            self.report(f"the next test is {self.next}", line)

    def _exit(self, status: int) -> None:
        self.exit_status = status
        if self.plan is None:
            return
        said = 5 if self._verdicts & set(ENDS_THE_BOOT) else 1
        if said == 1 and self._verdicts & {"FAIL", "ERROR"}:
            said = 3
        if status not in (said, 5):
            self.report(f"EXIT: STATUS={status}", f"the results of the boot mean {said}")

    def _record(self, text: str) -> None:
        self._record_bytes_left -= len(text)
        if self._record_bytes_left < 0:
            self.report("records beyond their limit", text)
            return
        try:
            self.records.append(parse_record(text))
        except ValueError:
            self.report("a record is not JSON", text)

    def _diagnostic(self, line: str) -> str | None:
        if match := LISTED.match(line):
            if len(self.listed) < LISTED_MAX:
                self.listed.append((match.group(1), match.group(2)))
        elif (match := ERROR.match(line)) and self.plan is None:
            self.error = match.group(1)
        elif line:
            if (match := COST.match(line)) and not self.request_cost:
                self.request_cost = int(match.group(1)) / 1e6
            text = line if line.startswith("#") else f"# {line}"
            kept = (self._header if self.plan is None else self._diagnostics).add(text)
            return line if kept and self.plan is not None and text is line else None
        return None

    def _result(self, match: re.Match[str]) -> Result:
        ok, number, test_id, word, message = match.groups()
        verdict = word or ("PASS" if ok == "ok" else "")
        diagnostics = self._diagnostics.all()
        if word not in WORDS and (word or ok != "ok"):
            verdict, message = "ERROR", f"a result of an unknown kind: {match.group(0)}"
        elif word and WORDS[word] != (ok == "ok"):
            verdict, message = "ERROR", f"'{ok}' and '{word}' contradict each other"
        elif self.running is None:
            verdict, message = "ERROR", "a result of a test that did not run"
        elif self.running != test_id:
            verdict, message = "ERROR", f"the result of {test_id} came while {self.running} ran"
        elif int(number) != (self.next or int(number)):
            verdict, message = "ERROR", f"the result has number {number}, expected {self.next}"
        findings = findings_of(diagnostics)
        if verdict in ("PASS", "WARN", "SKIP") and any(one.verdict == "FAIL" for one in findings):
            verdict, message = "ERROR", f"a FAIL diagnostic, and the result is {verdict}"
        result = Result(
            int(number),
            test_id,
            verdict,
            message or "",
            diagnostics,
            sorted({one.clause for one in findings}),
            sorted({one.clause for one in findings if one.verdict == "FAIL"}),
            findings,
            worst_impact(verdict, findings),
        )
        self.results.append(result)
        self._verdicts.add(word or ("PASS" if ok == "ok" else "FAIL"))
        self.next = int(number) + 1
        self.running = None
        self._diagnostics = Lines()
        return result
