# SPDX-License-Identifier: BSD-2-Clause
"""Runs the suites natively in every composition of the machine (tests/refdev/native/composition.c) around the
conforming device: a KTAP line for each, and what was wrong.

A conforming device gets no FAIL, ERROR, CRASH or HANG, and no WARN but in a composition that says why it does;
one that says so and gets none is wrong, too. So is it with the ERROR about an engine that nobody can tell from
the IOMMU. Exit status 0 when all is as it should be.

random:SEED is a composition that is drawn from the seed (tests/refdev/native/random.c), and so is the variant
that it has with --random.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field

HOME = os.path.join(os.path.dirname(__file__), "..", "..", "..")
GUEST = os.path.join(HOME, "build/host/viommu-guest")
IOMMU_ON_PCI = "viommu=pci:00:01.0"
IOMMU_ON_MMIO = "virtio_mmio.device=4K@0x32000000:6 viommu=mmio:0x32000000"
DEFAULT = (
    "conformance.*", "topology.*", "discovery.*", "stress.*walk*", "bench.attach_and_detach", "bench.probe_request"
)
UNDRAWN = "topology"  # variants whose endpoints the device describes itself
WARNED = {  # variants that are meant to get a WARN, and the test that gives it
    "old-bypass": "conformance.features.offered_set_is_sound",
    "unshared": "conformance.attach.second_endpoint_joins_or_is_unsupported",
    "strict": "conformance.start.request_queue_alone_is_served",
}
BOOTS_MAX = 12  # of one composition: each but the last ends with a crash or a hang
LINES_MAX = 4  # of what one test says
BOOT_LIMIT = 120  # seconds
LOOK_NS = "500000"  # as in tests/refdev/mutants/mutants.py

RUN = re.compile(r"# run (\S+)")
RESULT = re.compile(r"(?:ok|not ok) (\d+) (\S+)(?: # ([A-Z]+) ?(.*))?")
PLAN = re.compile(r"1\.\.(\d+)$")
MET = "# mutant met"  # behind a line in whose time the mutant's code was reached
END = re.compile(r"# passed=\d+ ")


@dataclass
class Composition:
    name: str
    endpoints: str  # the boot option that describes them
    warns: str
    errs: str  # a part of what every ERROR says


@dataclass
class Test:
    name: str
    word: str = "DIED"  # PASS, or the word behind '#'
    text: str = ""
    lines: list[str] = field(default_factory=list)  # its diagnostics


def read_compositions(which: str = "list") -> list[Composition]:
    """Those of the table; list:NAME reads the one of that name."""
    output = subprocess.run(
        [GUEST], env={**os.environ, "COMPOSITION": which}, capture_output=True, text=True, check=False
    ).stdout
    return [Composition(*line.split("\t")) for line in output.splitlines()]


def read_named(names: list[str]) -> list[Composition]:
    found = []
    for name in names:
        composition = read_compositions(f"list:{name}")
        if not composition:
            sys.exit(f"compositions: there is no {name}")
        found += composition
    return found


def draw(count: int, seed: int) -> list[tuple[Composition, str]]:
    """Compositions random:SEED and those that follow, each with a variant of device."""
    variants = subprocess.run(
        [GUEST], env={**os.environ, "REFDEV": "list"}, capture_output=True, text=True, check=True
    ).stdout.split()
    cases = []
    for number in range(seed, seed + count):
        rng = random.Random(number)
        variant = rng.choice([it for it in variants if not it.startswith(UNDRAWN)])
        composition, = read_compositions(f"list:random:{number}")
        cases.append((composition, variant + rng.choice(("", "", "+packed"))))
    return cases


def options_of(composition: Composition, variant: str) -> str:
    """The boot options that describe the machine; a mutant's variant may bring options of its own."""
    variant, _, own = variant.partition(" ")
    if own:
        return re.sub(r"viommu\.ep=\S+", composition.endpoints, own)
    variant, packed, _ = variant.partition("+packed")
    ring = " ring=packed" if packed else ""
    if variant.startswith("topology"):
        return ring
    iommu = IOMMU_ON_MMIO if variant.startswith("mmio") else IOMMU_ON_PCI
    return f"{iommu} {composition.endpoints}{ring}"


def boot(composition: Composition, variant: str, mutant: str, options: str) -> list[str]:
    """The lines of one run, which is cut off if it does not end."""
    environment = {
        **os.environ,
        "COMPOSITION": composition.name,
        "REFDEV": re.split(r"[+ ]", variant)[0],
        "REFDEV_MUTANT": mutant,
        "HASTEN": LOOK_NS,
    }
    command = [GUEST, f"{options} {options_of(composition, variant)}"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=BOOT_LIMIT, check=False)
        output, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired as error:
        output, errors = error.stdout or b"", f"no end within {BOOT_LIMIT} s".encode()
    return (output + b"\n" + errors).decode("utf-8", "replace").splitlines()


