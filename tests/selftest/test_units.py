# SPDX-License-Identifier: BSD-2-Clause
"""The modules of the harness one by one: processes, boots, files, options, reports."""

from __future__ import annotations

import errno
import functools
import io
import json
import os
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from contextlib import redirect_stdout
from unittest import mock

import ktap
from ktap import HOME, check, refused, test

sys.path.insert(0, os.path.join(HOME, "tests", "harness"))
import build  # noqa: E402
import job  # noqa: E402
import main  # noqa: E402
import many  # noqa: E402
import options as opt  # noqa: E402
import placeholders  # noqa: E402
import process  # noqa: E402
import progress  # noqa: E402
import reports  # noqa: E402
import vm  # noqa: E402
from machines import Machine, Machines  # noqa: E402
from protocol import Result  # noqa: E402


def scratch() -> str:
    return tempfile.mkdtemp(dir=ktap.SCRATCH.name)


# -- processes ------------------------------------------------------------------------------------


@test
def command_is_run_and_its_output_kept() -> None:
    done = process.run(["sh", "-c", "cat; echo two >&2; exit 3"], 10, stdin=b"one")
    check((done.status, done.out, done.err, done.why) == (3, "one", "two\n", ""), done)
    check(done.last_words() == "two" and process.run(["false"], 10).last_words() == "status 1")
    refused(lambda: process.run(["/no/such"], 10), "No such file")


@test
def command_has_its_limits() -> None:
    started = time.monotonic()
    done = process.run(["sh", "-c", "sleep 100"], 0.3)
    check(done.status is None and done.last_words() == "no end within 0.3 s", done)
    done = process.run(["yes"], 20, output_max=4096)
    check(done.status is None and "4 KiB" in done.why and len(done.out) == 4096, done.why)
    check(time.monotonic() - started < 10)


@test
def command_that_has_ended_is_not_waited_for_by_its_children() -> None:
    started = time.monotonic()
    done = process.run(["sh", "-c", "echo x; sleep 100 & exit 4"], 50)
    check(done.status == 4 and done.out == "x\n" and time.monotonic() - started < 10, done)


@test
def end_of_a_command_is_seen_without_pidfds_too() -> None:
    with mock.patch.object(os, "pidfd_open", side_effect=OSError(errno.ENOSYS, "no")):
        done = process.run(["sh", "-c", "echo x; sleep 100 & exit 4"], 50)
    check(done.status == 4 and done.out == "x\n", done)


@test
def orphans_are_ended() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import process; process.prepare()\n"
        "process.run(['sh', '-c', 'setsid sleep 1000 & sleep 0.2'], 50)\n"
        "print(len(process.children())); process.end_all(); print(len(process.children()))"
    )
    done = process.run([sys.executable, "-c", code, os.path.join(HOME, "tests", "harness")], 50)
    check(done.out == "1\n0\n", done)


# -- boots ----------------------------------------------------------------------------------------


def booted(script: str, boot: float = 20, silence: float = 20) -> tuple[list[bytes | None], vm.Boot]:
    log = vm.Log(os.path.join(scratch(), "vmm.log"), 1 << 20)
    one = vm.Boot(process.Child(["sh", "-c", script]), log, vm.Limits(boot, silence), 0.2)
    lines = list(one.lines())
    log.close()
    return lines, one


@test
def lines_of_a_boot() -> None:
    lines, boot = booted("printf 'a\\r\\nb\\n\\nc'; exit 3")
    check(lines == [b"a", b"b", b""] and boot.cut_short == b"c", lines)
    check(boot.why == "the VMM ended with status 3" and not boot.timed_out and boot.status == 3)
    check(booted("kill -9 $$")[1].why == "the VMM was killed by SIGKILL")


@test
def limits_of_a_boot() -> None:
    boot = booted("sleep 100", boot=0.5)[1]
    check(boot.timed_out and boot.why == "no end within 0.5 s", boot.why)
    boot = booted("echo x; sleep 100", silence=0.5)[1]
    check(boot.timed_out and boot.why == "no output for 0.5 s", boot.why)
    with mock.patch.object(vm, "CONSOLE_MAX", 1 << 20):
        boot = booted("yes")[1]
    check(boot.timed_out and boot.why == "more than 1 MiB of output", boot.why)
    with mock.patch.object(vm, "END_LIMIT", 0.5):
        boot = booted("exec >&-; sleep 100")[1]
    check(not boot.timed_out and boot.why == "the VMM closed its console and did not end", boot.why)


def starved_boot(script: str, share: float) -> vm.Boot:
    """A boot of half a second, of each second of which no CPU ran the VMM for that share."""
    begin = time.monotonic()
    with (
        mock.patch.object(vm, "LOOK_AGAIN", 0.1),
        mock.patch.object(process.Child, "starved", lambda child: share * (time.monotonic() - begin)),
    ):
        return booted(script, boot=0.5, silence=0.5)[1]


