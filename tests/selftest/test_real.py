# SPDX-License-Identifier: BSD-2-Clause
"""run.sh with the real guest under the real QEMU: planted verdicts, a killed VMM, determinism."""

from __future__ import annotations

import difflib
import json
import os
import re
import signal
import subprocess
import tempfile

import ktap
from ktap import check, run_sh, test


@test
def second_run_builds_nothing() -> None:
    run_sh("selftest.passes").ends(0, "1 passed, 0 failed, 0 skipped")
    ran = run_sh("selftest.passes")
    ran.ends(0)
    check(not ran.err, ran.err)


@test
def planted_verdicts_are_reported() -> None:
    wanted = {"fails": "FAIL", "warns": "WARN", "skips": "SKIP", "passes": "PASS"}
    wanted |= {"checks_nothing": "ERROR", "judges_other_than_claimed": "ERROR"}
    ran = run_sh(*(f"selftest.{name}" for name in wanted))
    ran.ends(1, "2 passed, 3 failed, 1 skipped")
    found = {t["id"].rpartition(".")[2]: t["verdict"] for t in json.loads(ran.text("results.json"))["tests"]}
    check(found == wanted, found)


@test
def verdict_and_headline_follow_from_level_and_impact() -> None:
    wanted = {
        "fails_by_impact": "FAIL IOMMU_OP_D06 [SHOULD NOT, isolation] planted",
        "fails_by_no_survival": "FAIL IOMMU_MAP_P02 [open, liveness] planted",
        "fails_by_what_was_seen": "FAIL IOMMU_OP_D01 [SHOULD, data] planted",
        "warns_of_open_case": "WARN IOMMU_MAP_P02 [open, status] planted",
        "worst_comes_third": "FAIL IOMMU_MAP_P04 [prose, isolation] a FAIL, of isolation",
    }
    ran = run_sh(*(f"selftest.{name}" for name in wanted))
    ran.ends(1, "1 passed, 4 failed, 0 skipped")
    ran.says(*(f"# {text.split()[0]} selftest.{name}: {text.partition(' ')[2]}" for name, text in wanted.items()))
    ran.says("# impact: 2 isolation, 1 data, 1 liveness, 1 status")


@test
def exception_is_a_crash_and_the_run_goes_on() -> None:
    ran = run_sh("selftest.assertion", "selftest.exception", "selftest.zz_passes_last")
    ran.ends(1, "1 passed, 2 failed, 0 skipped")
    check("not ok 1 selftest.assertion # CRASH assertion !test->definition at " in ran.out, ran.out)
    check("not ok 2 selftest.exception # CRASH page fault at " in ran.out, ran.out)
    ran.says("ok 3 selftest.zz_passes_last")


@test
def stack_overflow_is_a_crash() -> None:
    ran = run_sh("selftest.stack_overflow")
    ran.ends(1)
    check("not ok 1 selftest.stack_overflow # CRASH " in ran.out, ran.out)


@test
def trouble_on_another_cpu_is_a_verdict_and_the_run_goes_on() -> None:
    wanted = {
        "exception_on_another_cpu": "CRASH page fault at ",
        "fails_on_another_cpu": "FAIL ",
        "infinite_loop_on_another_cpu": "HANG ",
        "stack_overflow_on_another_cpu": "CRASH stack overflow at ",
    }
    ran = run_sh(*(f"selftest.{name}" for name in wanted), "selftest.zz_passes_last", "--", "-smp", "2")
    ran.ends(1, "1 passed, 4 failed, 0 skipped")
    for number, (name, verdict) in enumerate(wanted.items(), 1):
        check(f"not ok {number} selftest.{name} # {verdict}" in ran.out, ran.out)
    check("# page fault on CPU 1 in selftest.exception_on_another_cpu" in ran.text("console.log"), ran.out)