def read_tests(lines: list[str]) -> tuple[list[Test], int, bool]:
    """The tests of one boot, the number behind the last one that ended, and whether the run ended."""
    tests: list[Test] = []
    following, plan, has_ended, before = 1, 1, False, ""
    for line in lines:
        if match := RUN.match(line):
            tests.append(Test(match[1]))
        elif match := RESULT.match(line):
            following = int(match[1]) + 1
            if not tests or tests[-1].name != match[2] or tests[-1].word != "DIED":
                tests.append(Test(match[2]))
            tests[-1].word, tests[-1].text = match[3] or "PASS", match[4] or ""
        elif match := PLAN.match(line):
            plan = int(match[1])
        elif END.match(line):
            has_ended = True
        elif tests and line and (tests[-1].word == "DIED" or line == MET):
            # What the mutant did before a test began, or behind all, was none of that test's business.
            if not (line == MET and (RUN.match(before) or END.match(before))):
                tests[-1].lines.append(line)
        before = line
    return tests, following, has_ended or following > plan


def run(composition: Composition, variant: str, mutant: str, globs: list[str], seed: int) -> list[Test]:
    """Every test in this composition; behind one that ends a boot there is another boot."""
    tests: list[Test] = []
    first = 1
    for _ in range(BOOTS_MAX):
        options = f"seed={seed} seconds=1 from={first} run={','.join(globs)}"
        found, following, has_ended = read_tests(boot(composition, variant, mutant, options))
        tests += found
        if has_ended:
            return tests
        first = max(following + (bool(found) and found[-1].word == "DIED"), first + 1)
    return tests


def wrong_of(composition: Composition, variant: str, tests: list[Test]) -> list[str]:
    """What must not be in a report about a device that conforms."""
    wrong = []
    warned = WARNED.get(variant.removesuffix("+packed"))
    for test in tests:
        if test.word in ("PASS", "SKIP") or (test.word == "WARN" and (composition.warns or test.name == warned)):
            continue
        if test.word == "ERROR" and composition.errs and composition.errs in test.text:
            continue
        wrong += [f"{test.name}: {test.word} {test.text}"] + [f"    {line}" for line in test.lines[:LINES_MAX]]
    if composition.warns and not any(test.word == "WARN" for test in tests):
        wrong.append(f"no WARN, though there should be one: {composition.warns}")
    if composition.errs and not any(test.word == "ERROR" for test in tests):
        wrong.append(f"no ERROR, though there should be one: {composition.errs}")
    if not tests:
        wrong.append("no test ran")
    return wrong


def part_of(compositions: list[Composition], sample: str) -> list[Composition]:
    """SEED/N: one in N of them, chosen at random with the seed."""
    match = re.fullmatch(r"(\d+)/([1-9]\d*)", sample)
    if not match:
        sys.exit(f"compositions: sample '{sample}', expected SEED/N")
    count = -(-len(compositions) // int(match[2]))
    chosen = random.Random(int(match[1])).sample([it.name for it in compositions], count)
    return [it for it in compositions if it.name in chosen]


def main() -> int:
    parser = argparse.ArgumentParser(description="the conforming device in every composition of the machine")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--variant", default="usual", help="of device, or list of them; +packed for packed rings")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--sample", default="0/1", help="SEED/N: one in N, chosen at random with SEED")
    parser.add_argument("--random", type=int, default=0, help="how many to draw, instead of those with a name")
    parser.add_argument("--run", default=",".join(DEFAULT), help="globs of test ids")
    parser.add_argument("compositions", nargs="*", help="names; default: all")
    options = parser.parse_args()
    compositions = read_named(options.compositions) if options.compositions else read_compositions()
    cases = [(it, variant) for variant in options.variant.split() for it in part_of(compositions, options.sample)]
    if options.random:
        cases = draw(options.random, options.seed)
    print(f"KTAP version 1\n# seed={options.seed}\n1..{len(cases)}", flush=True)

    def judge(case: tuple[Composition, str]) -> tuple[list[Test], list[str]]:
        tests = run(case[0], case[1], "", options.run.split(","), options.seed)
        return tests, wrong_of(case[0], case[1], tests)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, (case, (tests, wrong)) in enumerate(zip(cases, pool.map(judge, cases)), 1):
            passed = sum(test.word == "PASS" for test in tests)
            skipped = sum(test.word == "SKIP" for test in tests)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} compositions.{case[1]}.{case[0].name}")
            print(f"# passed={passed} skipped={skipped} others={len(tests) - passed - skipped}")
            for line in wrong:
                print(f"# {line}", flush=True)
    print(f"# {failed} of {len(cases)} compositions are wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