@test
def time_without_a_cpu_is_not_the_vmms() -> None:
    check(starved_boot("sleep 1.5; exit 7", 0.9).why == "the VMM ended with status 7")
    check(starved_boot("sleep 100", 0.5).timed_out)
    with mock.patch.object(vm, "FORGIVEN", 2):
        boot = starved_boot("sleep 100", 1)
    check(boot.timed_out and 1 <= boot.away <= 1.1, boot.away)  # and there is an end to it
    child = process.Child(["sh", "-c", "sleep 0.1"])
    check(child.starved() >= 0)
    child.end()
    check(child.starved() == 0)


@test
def stderr_of_a_silent_vmm_is_shown_at_once() -> None:
    lines, boot = booted("echo why >&2; sleep 1; echo x")
    check(lines == [None, b"x"] and boot.words() == [b"why"], lines)
    check(booted("echo x; echo why >&2; sleep 1")[0] == [b"x"])


@test
def words_of_a_vmm_are_the_first_and_the_last() -> None:
    words = booted("seq 100 >&2")[1].words()
    check(words == [b"1", b"2", b"3", b"...", b"95", b"96", b"97", b"98", b"99", b"100"], words)


@test
def log_is_cut_and_says_so() -> None:
    path = os.path.join(scratch(), "log")
    log = vm.Log(path, 1 << 20)
    for _ in range(3):
        log.write(b"x" * (1 << 19) + b"\n")
    with open(path, "rb") as file:
        text = file.read()
    check(text.endswith(b"\n[cut after 1 MiB]\n") and len(text) < (1 << 20) + 40 and "cut after" in log.trouble)
    log = vm.Log("/dev/full", 1 << 20)
    log.write(b"x")
    check("No space left" in log.trouble, log.trouble)


# -- files ----------------------------------------------------------------------------------------


