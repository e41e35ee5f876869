# SPDX-License-Identifier: BSD-2-Clause
"""The boots of one command line, until all of its tests have run.

A boot after a crash, a hang or a device whose reset is broken goes on with the next test. The second boot that ends in
the same test is the last one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from options import NO_VERDICT, USAGE
from protocol import ENDS_THE_BOOT, MAY_HANG, Console, Result, printable
from vm import Boot
from vmm.base import NoStart

if TYPE_CHECKING:
    from session import Place, Session

PLAN_MAX = 100000
BOOTS_OF_TIME = 30  # the whole run's time, in those of one boot
REQUESTS = 200000  # of a whole run, about: what they cost where they are dear is added to a boot's limit
BARREN_MAX = 2  # boots in a row that end before a test begins; then the run ends


@dataclass
class Stop:
    """The run ends, with this exit status."""

    status: int
    why: str


@dataclass
class Rest:
    """The tests from this number on need boots of their own, and may have them side by side."""

    first: int


class Series:
    """`offset` is added to the numbers of this command line's tests, `expected` is how many there must be."""

    def __init__(
        self, session: Session, place: Place, globs: list[str], offset: int = 0, expected: int | None = None
    ) -> None:
        self.session = session
        self.job = session.job
        self.run = session.run
        self._machine = place
        self._globs = globs
        self._offset = offset
        self._expected = expected
        self._places: set[str] = set()  # where a boot has died
        self._shown_words: list[str] = []
        self._said: list[str] | None = [] if session.workers > 1 else None
        self.boot: Boot | None = None

    # -- one boot -----------------------------------------------------------------------------

    def run_boot(self, guest: str, console: Console) -> Console:
        """Reads a boot to its end; the results are taken as they come."""
        boot = self.boot = self.session.start(self._machine, guest)
        held: list[bytes] | None = None if self._said is None else []
        log, began = self.session.log_console if held is None else held.append, time.monotonic()
        cost = 0.0
        for raw in boot.lines():
            if raw is None:
                self.show_words()
                continue
            log(raw + b"\n")
            if within := MAY_HANG.fullmatch(raw):
                boot.expect_words(int(within[1]))
            running, planned = console.running, console.plan is not None
            parsed = console.feed(printable(raw))
            if isinstance(parsed, Result):
                parsed.seconds = round(time.monotonic() - began, 3)
                self.take(parsed)
            elif parsed:
                cost = self._allow_for(console.request_cost, cost)
                self.say(parsed)
            elif console.running != running:
                began = time.monotonic()
                self._show(console)
            elif not planned and console.plan is not None:
                self._take_plan(console)
            if console.exit_status is not None:
                boot.expect_end()
        log(boot.cut_short)
        self.session.end_boot(boot, console, b"".join(held or []))
        return console

    def _take_plan(self, console: Console) -> None:
        """Of the first boot; a later one repeats it."""
        assert self.boot is not None and console.plan is not None
        seconds, first = self.job.options.seconds, console.next or 1
        self.boot.extend(seconds * max(min(console.plan, PLAN_MAX) - first + 1, 0))
        if first == 1:
            self.session.extend(seconds * min(console.plan, PLAN_MAX))
        if self.run.plan is None:
            self.run.plan = console.plan
            self.session.begin(console.header)

    def _allow_for(self, request_cost: float, known: float) -> float:
        """A boot on a host where requests are dear takes longer, and the guest has more patience, too."""
        if self.boot and request_cost and not known:
            self.boot.extend(min(request_cost * REQUESTS, self.job.options.timeout * BOOTS_OF_TIME / 3))
        return request_cost

    def _show(self, console: Console) -> None:
        self.session.show(f"{self._offset + console.next} of {self.run.plan}: {console.running}")

    def say(self, line: str) -> None:
        """At once; of several series side by side, when their boot has ended."""
        if self._said is None:
            self.session.say(line)
        else:
            self._said.append(line)

    def flush(self) -> None:
        if self._said:
            said, self._said = self._said, []
            self.session.say_all(said)

    def show_words(self) -> None:
        """Of the VMM, unless they have been shown."""
        words = self.vmm_words()
        if words != self._shown_words:
            for line in words:
                self.say(line)
        self._shown_words = words

    def vmm_words(self) -> list[str]:
        words = self.boot.words() if self.boot else []
        return [f"# vmm: {printable(line)}" for line in words]

    def take(self, result: Result, died: bool = False) -> None:
        result.number += self._offset
        for line in self.session.take(result, died):
            self.say(line)

    def report(self, diagnostics: list[str]) -> None:
        for diagnostic in diagnostics:
            self.say(f"# error: {diagnostic}")
        self.run.diagnostics += diagnostics

    def judge_end(self, console: Console, plan: int) -> int | None:
        """The number of the test with which the next boot begins; None: there is none."""
        assert self.boot is not None
        self.report(console.diagnostics)
        if console.running is not None:
            words = self.vmm_words()
            for line in words:
                self.say(line)
            verdict = "ERROR" if self.boot.is_carriers else "HANG" if self.boot.timed_out else "CRASH"
            diagnostics = console.pending_diagnostics() + words
            impact = "" if self.boot.is_carriers else "liveness"
            result = Result(console.next, console.running, verdict, self.boot.why, diagnostics, impact=impact)
            self.take(result, died=verdict == "CRASH")
            console.next += 1
        elif console.exit_status in (1, 3):
            return None
        elif console.is_stopped and console.exit_status is not None:
            pass
        elif not (console.results and console.results[-1].verdict in ENDS_THE_BOOT):
            after = f"after test {console.next - 1}" if console.next > 1 else "before a test began"
            self.report([f"the VM ended {after}, outside any test: {self.boot.why}"])
        return console.next if console.next <= plan else None

    def _place(self, console: Console) -> str:
        """Where a boot has died; '' where no test had begun."""
        return console.running or (f"after {console.results[-1].id}" if console.results else "")

    # -- all boots ----------------------------------------------------------------------------

    def run_all(self) -> Stop | Rest | None:
        """Boots until all tests have run; what keeps the run from that."""
        try:
            return self._boot_until_done()
        finally:
            self.flush()

    def _boot_until_done(self) -> Stop | Rest | None:
        first, barren, plan = 1, 0, self._expected
        while True:
            if late := self.session.is_late():
                return self._stop(late)
            try:
                console = self.run_boot(self.session.guest(self._globs, first), Console(first))
            except NoStart as error:
                return Stop(NO_VERDICT, str(error))
            plan = console.plan if plan is None else plan
            if trouble := self._trouble(console, first, plan):
                return trouble
            assert plan is not None
            if console.plan not in (None, plan):
                self.report([f"the plan changed from {plan} to {console.plan} tests"])
                return None
            place = self._place(console)
            barren = 0 if place else barren + 1
            following = self.judge_end(console, plan)
            self.flush()
            if console.reset_broken and self.session.isolate(console.reset_broken) and following:
                return Rest(following)
            if following is None or not self.session.may_boot():
                return None
            if place in self._places:
                place += f": it did not go on from={first}"
                return self._stop(f"a second boot ended at one place, {place}")
            self._places |= {place} if place else set()
            if barren == BARREN_MAX:
                return self._stop(f"{barren} boots ended before their first test")
            first = following

    def _trouble(self, console: Console, first: int, plan: int | None) -> Stop | None:
        """What a boot has that can't go on."""
        if console.error is not None and console.plan is None:
            return Stop(USAGE, console.error)
        if plan is None or (console.plan is None and first == 1):
            return self._stop_without_a_plan(console)
        if not 0 < plan <= PLAN_MAX:
            self.run.plan = None
            return self._stop(f"a plan of {plan} tests")
        return None

    def _stop(self, why: str) -> Stop:
        """Without a verdict."""
        self.show_words()
        return Stop(NO_VERDICT, f"{why} ({self.boot.why})" if self.boot else why)

    def _stop_without_a_plan(self, console: Console) -> Stop:
        if not console.started and self.boot:
            self.show_words()
            self.session.take_dead_start(self.boot.why)
        for line in console.header:
            self.say(line)
        self.report(console.diagnostics)
        return self._stop("the VM ended before it printed a plan")
