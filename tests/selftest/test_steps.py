# SPDX-License-Identifier: BSD-2-Clause
"""What adds the steps of `make test` up: counts, verdicts, steps side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

import ktap
from ktap import check, test

STEPS = [sys.executable, "-B", os.path.join(ktap.HOME, "tests", "harness", "steps.py")]


def run(*lines: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        STEPS, input="\n".join(lines), capture_output=True, encoding="utf-8", timeout=ktap.LIMIT
    )
    check(not done.stderr, done.stderr)
    return done.returncode, done.stdout.splitlines()


def row(out: list[str], name: str) -> list[str]:
    (found,) = [line.split()[1:7] for line in out if line.split()[:1] == [name]]
    return found


@test
def results_are_counted_by_their_words() -> None:
    script = (
        r"printf 'ok 1 a\nok 2 b # WARN X y\nok 3 c # XFAIL y\nok 4 d # SKIP y\nok 5 e\n"
        r"not ok 6 f # XPASS y\n'; exit 1"
    )
    status, out = run(f'one sh -c "{script}"')
    check(row(out, "one") == ["6", "2", "1", "1", "1", "1"], out)
    check(status == 1 and out[-1] == "4 passed, 1 failed, 1 skipped", out)


@test
def step_without_results_is_judged_by_its_status() -> None:
    status, out = run("good true", "", "bad false")
    check(status == 1 and out[-1] == "1 passed, 1 failed, 0 skipped", out)
    check("# step bad ended with status 1" in out, out)


@test
def bad_status_after_good_results_is_a_failure() -> None:
    status, out = run("one sh -c 'echo ok 1 a; exit 3'")
    check(status == 1 and out[-1] == "1 passed, 1 failed, 0 skipped", out)


@test
def plan_of_nothing_is_a_skip() -> None:
    status, out = run("one echo '1..0 # SKIP no such device'")
    check(status == 0 and out[-1] == "0 passed, 0 failed, 1 skipped", out)


@test
def command_that_does_not_exist_is_a_failure() -> None:
    status, out = run("one no-such-command")
    check(status == 1 and out[-1] == "0 passed, 1 failed, 0 skipped", out)


@test
def paragraph_waits_for_the_one_before() -> None:
    status, out = run("slow sh -c 'sleep 0.3; echo slow'", "quick echo quick", "", "last echo last")
    check(status == 0 and out.index("last") > out.index("slow"), out)


@test
def more_than_the_cpus_run_together_where_the_paragraph_says_so() -> None:
    """Each waits until the last one has begun."""
    count = 2 * (os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as directory:
        last = os.path.join(directory, "last")
        waits = [f"s{i} timeout 60 sh -c 'while ! test -e {last}; do sleep 0.1; done'" for i in range(count - 1)]
        status, out = run("2 a CPU", *waits, f"last touch {last}")
    check(status == 0 and out[-1] == f"{count} passed, 0 failed, 0 skipped", out)


@test
def what_failed_is_listed_at_the_end() -> None:
    _, out = run("one echo 'not ok 6 f # FAIL y'", "", "two false", "", "three true")
    end = out[out.index("# step three: true") :]
    check("# failed: one: not ok 6 f # FAIL y" in end and "# failed: two: ended with status 1" in end, out)


@test
def signal_ends_what_was_started() -> None:
    with subprocess.Popen(STEPS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as steps:
        assert steps.stdin is not None and steps.stdout is not None
        steps.stdin.write("one sleep 600\n")
        steps.stdin.close()
        check(steps.stdout.readline() == "# step one begins\n")
        steps.send_signal(signal.SIGTERM)
        check(steps.wait(timeout=10) == 128 + signal.SIGTERM)


if __name__ == "__main__":
    ktap.main("harness.steps")