@test
def files_go_where_there_is_room() -> None:
    full, roomy, files = scratch(), scratch(), placeholders.Files()

    def fallocate(descriptor: int, offset: int, size: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith(full):
            raise OSError(errno.ENOSPC, "No space left on device")

    with mock.patch.object(placeholders, "folders", lambda: [full, "/no/such", roomy]):
        with mock.patch.object(os, "posix_fallocate", fallocate):
            argv = files.expand(["-f", "x=@DISK@", "@BUILD@/y"], Machine("m"), "/build")
            check(argv[1].startswith(f"x={roomy}/") and argv[2] == "/build/y", argv)
            check(not os.listdir(full) and len(os.listdir(roomy)) == 1)
            files.remove()
            check(not os.listdir(roomy))
            roomy = full
    with mock.patch.object(placeholders, "folders", lambda: [full]):
        started = time.monotonic()
        with mock.patch.object(os, "posix_fallocate", fallocate):
            refused(lambda: files.expand(["@DISK@"], Machine("m"), ""), "no room", full, "No space left")
        check(time.monotonic() - started < 5 and not os.listdir(full))


@test
def disk_has_all_of_its_room_from_the_start() -> None:
    files = placeholders.Files()
    (disk,) = files.expand(["@DISK@"], Machine("m"), "")
    check(os.stat(disk).st_blocks * 512 >= 1 << 20 and os.path.getsize(disk) == 1 << 20, os.stat(disk))
    files.remove()


@test
def folder_of_results() -> None:
    folder = reports.Folder(path := os.path.join(scratch(), "a", "b"))
    refused(lambda: reports.Folder(path), path, "in use")
    folder.write({"results.ktap": "x"})
    with mock.patch.object(os, "replace", side_effect=OSError(errno.ENOSPC, "full")):
        refused(lambda: folder.write({"results.ktap": "y", "junit.xml": "z"}), "full")
    check(os.listdir(path) == ["results.ktap"], os.listdir(path))
    folder.close()
    check(not os.listdir(reports.Folder(path).path), "an earlier run's results")
    refused(lambda: reports.Folder(__file__), "no folder")


# -- reports --------------------------------------------------------------------------------------


def texts(run: reports.Run) -> tuple[list[str], ET.Element, dict[str, object]]:
    found = run.texts({"machine": "m", "odd": "\udcff\x00<"}, {"exit": 0})
    document = json.loads(found["results.json"])
    return found["results.ktap"].splitlines(), ET.fromstring(found["junit.xml"]), document


@test
def reports_of_all_verdicts() -> None:
    run = reports.Run(strict=True)
    run.plan = 5
    verdicts = ("PASS", "WARN", "SKIP", "FAIL", "ERROR")
    for number, verdict in enumerate(verdicts, 1):
        run.take(Result(number, f"a.b{number}", verdict, "why", ["# \x00d"]))
    run.warnings, run.notes, run.diagnostics = ["slow"], ["known"], ["odd"]
    lines, suite, document = texts(run)
    check(lines[-4:] == ["not ok 5 a.b5 # ERROR why", "# note: known", "# WARN run: slow", "# error: odd"], lines)
    check((suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "4", "0"), ET.tostring(suite))
    check(run.total() == "1 passed, 5 failed, 1 skipped", run.total())
    check(document["warnings"] == ["slow"] and document["error"] is None, document)


@test
def reports_of_impact() -> None:
    run = reports.Run(strict=True)
    run.plan = 5
    verdicts = ("FAIL", "XFAIL", "WARN", "WARN", "HANG")
    impacts = ["isolation", "isolation", "status", "form", "liveness"]
    for number, (verdict, impact) in enumerate(zip(verdicts, impacts), 1):
        run.take(Result(number, f"a.b{number}", verdict, "why", impact=impact, is_known=impact == "form"))
    lines, suite, document = texts(run)
    check(run.impacts() == document["impact"] == "1 isolation, 1 liveness, 1 status", run.impacts())
    check(run.summary()[-1] == "# impact: 1 isolation, 1 liveness, 1 status", run.summary())
    check([one.get("value") for one in suite.iter("property") if one.get("name") == "impact"] == impacts)
    check(run.total() == "2 passed, 3 failed, 0 skipped" and lines[5].startswith("ok 4 a.b4 # WARN"), lines)
    check(reports.Run().impacts() == "" and not reports.Run().summary())


@test
def run_that_was_stopped_says_so_for_each_test() -> None:
    run = reports.Run()
    run.plan, run.stopped = 3, "because"
    run.take(Result(2, "a.b", "PASS"))
    lines, suite, document = texts(run)
    check("not ok 1 missing.1 # PLAN not run: because" in lines and lines[-1] == "# error: because", lines)
    check(suite.get("errors") == "2" and suite.get("failures") == "0" and document["error"] == "because")
    check(run.take(Result(2, "a.c", "PASS")) and run.take(Result(9, "a.b", "PASS")))


@test
def screen_that_cannot_be_written_to() -> None:
    screen = progress.Screen()
    with mock.patch.object(progress, "silence"), mock.patch.object(sys, "stdout") as stdout:
        stdout.write.side_effect = OSError(errno.ENOSPC, "full")
        screen.say("x")
        screen.say("y")
        check(screen.trouble == "stdout: full" and stdout.write.call_count == 1)
        stdout.write.side_effect = BrokenPipeError
        refused(lambda: progress.Screen().say("x"))


# -- options --------------------------------------------------------------------------------------


@test
def options_and_environment() -> None:
    got = opt.parse(
        ["-m", "a,b", "-j", "3", "-s", "0xF", "-t", "9", "x.*", "--strict", "--", "-v", "w"],
        {"QEMU": "q", "ACCEL": "kvm", "TIMEOUT": "7"},
    )
    check((got.machines, got.jobs, got.seed, got.seconds, got.globs) == ("a,b", 3, "0xF", 9, ["x.*"]), got)
    check(got.words == ["-v", "w"] and got.strict and (got.qemu, got.accel, got.timeout) == ("q", "kvm", 7), got)
    check(opt.parse(["--icount"], {}).timeout == 1200 and opt.parse(["-d"], {}).timeout == 0)
    check(opt.parse(["--icount"], {"TIMEOUT": "5"}).timeout == 5 and opt.random_seed() != opt.random_seed())
    for arguments, environment, word in (
        *((["-o"], {}, "-o takes"), (["-o", "-l"], {}, "'-l'"), (["-q"], {}, "'-q'"), (["a b"], {}, "'a b'")),
        *((["-t", "x"], {}, "-t"), (["-s", "9" * 20], {}, "64 bits")),
        *((["-d", "-l"], {}, "-d"), ([], {"ACCEL": "a b"}, "ACCEL"), (["--icount"], {"ACCEL": "kvm"}, "kvm")),
    ):
        refused(functools.partial(opt.parse, arguments, environment), word)


@test
def tests_are_selected_as_the_guest_does() -> None:
    listed = [("a.b", "default"), ("a.c", "optional"), ("b.d", "default")]
    check(job.select(listed, []) == (["a.b", "b.d"], ""))
    check(job.select(listed, ["a"]) == (["a.b", "a.c"], ""))
    check(job.select(listed, ["*.?"]) == (["a.b", "b.d"], ""), "by name only")
    check(job.select(listed, ["b", "x"]) == (["b.d"], "x"))


# -- the build, several machines ------------------------------------------------------------------


@test
def build_that_fails() -> None:
    with mock.patch.object(build, "_run", return_value=2):
        refused(lambda: build.make(["image"], "x86_64"), "does not build")
        refused(lambda: build.need(["build"]))


@test
def commands_of_several_machines() -> None:
    options = opt.Options(seed="5", results="/r")
    argv = many.Many(options, ["-m", "*", "a.*", "--", "-x"]).command("q35")
    argv = argv[argv.index(many.RUN) + 1 :]
    check(argv == ["-m", "*", "a.*", "-m", "q35", "-j", "1", "-s", "5", "-o", "/r/q35", "--", "-x"], argv)
    check(opt.parse(argv, {}).machines == "q35")
    ended = many.Ended("q35", 3, "")
    ended.count("/no/such")
    check(ended.total() == "0 passed, 1 failed, 0 skipped")


@test
def usage_is_printed() -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        check(main.run(["-h"]) == 0)
    check("--machines FILE" in out.getvalue())
    check(main.own_version() and Machines(main.MACHINES).all)


if __name__ == "__main__":
    ktap.main("harness.units")
