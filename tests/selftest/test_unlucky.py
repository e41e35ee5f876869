# SPDX-License-Identifier: BSD-2-Clause
"""Unlucky users: what is in the way, terminals that do not read, signals at each moment, runs about nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import ktap
from hostile import MACHINE, begin, document, is_clear, is_red, scratch, text_file, wait_for
from ktap import check, run_fake, test

# -- files and terminals --------------------------------------------------------------------------


@test
def folder_of_results_with_something_in_the_way() -> None:
    for name in ("console.log", "results.json"):
        results = scratch()
        os.makedirs(os.path.join(results, name))
        is_clear(run_fake("a.b=pass", "-o", results), 2, "-o", name)


@test
def remains_of_a_killed_run_go() -> None:
    results = scratch()
    for name in (".junit.xml.123", ".results.json.99", "notes.txt"):
        with open(os.path.join(results, name), "w", encoding="utf-8") as file:
            file.write("x")
    run_fake("a.b=pass", "-o", results).ends(0)
    check("notes.txt" in os.listdir(results) and len(os.listdir(results)) == 6, os.listdir(results))


@test
def folder_of_results_that_goes_away_loses_no_verdict() -> None:
    results = scratch("r")
    for behaviour, status in (("pass", 0), ("fail:C-1", 1)):
        mark = scratch("boots")
        process = begin(f"a.a=slow:2 a.b={behaviour}", "-o", results, FAKE_COUNT=mark)
        wait_for(os.path.join(results, "console.log"), "# run a.a")
        subprocess.run(["rm", "-rf", results], check=True)
        out, err = process.communicate(timeout=30)
        check(process.returncode == status and "Traceback" not in err, process.returncode, out, err)
        check("results can't be written" in err or os.path.exists(os.path.join(results, "junit.xml")), err)


@test
def runner_that_was_stopped_blames_nobody() -> None:
    """Ctrl-Z and fg; or a reader that does not read, as a pager."""
    results, words = scratch(), "for i in $(seq 3000); do echo '# some words that fill the pipe of the console'; done"
    vmm = ktap.script(
        "#!/bin/bash\ncase \"$*\" in *--version*|*help*) exit;; esac\n"
        "printf 'KTAP version 1\\n1..2\\n# run a.a\\n'; sleep 1\n"
        f"{words}; echo ok 1 a.a\necho '# run a.b'; sleep 2; echo ok 2 a.b; echo EXIT: STATUS=1\n"
    )
    process = begin("", "-t", "0", "-o", results, QEMU=vmm, TIMEOUT="6")
    wait_for(os.path.join(results, "console.log"), "# run a.a")
    process.send_signal(signal.SIGSTOP)
    time.sleep(8)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    check(process.returncode == 0, process.returncode, out[-500:], err)


@test
def output_that_does_not_block_loses_no_line() -> None:
    tests = " ".join(f"a.t{number:03}{'x' * 200}=pass" for number in range(500))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", "-o", scratch()],
        env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": tests}),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    time.sleep(3)
    with open(reader, encoding="utf-8") as file:
        text = file.read()
    check(process.wait(timeout=30) == 0 and text.endswith("500 passed, 0 failed, 0 skipped\n"), text[-300:])


# -- signals --------------------------------------------------------------------------------------


def ends_by(process: subprocess.Popen[str], number: int, *marks: str) -> None:
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    if "KeyboardInterrupt" in err and "process.py" not in err and err.count("main.py") < 2:
        return  # Python has not come to our first line yet
    check(process.returncode in (-number, 128 + number) and "harness" not in err, process.returncode, out, err)
    for mark in marks:
        with open(mark, encoding="utf-8") as file:
            check(not os.path.exists(f"/proc/{int(file.read())}"), "a process lives on")


@test
def signal_at_any_moment_of_the_start() -> None:
    for moment in range(12):
        process = begin("a.b=hang", "-o", scratch())
        time.sleep(moment * 0.04)
        ends_by(process, signal.SIGINT)


@test
def signal_while_a_command_line_is_printed() -> None:
    mark = scratch("pid")
    process = begin("", "-n", QEMU=ktap.script(f"#!/bin/sh\necho $$ >{mark}\nsleep 1000\n"))
    wait_for(mark, "\n")
    ends_by(process, signal.SIGTERM, mark)


@test
def signal_with_several_machines_leaves_nothing() -> None:
    results, mark = scratch(), scratch("boots")
    process = begin("a.b=hang", "-m", "q35,pc,q35-efi", "-j", "2", "-o", results, FAKE_COUNT=mark)
    for name in ("q35", "pc"):
        wait_for(os.path.join(results, name, "console.log"), "# run a.b")
    ends_by(process, signal.SIGINT)
    for name in ("q35", "pc"):
        with open(os.path.join(results, name, "junit.xml"), encoding="utf-8") as file:
            check("ended by signal" in file.read())
    check(os.path.getsize(mark) == 2 and not os.path.exists(os.path.join(results, "q35-efi")))


@test
def killed_runner_takes_its_vmm_with_it() -> None:
    mark, results = scratch("pid"), scratch()
    process = begin("", "-o", results, QEMU=ktap.script(f"#!/bin/sh\ncase \"$*\" in *version*) exit;; esac\n"
                                                        f"echo $$ >{mark}\nexec sleep 1000\n"))
    wait_for(mark, "\n")
    process.kill()
    process.communicate(timeout=10)
    with open(mark, encoding="utf-8") as file:
        pid = int(file.read())
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    check(False, "it lives on")


# -- not driven is not green ----------------------------------------------------------------------


@test
def fewer_executed_tests_than_asked_for_are_a_failure() -> None:
    ran = run_fake("a.b=pass a.c=skip a.d=warn:C-1", "--at-least", "2")
    ran.ends(0, "2 passed, 0 failed, 1 skipped")
    check(document(ran)["executed"] == 2 and ", 2 executed, " in ran.out, ran.out)
    ran = run_fake("a.b=pass a.c=skip a.d=warn:C-1", "--at-least", "3")
    ran.ends(1, "2 passed, 1 failed, 1 skipped")
    why = "2 tests executed, --at-least 3"
    for name in ("results.ktap", "junit.xml", "results.json"):
        check(why in ran.text(name), name, ran.text(name))
    check(f"# error: {why}" in ran.out and 'executed" value="2"' in ran.text("junit.xml"), ran.out)
    is_red(ran, 1)


@test
def machine_that_is_skipped_has_executed_nothing() -> None:
    text = text_file(MACHINE + 'needs = { device = "nosuch" }\n')
    run_fake("a.b=pass", "--machines", text).ends(0)
    ran = run_fake("a.b=pass", "--machines", text, "--at-least", "1")
    is_red(ran, 1)
    check("0 tests executed, --at-least 1" in ran.out + ran.err, ran.out)


@test
def several_machines_count_what_they_executed() -> None:
    ran = run_fake("a.b=pass a.c=skip", "-m", "q35,pc", "--at-least", "2")
    ran.ends(1, "2 passed, 2 failed, 2 skipped")
    check(all("1 executed" in line for line in ran.out.splitlines()[-3:-1]), ran.out)


HOST = os.path.join(ktap.HOME, "build", "host", "viommu-guest")


def native(options: str, mutant: str) -> list[str]:
    """The lines of the native suite about a device that has one bug."""
    command = f"seed=1 seconds=0 {options} viommu.ep=00:00.0-00:1f.7:0 run=conformance.map"
    settings = {**os.environ, "REFDEV": "usual", "REFDEV_MUTANT": mutant}
    done = subprocess.run([HOST, command], env=settings, capture_output=True, encoding="utf-8", timeout=60)
    return done.stdout.splitlines()


@test
def iommu_that_is_not_driven_is_an_error_once() -> None:
    subprocess.run(["make", "-s", "-C", ktap.HOME, "native"], check=True, env=ktap.environment({}), stdout=2)
    for options, mutant, why in (
        ("viommu=pci:00:01.0", "HOSTILE_FEATURES_OK_REFUSED", "FEATURES_OK does not stay set"),
        ("viommu=pci:00:01.0", "HOSTILE_RESET_NEVER_ENDS", "status does not read 0 within a second"),
        ("viommu=pci:00:01.0", "HOSTILE_STRUCTURE_BAR_6", "its transport can't be used"),
        ("viommu=pci:00:01.0", "HOSTILE_QUEUE_SIZE_0", "a queue has size 0"),
        ("viommu=pci:00:1e.0", "", "a description names one where there is no device"),
    ):
        lines = native(options, mutant)
        results = [line for line in lines if line.startswith(("ok ", "not ok "))]
        why = f"the IOMMU is not driven: {why}"
        check(f" # ERROR {why}" in results[0] and len(results) > 10, lines)
        others = [line for line in results[1:] if f" # SKIP {why}" not in line]
        check(all(" # SKIP " in line and "is not offered" in line for line in others), others)
        check(lines[-1] == "EXIT: STATUS=3", lines[-1])


if __name__ == "__main__":
    ktap.main("harness.unlucky")
