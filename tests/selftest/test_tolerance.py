# SPDX-License-Identifier: BSD-2-Clause
"""What the harness tolerates: unusual consoles, processes and environments."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as ET

import ktap
from ktap import check, run_fake, run_sh, test


def raw(text: str, status: int, total: str, **extra: str) -> ktap.Ran:
    """A guest that prints the text, as a Python string is written, before its one test."""
    ran = run_fake("a.b=pass", FAKE_BOOT="raw", FAKE_RAW=text, **extra)
    ran.ends(status, total)
    ET.parse(os.path.join(ran.results, "junit.xml"))
    return ran


def run_in(command: list[str], tests: str = "a.b=pass", **extra: str) -> subprocess.CompletedProcess[bytes]:
    """With another command before run.sh's."""
    results = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    settings = ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": tests, **extra})
    whole = [*command, *ktap.RUN_SH, "--no-build", "-o", os.path.join(results, "new")]
    return subprocess.run(whole, env=settings, capture_output=True, timeout=ktap.LIMIT)


@test
def garbage_on_the_console() -> None:
    raw("\\x00\\x01\\xff\\xfe\\x1b[2J\\x1b]0;title\\x07]]>&<\\r\\n\\n", 0, "1 passed, 0 failed, 0 skipped")


@test
def line_without_an_end() -> None:
    ran = raw("x" * 100000, 0, "1 passed, 0 failed, 0 skipped", FAKE_RAW_TIMES="300")
    check(os.path.getsize(os.path.join(ran.results, "results.json")) < 1 << 20)


@test
def second_plan_and_wrong_numbers() -> None:
    raw("1..2\\n", 1, "1 passed, 1 failed, 0 skipped")
    raw("# run a.x\\nok 7 a.x\\n", 1, "0 passed, 3 failed, 0 skipped")


@test
def ids_with_slashes() -> None:
    ran = run_fake("../../x/y=pass")
    ran.ends(0)
    check(not os.path.exists(os.path.join(ran.results, "..", "..", "x")))


@test
def death_behind_the_plan_and_in_a_test() -> None:
    ran = run_fake("a.b=signal:11 a.c=pass")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    ran.says("not ok 1 a.b # CRASH the VMM was killed by SIGSEGV")
    ran = run_fake("a.b=pass", FAKE_BOOT="dies-after-plan")
    ran.ends(3)
    check("before a test began" in ran.out, ran.out)


@test
def slow_output_and_ignored_sigterm() -> None:
    run_fake("a.b=slow:2 a.c=slow:2", TIMEOUT="30").ends(0)
    run_fake("a.b=hang a.c=pass", TIMEOUT="3").ends(1, "1 passed, 1 failed, 0 skipped")


@test
def closed_streams() -> None:
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = run_in(["bash", "-c", f'exec "$@" {closed}', "bash"])
        check(done.returncode == 0, closed, done)


@test
def surroundings_that_lack_something() -> None:
    for command in (
        ["env", "-u", "TMPDIR", "-u", "HOME"],
        ["env", "LANG=C", "LC_ALL=C"],
        ["bash", "-c", 'umask 077; exec "$@"', "bash"],
        ["bash", "-c", 'umask 000; exec "$@"', "bash"],
        ["env", "TERM=dumb", "PYTHONUTF8=0", "PYTHONIOENCODING=ascii"],
    ):
        done = run_in(command)
        check(done.returncode == 0 and done.stdout.endswith(b"1 passed, 0 failed, 0 skipped\n"), command, done)


@test
def folders_of_any_name() -> None:
    for name in ("déjà vu", "二", "a b", "-x"):
        results = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), name)
        run_fake("a.b=pass", "-o", results, LC_ALL="C").ends(0)
        check(len(os.listdir(results)) == 5, os.listdir(results))


@test
def folder_of_another_user() -> None:
    if os.geteuid() != 0 or not shutil.which("setpriv") or len(ktap.RUN_SH) > 1:
        return
    os.chmod(ktap.SCRATCH.name, 0o755)
    results = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    os.chmod(results, 0o555)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    command = [*nobody, *ktap.RUN_SH, "--no-build", "-o", results]
    done = subprocess.run(
        command, env=ktap.environment({"QEMU": ktap.FAKE}), capture_output=True, encoding="utf-8"
    )
    if "Permission denied" in done.stderr and results not in done.stderr:
        return  # nobody may not even read us
    check(done.returncode == 2 and len(done.stderr.splitlines()) == 1 and results in done.stderr, done)


