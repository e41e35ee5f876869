# SPDX-License-Identifier: BSD-2-Clause
"""A run: one series of boots (series.py) or several, what is common to them, and how the run ends.

Whatever the VMM does, a run ends: a boot and all boots together have time limits. reports.py counts the verdicts.
"""

from __future__ import annotations

import concurrent.futures
import os
import queue
import threading
import time
from dataclasses import dataclass

import reports
from job import ISOLATE, LIST, RESUME, Job, select
from options import FAILED, NO_VERDICT, PASSED, USAGE
from placeholders import Files
from progress import Screen
from protocol import START, Console, Result
from saved import SavedSeries
from series import BOOTS_OF_TIME, Rest, Series, Stop
from vm import LOG_MAX, Boot, Limits, Log
from vmm.base import NoStart, Starter

SILENCE_MAX = 90  # seconds; the guest's own limits are shorter, unless a test says otherwise
CONSOLE_LOG_MAX = 256 << 20  # bytes
LISTED_ALL = 1  # the EXIT of a guest that has listed its tests
NO_LIST = "the image did not list its tests to the end"
PARTS = 4  # of the tests, for each of the series side by side
SHOW_STDERR_AFTER = 5  # seconds; the stderr of a VMM whose console is silent so long is shown


@dataclass
class Place:
    """Where one boot after the other is: what starts them, and their files."""

    starter: Starter
    files: Files
    argv: list[str]


class DeadKvm(Exception):
    """The first boot by a KVM that nobody insists on said nothing, and why it ended."""


