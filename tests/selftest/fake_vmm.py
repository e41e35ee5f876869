#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A VMM with a scripted guest: $FAKE_TESTS holds `id=behaviour` words.

It understands what run.sh asks of a QEMU (--version, -device help) and of the guest (run=, from=, list, seed=, resume,
isolate). $FAKE_BOOT changes a whole boot, $FAKE_COUNT names a file that counts the boots, $FAKE_RESET is `broken`,
`wrong` or `never-runs`, $FAKE_CHILD names a file for the id of a process that stays; $FAKE_HANGS and $FAKE_FLOODS are
`version` or `help`.
"""

from __future__ import annotations

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "harness"))
from protocol import glob_matches  # noqa: E402


def say(line: str) -> None:
    sys.stdout.write(line + "\r\n")
    sys.stdout.flush()


def end(code: int) -> None:
    """As isa-debug-exit does: the line and the process agree."""
    say(f"EXIT: STATUS={code << 1 | 1}")
    sys.exit(code << 1 | 1)


def raw(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def die(number: int) -> None:
    print("fake: assertion failed", file=sys.stderr, flush=True)
    os.kill(os.getpid(), number)


def flood() -> None:
    while True:
        raw(b"# and on\n" * 8192)


def run_test(number: int, test_id: str, behaviour: str) -> bool:
    """True: the test counts as failed for the guest's EXIT line."""
    word, _, rest = behaviour.partition(":")
    result = f"{number} {test_id}"
    if word != "norun":
        say(f"# run {test_id}")
    if word in ("pass", "norun"):
        say(f"ok {result}")
    elif word == "slow":
        time.sleep(float(rest))
        say(f"ok {result}")
    elif word == "fail":
        for clause in rest.split("+"):
            say(f"# FAIL {clause} planted")
        say(f"not ok {result} # FAIL {rest.split('+')[0]} planted")
        return True
    elif word == "warn":
        say(f"# WARN {rest} planted")
        say(f"ok {result} # WARN {rest} planted")
    elif word == "skip":
        say(f"ok {result} # SKIP planted")
    elif word == "error":
        say(f"not ok {result} # ERROR planted")
        return True
    elif word in ("CRASH", "HANG"):
        say(f"not ok {result} # {word} planted")
        end(2)
    elif word == "signal":
        die(int(rest))
    elif word == "exit":
        sys.exit(int(rest))
    elif word == "child":  # of the VMM's, which ends
        leave_a_child()
        sys.exit(1)
    elif word == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
    elif word == "flood":
        flood()
    elif word == "binary":
        raw(bytes(range(256)).replace(b"\n", b"") + b"\x1b[31;1m]]>&<\xef\xbf\xbf\n")
        say(f"not ok {result} # FAIL \x1b[31mIMG\x01 ]]> & <planted>")
        return True
    elif word == "json":
        say('# json {"value": 7}')
        say("# json {not json" if rest == "bad" else '# json {"value": 8}')
        say(f"ok {result}")
    elif word == "number":
        say(f"ok {rest} {test_id}")
    elif word == "name":
        say(f"ok {number} {rest}")
    elif word == "word":
        say(f"ok {result} # {rest} planted")
    elif word == "twice":
        say(f"ok {result}")
        say(f"# run {test_id}")
        say(f"ok {result}")
    elif word == "cut":
        raw(f"not ok {result[:-2]}".encode())
        die(signal.SIGKILL)
    elif word == "between":
        say(f"ok {result}")
        die(signal.SIGKILL)
    return False


