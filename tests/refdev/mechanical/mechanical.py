# SPDX-License-Identifier: BSD-2-Clause
"""Runs the suites natively against every mechanical mutant (mutate.py) of the reference device and of the model.

A first run in each surrounding, which is a variant of device in a composition, finds out which tests come across
which mutants. A mutant is then met by the tests that do, in one surrounding after the other, until a test says
anything else than without it: a FAIL, an ERROR, a WARN, or no end. One that no test comes across, or that none minds,
is a survivor; equivalent.txt lists those that can't be told from the device itself, and why. Exit status 0 when there
is no other survivor. What was found is kept for this program and these sources, so that a run goes on where an
earlier one was stopped.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(HOME, "tests", "refdev", "native"))
from compositions import RESULT, RUN, Composition, options_of, read_compositions  # noqa: E402

GUEST = os.path.join(HOME, "build/host/viommu-guest-mechanical")
LIST = os.path.join(HOME, "build/mechanical/list")
KEPT = os.path.join(HOME, "build/results/mechanical")
EQUIVALENT = os.path.join(HOME, "tests/refdev/mechanical/equivalent.txt")
GLOBS = ("conformance.*", "topology.*", "discovery.*", "stress.*walk*")
# The whole table of variants is met, the usual one in some compositions, too.
COMPOSITIONS = ("edu", "many-64", "granule-1", "input-32", "queue-2")
FEW = 8  # tests that are named in one run; of more, all are run
SURROUNDINGS = 6  # that a mutant is met in
LIMIT = 20  # seconds of one run

END = re.compile(r"EXIT: STATUS=")


@dataclass
class Mutant:
    number: int
    name: str  # what it is called in equivalent.txt: the same wherever in its function it stands
    place: str


@dataclass
class Surrounding:
    composition: Composition
    variant: str
    words: dict[str, str] = field(default_factory=dict)  # of each test, without a mutant
    reached: dict[int, set[str]] = field(default_factory=lambda: collections.defaultdict(set))

    def __str__(self) -> str:
        return f"{self.variant}.{self.composition.name}"


def read_list() -> list[Mutant]:
    mutants, seen = [], collections.Counter[str]()
    with open(LIST, encoding="utf-8") as file:
        for line in file:
            number, source, at, function, kind, text = line.rstrip("\n").split("\t")
            name = f"{source} {function} {kind}, {text}"
            seen[name] += 1
            name += f" ({seen[name]})" if seen[name] > 1 else ""
            mutants.append(Mutant(int(number), name, f"{source}:{at}"))
    return mutants


def read_equivalent() -> dict[str, str]:
    """The reason of each. A line that begins with blanks is the reason of those above it."""
    reasons: dict[str, str] = {}
    open_names: list[str] = []
    with open(EQUIVALENT, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith(" "):
                reasons.update({name: line.strip() for name in open_names})
                open_names = []
            else:
                open_names.append(line.rstrip("\n"))
    if open_names:
        sys.exit(f"{EQUIVALENT}: {open_names[0]}: no reason")
    return reasons


def start(around: Surrounding, chosen: str, tests: list[str]) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "COMPOSITION": around.composition.name,
        "REFDEV": around.variant.partition("+")[0],
        "MECHANICAL": chosen,
    }
    options = f"seed=1 seconds=1 run={','.join(tests or GLOBS)} {options_of(around.composition, around.variant)}"
    return subprocess.Popen(
        [GUEST, options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def survey(around: Surrounding) -> Surrounding:
    """Which tests come across which mutants, and what they say."""
    test = ""
    with start(around, "map", []) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if match := RUN.match(line):
                test = match[1]
            elif match := RESULT.match(line):
                around.words[match[2]] = match[3] or "PASS"
            elif line.startswith("# reached "):
                for number in line.split()[2:]:
                    around.reached[int(number)].add(test)
    return around


def meet(around: Surrounding, mutant: Mutant) -> str:
    """What gives it away in this surrounding; '' nothing."""
    tests = sorted(around.reached[mutant.number])
    if "" in tests or len(tests) > FEW:
        tests = []
    began, test = time.monotonic(), "the start"
    with start(around, str(mutant.number), tests) as process:
        assert process.stdout is not None
        alarm = _Alarm(process)
        found = ""
        for line in process.stdout:
            if match := RUN.match(line):
                test = match[1]
            elif match := RESULT.match(line):
                if (word := match[3] or "PASS") != around.words.get(match[2]) and word not in ("PASS", "SKIP"):
                    found = f"{match[2]}: {word} {match[4] or ''}"
                    break
            elif END.match(line):
                alarm.stop()
                return ""
        alarm.stop()
        process.kill()
    late = time.monotonic() - began >= LIMIT
    return found or f"{test}: {'HANG no end' if late else 'CRASH the process died'}"


class _Alarm:
    """Kills a process that takes too long."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._timer = threading.Timer(LIMIT, process.send_signal, (signal.SIGKILL,))
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()


