# SPDX-License-Identifier: BSD-2-Clause
"""A run: boots the VM, takes its results, boots again after a crash or a hang until the plan is done.

Whatever the VMM does, a run ends: a boot and all boots together have time limits, and the second boot that ends in the
same test is the last one. reports.py counts the verdicts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import expect
import reports
from machines import Machine
from options import FAILED, NO_VERDICT, PASSED, USAGE, Options
from placeholders import Files
from progress import Screen
from protocol import ENDS_THE_BOOT, START, Console, Result, glob_matches, printable
from vm import LOG_MAX, Boot, Limits, Log
from vmm import Adapter

SILENCE_MAX = 90  # seconds; the guest's own limits are shorter, unless a test says otherwise
BOOTS_OF_TIME = 30  # the whole run's time, in those of one boot
CONSOLE_LOG_MAX = 256 << 20  # bytes
PLAN_MAX = 100000
LISTED_ALL = 1  # the EXIT of a guest that has listed its tests
NO_LIST = "the image did not list its tests to the end"
BARREN_MAX = 2  # boots in a row that end before a test begins; then the run ends
GLOBS_MAX = 100  # of one command line; the guest takes 128 (CMDLINE_RUN_MAX in lib/cmdline/cmdline.h)
SHOW_STDERR_AFTER = 5  # seconds; the stderr of a VMM whose console is silent so long is shown


@dataclass
class Job:
    """What is run: a machine, the adapter of its VMM, and what the guest is asked to do."""

    machine: Machine
    adapter: Adapter
    options: Options
    folder: reports.Folder | None  # None: nothing is written
    argv: list[str] = field(default_factory=list)  # with @GUEST@ where the guest's command line goes
    files: Files = field(default_factory=Files)
    expectations: expect.Expectations | None = None

    def guest(self, globs: list[str], first: int = 1, lists: bool = False) -> str:
        options = self.options
        words = [f"seed={options.seed}", f"seconds={options.seconds}"]
        words += ["icount"] * options.icount + ["list"] * lists
        words += [f"run={','.join(globs)}"] if globs else []
        return " ".join(words + self.machine.guest + ([f"from={first}"] if first > 1 else []))

    def fits(self, globs: list[str]) -> bool:
        return len(globs) <= GLOBS_MAX and len(self.guest(globs, PLAN_MAX)) <= self.adapter.guest_max


class Session:
    def __init__(self, job: Job, screen: Screen) -> None:
        self.job = job
        self.screen = screen
        self.say: Callable[[str], None] = screen.say
        self.run = reports.Run(job.options.strict)
        self.boot: Boot | None = None
        self.boots = 0
        self._offset = 0  # of the numbers of this command line's tests in the whole plan
        self._places: set[str] = set()  # where a boot has died
        limit = job.options.timeout * BOOTS_OF_TIME
        self._deadline = time.monotonic() + limit if limit else None
        self._shown_words: list[str] = []
        self._console_log: Log | None = None
        self._vmm_log: Log | None = None

    def take_notes(self) -> None:
        """Of what is expected, before the first boot."""
        if self.job.expectations:
            self.run.notes += self.job.expectations.notes

    # -- one boot -----------------------------------------------------------------------------

    def _start(self, guest: str) -> tuple[Boot, Log]:
        """A boot, and the log of its console."""
        job, options = self.job, self.job.options
        if self._console_log is None or self._vmm_log is None:
            places = [job.folder.file(name) if job.folder else os.devnull for name in ("console.log", "vmm.log")]
            self._console_log, self._vmm_log = Log(places[0], CONSOLE_LOG_MAX), Log(places[1], LOG_MAX)
        silence = min(options.timeout, max(SILENCE_MAX, options.timeout / 2)) + options.seconds
        environment = {**os.environ, **job.adapter.environment}
        limits = Limits(options.timeout, silence if options.timeout else 0)
        if not self.boots:
            self.run.begin()
        self.boots += 1
        argv = job.files.guest(job.argv, guest)
        self.boot = Boot(argv, environment, self._vmm_log, limits, SHOW_STDERR_AFTER)
        return self.boot, self._console_log

    def run_boot(self, guest: str, console: Console) -> Console:
        """Reads a boot to its end; the results are taken as they come."""
        (boot, log), seconds = self._start(guest), self.job.options.seconds
        first, began = console.next, time.monotonic()
        for raw in boot.lines():
            if raw is None:
                self._show_words()
                continue
            log.write(raw + b"\n")
            running, planned = console.running, console.plan is not None
            parsed = console.feed(printable(raw))
            if isinstance(parsed, Result):
                parsed.seconds = round(time.monotonic() - began, 3)
                self.take(parsed)
            elif parsed:
                self.say(parsed)
            elif console.running != running:
                began = time.monotonic()
                self._show(console)
            elif not planned and console.plan is not None:
                boot.extend(seconds * max(min(console.plan, PLAN_MAX) - first + 1, 0))
                if first == 1 and self._deadline is not None:
                    self._deadline += seconds * min(console.plan, PLAN_MAX)
                self.take_plan(console)
            if console.exit_status is not None:
                boot.expect_end()
        log.write(boot.cut_short)
        self.run.records += console.records
        self._deadline = self._deadline and self._deadline + boot.away
        self._judge_shutdown(console)
        return console

    def _show(self, console: Console) -> None:
        done = f"{self._offset + console.next} of {self.run.plan}: {console.running}"
        self.screen.show(f"[{done}; boots {self.boots}, failures {self.run.failed()}]")

    def _show_words(self) -> None:
        """Of the VMM, unless they have been shown."""
        words = self.vmm_words()
        if words != self._shown_words:
            for line in words:
                self.say(line)
        self._shown_words = words

    def _judge_shutdown(self, console: Console) -> None:
        """Shutting down is part of a VMM."""
        assert self.boot is not None
        if console.exit_status is None:
            return
        trouble = self.boot.why if self.boot.status is None or self.boot.timed_out else ""
        trouble = trouble or self.job.adapter.end(self.boot.status)
        if trouble and trouble not in self.run.warnings:
            self.run.warnings.append(trouble)

    def take_plan(self, console: Console) -> None:
        """Of the first boot; a later one repeats it."""
        if self.run.plan is not None or console.plan is None:
            return
        self.run.plan = console.plan
        self.begin(console.header)

    def begin(self, header: list[str]) -> None:
        self.run.header = header
        for line in [START, *header, f"1..{self.run.plan}"]:
            self.say(line)

    def take(self, result: Result, died: bool = False) -> None:
        if self.job.expectations:
            self.job.expectations.apply(result, died)
        result.number += self._offset
        trouble = self.run.take(result)
        if self.run.results[result.number] is result:
            self.say(reports.ktap_line(result, self.run.strict))
        if trouble:
            self.report([trouble])

    def report(self, diagnostics: list[str]) -> None:
        for diagnostic in diagnostics:
            self.say(f"# error: {diagnostic}")
        self.run.diagnostics += diagnostics

    def vmm_words(self) -> list[str]:
        words = self.boot.words() if self.boot else []
        return [f"# vmm: {printable(line)}" for line in words]

    def judge_end(self, console: Console, plan: int) -> int | None:
        """The number of the test with which the next boot begins; None: there is none."""
        assert self.boot is not None
        self.report(console.diagnostics)
        if console.running is not None:
            words = self.vmm_words()
            for line in words:
                self.say(line)
            verdict = "HANG" if self.boot.timed_out else "CRASH"
            diagnostics = console.pending_diagnostics() + words
            result = Result(console.next, console.running, verdict, self.boot.why, diagnostics, impact="liveness")
            self.take(result, died=verdict == "CRASH")
            console.next += 1
        elif console.exit_status in (1, 3):
            return None
        elif not (console.results and console.results[-1].verdict in ENDS_THE_BOOT):
            after = f"after test {console.next - 1}" if console.next > 1 else "before a test began"
            self.report([f"the VM ended {after}, outside any test: {self.boot.why}"])
        return console.next if console.next <= plan else None

    def _place(self, console: Console) -> str:
        """Where a boot has died; '' where no test had begun."""
        return console.running or (f"after {console.results[-1].id}" if console.results else "")

    # -- the whole run ------------------------------------------------------------------------

    def judge(self) -> int:
        """Runs everything; the exit status."""
        globs = self.job.options.globs
        if self.job.fits(globs):
            status = self._boot_until_done(globs)
            return self.finish() if status is None else status
        lists = self._split(globs)
        if isinstance(lists, int):
            return lists
        self.run.plan = sum(len(ids) for ids in lists)
        for number, ids in enumerate(lists):
            status = self._judge_part(ids, is_first=number == 0)
            if status is not None:
                return status
            self._offset += len(ids)
        return self.finish()

    def _judge_part(self, ids: list[str], is_first: bool) -> int | None:
        if is_first:
            self.begin([f"# {self.run.plan} tests are too many for one command line: in several boots"])
        return self._boot_until_done(ids, len(ids))

    def _split(self, globs: list[str]) -> list[list[str]] | int:
        """Lists of ids that fit into one command line each; or the exit status where there are none."""
        console = self.run_boot(self.job.guest([], lists=True), Console())
        if not console.listed or console.exit_status != LISTED_ALL:
            return self.stop(NO_VERDICT, NO_LIST)
        chosen, unknown = select(console.listed, globs)
        if unknown:
            return self.stop(USAGE, f"no test matches {unknown}")
        lists: list[list[str]] = [[]]
        for test_id in chosen:
            if lists[-1] and not self.job.fits([*lists[-1], test_id]):
                lists.append([])
            lists[-1].append(test_id)
        return lists

    def _boot_until_done(self, globs: list[str], expected: int | None = None) -> int | None:
        """Boots until all of one command line's tests have run; the exit status where that is not to be had."""
        first, barren, plan = 1, 0, expected
        while True:
            if self._deadline is not None and time.monotonic() > self._deadline:
                limit = f"{BOOTS_OF_TIME} times the {self.job.options.timeout} s of a boot"
                return self.stop(NO_VERDICT, f"no end within {limit}")
            console = self.run_boot(self.job.guest(globs, first), Console(first))
            plan = console.plan if plan is None else plan
            if console.error is not None and console.plan is None:
                return self.stop(USAGE, console.error)
            if plan is None or (console.plan is None and first == 1):
                return self._stop_without_a_plan(console)
            if not 0 < plan <= PLAN_MAX:
                self.run.plan = None
                return self.stop(NO_VERDICT, f"a plan of {plan} tests")
            if console.plan not in (None, plan):
                self.report([f"the plan changed from {plan} to {console.plan} tests"])
                return None
            place = self._place(console)
            barren = 0 if place else barren + 1
            following = self.judge_end(console, plan)
            if following is None:
                return None
            if place in self._places:
                place += f": it did not go on from={first}"
                return self.stop(NO_VERDICT, f"a second boot ended at one place, {place}")
            self._places |= {place} if place else set()
            if barren == BARREN_MAX:
                return self.stop(NO_VERDICT, f"{barren} boots ended before their first test")
            first = following

    def _stop_without_a_plan(self, console: Console) -> int:
        for line in console.header:
            self.say(line)
        self.run.diagnostics += console.diagnostics
        for diagnostic in console.diagnostics:
            self.say(f"# error: {diagnostic}")
        return self.stop(NO_VERDICT, "the VM ended before it printed a plan")

    def print_list(self) -> int:
        console = self.run_boot(self.job.guest([], lists=True), Console())
        chosen, unknown = select(console.listed, self.job.options.globs)
        if not console.listed or console.exit_status != LISTED_ALL:
            return self.stop(NO_VERDICT, NO_LIST)
        if unknown:
            return self.stop(USAGE, f"no test matches {unknown}")
        kinds = dict(console.listed)
        for test_id in chosen if self.job.options.globs else kinds:
            self.say(f"{test_id}{'' if kinds[test_id] == 'default' else '  (by name only)'}")
        return PASSED

    def skip(self, why: str) -> int:
        """A machine that this VMM or this host does not have (Adapter.lacking()); nothing is booted."""
        self.run.plan, self.run.skipped_plan, self.run.notes = 0, why, []
        self._judge_count(tells=False)
        status = FAILED if self.run.failed() else PASSED
        self.write(status)
        for line in [START, reports.plan_line(0, why), *self.run.remarks()]:
            self.say(line)
        return status

    def _judge_count(self, tells: bool = True) -> None:
        """Whether as many tests ran as were asked for."""
        if (count := self.run.executed()) < (least := self.job.options.at_least):
            (self.report if tells else self.run.diagnostics.extend)([f"{count} tests executed, --at-least {least}"])

    def stop(self, status: int, why: str) -> int:
        """An end without a summary of all tests."""
        if status == NO_VERDICT and self.boot:
            why = f"{why} ({self.boot.why})"
        self.run.stopped = why
        self.write(status)
        if status == NO_VERDICT:
            self._show_words()
        self.say(f"error: {why}")
        return status

    def finish(self) -> int:
        run, options, adapter = self.run, self.job.options, self.job.adapter
        plan = run.plan or 0
        for missing in run.fill("no result was printed"):
            self.say(reports.ktap_line(missing, run.strict))
        beyond = [number for number in run.results if not 0 < number <= plan]
        if beyond:
            self.report([f"results beyond the plan of {plan}: {beyond[:8]}"])
        if not run.executed():
            self.report(["every test was skipped: nothing was executed"])
        self._judge_count()
        status = FAILED if run.failed() else PASSED
        self.write(status)
        self.screen.show("")
        for line in run.summary():
            self.say(line)
        self.say(f"# {self.job.machine.name}, {adapter.name} {adapter.version}, {adapter.accel}, "
                 f"seed={options.seed}: {run.counts()}")
        self.say(f"# results: {self.job.folder.path if self.job.folder else '-'}")
        self.say(run.total())
        return status

    def interrupted(self, status: int, why: str) -> None:
        """What there is when something else than the VM ends the run."""
        self.run.stopped = why
        self.write(status)

    def write(self, status: int) -> None:
        """Before the verdict is printed. A verdict that can't be written is still one."""
        self.screen.show("")
        job = self.job
        logs = [log for log in (self._console_log, self._vmm_log) if log]
        self.run.notes += [log.trouble for log in logs if log.trouble]
        if job.folder is None:
            return
        try:
            job.folder.write(self.run.texts(*self._described(status)))
        except OSError as error:
            self.screen.warn(f"the results can't be written to {job.folder.path}: {error.strerror}")

    def _described(self, status: int) -> tuple[dict[str, str], dict[str, object]]:
        job, options, adapter = self.job, self.job.options, self.job.adapter
        properties = {
            "machine": job.machine.name,
            "arch": job.machine.arch,
            "vmm": f"{adapter.name} {adapter.version}",
            "accel": adapter.accel,
            "seed": options.seed,
        }
        guest = self.job.guest(options.globs)
        argv = [word.replace("@GUEST@", guest) for word in job.argv] or [adapter.path]
        document: dict[str, object] = {
            "tool": "viommu-guest",
            "version": options.version,
            **properties,
            "vmm": {"name": adapter.name, "version": adapter.version, "path": argv[0], "args": argv[1:]},
            "icount": options.icount,
            "strict": options.strict,
            "at_least": options.at_least,
            "exit": status,
            "boots": self.boots,
        }
        return properties, document


def select(listed: list[tuple[str, str]], globs: list[str]) -> tuple[list[str], str]:
    """The ids that the guest would run, and the first glob that matches none."""

    def selects(glob: str, test_id: str, kind: str) -> bool:
        return (kind == "default" or glob[0] not in "*?") and glob_matches(glob, test_id)

    if not globs:
        return [test_id for test_id, kind in listed if kind == "default"], ""
    chosen = [test_id for test_id, kind in listed if any(selects(glob, test_id, kind) for glob in globs)]
    unknown = [glob for glob in globs if not any(selects(glob, *one) for one in listed)]
    return chosen, unknown[0] if unknown else ""
