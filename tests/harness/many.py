# SPDX-License-Identifier: BSD-2-Clause
"""Several machines: each is a run of its own with results of its own, and one summary of all."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import signal
import threading
from dataclasses import dataclass

import process
from build import HOME
from options import FAILED, Options
from progress import Screen
from reports import FAILURES

RUN = os.path.join(HOME, "tests", "harness", "main.py")
END_LIMIT = 20  # seconds for a run to end after SIGTERM


@dataclass
class Ended:
    machine: str
    status: int
    output: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    executed: int = 0

    def count(self, path: str) -> None:
        """What its results say; a run without a verdict is at least one failure."""
        document = {}
        with contextlib.suppress(OSError, ValueError):
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        tests = document.get("tests", [])
        verdicts = [test["verdict"] for test in tests]
        failures = sum(verdict in FAILURES for verdict in verdicts)
        if document.get("strict"):
            failures += sum(test["verdict"] == "WARN" and not test["is_known"] for test in tests)
        self.skipped = verdicts.count("SKIP") + (self.status == 0 and not verdicts)
        self.passed = len(verdicts) - verdicts.count("SKIP") - failures
        self.executed = document.get("executed", 0)
        self.failed = max(failures + len(document.get("diagnostics", [])), int(self.status != 0))

    def total(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Many:
    def __init__(self, options: Options, arguments: list[str]) -> None:
        self.options = options
        split = arguments.index("--") if "--" in arguments else len(arguments)
        self._before, self._after = arguments[:split], arguments[split:]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.running: list[str] = []

    def command(self, machine: str) -> list[str]:
        """The later one of two equal options counts."""
        own = ["-m", machine, "-j", "1", "-s", self.options.seed, "-o", self.folder(machine)]
        return [*process.PYTHON, RUN, *self._before, *own, *self._after]

    def folder(self, machine: str) -> str:
        return os.path.join(self.options.results or os.path.join(HOME, "build", "results"), machine)

    def run(self, machine: str) -> Ended:
        if self._stop.is_set():
            return Ended(machine, FAILED, "")
        with self._lock:
            child = process.Child(self.command(machine))
            self.running.append(machine)
        output, is_signalled = b"", False
        while (got := child.read(0.2)) is not None:
            output += got.get("out", b"") + got.get("err", b"")
            if self._stop.is_set() and not is_signalled:
                os.kill(child.popen.pid, signal.SIGTERM)
                is_signalled = True
        with self._lock:
            self.running.remove(machine)
        status = child.status or 0
        child.end()
        ended = Ended(machine, status if status >= 0 else 128 - status, output.decode("utf-8", "replace"))
        ended.count(os.path.join(self.folder(machine), "results.json"))
        return ended

    def stop(self) -> None:
        self._stop.set()


def run_all(names: list[str], options: Options, arguments: list[str]) -> int:
    """The greatest exit status of all."""
    many, screen, ended = Many(options, arguments), Screen(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(many.run, name) for name in names]
        try:
            for future in concurrent.futures.as_completed(waiting):
                ended.append(future.result())
                screen.say(f"# machine {ended[-1].machine}")
                for line in ended[-1].output.splitlines():
                    screen.say(line)
                failures = sum(one.failed for one in ended)
                running = ", ".join(many.running)
                screen.show(f"[{len(ended)} of {len(names)} machines; failures {failures}; {running}]")
        except BaseException:
            process.ignore_signals()
            for future in waiting:
                future.cancel()
            many.stop()
            concurrent.futures.wait(waiting, END_LIMIT)
            process.end_all()
            raise
    screen.show("")
    width = max(len(name) for name in names)
    for one in sorted(ended, key=lambda one: names.index(one.machine)):
        screen.say(f"# {one.machine:<{width}}  {one.total()}, {one.executed} executed, exit status {one.status}")
    passed, failed, skipped = (sum(getattr(one, kind) for one in ended) for kind in ("passed", "failed", "skipped"))
    screen.say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return max(one.status for one in ended)
