# SPDX-License-Identifier: BSD-2-Clause
"""A boot for each test: asked for, and where the reset of the IOMMU proves broken. With the fake VMM, then with the
reference device as a process and bugs in its reset."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import tempfile

import ktap
from ktap import Ran, check, run_fake, run_sh, test

TESTS = "a.b=pass a.c=skip a.d=fail:C-1 a.e=pass a.f=CRASH a.g=pass"


def lines_of_guest(ran: Ran) -> list[str]:
    """The command lines that the boots had."""
    return re.findall(r"guest: (.*?)\r?$", ran.text("console.log"), re.M)


@test
def every_test_gets_a_boot() -> None:
    ran = run_fake(TESTS, "--isolate")
    ran.ends(1, "3 passed, 2 failed, 1 skipped, 5 boots")
    guests = lines_of_guest(ran)
    check(all(" isolate" in guest and "reset-broken" not in guest for guest in guests), guests)
    check([guest.partition("from=")[2] for guest in guests] == ["", "2", "4", "5", "6"], guests)
    check("WARN run" not in ran.out and json.loads(ran.text("results.json"))["boots"] == 5, ran.out)


@test
def broken_reset_is_one_finding_and_isolates_the_rest() -> None:
    ran = run_fake(TESTS, FAKE_RESET="broken")
    ran.ends(1, "3 passed, 2 failed, 1 skipped, 5 boots")
    check(ran.out.count("# WARN run: the IOMMU's reset is broken: planted; each later test") == 1, ran.out)
    guests = lines_of_guest(ran)
    check(" resume" in guests[0] and all(" isolate reset-broken" in guest for guest in guests[1:]), guests)
    check(json.loads(ran.text("results.json"))["warnings"][0].startswith("the IOMMU's reset is broken: planted"))
    run_fake("a.b=pass a.c=pass", "--strict", FAKE_RESET="broken").ends(1, "2 passed, 1 failed, 0 skipped, 2 boots")
    run_fake("a.b=pass a.c=pass").ends(0, "2 passed, 0 failed, 0 skipped")


@test
def boots_side_by_side_have_the_same_verdicts() -> None:
    tests = " ".join(f"a.t{number:02}={('pass', 'warn:C-1', 'signal:9')[number % 3]}" for number in range(24))
    alone = run_fake(tests, "--isolate")
    for ran in (run_fake(tests, "--isolate", "-j", "3"), run_fake(tests, "-j", "3", FAKE_RESET="broken")):
        ran.ends(1)
        both = [json.loads(one.text("results.json"))["tests"] for one in (alone, ran)]
        names = [[(test["number"], test["id"], test["verdict"]) for test in tests] for tests in both]
        check(names[0] == names[1], *names)
        check(ran.out.splitlines()[-1].startswith("16 passed, 8 failed, 0 skipped, "), ran.out)
        check(ran.text("console.log").count("KTAP version 1") == json.loads(ran.text("results.json"))["boots"])


@test
def isolated_console_is_judged_again() -> None:
    ran = run_fake(TESTS, FAKE_RESET="broken")
    again = run_sh("--console", os.path.join(ran.results, "console.log"))
    again.ends(1, "3 passed, 2 failed, 1 skipped, 5 boots")


@test
def guest_that_stops_at_the_wrong_test_is_named() -> None:
    ran = run_fake("a.b=pass a.c=pass", "--isolate", FAKE_RESET="wrong")
    ran.ends(1)
    check("# error: the next test is 2: # stopped before test 9" in ran.out, ran.out)
    ran = run_fake("a.b=pass a.c=pass", "--isolate", FAKE_RESET="never-runs")
    ran.ends(3)
    check("error: 2 boots ended before their first test" in ran.out, ran.out)


@test
def one_that_gives_no_verdict_ends_them_all() -> None:
    tests = " ".join(f"a.t{number:02}=pass" for number in range(12))
    ran = run_fake(tests, "--isolate", "-j", "2", FAKE_RESET="never-runs")
    ran.ends(3)
    check("error: 2 boots ended before their first test" in ran.out, ran.out)


@test
def signal_ends_the_boots_side_by_side() -> None:
    mark = secrets.token_hex(16)
    results = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    tests = " ".join(f"a.t{number}={'hang' if number else 'pass'}" for number in range(4))
    process = subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", "--isolate", "-j", "2", "-o", results],
        env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": tests, "FAKE_MARK": mark}),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    ktap.wait_for_file(os.path.join(results, "console.log"), "# test a.t3")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ok 1 "):
            break
    check(len(ktap.processes_with(mark)) > 1, "the boots are not seen")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    check(process.returncode == 128 + signal.SIGTERM, process.returncode)
    check(not ktap.processes_with(mark), ktap.processes_with(mark))


def native(mutant: str, *arguments: str) -> Ran:
    """The kernel as a process, with a bug in its device's reset."""
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "machines.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            '[host-usual]\narch = "host"\nvmm = "native"\n'
            'guest = "viommu=pci:00:01.0 viommu.ep=00:00.0-00:1f.7:0"\n'
            f'environment = {{ REFDEV = "usual", REFDEV_MUTANT = "{mutant}" }}\n'
        )
    return run_sh("--machines", path, "--no-build", "-s", "1", *arguments)