class Session:
    def __init__(self, job: Job, screen: Screen) -> None:
        self.job = job
        self.screen = screen
        self.run = reports.Run(job.options.strict)
        self.boots = 0
        self.workers = 1  # series side by side
        self._lock = threading.RLock()  # of all below, and of what is printed
        self._live: list[Boot] = []
        self._places: list[Place] = []
        self._is_isolated = job.options.isolate
        self._is_reset_broken = False
        self._is_halted = False
        self._ended_why = ""  # of the latest boot
        limit = job.options.timeout * BOOTS_OF_TIME
        self._deadline = time.monotonic() + limit if limit else None
        self._console_log: Log | None = None
        self._vmm_log: Log | None = None

    def take_notes(self) -> None:
        """Of what is expected, before the first boot."""
        if self.job.expectations:
            self.run.notes += self.job.expectations.notes
        if why := self.job.adapter.deaf():
            self.run.notes.append(f"{why}: no test is selected, and no boot goes on after a crash")

    # -- what all series have in common -------------------------------------------------------

    def say(self, line: str) -> None:
        self.say_all([line])

    def say_all(self, lines: list[str]) -> None:
        with self._lock:
            for line in lines:
                self.screen.say(line)

    def show(self, done: str) -> None:
        with self._lock:
            self.screen.show(f"[{done}; boots {self.boots}, failures {self.run.failed()}]")

    def place(self) -> Place:
        """The first one has the files that are there already; kill() ends what it keeps."""
        job = self.job
        with self._lock:
            files, argv = job.files, job.argv
            if self._places:
                files = Files()
                argv = files.expand(job.adapter.command(), job.machine, job.adapter.place)
            self._places.append(Place(job.adapter.starter(), files, argv))
            return self._places[-1]

    def guest(self, globs: list[str], first: int) -> str:
        """The command line of a boot."""
        words = ISOLATE[: 1 + self._is_reset_broken] if self._is_isolated else RESUME
        return self.job.guest(globs, first, words)

    def isolate(self, why: str) -> bool:
        """From now on. Whether boots side by side are asked for."""
        with self._lock:
            if not self._is_reset_broken:
                what = "each later test that drives the IOMMU has a boot of its own"
                self.run.warnings.append(f"the IOMMU's reset is broken: {why}; {what}")
            self._is_isolated = self._is_reset_broken = True
            return self.job.options.jobs > 1 and self.workers == 1

    def start(self, place: Place, guest: str) -> Boot:
        job, options = self.job, self.job.options
        with self._lock:
            if self._console_log is None or self._vmm_log is None:
                places = [job.folder.file(name) if job.folder else os.devnull for name in ("console.log", "vmm.log")]
                self._console_log, self._vmm_log = Log(places[0], CONSOLE_LOG_MAX), Log(places[1], LOG_MAX)
            if not self.boots:
                self.run.begin()
            self.boots += 1
            argv, log = place.files.guest(place.argv, guest, self.boots), self._vmm_log
        silence = min(options.timeout, max(SILENCE_MAX, options.timeout / 2)) + options.seconds
        limits = Limits(options.timeout, silence if options.timeout else 0)
        child = place.starter.start(argv, {**os.environ, **job.adapter.environment}, guest)
        boot = Boot(child, log, limits, SHOW_STDERR_AFTER, job.adapter.noise)
        with self._lock:
            self._live.append(boot)
        return boot

    def log_console(self, data: bytes) -> None:
        assert self._console_log is not None
        self._console_log.write(data)

    def end_boot(self, boot: Boot, console: Console, held: bytes) -> None:
        with self._lock:
            self._live.remove(boot)
            self._ended_why = boot.why
            self.log_console(held)
            self.run.records += console.records
            # The boots of tests of their own are as many as there are tests, each with its limit.
            spent = time.monotonic() - boot.started if self._is_isolated else boot.away
            self._deadline = self._deadline and self._deadline + spent
            self._judge_shutdown(boot, console)

    def extend(self, seconds: float) -> None:
        """More time for the whole run."""
        with self._lock:
            self._deadline = self._deadline and self._deadline + seconds

    def is_late(self) -> str:
        if self._deadline is None or time.monotonic() <= self._deadline:
            return ""
        return f"no end within {BOOTS_OF_TIME} times the {self.job.options.timeout} s of a boot"

    def may_boot(self) -> bool:
        """Once more."""
        return not self._is_halted and (not self.job.adapter.boots_max or self.boots < self.job.adapter.boots_max)

    def take_dead_start(self, why: str) -> None:
        """Of a guest that said nothing at all. DeadKvm: another accelerator may do."""
        if self.job.options.accel == "auto" and self.job.adapter.accel == "kvm" and self.boots == 1:
            raise DeadKvm(why)

    def _judge_shutdown(self, boot: Boot, console: Console) -> None:
        """Shutting down is part of a VMM."""
        if console.exit_status is None:
            return
        trouble = boot.why if boot.status is None or boot.timed_out else ""
        trouble = trouble or self.job.adapter.end(boot.status)
        if trouble and trouble not in self.run.warnings:
            self.run.warnings.append(trouble)

    def begin(self, header: list[str]) -> None:
        self.run.header = header
        self.say_all([START, *header, f"1..{self.run.plan}"])

    def take(self, result: Result, died: bool) -> list[str]:
        """The lines that tell of it."""
        with self._lock:
            if self.job.expectations:
                self.job.expectations.apply(result, died)
            trouble = self.run.take(result)
            lines = []
            if self.run.results[result.number] is result:
                lines.append(reports.ktap_line(result, self.run.strict))
            if trouble:
                self.run.diagnostics.append(trouble)
                lines.append(f"# error: {trouble}")
            return lines

    def kill(self) -> None:
        for boot in self._live:
            boot.kill()
        for place in self._places:
            place.starter.end()
            place.files.remove()

    # -- the whole run ------------------------------------------------------------------------

    def judge(self) -> int:
        """Runs everything; the exit status."""
        globs, place = self.job.options.globs, self.place()
        if self.job.options.console:
            return self._end(SavedSeries(self, place, []).run_all())
        if self.job.fits(globs) and not (self._is_isolated and self.job.options.jobs > 1):
            outcome = Series(self, place, globs).run_all()
            if not isinstance(outcome, Rest):
                return self._end(outcome)
            ids = self._list(globs)
            return self._end(ids if isinstance(ids, Stop) else self._side_by_side(ids, outcome.first - 1))
        ids = self._list(globs)
        if isinstance(ids, Stop):
            return self.stop(ids)
        self.run.plan = len(ids)
        self.begin([f"# {self.run.plan} tests in several boots"])
        return self._end(self._side_by_side(ids, 0) if self._is_isolated else self._one_by_one(place, ids))

    def _one_by_one(self, place: Place, ids: list[str]) -> Stop | None:
        """The tests in as many command lines as they need."""
        offset = 0
        for part in self._split(ids):
            outcome = Series(self, place, part, offset, len(part)).run_all()
            if isinstance(outcome, Rest):
                return self._side_by_side(ids, offset + outcome.first - 1)
            if outcome:
                return outcome
            offset += len(part)
        return None

    def _side_by_side(self, ids: list[str], first: int) -> Stop | None:
        """The tests from that index on, some at a time in each of as many places as are asked for."""
        self.workers = max(min(self.job.options.jobs, len(ids) - first), 1)
        size = -(-(len(ids) - first) // (self.workers * PARTS)) or 1
        chunks = [part for at in range(first, len(ids), size) for part in self._split(ids[at : at + size])]
        offsets = [first + sum(map(len, chunks[:number])) for number in range(len(chunks))]
        places: queue.Queue[Place] = queue.Queue()
        for place in [self._places[0], *(self.place() for _ in range(self.workers - 1))]:
            places.put(place)

        def run(part: list[str], offset: int) -> Stop | Rest | None:
            place = places.get()
            try:
                return Series(self, place, part, offset, len(part)).run_all() if self.may_boot() else None
            except BaseException:  # the place may still have a boot: nobody else gets it
                self._halt()
                raise
            finally:
                places.put(place)

        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            try:
                for future in [pool.submit(run, *one) for one in zip(chunks, offsets)]:
                    if isinstance(outcome := future.result(), Stop):
                        self._halt()
                        return outcome
            except BaseException:
                self._halt()
                raise
        return None

    def _halt(self) -> None:
        """No boot begins any more, and those that there are end."""
        self._is_halted = True
        with self._lock:
            for boot in self._live:
                boot.kill()

    def _end(self, outcome: Stop | Rest | None) -> int:
        return self.stop(outcome) if isinstance(outcome, Stop) else self.finish()

    def _listed(self) -> list[tuple[str, str]] | Stop:
        """Of a boot for that; all tests, and whether they are default ones."""
        try:
            place = self._places[0] if self._places else self.place()
            console = Series(self, place, []).run_boot(self.job.guest([], 1, LIST), Console())
        except NoStart as error:
            return Stop(NO_VERDICT, str(error))
        if not console.started:
            self.take_dead_start(self._ended_why)
        if not console.listed or console.exit_status != LISTED_ALL:
            return Stop(NO_VERDICT, f"{NO_LIST} ({self._ended_why})")
        return console.listed

    def _list(self, globs: list[str]) -> list[str] | Stop:
        """The ids of the tests that these select."""
        listed = self._listed()
        if isinstance(listed, Stop):
            return listed
        chosen, unknown = select(listed, globs)
        return Stop(USAGE, f"no test matches {unknown}") if unknown else chosen

    def _split(self, ids: list[str]) -> list[list[str]]:
        """Lists that fit into one command line each."""
        lists: list[list[str]] = [[]]
        for test_id in ids:
            if lists[-1] and not self.job.fits([*lists[-1], test_id]):
                lists.append([])
            lists[-1].append(test_id)
        return lists

    def print_list(self) -> int:
        listed = self._listed()
        if isinstance(listed, Stop):
            return self.stop(listed)
        chosen, unknown = select(listed, self.job.options.globs)
        if unknown:
            return self.stop(Stop(USAGE, f"no test matches {unknown}"))
        kinds = dict(listed)
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
            (self._report if tells else self.run.diagnostics.append)(f"{count} tests executed, --at-least {least}")

    def _report(self, diagnostic: str) -> None:
        self.run.diagnostics.append(diagnostic)
        self.say(f"# error: {diagnostic}")

    def stop(self, stop: Stop) -> int:
        """An end without a summary of all tests."""
        self.run.stopped = stop.why
        self.write(stop.status)
        self.say(f"error: {stop.why}")
        return stop.status

    def finish(self) -> int:
        run, options, adapter = self.run, self.job.options, self.job.adapter
        plan, run.boots = run.plan or 0, self.boots if self._is_isolated else 0
        for missing in run.fill("no result was printed"):
            self.say(reports.ktap_line(missing, run.strict))
        beyond = [number for number in run.results if not 0 < number <= plan]
        if beyond:
            self._report(f"results beyond the plan of {plan}: {beyond[:8]}")
        if not run.executed():
            self._report("every test was skipped: nothing was executed")
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
            job.folder.write(self.run.texts(*job.described(status, self.boots)))
        except OSError as error:
            self.screen.warn(f"the results can't be written to {job.folder.path}: {error.strerror}")
