# SPDX-License-Identifier: BSD-2-Clause
"""A run: boots the VM, judges what comes, boots again after a crash or a hang until the plan is done.

Exit status: 0 nothing failed, 1 a test failed, 2 nothing matches, 3 the VM gave no verdict.
"""

from __future__ import annotations

import argparse
import collections
import os
import signal
import sys
import time

import expect
import reports
from protocol import Console, Result, printable
from vm import Boot

LOG_TAIL = 6  # lines of the VMM's own words behind a crash


class Session:
    def __init__(self, options: argparse.Namespace, argv: list[str]) -> None:
        self.options = options
        self.argv = argv
        self.results: dict[int, Result] = {}
        self.records: list[object] = []
        self.header: list[str] = []
        self.plan: int | None = None
        self.error: str | None = None
        self.boot: Boot | None = None
        self.started = time.time()
        self.deviations: dict[str, expect.Deviation] = {}
        path = expect.find_file(options.expect, options.vmm, options.vmm_version)
        if path:
            self.deviations = expect.read(path)

    def path(self, name: str) -> str:
        return os.path.join(self.options.results, name)

    def say(self, line: str) -> None:
        print(line, flush=True)

    # -- one boot -----------------------------------------------------------------------------

    def arguments(self, first: int) -> list[str]:
        """The VMM's command line, with the guest's in place of @GUEST@."""
        guest = [f"seed={self.options.seed}", f"seconds={self.options.seconds}"]
        guest += [f"run={','.join(self.options.globs)}"] if self.options.globs else []
        guest += ["icount"] if self.options.icount else []
        guest += ["list"] if self.options.list else []
        guest += [f"from={first}"] if first > 1 else []
        return [arg.replace("@GUEST@", " ".join(guest)) for arg in self.argv]

    def take(self, result: Result, strict: bool, died: bool = False) -> None:
        expect.apply(result, self.deviations, died)
        if result.number in self.results:
            result.verdict, result.message = "ERROR", "a second result of the same number"
        self.results[result.number] = result
        self.say(reports.ktap_line(result, strict))

    def run_boot(self, first: int) -> Console:
        console = Console()
        self.boot = Boot(
            self.arguments(first), self.path("vmm.log"), self.options.timeout, self.options.idle
        )
        began = time.monotonic()
        with open(self.path("console.log"), "ab") as log:
            for raw in self.boot.lines():
                log.write(raw + b"\n")
                line = printable(raw)
                planned = console.plan is not None
                result = console.feed(line)
                if result:
                    result.seconds = round(time.monotonic() - began, 3)
                    began = time.monotonic()
                    self.take(result, self.options.strict)
                elif console.started and line.startswith("#") and self.shows(line, planned):
                    self.say(line)
                elif console.plan is not None and self.plan is None:
                    self.plan = console.plan
                    self.say(f"1..{self.plan}")
        self.records += console.records
        self.header = self.header or console.header
        self.error = self.error or console.error
        return console

    def shows(self, line: str, planned: bool) -> bool:
        """A second boot repeats its first lines; the machine's records are not for reading."""
        hidden = line.startswith(("# run ", "# json ", "# test "))
        return not hidden and (planned or self.plan is None)

    def vmm_words(self) -> list[str]:
        with open(self.path("vmm.log"), "rb") as log:
            lines = [printable(line) for line in log.read().splitlines()[-LOG_TAIL:]]
        return [f"# vmm: {line}" for line in lines]

    def judge_end(self, console: Console, first: int) -> int | None:
        """Where to go on after a boot that did not finish the plan; None: nowhere."""
        assert self.boot is not None
        last = console.results[-1].number if console.results else first - 1
        if console.running is None:
            # Between two tests: the guest ends a boot after a CRASH or HANG of its own.
            return last + 1 if console.results else None
        diagnostics = console.pending_diagnostics() + self.vmm_words()
        verdict = "HANG" if self.boot.timed_out else "CRASH"
        result = Result(last + 1, console.running, verdict, self.boot.why, diagnostics)
        for line in self.vmm_words():
            self.say(line)
        self.take(result, self.options.strict, died=verdict == "CRASH")
        return last + 2

    # -- the whole run ------------------------------------------------------------------------

    def run(self) -> int:
        self.say("KTAP version 1")
        first = 1
        while True:
            console = self.run_boot(first)
            if self.options.list:
                return self.print_list(console)
            if self.error:
                self.say(f"error: {self.error}")
                return 2
            if self.plan is None:
                return self.no_verdict("the VM ended before it printed a plan")
            if console.plan not in (None, self.plan):
                return self.no_verdict(f"the plan changed from {self.plan} to {console.plan}")
            if len(self.results) >= self.plan:
                break
            following = self.judge_end(console, first)
            if following is None:
                return self.no_verdict("the VM ended before its first test")
            if following > self.plan:
                break
            first = following
        return self.finish()

    def no_verdict(self, why: str) -> int:
        assert self.boot is not None
        for line in self.vmm_words():
            self.say(line)
        self.say(f"error: {why} ({self.boot.why})")
        self.write()
        return 3

    def print_list(self, console: Console) -> int:
        for test_id, kind in console.listed:
            self.say(f"{test_id}{'' if kind == 'default' else '  (by name only)'}")
        return 0 if console.listed else self.no_verdict("the image listed no test")

    def ordered(self) -> list[Result]:
        assert self.plan is not None
        for number in range(1, self.plan + 1):
            if number not in self.results:
                missing = Result(number, f"missing.{number}", "PLAN", "no result was printed")
                self.results[number] = missing
        return [self.results[number] for number in sorted(self.results)]

    def finish(self) -> int:
        results = self.ordered()
        count = collections.Counter(result.verdict for result in results)
        failed = sum(reports.is_failure(result, self.options.strict) for result in results)
        executed = len(results) - count["SKIP"]
        self.write()
        if len(results) != self.plan:
            self.say(f"error: the plan was {self.plan} tests, {len(results)} have a result")
            failed += 1
        if not executed:
            self.say("error: every test was skipped, nothing was executed")
        for result in results:
            if result.verdict not in ("PASS", "SKIP"):
                self.say(f"# {result.verdict} {result.id}: {result.message}")
        kinds = ", ".join(f"{count[kind]} {kind}" for kind in sorted(count))
        self.say(f"# {self.options.machine}: {kinds}; {time.time() - self.started:.1f} s")
        self.say(f"# results: {self.options.results} seed={self.options.seed}")
        passed = executed - failed
        self.say(f"{passed} passed, {failed} failed, {count['SKIP']} skipped")
        return 1 if failed or not executed else 0

    def write(self) -> None:
        results = [self.results[number] for number in sorted(self.results)]
        options = self.options
        vmm = f"{options.vmm} {options.vmm_version}"
        properties = {
            "machine": options.machine,
            "arch": options.arch,
            "vmm": vmm,
            "accel": options.accel,
            "seed": str(options.seed),
        }
        document: dict[str, object] = {
            **properties,
            "tool": "viommu-guest",
            "version": options.version,
            "icount": options.icount,
            "command": self.arguments(1),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "seconds": round(time.time() - self.started, 3),
            "records": self.records,
        }
        strict = options.strict
        reports.write_ktap(self.path("results.ktap"), self.header, self.plan or 0, results, strict)
        reports.write_junit(self.path("junit.xml"), properties, results, strict)
        reports.write_json(self.path("results.json"), document, results)


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description="boots a VM and judges its console")
    for name in ("results", "machine", "arch", "vmm", "vmm-version", "accel", "expect", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--timeout", type=float, default=0)
    parser.add_argument("--idle", type=float, default=0)
    parser.add_argument("--remove", action="append", default=[])
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--glob", dest="globs", action="append", default=[])
    split = sys.argv.index("--")
    return parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]


def main() -> int:
    options, argv = parse_arguments()
    os.makedirs(options.results, exist_ok=True)
    reports.remove_old(options.results)
    session = Session(options, argv)

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        return session.run()
    finally:
        if session.boot:
            session.boot.kill()
        for path in options.remove:
            if os.path.exists(path):
                os.remove(path)


if __name__ == "__main__":
    sys.exit(main())
