# SPDX-License-Identifier: BSD-2-Clause
"""The boots of a console that was saved (vmm/saved.py).

A later one goes on where one before it was cut short, or has the tests of another command line.
"""

from __future__ import annotations

from protocol import Console
from series import PLAN_MAX, Series, Stop


class SavedSeries(Series):
    _part = 0  # the plan of the boots that go on with each other

    def _take_plan(self, console: Console) -> None:
        assert console.plan is not None
        taken = len(self.run.results) - self._offset
        if self._part and (console.plan != self._part or taken >= self._part):
            self._offset += self._part
            self.run.plan = (self.run.plan or 0) + console.plan
        self._part = console.plan
        super()._take_plan(console)

    def run_all(self) -> Stop | None:
        while self.session.may_boot():
            console = self.run_boot("", Console(0))
            if console.listed:
                continue
            if console.error is not None and console.plan is None or not 0 < (console.plan or 0) <= PLAN_MAX:
                self.run.plan = self.run.plan if self.run.results else None
                return self._trouble(console, 1, console.plan)
            self.judge_end(console, console.plan or 0)
            if console.reset_broken:
                self.session.isolate(console.reset_broken)
        return None if self.run.plan else self._stop("no plan is in it")
