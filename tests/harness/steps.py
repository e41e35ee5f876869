# SPDX-License-Identifier: BSD-2-Clause
"""Runs the steps that stdin names, `name command...` a line, shows what they print, adds them up.

Steps of one paragraph run side by side, as many as there are CPUs; where its first line is `N a CPU`,
N times as many, as they wait for much of their time. What a step printed is shown when it has ended. A
paragraph begins when all of the one before has ended.

A step that prints KTAP counts as its results; one that prints none is one test, passed when its exit
status is 0. Ends with every line that is `not ok`, a table, and a line `N passed, N failed, N skipped`;
exit status 0 or 1.
"""

from __future__ import annotations

import asyncio
import collections
import os
import re
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field

from protocol import RESULT

SKIPPED_PLAN = re.compile(r"^1\.\.0 # SKIP ")
A_CPU = re.compile(r"^(\d+) a CPU$")
COLUMNS = ("pass", "fail", "warn", "xfail", "skip")


@dataclass
class Step:
    name: str
    seconds: float = 0.0
    count: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        if match := RESULT.match(line):
            ok, word = match[1], match[4]
            kind = (word or "").lower()
            if ok != "ok":
                kind = "fail"
                self.failures.append(line)
            self.count[kind if kind in COLUMNS else "pass"] += 1
        elif SKIPPED_PLAN.match(line):
            self.count["skip"] += 1

    def end(self, status: int) -> str:
        """What there is to say about the exit status."""
        if status and not self.count["fail"]:
            self.count["fail"] += 1
            self.failures.append(f"ended with status {status}")
            return f"# step {self.name} ended with status {status}\n"
        if not self.count:
            self.count["pass"] += 1
        return ""

    def row(self, width: int) -> str:
        cells = [sum(self.count.values()), *(self.count[column] for column in COLUMNS)]
        return (
            f"{self.name:<{width}}" + "".join(f"{cell:>7}" for cell in cells) + f"{self.seconds:>9.1f}"
        )


class Runner:
    """Runs steps; stop() ends what they have started and lets no other begin."""

    def __init__(self) -> None:
        self.stopped_by = 0  # a signal
        self._running: set[asyncio.subprocess.Process] = set()

    async def run_all(self, paragraphs: list[list[str]]) -> list[Step]:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.stop, number)
        steps: list[Step] = []
        for lines in paragraphs:
            a_cpu = A_CPU.match(lines[0])
            room = asyncio.Semaphore((os.cpu_count() or 1) * int(a_cpu[1] if a_cpu else 1))
            steps += await asyncio.gather(*(self.run(line, room) for line in lines[bool(a_cpu) :]))
        return steps

    async def run(self, line: str, room: asyncio.Semaphore) -> Step:
        name, *command = shlex.split(line)
        step = Step(name)
        async with room:
            if not self.stopped_by:
                await self._take_output(step, command)
        return step

    async def _take_output(self, step: Step, command: list[str]) -> None:
        print(f"# step {step.name} begins", flush=True)
        started = time.monotonic()
        # Through a shell, for which a command that is not there is a status like any other.
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", 'exec "$@"', "sh", *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._running.add(process)
        if self.stopped_by:  # while it was being started
            process.terminate()
        output = (await process.communicate())[0].decode("utf-8", "replace")
        self._running.discard(process)
        step.seconds = time.monotonic() - started
        for line in output.splitlines():
            step.take(line)
        remark = step.end(process.returncode or 0)
        print(f"\n# step {step.name}: {shlex.join(command)}\n{output}{remark}", end="", flush=True)

    def stop(self, number: int) -> None:
        self.stopped_by = number
        for process in self._running:
            process.terminate()


def print_table(steps: list[Step], total: Step) -> None:
    print()
    for step in steps:
        for failure in step.failures:
            print(f"# failed: {step.name}: {failure}")
    width = max(len(step.name) for step in [*steps, total]) + 1
    heads = "".join(f"{head:>7}" for head in ("tests", *COLUMNS)) + f"{'seconds':>9}"
    print(f"\n{'':<{width}}{heads}")
    for step in [*steps, total]:
        print(step.row(width))


def main() -> int:
    text = re.split(r"\n\s*\n", sys.stdin.read())
    paragraphs = [lines for part in text if (lines := part.strip().splitlines())]
    started = time.monotonic()
    runner = Runner()
    steps = asyncio.run(runner.run_all(paragraphs))
    if runner.stopped_by:
        return 128 + runner.stopped_by
    total = Step("all", time.monotonic() - started)
    for step in steps:
        total.count += step.count
    print_table(steps, total)
    passed = total.count["pass"] + total.count["warn"] + total.count["xfail"]
    print(f"\n{passed} passed, {total.count['fail']} failed, {total.count['skip']} skipped")
    return 1 if total.count["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
