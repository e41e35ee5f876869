# SPDX-License-Identifier: BSD-2-Clause
"""The pure parts of the harness: the console's lines, globs."""

from __future__ import annotations

import os
import sys

import ktap
from ktap import check, test

sys.path.insert(0, os.path.join(ktap.HERE, "..", "harness"))
from protocol import Console, Finding, glob_matches, printable  # noqa: E402


def read(*lines: str, first: int = 1) -> Console:
    console = Console(first)
    for line in ("KTAP version 1", *lines):
        console.feed(line)
    return console


def verdicts(*lines: str) -> list[str]:
    return [result.verdict for result in read("1..9", *lines).results]


@test
def noise_before_the_first_line_is_ignored() -> None:
    console = Console()
    for line in ("1..7", "ok 1 a.b", "EXIT: STATUS=1", "booting KTAP version 1", "1..2"):
        console.feed(line)
    check(console.plan == 2 and not console.results and not console.diagnostics)


@test
def result_takes_the_diagnostics_since_its_start() -> None:
    console = read("1..2", "# run a.b", "# FAIL C-1 x", "# WARN C-2 y", "plain", "not ok 1 a.b # FAIL C-1 x")
    (result,) = console.results
    check(result.diagnostics == ["# FAIL C-1 x", "# WARN C-2 y", "# plain"], result)
    check(result.clauses == ["C-1", "C-2"] and result.failed_clauses == ["C-1"], result)
    check(result.impact == "" and result.findings[0] == Finding("FAIL", "C-1", "", "", "x"), result)
    check(result.verdict == "FAIL" and result.message == "C-1 x", result)


@test
def cost_of_a_request_is_read() -> None:
    line = "# a request takes 37894 us on this host: time limits grow with that"
    console = read("1..1", "# run a", line, line.replace("37894", "5"))
    check(console.request_cost == 0.037894 and console.pending_diagnostics()[0] == line, console.request_cost)
    check(read("1..1", "# run a", "# a request takes long").request_cost == 0)


@test
def words_of_results() -> None:
    check(verdicts("# run a", "ok 1 a") == ["PASS"])
    check(verdicts("# run a", "ok 1 a # SKIP why") == ["SKIP"])
    check(verdicts("# run a", "ok 1 a # WARN C-1 why") == ["WARN"])
    check(verdicts("# run a", "not ok 1 a # HANG") == ["HANG"])


@test
def findings_have_level_and_impact() -> None:
    lines = ["# FAIL C-1 [MUST NOT, data] [x] y", "# FAIL C-2 [SHOULD, isolation] z", "# WARN C-3 [open, status] w"]
    result = read("1..2", "# run a.b", *lines, "not ok 1 a.b # FAIL C-2 [SHOULD, isolation] z").results[0]
    check(result.findings[0] == Finding("FAIL", "C-1", "MUST NOT", "data", "[x] y"), result)
    check(result.impact == "isolation" and result.clauses == ["C-1", "C-2", "C-3"], result)
    hung = read("1..1", "# run a.b", "not ok 1 a.b # HANG it does").results[0]
    check(hung.impact == "liveness", hung)


@test
def results_that_make_no_sense_are_errors() -> None:
    check(verdicts("# run a", "not ok 1 a") == ["ERROR"], "no reason")
    check(verdicts("# run a", "ok 1 a # FAIL x") == ["ERROR"], "contradiction")
    check(verdicts("# run a", "ok 1 a # XFAIL x") == ["ERROR"], "unknown word")
    check(verdicts("ok 1 a") == ["ERROR"], "did not run")
    check(verdicts("# run a", "ok 1 b") == ["ERROR"], "another test")
    check(verdicts("# run a", "ok 2 a") == ["ERROR"], "wrong number")


@test
def diagnostics() -> None:
    check(read("1..2", "# run a", "ok one a").diagnostics, "no number")
    check(read("1..2", "# run a", "# run b").diagnostics, "no result")
    check(read("1..2", "KTAP version 1").diagnostics, "restarted")
    check(read("1..2", "1..2").diagnostics, "a second plan")
    check(read("1..2", "# json {").diagnostics, "not JSON")
    check(read("1..1", "# run a", "ok 1 a", "EXIT: STATUS=1", "more").diagnostics, "after the end")


@test
def exit_line_agrees_with_the_results() -> None:
    good = ["1..1", "# run a", "ok 1 a"]
    bad = ["1..1", "# run a", "not ok 1 a # FAIL C-1 x"]
    check(not read(*good, "EXIT: STATUS=1").diagnostics)
    check(read(*good, "EXIT: STATUS=3").diagnostics)
    check(not read(*bad, "EXIT: STATUS=3").diagnostics)
    check(read(*bad, "EXIT: STATUS=1").diagnostics)


@test
def later_boot_goes_on_with_its_number() -> None:
    console = read("1..9", "# run a", "ok 7 a", first=7)
    check(console.results[0].verdict == "PASS" and console.next == 8)


@test
def records_and_lists() -> None:
    console = read('# json {"a": [1]}', "# test a.b default", "# test a.c optional")
    check(console.records == [{"a": [1]}] and not console.diagnostics)
    check(console.listed == [("a.b", "default"), ("a.c", "optional")])


@test
def control_characters_are_not_shown() -> None:
    check(printable(b"\x1b[31;1mred\x1b[0m\x07\x00 \xff\xc3\xa9\x1bc") == "red \ufffd\u00e9")
    check(printable("\ufffe\uffff\u2028\u202e".encode()) == "")


@test
def globs_match_as_in_the_guest() -> None:
    check(glob_matches("a.b", "a.b") and glob_matches("a", "a.b") and glob_matches("a.*", "a.b.c"))
    check(glob_matches("*.c", "a.b.c") and glob_matches("a.?", "a.b") and glob_matches("*", "a"))
    check(not glob_matches("a", "ab") and not glob_matches("a.?", "a.bc"))
    check(not glob_matches("a.*", "aXb") and not glob_matches("b", "a.b"))


if __name__ == "__main__":
    ktap.main("harness.protocol")