def leave_a_child() -> None:
    """One that holds the console and is in no group of ours."""
    if os.fork() == 0:
        os.setsid()
        with open(os.environ["FAKE_CHILD"], "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        time.sleep(1000)
    while not os.path.exists(os.environ["FAKE_CHILD"]) or not os.path.getsize(os.environ["FAKE_CHILD"]):
        time.sleep(0.01)


def boots() -> int:
    """How many there were, this one included."""
    path = os.environ.get("FAKE_COUNT")
    if not path:
        return 1
    with open(path, "a+b") as counter:
        counter.write(b".")
        return counter.tell()


def selected(options: dict[str, str]) -> list[list[str]]:
    tests = [word.split("=", 1) for word in os.environ.get("FAKE_TESTS", "").split()]
    globs = options.get("run", "*").split(",")
    return [test for test in tests if any(glob_matches(glob, test[0]) for glob in globs)]


def stop(number: int) -> None:
    """For another boot."""
    say(f"# stopped before test {number}")
    end(2)


def guest(command_line: str) -> None:
    options = dict(word.partition("=")[::2] for word in command_line.split())
    whole = os.environ.get("FAKE_BOOT", "")
    count = boots()
    tests = selected(options)
    if whole == "nothing":
        sys.exit(0)
    if whole == "broken-kvm":
        print("fake: no KVM: the real reason", file=sys.stderr)
        for number in range(40):
            print(f"fake: RIP={number}", file=sys.stderr, flush=True)
        time.sleep(1000)
    if whole == "stderr":
        for _ in range(40):
            sys.stderr.write("x" * (1 << 20))
        sys.stderr.flush()
    if whole == "child":
        leave_a_child()
        time.sleep(1000)
    raw(b"SeaBIOS\x1bc\x1b[?7l\x1b[2J ok 1 not.a.test\r\n")
    if whole == "silent":
        time.sleep(1000)
    if whole == "dead":
        die(signal.SIGABRT)
    if whole == "dead-later" and count > 1:
        die(signal.SIGABRT)
    if whole == "dead-once" and count == 2:
        die(signal.SIGABRT)
    raw(b"\x1b[2J")
    say("KTAP version 1")
    say(f"# fake seed={options['seed']} guest: {command_line}")
    if "list" in options:
        for test_id, behaviour in tests:
            say(f"# test {test_id} {'optional' if behaviour == 'hang' else 'default'}")
        end(0)
    for glob in options.get("run", "*").split(","):
        if not whole and not any(glob_matches(glob, test[0]) for test in tests):
            say(f"# error: no test matches {glob}")
            end(2)
    planned = {"more": len(tests) + 1, "fewer": len(tests) - 1, "huge": 999999}
    say(f"1..{planned.get(whole, len(tests)) + (whole == 'changes' and count > 1)}")
    failed = False
    if whole == "dies-after-plan":
        die(signal.SIGABRT)
    if whole == "raw":
        for _ in range(int(os.environ.get("FAKE_RAW_TIMES", "1"))):
            raw(os.environ["FAKE_RAW"].encode().decode("unicode_escape").encode("latin-1"))
        raw(b"\n")
    first = 1 if whole == "ignores-from" else int(options.get("from", "1"))
    reset = os.environ.get("FAKE_RESET", "")
    if reset == "never-runs":
        stop(first)
    for number in range(first, len(tests) + 1):
        failed |= run_test(number, *tests[number - 1])
        drives = number < len(tests) and tests[number - 1][1] != "skip"
        if drives and reset == "broken" and "resume" in options:
            say("# reset broken: planted")
        if drives and ("isolate" in options or reset == "broken" and "resume" in options):
            stop(9 if reset == "wrong" else number + 1)
    if whole == "no-exit":
        sys.exit(0)
    if whole == "lies":
        failed = not failed
    if whole == "stays":
        say("EXIT: STATUS=1")
        time.sleep(1000)
    if whole == "dies-after-exit":
        say("EXIT: STATUS=1")
        die(signal.SIGSEGV)
    if whole == "spam-after-exit":
        say("EXIT: STATUS=1")
        flood()
    end(1 if failed else 0)


def main() -> None:
    asked = "version" if "--version" in sys.argv else "help" if "help" in sys.argv else ""
    if asked and os.environ.get("FAKE_HANGS") == asked:
        time.sleep(1000)
    if asked and os.environ.get("FAKE_FLOODS") == asked:
        flood()
    if "--version" in sys.argv:
        print("QEMU emulator version 0.0.1 (fake)")
    elif "help" in sys.argv:
        print('name "edu", bus PCI\nname "iommu-testdev", bus PCI')
    else:
        guest(sys.argv[sys.argv.index("-append") + 1])


if __name__ == "__main__":
    main()