@test
def no_python() -> None:
    ran = run_sh(PATH=ktap.poor_path("python3"), NO_INSTALL="1", QEMU=ktap.FAKE)
    ran.ends(2)
    check(re.search(r"install .*python3", ran.err) and len(ran.err.splitlines()) == 1, ran.err)


def on_a_terminal(tests: str, **extra: str) -> tuple[str, int]:
    """What a person sees, and the exit status."""
    results = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    settings = ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": tests, "TERM": "xterm", **extra})
    settings.pop("NO_COLOR", None) if "NO_COLOR" not in extra else None
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", "-o", results], env=settings, stdout=theirs, stderr=theirs, stdin=theirs
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
    os.close(ours)
    return seen.decode(), process.wait()


@test
def terminal_shows_how_far_it_is() -> None:
    seen, status = on_a_terminal("a.b=pass a.c=fail:C-1 a.d=pass")
    check(status == 1 and "[3 of 3: a.d; boots 1, failures 1]" in seen, seen)
    check("\x1b[31mnot ok 2 a.c # FAIL C-1 planted\x1b[0m" in seen, seen)
    seen, status = on_a_terminal("a.b=pass a.c=fail:C-1", NO_COLOR="1")
    check("[2 of 2: a.c" in seen and not re.search("\x1b\\[\\d+m", seen), seen)


@test
def plain_lines_elsewhere() -> None:
    ran = run_fake("a.b=pass a.c=fail:C-1", TERM="xterm")
    check("\x1b" not in ran.out and "boots" not in ran.out, ran.out)


@test
def several_machines_have_one_summary() -> None:
    ran = run_fake("a.b=pass a.c=skip", "-m", "q35,pc,q35-scan", "-j", "2")
    ran.ends(0, "3 passed, 0 failed, 3 skipped")
    for machine in ("q35", "pc", "q35-scan"):
        line = rf"^# {machine} +1 passed, 0 failed, 1 skipped, 1 executed, exit status 0$"
        check(re.search(line, ran.out, re.M), ran.out)
        check(len(os.listdir(os.path.join(ran.results, machine))) == 5)
    check(ran.out.count("KTAP version 1") == 3 and len(set(re.findall(r"seed=(\d+)", ran.out))) == 1, ran.out)


@test
def worst_of_several_machines_decides() -> None:
    ran = run_fake("a.b=fail:C-1", "-m", "q35*scan,pc")
    ran.ends(1, "0 passed, 2 failed, 0 skipped")
    ran = run_fake("a.b=pass", "-m", "pc,q35", FAKE_BOOT="dead")
    ran.ends(3, "0 passed, 2 failed, 0 skipped")


@test
def signal_ends_several_machines() -> None:
    results = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    process = subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", "-m", "q35,pc,q35-scan", "-j", "2", "-o", results],
        env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": "a.b=hang"}),
        stdout=subprocess.DEVNULL,
    )
    for machine in ("q35", "pc"):
        ktap.wait_for_file(os.path.join(results, machine, "console.log"), "# run a.b")
    process.send_signal(signal.SIGTERM)
    check(process.wait(timeout=30) == 128 + signal.SIGTERM)
    for machine in ("q35", "pc"):
        with open(os.path.join(results, machine, "results.json"), encoding="utf-8") as file:
            check("ended by signal 15" in file.read())
    check(not os.path.exists(os.path.join(results, "q35-scan")))


@test
def machines_of_a_strangers_file() -> None:
    path = ktap.script('[mine]\narch = "x86_64"\nparts = ["-x", "-append @GUEST@"]\nguest = "y=1"\n', "my.toml")
    ran = run_fake("a.b=pass", "--machines", path)
    ran.ends(0)
    check("# mine, qemu" in ran.out and "y=1" in ran.text("console.log"), ran.out)
    ran = run_fake("a.b=pass", "--machines", path, "-m", "q35")
    ran.ends(2)
    check(path in ran.err and "mine (x86_64)" in ran.err, ran.err)


if __name__ == "__main__":
    ktap.main("harness.tolerance")
