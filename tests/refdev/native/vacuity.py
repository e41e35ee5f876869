# SPDX-License-Identifier: BSD-2-Clause
"""Looks for tests that pass without having looked: lists each test that passes in a composition of the native
machine although the code of a mutant was reached, while it finds that mutant in the usual one.

Three steps, each of which leaves less for the next. The tests that claim a clause of a mutant's run against it in
the usual composition: those that find it are its killers. The killers run against the device without a bug in every
composition: one that is skipped there, or not passed, has nothing to say. The others run there against their
mutants, a boot for each pair of mutant and composition, in random order, so that a run that was cut off (--minutes)
is a sample.

What was run is kept in build/results/vacuity.jsonl, and not run again with the same kernel.
tests/refdev/native/vacuous.txt holds what is meant to be so, with a reason each. Exit status 0 when every entry of
the list has a reason and every reason an entry.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import fnmatch
import hashlib
import json
import os
import random
import re
import resource
import shutil
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "mutants"))
import compositions as native  # noqa: E402
import mutants as catalogue  # noqa: E402

KERNEL = os.path.join(native.HOME, "build/host/viommu-guest-swift")  # without sanitizers
RESULTS = os.path.join(native.HOME, "build/results/vacuity.jsonl")
REASONS = os.path.join(os.path.dirname(__file__), "vacuous.txt")
GLOBS_MAX = 40  # of a command line
USUAL = "usual"  # composition
FINDING = re.compile(r"# (?:FAIL|WARN) (\w+)")
WAIVER = re.compile(r"# NOTE (\w+) is not judged")

# UNMET, and KILLED_UNMET: the mutant's code was not reached in the time of the test.
KILLED, KILLED_UNMET, PASSED, UNMET = "killed", "killed unmet", "passed", "unmet"
WAIVED = "waived"  # it has said that it does not judge a clause of the mutant's


@dataclass(frozen=True)
class Boot:
    """What is run: a mutant, or none, in a composition, with a variant of device and its options."""

    mutant: str
    variant: str
    composition: str


@dataclass
class Job:
    boot: Boot
    clauses: list[str]
    tests: list[str]


@dataclass
class Reason:
    test: str
    mutant: str
    composition: str
    text: str
    is_used: bool = False

    def covers(self, test: str, mutant: str, composition: str) -> bool:
        return (
            fnmatch.fnmatchcase(test, self.test)
            and fnmatch.fnmatchcase(mutant, self.mutant)
            and fnmatch.fnmatchcase(composition, self.composition)
        )


def verdicts_of(job: Job, tests: list[native.Test]) -> dict[str, str]:
    """What each test said to the mutant: one of the words above, or that of its result."""
    verdicts = {}
    for test in tests:
        found = {match[1] for line in test.lines if (match := FINDING.match(line))}
        if found & set(job.clauses):
            verdicts[test.name] = KILLED if native.MET in test.lines else KILLED_UNMET
        elif {match[1] for line in test.lines if (match := WAIVER.match(line))} & set(job.clauses):
            verdicts[test.name] = WAIVED
        elif test.word == "PASS":
            verdicts[test.name] = PASSED if native.MET in test.lines else UNMET
        else:
            verdicts[test.name] = test.word
    return verdicts


def use_copy_of_kernel() -> None:
    """The run takes long: what is built meanwhile must not change it."""
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    copy = os.path.join(os.path.dirname(RESULTS), "vacuity-kernel")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(copy)  # it may still be running
    shutil.copy(KERNEL, copy)
    native.GUEST = catalogue.GUEST = copy


def identity_of_kernel() -> str:
    with open(native.GUEST, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Runs:
    """Runs what no earlier run with the same kernel has left in the file."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.seed, self.jobs = options.seed, options.jobs
        self.end = time.monotonic() + 60 * options.minutes
        self.places = {it.name: it for it in native.read_compositions()}
        self.identity = identity_of_kernel()
        self.verdicts: dict[Boot, dict[str, str]] = {}
        self.lock = threading.Lock()
        self.read()

    def read(self) -> None:
        if not os.path.exists(RESULTS):
            return
        with open(RESULTS, encoding="utf-8") as file:
            for line in file:
                with contextlib.suppress(json.JSONDecodeError, KeyError):  # cut off while it was written
                    entry = json.loads(line)
                    if entry["kernel"] == self.identity:
                        boot = Boot(entry["mutant"], entry["variant"], entry["composition"])
                        self.verdicts.setdefault(boot, {}).update(entry["verdicts"])

    def do(self, job: Job) -> None:
        known = self.verdicts.get(job.boot, {})
        tests = [it for it in job.tests if it not in known]
        for at in range(0, len(tests), GLOBS_MAX):
            if time.monotonic() > self.end:
                return
            some, boot = tests[at : at + GLOBS_MAX], job.boot
            found = native.run(self.places[boot.composition], boot.variant, boot.mutant, some, self.seed)
            verdicts = dict.fromkeys(some, "DIED") | verdicts_of(job, found)
            entry = {"kernel": self.identity, **vars(boot), "verdicts": verdicts}
            with self.lock, open(RESULTS, "a", encoding="utf-8") as file:
                self.verdicts.setdefault(boot, {}).update(verdicts)
                file.write(json.dumps(entry) + "\n")

    def run(self, title: str, jobs: list[Job]) -> list[Job]:
        """Those that have an answer to each of their tests."""
        print(f"# {title}: {len(jobs)} boots", flush=True)
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.do, jobs))
        done = [job for job in jobs if set(job.tests) <= set(self.verdicts.get(job.boot, {}))]
        if len(done) < len(jobs):
            print(f"# cut off: {len(jobs) - len(done)} of {len(jobs)} {title} were not run")
        return done

    def of(self, job: Job) -> dict[str, str]:
        return {test: self.verdicts[job.boot][test] for test in job.tests}