@test
def trouble_on_other_kinds_of_cpu_is_the_same_verdict() -> None:
    wanted = {
        "assertion": "CRASH assertion !test->definition at ",
        "exception": "CRASH ",
        "exception_on_another_cpu": "CRASH ",
        "infinite_loop": "HANG no end within the time limit at ",
        "infinite_loop_on_another_cpu": "HANG no end within the time limit at ",
        "stack_overflow": "CRASH stack overflow at ",
        "stack_overflow_on_another_cpu": "CRASH stack overflow at ",
    }
    for machine in ("virt-arm64", "virt-riscv64"):
        ran = run_sh("-m", machine, *(f"selftest.{name}" for name in wanted), "selftest.zz_passes_last")
        ran.ends(1, "1 passed, 7 failed, 0 skipped")
        for number, (name, verdict) in enumerate(wanted.items(), 1):
            check(f"not ok {number} selftest.{name} # {verdict}" in ran.text("console.log"), ran.out)
        ran = run_sh("-m", machine, "-t", "0", "selftest.masked_loop", TIMEOUT="8")
        ran.ends(1, "0 passed, 1 failed, 0 skipped")
        check("not ok 1 selftest.masked_loop # HANG no " in ran.out, ran.out)


@test
def late_cpu_is_not_used_again() -> None:
    globs = ("selftest.late_cpu_is_not_used_again", "selftest.passes")
    run_sh(*globs, "--", "-smp", "2").ends(0, "2 passed, 0 failed, 0 skipped")
    run_sh(*globs).ends(0, "1 passed, 0 failed, 1 skipped")


@test
def infinite_loop_is_a_hang_by_the_guest() -> None:
    ran = run_sh("selftest.infinite_loop", "selftest.zz_passes_last")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    check("not ok 1 selftest.infinite_loop # HANG " in ran.text("console.log"), ran.out)


@test
def masked_loop_is_a_hang_by_the_host() -> None:
    ran = run_sh("-t", "0", "selftest.masked_loop", "selftest.zz_passes_last", TIMEOUT="5")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    check("not ok 1 selftest.masked_loop # HANG no " in ran.out, ran.out)
    check("HANG" not in ran.text("console.log"))


def child_of(parent: int, name: str) -> int:
    """The child whose program has this name; there may be others, such as a helper of the runner's."""
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
        children = file.read().split()
    for child in children:
        with open(f"/proc/{child}/comm", encoding="utf-8") as file:
            if file.read().startswith(name):
                return int(child)
    raise AssertionError(f"no {name} among {children}")


@test
def killed_vmm_is_a_crash_and_the_run_goes_on() -> None:
    results = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    process = subprocess.Popen(
        [os.path.join(ktap.HOME, "run.sh"), "-o", results, "-t", "0"]
        + ["selftest.masked_loop", "selftest.zz_passes_last"],
        env=ktap.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if line.startswith("1..2"):
            break
    ktap.wait_for(os.path.join(results, "console.log"), "# run selftest.masked_loop")
    os.kill(child_of(process.pid, "qemu-system"), signal.SIGKILL)
    rest, _ = process.communicate(timeout=ktap.LIMIT)
    ran = ktap.Ran(process.returncode, shown + rest, "", results)
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    ran.says("not ok 1 selftest.masked_loop # CRASH the VMM was killed by SIGKILL")


@test
def qemu_that_refuses_its_command_line_gives_no_verdict() -> None:
    ran = run_sh("selftest.passes", "--", "-device", "no-such-device")
    ran.ends(3)
    check("no-such-device" in ran.out, ran.out)


@test
def glob_that_matches_nothing() -> None:
    ran = run_sh("no.such.test")
    ran.ends(2)
    check(len(ran.out.splitlines()) == 1 and "no.such.test" in ran.out, ran.out)


@test
def list_names_tests_and_machines() -> None:
    ran = run_sh("-l")
    ran.ends(0)
    check(not os.path.exists(os.path.join(ran.results, "console.log")), "results of a list")
    ran.says("machine q35 (x86_64)", "selftest.passes  (by name only)")


@test
def same_seed_gives_the_same_console() -> None:
    arguments = ("--icount", "-t", "1", "stress.short_walk")
    first, second, other = (run_sh("-s", seed, *arguments) for seed in ("7", "7", "8"))
    check("ok 1 stress.short_walk" in first.out, first.out)
    # How long a request takes is said where it is long: on a busy host the VMM is late, and its guest polls more.
    cost = re.compile(r"^# a request takes .*\n", re.M)
    one, two, three = (cost.sub("", ran.text("console.log")) for ran in (first, second, other))
    check(one == two, *difflib.unified_diff(one.splitlines(), two.splitlines(), lineterm=""))
    check(one != three, "one console of two seeds")


if __name__ == "__main__":
    ktap.main("harness.real")