def verdicts(ran: Ran) -> dict[str, str]:
    return {test["id"]: test["verdict"] for test in json.loads(ran.text("results.json"))["tests"]}


@test
def what_a_reset_leaves_and_detach_ends_costs_no_other_verdict() -> None:
    """Nor a boot of its own for each test."""
    subprocess.run(["make", "-s", "-C", ktap.HOME, "native"], check=True, env=ktap.environment({}), stdout=2)
    globs = ("conformance.map", "conformance.reset", "conformance.unmap")
    good = native("", *globs)
    check(good.out.splitlines()[-1].endswith(" skipped"), "boots of their own on a good device", good.out)
    for jobs in ("1", "2"):
        ran = native("RESET_KEEPS_DOMAINS", *globs, "-j", jobs)
        check("reset is broken" not in ran.out and ran.out.splitlines()[-1].endswith(" skipped"), ran.out)
        changed = {name for name, verdict in verdicts(good).items() if verdicts(ran)[name] != verdict}
        expected = {"endpoints_leave_their_domains", "mappings_end_for_real"}
        check(changed == {f"conformance.reset.{name}" for name in expected}, changed)


@test
def state_is_known_in_a_boot_of_its_own() -> None:
    """There the device is not reset between what the framework finds out and the test."""
    globs = ("conformance.batch.every_pair_of_types", "conformance.state")
    for found in (verdicts(native("", *globs)), verdicts(native("RESET_KEEPS_DOMAINS", *globs))):
        failed = {name for name, verdict in found.items() if verdict not in ("PASS", "SKIP")}
        check(failed <= {"conformance.state.reset_leaves_nothing_attached"}, found)
        check(list(found.values()).count("PASS") > len(found) // 2, found)


@test
def endpoints_that_stay_cost_few_verdicts() -> None:
    ran = native("ENDPOINTS_STAY", "conformance.map", "conformance.detach", "conformance.batch", "conformance.state")
    found = verdicts(ran)
    failed = {name for name, verdict in found.items() if verdict not in ("PASS", "WARN", "SKIP")}
    check(0 < len(failed) <= 5 and "neither moves endpoint" in ran.out, failed)


@test
def queues_that_survive_a_reset_cost_few_other_verdicts() -> None:
    ran = native("RESET_LEAVES_QUEUES", "conformance.map", "conformance.reset.queues_are_disabled")
    check("reset is broken: a queue is enabled after a reset" in ran.out and " boots" in ran.out, ran.out)
    found = list(verdicts(ran).values())
    check(found.count("FAIL") <= 3 and found.count("PASS") > len(found) // 2, verdicts(ran))


if __name__ == "__main__":
    ktap.main("harness.isolation")