def judge(mutant: Mutant, all_around: list[Surrounding]) -> str:
    """What gives it away; 'unreached', 'survives'."""
    near = [around for around in all_around if mutant.number in around.reached]
    for around in near[:SURROUNDINGS]:
        if found := meet(around, mutant):
            return f"{around} {found}"
    return "survives" if near else "unreached"


class Kept:
    """Results of earlier runs of the same program."""

    def __init__(self) -> None:
        with open(GUEST, "rb") as file:
            name = hashlib.sha256(file.read()).hexdigest()[:16]
        os.makedirs(KEPT, exist_ok=True)
        self._path = os.path.join(KEPT, name)
        self.found: dict[int, str] = {}
        if os.path.exists(self._path):
            with open(self._path, encoding="utf-8") as file:
                for line in file:
                    number, _, text = line.rstrip("\n").partition("\t")
                    self.found[int(number)] = text

    def add(self, mutant: Mutant, text: str) -> None:
        self.found[mutant.number] = text
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(f"{mutant.number}\t{text}\n")


def surroundings() -> list[Surrounding]:
    listed = subprocess.run([GUEST], env={**os.environ, "REFDEV": "list"}, capture_output=True, text=True, check=True)
    variants = listed.stdout.split()
    variants[1:1] = ["usual+packed", "mmio"]
    usual = read_compositions("list:usual")[0]
    found = [Surrounding(usual, variant) for variant in dict.fromkeys(variants)]
    return found + [Surrounding(read_compositions(f"list:{name}")[0], "usual") for name in COMPOSITIONS]


def chosen_of(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.names:
        return [one for one in mutants if any(name in one.name or name == str(one.number) for name in options.names)]
    if options.sample:
        seed, _, count = options.sample.partition("/")
        return sorted(random.Random(int(seed)).sample(mutants, int(count)), key=lambda one: one.number)
    return mutants


def main() -> int:
    parser = argparse.ArgumentParser(description="kills the mechanical mutants of the reference device and the model")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", default="", help="SEED/N: N of them, chosen at random with SEED")
    parser.add_argument("--again", action="store_true", help="also those of which an earlier run has found out")
    parser.add_argument("names", nargs="*", help="numbers, or parts of names; default: all")
    options = parser.parse_args()
    mutants, equivalent, kept = read_list(), read_equivalent(), Kept()
    chosen = chosen_of(mutants, options)
    to_do = [one for one in chosen if options.again or one.number not in kept.found]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        all_around = list(pool.map(survey, surroundings())) if to_do else []
        for mutant, found in zip(to_do, pool.map(lambda one: judge(one, all_around), to_do)):
            kept.add(mutant, found)
    return tell(chosen, kept.found, equivalent)


def tell(chosen: list[Mutant], found: dict[int, str], equivalent: dict[str, str]) -> int:
    survivors = [one for one in chosen if found[one.number] in ("survives", "unreached")]
    new = [one for one in survivors if one.name not in equivalent]
    killed = len(chosen) - len(survivors)
    wrong = [one for one in chosen if one not in survivors and one.name in equivalent]
    for one in new:
        print(f"# {found[one.number]}: {one.place}: {one.name}")
    for one in wrong:
        print(f"# listed as equivalent, and found: {one.name}: {found[one.number]}")
    yellow = sum(": WARN " in found[one.number] for one in chosen)
    print(f"# killed by a WARN only: {yellow}")
    print(f"{'not ok' if new or wrong else 'ok'} 1 mutants.mechanical" + (" # FAIL survivors" if new or wrong else ""))
    print(f"mutants-all: killed {killed} of {len(chosen)}, {len(survivors) - len(new)} equivalent")
    return 1 if new or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
