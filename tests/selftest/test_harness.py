# SPDX-License-Identifier: BSD-2-Clause
"""run.sh and the harness with a fake VMM: every way for a boot to end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as ET

import ktap
from ktap import check, run_fake, test


def counter() -> str:
    return tempfile.mktemp(dir=ktap.SCRATCH.name)


@test
def run_that_passes() -> None:
    ran = run_fake("a.b=pass a.c=warn:C-1 a.d=skip", "-s", "77")
    ran.ends(0, "2 passed, 0 failed, 1 skipped")
    ran.says("KTAP version 1", "1..3", "ok 1 a.b", "# WARN C-1 planted", "ok 3 a.d # SKIP planted")
    check(not [line for line in ran.out.splitlines() if line.startswith("# run ")])
    check("seed=77" in ran.out and "seed=77" in ran.text("console.log"))


@test
def failures_and_errors() -> None:
    ran = run_fake("a.b=fail:C-1 a.c=pass a.d=error")
    ran.ends(1, "1 passed, 2 failed, 0 skipped")
    ran.says("not ok 1 a.b # FAIL C-1 planted", "not ok 3 a.d # ERROR planted")


@test
def strict_makes_a_warning_a_failure() -> None:
    run_fake("a.b=warn:C-1", "--strict").ends(1, "0 passed, 1 failed, 0 skipped")


@test
def guest_ends_a_boot_after_a_crash_or_a_hang() -> None:
    ran = run_fake("a.b=pass a.c=CRASH a.d=pass a.e=HANG a.f=pass")
    ran.ends(1, "3 passed, 2 failed, 0 skipped")
    check(ran.text("console.log").count("KTAP version 1") == 3)
    check(ran.out.count("KTAP version 1") == 1 and ran.out.count("1..5") == 1)
    check("from=5" in ran.text("console.log"))


@test
def vmm_that_dies_is_a_crash_of_the_running_test() -> None:
    ran = run_fake("a.b=signal:9 a.c=pass a.d=signal:6 a.e=exit:4")
    ran.ends(1, "1 passed, 3 failed, 0 skipped")
    ran.says("not ok 1 a.b # CRASH the VMM was killed by SIGKILL", "# vmm: fake: assertion failed")
    ran.says("not ok 3 a.d # CRASH the VMM was killed by SIGABRT")
    ran.says("not ok 4 a.e # CRASH the VMM ended with status 4")


@test
def silence_is_a_hang() -> None:
    ran = run_fake("a.b=pass a.c=hang a.d=pass", TIMEOUT="3")
    ran.ends(1, "2 passed, 1 failed, 0 skipped")
    check("not ok 2 a.c # HANG no " in ran.out, ran.out)


@test
def endless_output_is_a_hang() -> None:
    ran = run_fake("a.b=flood a.c=pass", TIMEOUT="4")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    check("not ok 1 a.b # HANG " in ran.out, ran.out[-2000:])


@test
def slow_tests_are_not_hangs() -> None:
    run_fake("a.b=slow:4", "-t", "3", TIMEOUT="3").ends(0, "1 passed, 0 failed, 0 skipped")


@test
def vmm_that_does_not_end_after_the_last_line() -> None:
    run_fake("a.b=pass", FAKE_BOOT="stays", TIMEOUT="3").ends(0, "1 passed, 0 failed, 0 skipped")


@test
def death_between_two_tests_is_a_failure() -> None:
    ran = run_fake("a.b=between a.c=pass")
    ran.ends(1, "2 passed, 1 failed, 0 skipped")
    check("# error: the VM ended after test 1, outside any test" in ran.out, ran.out)


@test
def line_that_was_cut_is_not_a_result() -> None:
    ran = run_fake("a.bcd=cut a.c=pass")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    ran.says("not ok 1 a.bcd # CRASH the VMM was killed by SIGKILL")


@test
def no_plan_is_no_verdict() -> None:
    run_fake("a.b=pass", FAKE_BOOT="dead").ends(3)
    run_fake("a.b=pass", FAKE_BOOT="silent", TIMEOUT="3").ends(3)
    run_fake("a.b=pass", FAKE_BOOT="fewer").ends(3)


@test
def unbelievable_plan_is_no_verdict() -> None:
    run_fake("a.b=pass", FAKE_BOOT="huge").ends(3)


@test
def two_boots_without_progress_are_the_end() -> None:
    ran = run_fake("a.b=CRASH a.c=pass", FAKE_BOOT="dead-later", FAKE_COUNT=counter())
    ran.ends(3)
    check("error: 2 boots ended before their first test" in ran.out, ran.out)


@test
def one_boot_without_progress_is_tried_again() -> None:
    ran = run_fake("a.b=CRASH a.c=pass", FAKE_BOOT="dead-once", FAKE_COUNT=counter())
    ran.ends(1)
    ran.says("ok 2 a.c")


@test
def plan_that_promises_more() -> None:
    ran = run_fake("a.b=pass a.c=pass", FAKE_BOOT="more")
    ran.ends(1, "2 passed, 1 failed, 0 skipped")
    ran.says("not ok 3 missing.3 # PLAN no result was printed")


@test
def plan_that_promises_less() -> None:
    run_fake("a.b=pass a.c=pass a.d=pass", FAKE_BOOT="fewer").ends(1)


@test
def plan_that_changes() -> None:
    ran = run_fake("a.b=CRASH a.c=pass", FAKE_BOOT="changes", FAKE_COUNT=counter())
    ran.ends(1)
    check("# error: the plan changed from 2 to 3 tests" in ran.out, ran.out)


@test
def protocol_breaches_are_failures() -> None:
    for behaviour in ("number:7", "name:a.x", "word:XFAIL", "word:FAIL", "twice", "norun", "json:bad"):
        ran = run_fake(f"a.a=pass a.b={behaviour} a.c=pass")
        check(ran.status == 1, behaviour, ran.out)
    run_fake("a.b=pass", FAKE_BOOT="lies").ends(1)
    run_fake("a.b=pass", FAKE_BOOT="no-exit").ends(1)


@test
def run_of_skips_is_a_failure() -> None:
    ran = run_fake("a.b=skip a.c=skip")
    ran.ends(1)
    check("nothing was executed" in ran.out, ran.out)


@test
def globs() -> None:
    tests = "a.b=pass a.c=pass b.c=fail:C-1"
    run_fake(tests, "a.*").ends(0, "2 passed, 0 failed, 0 skipped")
    run_fake(tests, "a.b", "b").ends(1, "1 passed, 1 failed, 0 skipped")


@test
def glob_that_matches_nothing() -> None:
    ran = run_fake("a.b=pass", "no.such")
    ran.ends(2)
    check(ran.out.splitlines() == ["error: no test matches no.such"], ran.out)
    ran = run_fake("a.b=pass", "a.*", "no.such")
    ran.ends(2)
    check(ran.out.splitlines() == ["error: no test matches no.such"], ran.out)


@test
def list_of_tests_and_machines() -> None:
    ran = run_fake("a.b=pass a.c=hang", "-l")
    ran.ends(0)
    ran.says("machine q35 (x86_64)", "a.b", "a.c  (by name only)")
    check("KTAP" not in ran.out and "#" not in ran.out, ran.out)


@test
def reports_are_complete_and_well_formed() -> None:
    ran = run_fake("a.b.c=binary a.d=skip a.e=json a.f=signal:9 a.g=pass", "-s", "0x5")
    ran.ends(1)
    document = json.loads(ran.text("results.json"))
    check([t["verdict"] for t in document["tests"]] == ["FAIL", "SKIP", "PASS", "CRASH", "PASS"])
    check(document["records"] == [{"value": 7}, {"value": 8}], document["records"])
    check(document["seed"] == "0x5" and document["exit"] == 1 and document["machine"] == "q35")
    check(document["vmm"]["version"] == "0.0.1" and document["vmm"]["path"] == ktap.FAKE)
    suite = ET.parse(os.path.join(ran.results, "junit.xml")).getroot()
    check((suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "2", "1"))
    case = suite.findall("testcase")[0]
    check((case.get("classname"), case.get("name")) == ("a.b", "c"))
    check("IMG ]]> & <planted>" in (case.findtext("failure") or ""))
    ktap_lines = ran.text("results.ktap").splitlines()
    check(ktap_lines[0] == "KTAP version 1" and "1..5" in ktap_lines)
    check("not ok 4 a.f # CRASH the VMM was killed by SIGKILL" in ktap_lines)
    check("\x1b" not in ran.out and "\x1b" in ran.text("console.log"))


@test
def old_results_do_not_survive() -> None:
    ran = run_fake("a.b=fail:C-1")
    again = run_fake("a.b=pass", "-o", ran.results, FAKE_BOOT="dead")
    again.ends(3)
    check("a.b" not in ran.text("results.ktap") and "a.b" not in ran.text("junit.xml"))


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def is_alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


def interrupt(number: int) -> None:
    """A signal in the middle of a test that hangs."""
    process = subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", "-o", tempfile.mkdtemp(dir=ktap.SCRATCH.name)],
        env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": "a.a=pass a.b=hang"}),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ok 1 "):
            break
    (vmm,) = children(process.pid)
    with open(f"/proc/{vmm}/cmdline", encoding="utf-8") as file:
        (disk,) = re.findall(r"filename=([^,]+)", file.read())
    check(os.path.getsize(disk) == 1 << 20, disk)
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    check(process.returncode == 128 + number, number, process.returncode, rest)
    check(not is_alive(vmm), "the VMM lives on")
    check(not os.path.exists(disk), disk)


@test
def signal_leaves_nothing_behind() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        interrupt(number)


@test
def reader_that_goes_away() -> None:
    script = f"{' '.join(ktap.RUN_SH)} --no-build -o {tempfile.mkdtemp(dir=ktap.SCRATCH.name)} | head -n 1"
    tests = " ".join(f"a.t{number}=pass" for number in range(300))
    settings = ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": tests})
    done = subprocess.run(
        ["bash", "-c", script], env=settings, capture_output=True, encoding="utf-8", timeout=20
    )
    check(done.stdout == "KTAP version 1\n" and "Traceback" not in done.stderr, done)


if __name__ == "__main__":
    ktap.main("harness.boots")
