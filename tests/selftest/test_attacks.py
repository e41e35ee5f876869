# SPDX-License-Identifier: BSD-2-Clause
"""The harness with hostile or unlucky users: no verdict is lost, nothing hangs, no process or file is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET

import ktap
from ktap import Ran, check, run_fake, run_sh, test


def scratch(name: str = "") -> str:
    return os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), name)


def document(ran: Ran) -> dict[str, object]:
    found = json.loads(ran.text("results.json"), parse_constant=lambda name: check(False, name))
    assert isinstance(found, dict)
    return found


def suite(ran: Ran) -> ET.Element:
    return ET.parse(os.path.join(ran.results, "junit.xml")).getroot()


def is_red_for_all_readers(ran: Ran, *words: str) -> None:
    """Each of the files says that something did not run, and why."""
    errors = [error.get("message", "") for error in suite(ran).iter("error")]
    check(errors and suite(ran).get("errors") == str(len(errors)), ran.text("junit.xml"))
    ktap_lines = [line for line in ran.text("results.ktap").splitlines() if line.startswith("not ok ")]
    check(ktap_lines, ran.text("results.ktap"))
    told = str(document(ran)["error"])
    for word in words:
        check(word in errors[0] and word in told and word in ran.text("results.ktap"), word, errors, told)


def is_alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


def start(*arguments: str, **extra: str) -> tuple[subprocess.Popen[str], str]:
    results = scratch()
    process = subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", "-o", results, *arguments],
        env=ktap.environment({"QEMU": ktap.FAKE, "TIMEOUT": "30", **extra}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    return process, results


def wait_until_nonempty(path: str) -> str:
    for _ in range(600):
        with contextlib.suppress(FileNotFoundError):
            with open(path, encoding="utf-8") as file:
                if text := file.read():
                    return text
        time.sleep(0.05)
    raise AssertionError(f"nothing in {path}")


@test
def guest_that_dies_again_at_one_place_is_the_end() -> None:
    boots = scratch("boots")
    ran = run_fake("a.b=pass a.c=signal:9 a.d=pass", FAKE_BOOT="ignores-from", FAKE_COUNT=boots)
    ran.ends(3)
    check(os.path.getsize(boots) == 2, os.path.getsize(boots))
    check("a second boot ended at one place, a.c" in ran.out, ran.out)
    verdicts = {one["id"]: one["verdict"] for one in document(ran)["tests"]}  # type: ignore[attr-defined]
    check(verdicts["a.b"] == "PASS" and verdicts["a.c"] == "CRASH" and verdicts["missing.3"] == "PLAN", verdicts)
    is_red_for_all_readers(ran, "a second boot")


@test
def more_ids_than_a_command_line_holds_run_in_several_boots() -> None:
    names = [f"a.{'x' * 60}{number:03}" for number in range(120)]
    tests = " ".join(f"{name}={'signal:9' if name.endswith('050') else 'pass'}" for name in names)
    ran = run_fake(f"{tests} b.c=pass", *names, "-s", "1")
    ran.ends(1, "119 passed, 1 failed, 0 skipped")
    found = [one["id"] for one in document(ran)["tests"]]  # type: ignore[attr-defined]
    check(found == names, found)
    lines = [line for line in ran.text("console.log").splitlines() if "guest: " in line]
    check(len(lines) == 5 and all(len(line.partition("guest: ")[2]) <= 4000 for line in lines), len(lines))
    check(ran.out.count("KTAP version 1") == 1 and "1..120" in ran.out.splitlines(), ran.out)
    run_fake(tests, *names, "no.such").ends(2)


@test
def malformed_output_of_the_guest_is_a_diagnostic_and_no_traceback() -> None:
    for raw in ("ok 1 t.a # PASS\\n", "# json " + "[" * 60000 + "\\n", "# run t.a\\nok 1 t.a # PASS\\n"):
        ran = run_fake("a.b=pass", FAKE_BOOT="raw", FAKE_RAW=raw)
        ran.ends(1)
        told = document(ran)["diagnostics"] or "unknown kind" in ran.out
        check(told and "Traceback" not in ran.err, ran.out, ran.err)
    script = ktap.script("#!/bin/sh\nprintf 'KTAP version 1\\nok 1 t.a # PASS\\n'\n")
    ran = run_fake("", QEMU=script)
    ran.ends(3)
    is_red_for_all_readers(ran, "before it printed a plan")


@test
def run_without_a_verdict_is_red_in_every_file() -> None:
    ran = run_fake("a.b=pass", FAKE_BOOT="nothing")
    ran.ends(3)
    is_red_for_all_readers(ran, "before it printed a plan")
    ran = run_fake("a.b=pass", "no.such")
    ran.ends(2)
    is_red_for_all_readers(ran, "no test matches no.such")


@test
def vmm_that_does_not_tell_its_version_is_given_up() -> None:
    for settings in ({"FAKE_HANGS": "version"}, {"FAKE_FLOODS": "version"}, {"FAKE_FLOODS": "help"}):
        started = time.monotonic()
        ran = run_fake("a.b=pass", **settings)
        ran.ends(2)
        check(time.monotonic() - started < 30 and len(ran.err.splitlines()) == 1, ran.err)
        check("no end within 10 s" in ran.err or "of output" in ran.err, ran.err)
        is_red_for_all_readers(ran)


@test
def signal_while_the_vmm_is_asked_leaves_nothing() -> None:
    mark = scratch("pid")
    vmm = ktap.script(f"#!/bin/sh\necho $$ >{mark}\nsleep 1000\n")
    process, _ = start(QEMU=vmm)
    pid = int(wait_until_nonempty(mark))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    check(process.returncode == 128 + signal.SIGTERM and not is_alive(pid), process.returncode)


@test
def seed_of_more_than_64_bits_is_refused() -> None:
    for seed in ("18999999999999999999", "18446744073709551616", "0x10000000000000000"):
        ran = run_sh("-n", "-s", seed)
        ran.ends(2)
        check("-s" in ran.err and seed in ran.err, ran.err)
    check("seed=18446744073709551615 " in run_sh("-n", "-s", "18446744073709551615").out)


@test
def number_that_is_none_of_json_is_refused() -> None:
    for record in ('{"a":NaN}', '{"b":1e999}', '{"c":-Infinity}'):
        ran = run_fake("a.b=pass", FAKE_BOOT="raw", FAKE_RAW=f"# json {record}\\n")
        ran.ends(1)
        check(document(ran)["records"] == [] and "a record is not JSON" in ran.out, ran.out)


@test
def folder_that_is_in_use_is_refused() -> None:
    process, results = start(FAKE_TESTS="a.b=hang")
    ktap.wait_for_file(os.path.join(results, "console.log"), "# run a.b")
    ran = run_fake("a.c=pass", "-o", results)
    ran.ends(2)
    check(results in ran.err and "in use" in ran.err and len(ran.err.splitlines()) == 1, ran.err)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    with open(os.path.join(results, "results.json"), encoding="utf-8") as file:
        check("a.c" not in file.read())
    run_fake("a.c=pass", "-o", results).ends(0)


@test
def words_of_the_vmm_are_bounded() -> None:
    ran = run_fake("a.b=signal:6", FAKE_BOOT="stderr")
    ran.ends(1)
    check(os.path.getsize(os.path.join(ran.results, "vmm.log")) < 17 << 20)
    check("[cut after 16 MiB]" in ran.text("vmm.log")[-100:])
    for name in ("junit.xml", "results.ktap", "results.json"):
        check(os.path.getsize(os.path.join(ran.results, name)) < 100000, name)
    check("xxx..." in ran.text("junit.xml") and "vmm.log: cut after" in ran.out, ran.out[-2000:])


@test
def lines_after_exit_are_counted_and_not_told() -> None:
    started = time.monotonic()
    ran = run_fake("a.b=pass", FAKE_BOOT="spam-after-exit")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    check(time.monotonic() - started < 60 and len(ran.out) < 5000, len(ran.out))
    check(" lines after EXIT, the first: # and on" in ran.out, ran.out)


def signalled(number: int, **extra: str) -> None:
    """In a test, with a child of the VMM that has left its group: nothing of it all stays."""
    child = scratch("child")
    process, results = start(FAKE_TESTS="a.b=pass", FAKE_BOOT="child", FAKE_CHILD=child, **extra)
    pid = int(wait_until_nonempty(child))
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    check(process.returncode == 128 + number, number, process.returncode, out, err)
    check(not is_alive(pid), "the child lives on")
    is_red_for_all_readers(Ran(process.returncode, out, err, results), f"ended by signal {number}")


@test
def child_in_a_session_of_its_own_does_not_stay() -> None:
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        signalled(number)


@test
def signal_while_waiting_for_the_build_leaves_nothing() -> None:
    lock = os.path.join(ktap.HOME, "build", ".lock")
    holder = subprocess.Popen(["flock", lock, "sleep", "1000"], start_new_session=True)
    try:
        time.sleep(0.5)
        process = subprocess.Popen(
            [*ktap.RUN_SH, "-o", scratch()],
            env=ktap.environment({"QEMU": ktap.FAKE}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stderr is not None
        check("waiting for another build" in process.stderr.readline())
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            check(not file.read(), "it has children")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        check(process.returncode == 128 + signal.SIGTERM, process.returncode)
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()


@test
def vmm_that_ends_is_noticed_whoever_holds_its_console() -> None:
    started = time.monotonic()
    child = scratch("child")
    ran = run_fake("a.b=child", FAKE_CHILD=child, TIMEOUT="60")
    ran.ends(1)
    check(time.monotonic() - started < 30, "it waited")
    ran.says("not ok 1 a.b # CRASH the VMM ended with status 1")
    check(not is_alive(int(wait_until_nonempty(child))), "the child lives on")


@test
def run_sh_is_found_through_links_and_whatever_cdpath_says() -> None:
    if len(ktap.RUN_SH) > 1:
        return
    link = scratch("link")
    os.symlink(os.path.join(ktap.HOME, "run.sh"), link)
    settings = ktap.environment({"CDPATH": "/tmp", "QEMU": ktap.FAKE})
    folder, name = os.path.split(ktap.HOME)
    for command, where in (([link], "/"), (["bash", f"{name}/run.sh"], folder), (["./run.sh"], ktap.HOME)):
        done = subprocess.run([*command, "-n"], cwd=where, env=settings, capture_output=True, encoding="utf-8")
        check(done.returncode == 0 and f" {ktap.HOME}/build/" in done.stdout, command, done)


@test
def full_disk_under_stdout_loses_no_verdict() -> None:
    for tests, status in (("a.b=pass", 0), ("a.b=fail:C-1", 1)):
        process, results = start(FAKE_TESTS=tests)
        process.kill()
        process.communicate()
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(
                [*ktap.RUN_SH, "--no-build", "-o", results],
                env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": tests}),
                stdout=full,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        check(done.returncode == status, done)
        check("No space left" in done.stderr and "Traceback" not in done.stderr, done.stderr)
        check(document(Ran(status, "", "", results))["exit"] == status)


@test
def full_disk_under_the_results_loses_no_verdict() -> None:
    """A limit of the size of a file is as good as a full disk, and needs no root."""
    results = scratch()
    limited = ["bash", "-c", 'ulimit -f 1500; exec "$@"', "bash", *ktap.RUN_SH, "--no-build", "-o", results]
    settings = {"QEMU": ktap.FAKE, "FAKE_TESTS": "a.b=fail:C-1", "FAKE_BOOT": "raw"}
    noise = "".join(f"# json \"{'y' * 30000}\"\\n" for _ in range(3))
    done = subprocess.run(
        limited,
        env=ktap.environment({**settings, "FAKE_RAW": noise, "FAKE_RAW_TIMES": "20"}),
        capture_output=True,
        encoding="utf-8",
    )
    check(done.returncode == 1, done.returncode, done.stdout[-1000:], done.stderr)
    check("can't be written" in done.stderr and "Traceback" not in done.stderr, done.stderr)
    left = sorted(os.listdir(results))
    check(left == ["console.log", "vmm.log"], left)


@test
def folder_whose_name_is_no_utf8_is_written_to() -> None:
    results = os.path.join(os.fsencode(scratch()), b"r\xff")
    done = subprocess.run(
        [*ktap.RUN_SH, "--no-build", "-o", results],
        env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": "a.b=pass"}),
        capture_output=True,
    )
    check(done.returncode == 0 and b"1 passed, 0 failed" in done.stdout, done)
    check(len(os.listdir(results)) == 5, os.listdir(results))


@test
def first_words_of_a_vmm_that_says_nothing_else_are_shown() -> None:
    started = time.monotonic()
    process, results = start(FAKE_TESTS="a.b=pass", FAKE_BOOT="broken-kvm", TIMEOUT="12")
    assert process.stdout is not None
    check("fake: no KVM: the real reason" in process.stdout.readline())
    check(time.monotonic() - started < 11, "it took its time")
    process.communicate(timeout=30)
    check(process.returncode == 3)
    is_red_for_all_readers(Ran(3, "", "", results))


@test
def one_id_under_two_numbers_is_a_diagnostic() -> None:
    ran = run_fake("a.b=pass a.b=pass")
    ran.ends(1)
    check("# error: a.b has two results, of number 1 and 2" in ran.out, ran.out)


@test
def end_of_the_vmm_is_judged_too() -> None:
    ran = run_fake("a.b=pass", FAKE_BOOT="dies-after-exit")
    ran.ends(0)
    ran.says("# WARN run: the VMM was killed by SIGSEGV after EXIT")
    check("1 warned" in ran.out and document(ran)["warnings"] and "SIGSEGV" in ran.text("junit.xml"), ran.out)
    run_fake("a.b=pass", "--strict", FAKE_BOOT="dies-after-exit").ends(1)
    ran = run_fake("a.b=pass", FAKE_BOOT="stays")
    ran.ends(0)
    ran.says("# WARN run: the VMM did not end within 10 s after EXIT")


@test
def options_do_as_a_user_expects() -> None:
    tests = "a.b=pass a.c=hang b.d=pass"
    ran = run_fake(tests, "-l", "a")
    ran.ends(0)
    listed = [line for line in ran.out.splitlines() if not line.startswith("machine ")]
    check(listed == ["a.b", "a.c  (by name only)"], listed)
    ran = run_fake(tests, "-l", "nosuch.*")
    ran.ends(2)
    check("no test matches nosuch.*" in ran.out, ran.out)
    for arguments, words in (
        (["-d", "-l"], ["-l", "-d"]),
        (["-o", "-l"], ["-o takes an argument", "'-l'"]),
        (["-o", __file__], ["-o", __file__, "no folder"]),
        (["-a", "mips"], ["CPU 'mips'", "q35 (x86_64)"]),
        (["-m", "nil"], ["'nil'", "q35 (x86_64)"]),
        (["-j", "x"], ["-j", "'x'"]),
    ):
        ran = run_sh("--no-build", *arguments, QEMU=ktap.FAKE)
        ran.ends(2)
        check(len(ran.err.splitlines()) == 1 and all(word in ran.err for word in words), ran.err)


@test
def failed_build_leaves_no_older_results() -> None:
    ran = run_fake("a.b=pass")
    path = ktap.poor_path("make")
    with open(os.path.join(path, "make"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho no rule >&2\nexit 2\n")
    os.chmod(os.path.join(path, "make"), 0o755)
    again = run_sh("-o", ran.results, QEMU=ktap.FAKE, PATH=path)
    again.ends(2)
    check("no rule" in again.err and "the image does not build" in again.err, again.err)
    check("a.b" not in ran.text("results.ktap") and not os.path.exists(os.path.join(ran.results, "console.log")))
    is_red_for_all_readers(ran, "does not build")


if __name__ == "__main__":
    ktap.main("harness.attacks")