def is_run(test: str) -> bool:
    return any(fnmatch.fnmatchcase(test, glob) for glob in native.DEFAULT)


def find_killers(runs: Runs, mutants: list[catalogue.Mutant]) -> dict[str, list[str]]:
    """By mutant: the tests that find it in the usual composition."""
    claims = {test: clauses for test, clauses in catalogue.read_claims().items() if is_run(test)}
    jobs = []
    for mutant in mutants:
        tests = sorted(test for test, clauses in claims.items() if clauses & set(mutant.clauses))
        if tests and not mutant.name.startswith(catalogue.HOSTILE):
            jobs.append(Job(Boot(mutant.name, mutant.variant, USUAL), mutant.clauses, tests))
    killers = {}
    for job in runs.run("mutants in the usual composition", jobs):
        killers[job.boot.mutant] = [test for test, it in runs.of(job).items() if it in (KILLED, KILLED_UNMET)]
    return killers


def find_passes(
    runs: Runs, mutants: list[catalogue.Mutant], killers: dict[str, list[str]], places: list[str]
) -> dict[tuple[str, str], set[str]]:
    """By variant and composition: the killers that pass there on the device without a bug."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for mutant in mutants:
        wanted[mutant.variant].update(killers.get(mutant.name, []))
    jobs = [
        Job(Boot("", variant, place), [], sorted(tests)) for variant, tests in wanted.items() for place in places
    ]
    return {
        (job.boot.variant, job.boot.composition): {test for test, it in runs.of(job).items() if it == UNMET}
        for job in runs.run("machines without a mutant", jobs)
    }


def run_pairs(
    runs: Runs, mutants: list[catalogue.Mutant], places: list[str]
) -> tuple[dict[tuple[str, str], dict[str, str]], bool]:
    """By mutant and composition what each killer said; and whether all were run."""
    killers = find_killers(runs, mutants)
    passes = find_passes(runs, mutants, killers, places)
    jobs = []
    for mutant in mutants:
        sound = passes.get((mutant.variant, USUAL), set())
        for place in places:
            tests = sound & passes.get((mutant.variant, place), set()) & set(killers.get(mutant.name, []))
            if tests:
                jobs.append(Job(Boot(mutant.name, mutant.variant, place), mutant.clauses, sorted(tests)))
    random.Random(runs.seed).shuffle(jobs)
    done = runs.run("pairs of mutant and composition", jobs)
    results = {(job.boot.mutant, job.boot.composition): runs.of(job) for job in done}
    return results, len(done) == len(jobs)


def vacuous(results: dict[tuple[str, str], dict[str, str]]) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """By test and mutant: where it passes, and where it kills. Code that no test ever reached is code that
    runs at the start: it counts as reached by all."""
    met = {mutant for (mutant, _), verdicts in results.items() if {PASSED, KILLED} & set(verdicts.values())}
    places: dict[tuple[str, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for (mutant, composition), verdicts in sorted(results.items()):
        for test, verdict in verdicts.items():
            if verdict == PASSED or (verdict == UNMET and mutant not in met):
                places[test, mutant][0].append(composition)
            elif verdict in (KILLED, KILLED_UNMET):
                places[test, mutant][1].append(composition)
    return {pair: both for pair, both in sorted(places.items()) if both[0] and both[1]}


def read_reasons() -> list[Reason]:
    """Lines of a test, a mutant and a composition, which may be globs, a colon and the reason."""
    reasons = []
    with open(REASONS, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            match = re.fullmatch(r"(\S+) (\S+) (\S+): (\S.*)", line.strip())
            if not match:
                sys.exit(f"{REASONS}:{number}: '{line.strip()}', expected 'TEST MUTANT COMPOSITION: REASON'")
            reasons.append(Reason(match[1], match[2], match[3], match[4]))
    return reasons


def print_verdict(results: dict[tuple[str, str], dict[str, str]], is_whole: bool) -> int:
    reasons = read_reasons()
    entries = open_entries = 0
    for (test, mutant), (passes, kills) in vacuous(results).items():
        unreasoned = []
        for composition in passes:
            entries += 1
            covering = [reason for reason in reasons if reason.covers(test, mutant, composition)]
            for reason in covering:
                reason.is_used = True
            if not covering:
                unreasoned.append(composition)
        open_entries += len(unreasoned)
        if unreasoned:
            print(f"{test} {mutant} passes in {', '.join(unreasoned)}")
            print(f"#   and kills it in {len(kills)}: {', '.join(kills[:6])}{', ...' if len(kills) > 6 else ''}")
    unused = [reason for reason in reasons if is_whole and not reason.is_used]
    for reason in unused:
        print(f"# no longer so: {reason.test} {reason.mutant} {reason.composition}: {reason.text}")
    print(f"# vacuity: {entries} passes where the mutant was reached, {open_entries} without a reason")
    return 1 if open_entries or unused else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="tests that pass where they find nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=240, help="begin no boot after that")
    parser.add_argument("--compositions", default="", help="names; default: all")
    parser.add_argument("mutants", nargs="*", help="names; default: all but the hostile")
    options = parser.parse_args()
    os.environ["REFDEV_MUTANT_MET"] = "1"
    use_copy_of_kernel()
    runs = Runs(options)
    chosen = options.compositions.split()
    places = [it for it in runs.places if not chosen or it in (USUAL, *chosen)]
    results, is_done = run_pairs(runs, catalogue.read_mutants(options.mutants), places)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"# {used.ru_utime + used.ru_stime:.0f} s of CPU")
    return print_verdict(results, is_done and not (chosen or options.mutants))


if __name__ == "__main__":
    sys.exit(main())
