# SPDX-License-Identifier: BSD-2-Clause
"""Looks for tests that pass without having looked: runs every mutant of the reference device natively in every
composition of the machine, and lists each test that passes in one although the mutant's code was reached, while it
finds that mutant in another.

Only tests that claim a clause of the mutant's run. What was run is kept in build/results/vacuity.jsonl, and not
run again with the same kernel, so that a run that was cut off (--minutes) goes on where it ended.
tests/refdev/native/vacuous.txt holds what is meant to be so, with a reason each. Exit status 0 when every entry
of the list has a reason and every reason an entry.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import fnmatch
import hashlib
import json
import os
import re
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
GLOBS_MAX = 8  # of a command line
FINDING = re.compile(r"# (?:FAIL|WARN) (\w+)")

# UNMET, and KILLED_UNMET: the mutant's code was not reached in the time of the test.
KILLED, KILLED_UNMET, PASSED, UNMET = "killed", "killed unmet", "passed", "unmet"


@dataclass
class Job:
    mutant: catalogue.Mutant
    composition: native.Composition
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
        if found & set(job.mutant.clauses):
            verdicts[test.name] = KILLED if native.MET in test.lines else KILLED_UNMET
        elif test.word == "PASS":
            verdicts[test.name] = PASSED if native.MET in test.lines else UNMET
        else:
            verdicts[test.name] = test.word
    return verdicts


def work(job: Job, seed: int) -> dict[str, str]:
    verdicts = {}
    for at in range(0, len(job.tests), GLOBS_MAX):
        tests = native.run(
            job.composition, job.mutant.variant, job.mutant.name, job.tests[at : at + GLOBS_MAX], seed
        )
        verdicts.update(verdicts_of(job, tests))
    return verdicts


class Baseline:
    """What tests say of the device without a bug: a finding that they have anyway is no kill."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.words: dict[tuple[str, str, str], str] = {}

    def passes(self, test: str, variant: str, composition: native.Composition) -> bool:
        key = (test, variant, composition.name)
        if key not in self.words:
            tests = native.run(composition, variant, "", [test], self.seed)
            self.words[key] = tests[0].word if tests else "DIED"
        return self.words[key] == "PASS"


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


def read_results(identity: str) -> dict[tuple[str, str], dict[str, str]]:
    """What an earlier run with the same kernel has left; of another kernel's nothing."""
    results: dict[tuple[str, str], dict[str, str]] = {}
    if not os.path.exists(RESULTS):
        return results
    with open(RESULTS, encoding="utf-8") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # cut off while it was written
            if entry["kernel"] == identity:
                results[entry["mutant"], entry["composition"]] = entry["verdicts"]
    return results


def run_jobs(jobs: list[Job], options: argparse.Namespace) -> dict[tuple[str, str], dict[str, str]]:
    identity = identity_of_kernel()
    results = read_results(identity)
    wanted = {(job.mutant.name, job.composition.name) for job in jobs}
    left = [job for job in jobs if (job.mutant.name, job.composition.name) not in results]
    end = time.monotonic() + 60 * options.minutes
    lock = threading.Lock()
    print(f"# {len(jobs) - len(left)} of {len(jobs)} pairs of mutant and composition are known", flush=True)
    with open(RESULTS, "a" if results else "w", encoding="utf-8") as file:

        def do(job: Job) -> None:
            if time.monotonic() > end:
                return
            verdicts = work(job, options.seed)
            entry = {
                "kernel": identity,
                "mutant": job.mutant.name,
                "composition": job.composition.name,
                "verdicts": verdicts,
            }
            with lock:
                results[job.mutant.name, job.composition.name] = verdicts
                file.write(json.dumps(entry) + "\n")
                file.flush()

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(do, left))
    return {pair: verdicts for pair, verdicts in results.items() if pair in wanted}


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


def print_verdict(
    results: dict[tuple[str, str], dict[str, str]], jobs: list[Job], baseline: Baseline, is_whole: bool
) -> int:
    reasons = read_reasons()
    places = {job.composition.name: job.composition for job in jobs}
    variants = {job.mutant.name: job.mutant.variant for job in jobs}
    entries = open_entries = 0
    for (test, mutant), (passes, kills) in vacuous(results).items():
        if not any(baseline.passes(test, variants[mutant], places[kill]) for kill in kills):
            continue
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
    claims = catalogue.read_claims()
    chosen = options.compositions.split()
    places = [it for it in native.read_compositions() if not chosen or it.name in chosen]
    jobs = []
    for place in places:
        for mutant in catalogue.read_mutants(options.mutants):
            tests = sorted(test for test, clauses in claims.items() if clauses & set(mutant.clauses))
            if tests and not mutant.name.startswith(catalogue.HOSTILE):
                jobs.append(Job(mutant, place, tests))
    results = run_jobs(jobs, options)
    if len(results) < len(jobs):
        print(f"# cut off: {len(jobs) - len(results)} of {len(jobs)} pairs were not run")
    is_whole = len(results) == len(jobs) and not (chosen or options.mutants)
    return print_verdict(results, jobs, Baseline(options.seed), is_whole)


if __name__ == "__main__":
    sys.exit(main())
