# SPDX-License-Identifier: BSD-2-Clause
"""Runs the steps that stdin names, `name command...` a line, shows what they print, adds them up.

A step that prints KTAP counts as its results; one that prints none is one test, passed when its exit
status is 0. Ends with a table and a line `N passed, N failed, N skipped`; exit status 0 or 1.
"""

from __future__ import annotations

import collections
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

RESULT = re.compile(r"^(ok|not ok) \d+ \S+(?: # ([A-Z]+))?")
COLUMNS = ("pass", "fail", "warn", "xfail", "skip")


@dataclass
class Step:
    name: str
    seconds: float = 0.0
    count: collections.Counter[str] = field(default_factory=collections.Counter)

    def take(self, line: str) -> None:
        if match := RESULT.match(line):
            ok, word = match.groups()
            kind = (word or "").lower()
            if ok != "ok":
                kind = "fail"
            self.count[kind if kind in COLUMNS else "pass"] += 1

    def end(self, status: int) -> None:
        if status and not self.count["fail"]:
            print(f"# step {self.name} ended with status {status}", flush=True)
            self.count["fail"] += 1
        elif not self.count:
            self.count["pass"] += 1

    def row(self) -> str:
        cells = [sum(self.count.values()), *(self.count[column] for column in COLUMNS)]
        return f"{self.name:<12}" + "".join(f"{cell:>7}" for cell in cells) + f"{self.seconds:>9.1f}"


def run(name: str, command: list[str]) -> Step:
    step = Step(name)
    started = time.monotonic()
    print(f"\n# step {name}: {shlex.join(command)}", flush=True)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            step.take(line)
        step.end(process.wait())
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    step.seconds = time.monotonic() - started
    return step


def stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    lines = [shlex.split(line) for line in sys.stdin.read().splitlines()]
    steps = [run(words[0], words[1:]) for words in lines if words]
    total = Step("all", sum(step.seconds for step in steps))
    for step in steps:
        total.count += step.count
    heads = "".join(f"{head:>7}" for head in ("tests", *COLUMNS)) + f"{'seconds':>9}"
    print(f"\n{'':<12}{heads}")
    for step in [*steps, total]:
        print(step.row())
    passed = total.count["pass"] + total.count["warn"] + total.count["xfail"]
    print(f"\n{passed} passed, {total.count['fail']} failed, {total.count['skip']} skipped")
    return 1 if total.count["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
