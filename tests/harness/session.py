# SPDX-License-Identifier: BSD-2-Clause
"""A run: boots the VM, judges what comes, boots again after a crash or a hang until the plan is done."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable

import expect
import reports
from protocol import ENDS_THE_BOOT, START, Console, Result, printable
from vm import Boot

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SET_OPTIONS = (sys.executable, "-B", os.path.join(HOME, "boot", "efi", "disk.py"))
LOG_TAIL = 6  # lines of the VMM's own words behind a crash
SILENCE_MAX = 90  # seconds; the guest's own limits are shorter, unless a test says otherwise
PLAN_MAX = 100000
BARREN_MAX = 2  # boots in a row that end before a test begins

PASSED, FAILED, USAGE, NO_VERDICT = 0, 1, 2, 3


class Session:
    """`argv` is the VMM's, with @GUEST@ where the guest's command line goes; or that goes onto `disk`."""

    def __init__(
        self,
        options: argparse.Namespace,
        argv: list[str],
        say: Callable[[str], None],
        disk: str | None = None,
    ) -> None:
        self.options = options
        self.argv = argv
        self.say = say
        self.disk = disk
        self.run = reports.Run(options.strict)
        self.plan: int | None = None
        self.boot: Boot | None = None
        self.deviations: dict[str, expect.Deviation] = {}
        for path in expect.find_files(
            options.expect, options.vmm, options.vmm_version, options.arch
        ):
            self.deviations.update(expect.read(path))

    def path(self, name: str) -> str:
        return os.path.join(self.options.results, name)

    def arguments(self, first: int) -> list[str]:
        guest = self.options.guest + (f" from={first}" if first > 1 else "")
        if self.disk:
            subprocess.run([*SET_OPTIONS, f"--options={guest}", self.disk], check=True)
        return [argument.replace("@GUEST@", guest) for argument in self.argv]

    # -- one boot -----------------------------------------------------------------------------

    def run_boot(self, first: int) -> Console:
        """Reads a boot to its end; the results are taken as they come."""
        console = Console(first)
        timeout = self.options.timeout
        silence = min(timeout, max(SILENCE_MAX, timeout / 2)) + self.options.seconds
        self.boot = boot = Boot(
            self.arguments(first), self.path("vmm.log"), timeout, silence if timeout else 0
        )
        began = time.monotonic()
        with open(self.path("console.log"), "ab", buffering=0) as log:
            for raw in boot.lines():
                log.write(raw + b"\n")
                running, planned = console.running, console.plan is not None
                line = printable(raw)
                result = console.feed(line)
                if result:
                    result.seconds = round(time.monotonic() - began, 3)
                    self.take(result)
                elif console.running != running:
                    began = time.monotonic()
                elif planned and line.startswith("#") and not line.startswith("# json "):
                    self.say(line)
                elif not planned and console.plan is not None:
                    boot.extend(self.options.seconds * (min(console.plan, PLAN_MAX) - first + 1))
                    self.take_plan(console)
                if console.exit_status is not None:
                    boot.expect_end()
            log.write(boot.cut_short)
        self.run.records += console.records
        return console

    def take_plan(self, console: Console) -> None:
        """Of the first boot; a later one repeats it."""
        if self.plan is not None or console.plan is None:
            return
        self.plan = console.plan
        self.run.header = console.header
        for line in [START, *console.header, f"1..{self.plan}"]:
            self.say(line)

    def take(self, result: Result, died: bool = False) -> None:
        expect.apply(result, self.deviations, died)
        if result.number in self.run.results:
            self.report([f"a second result of number {result.number}: {result.id}"])
            return
        self.run.results[result.number] = result
        self.say(reports.ktap_line(result, self.options.strict))

    def report(self, diagnostics: list[str]) -> None:
        for diagnostic in diagnostics:
            self.say(f"# error: {diagnostic}")
        self.run.diagnostics += diagnostics

    def vmm_words(self) -> list[str]:
        assert self.boot is not None
        return [f"# vmm: {printable(line)}" for line in self.boot.errors(LOG_TAIL)]

    def judge_end(self, console: Console) -> int | None:
        """Where to go on after a boot; None: nowhere, it is over."""
        assert self.boot is not None and self.plan is not None
        self.report(console.diagnostics)
        if console.running is not None:
            words = self.vmm_words()
            for line in words:
                self.say(line)
            verdict = "HANG" if self.boot.timed_out else "CRASH"
            diagnostics = console.pending_diagnostics() + words
            result = Result(console.next, console.running, verdict, self.boot.why, diagnostics)
            self.take(result, died=verdict == "CRASH")
            console.next += 1
        elif console.exit_status in (1, 3):
            return None
        elif not (console.results and console.results[-1].verdict in ENDS_THE_BOOT):
            after = f"after test {console.next - 1}" if console.next > 1 else "before a test began"
            self.report([f"the VM ended {after}, outside any test: {self.boot.why}"])
        return console.next if console.next <= self.plan else None

    # -- the whole run ------------------------------------------------------------------------

    def judge(self) -> int:
        """Runs everything; the exit status."""
        first, barren = 1, 0
        while True:
            console = self.run_boot(first)
            if console.error is not None and self.plan is None:
                return self.stop(USAGE, console.error)
            if self.plan is None:
                for line in console.header:
                    self.say(line)
                return self.stop(NO_VERDICT, "the VM ended before it printed a plan")
            if not 0 < self.plan <= PLAN_MAX:
                return self.stop(NO_VERDICT, f"a plan of {self.plan} tests")
            if console.plan not in (None, self.plan):
                self.report([f"the plan changed from {self.plan} to {console.plan} tests"])
                return self.finish()
            barren = 0 if console.results or console.running else barren + 1
            following = self.judge_end(console)
            if following is None:
                return self.finish()
            if barren == BARREN_MAX:
                return self.stop(NO_VERDICT, f"{barren} boots ended before their first test")
            first = following

    def print_list(self) -> int:
        console = self.run_boot(1)
        if not console.listed:
            return self.stop(NO_VERDICT, "the image listed no test")
        for test_id, kind in console.listed:
            self.say(f"{test_id}{'' if kind == 'default' else '  (by name only)'}")
        return PASSED

    def skip(self, why: str) -> int:
        """A machine that can't be had; nothing is booted."""
        self.plan, self.run.skipped_plan = 0, why
        self.say(START)
        self.say(reports.plan_line(0, why))
        self.write(PASSED)
        return PASSED

    def stop(self, status: int, why: str) -> int:
        """An end without a summary of all tests."""
        assert self.boot is not None
        if status == NO_VERDICT:
            for line in self.vmm_words():
                self.say(line)
            why = f"{why} ({self.boot.why})"
        self.say(f"error: {why}")
        self.write(status)
        return status

    def finish(self) -> int:
        assert self.plan is not None
        run = self.run
        for number in range(1, self.plan + 1):
            if number not in run.results:
                self.take(Result(number, f"missing.{number}", "PLAN", "no result was printed"))
        beyond = [number for number in run.results if not 0 < number <= self.plan]
        if beyond:
            self.report([f"results beyond the plan of {self.plan}: {beyond[:8]}"])
        if not run.executed():
            self.report(["every test was skipped: nothing was executed"])
        status = FAILED if run.failed() else PASSED
        for line in run.summary():
            self.say(line)
        options = self.options
        self.say(f"# {options.machine}, {options.vmm} {options.vmm_version}, {options.accel}, "
                 f"seed={options.seed}: {run.counts()}")
        self.say(f"# results: {options.results}")
        self.say(run.total())
        self.write(status)
        return status

    def write(self, status: int) -> None:
        options = self.options
        properties = {
            "machine": options.machine,
            "arch": options.arch,
            "vmm": f"{options.vmm} {options.vmm_version}",
            "accel": options.accel,
            "seed": str(options.seed),
        }
        document: dict[str, object] = {
            "tool": "viommu-guest",
            "version": options.version,
            **properties,
            "vmm": {
                "name": options.vmm,
                "version": options.vmm_version,
                "path": self.argv[0],
                "args": self.arguments(1)[1:],
            },
            "icount": options.icount,
            "strict": options.strict,
            "exit": status,
        }
        self.run.write(options.results, self.plan or 0, properties, document)
