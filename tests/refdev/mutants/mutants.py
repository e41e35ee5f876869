# SPDX-License-Identifier: BSD-2-Clause
"""Runs the suites against every mutant of the reference device (tests/refdev/mutants/mutants.def): natively, or a
sample of them behind QEMU.

A mutant is killed by a test that finds a clause violated which the mutant breaks: by a FAIL, or by a
WARN, which is what a SHOULD gets and what follows a violation by the driver. The tests that claim such a clause run
first, the others only if those have not found it. Exit status 0 when every mutant is killed and the tests are sound,
every clause that a mutant breaks is named by a test, and every clause that a test claims is broken by a mutant.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import glob
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from subprocess import DEVNULL

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(HOME, "tests", "harness"))
from protocol import ENDS_THE_BOOT, Console, Result, findings_of, printable  # noqa: E402
from reports import is_failure, ktap_line  # noqa: E402

GUEST = os.path.join(HOME, "build/host/viommu-guest")
ENDPOINTS = "viommu.ep=00:00.0-00:1f.7:0"
ON_PCI = f"viommu=pci:00:01.0 {ENDPOINTS}"
ON_MMIO = f"virtio_mmio.device=4K@0x32000000:6 viommu=mmio:0x32000000 {ENDPOINTS}"
DEFAULT = ("conformance.*", "topology.*", "discovery.*", "stress.short_walk")
BOOTS_MAX = 12  # of one mutant: each ends with a crash or a hang
BOOT_LIMIT = 150  # seconds
GLOBS_MAX = 8  # of a command line
# What natively each look at the clock costs besides: there nothing comes of waiting, and a limit of two seconds is over
# after 4000 looks.
LOOK_NS = "500000"


# Claimed clauses that no bug of the device breaks, and who sees to it that a violation is found.
BROKEN_ELSEWHERE = {
    "TOPO_AGREE_D02": "a table that gives the device to another IOMMU, too: tests/selftest/test_topology.py",
    "TOPO_DMA_D03": "QEMU itself, to which bus numbers are names for ever: tests/harness/expect/qemu.toml",
}

# Behind QEMU: of each area some, and machines of tests/harness/machines.toml by the variant of device.
MACHINES = {"usual": "q35-refdev", "topology-1": "q35-refdev-topo1"}
SAMPLE = (
    *("ATTACH_RESERVED_ACCEPTED", "MAP_FLAG_3_ACCEPTED", "UNMAP_SPLIT_INVAL"),
    *("ATTACH_MOVE_TAKES_MAPPINGS", "DETACH_LATE", "MAP_END_EXCLUSIVE", "UNMAP_CACHED_OVER_NEW_MAP"),
    *("BYPASS_ALWAYS", "DOMAINS_SHARE_MAPPINGS"),
    *("RESET_CLEARS_BYPASS", "CONFIG_AFTER_FEATURES_OK"),
    *("PROBE_SMALL_OK", "RESV_MSI_BLOCKED"),
    *("FAULT_ADDRESS_AT_16", "FAULT_NO_INTERRUPT"),
    *("BATCH_ERROR_STICKS", "USED_EVENT_MISSED", "RUNS_AFTER_RESET"),
    *("TOPOLOGY_FUNCTION_MISSING", "PCI_CFG_FROM_ZERO"),
)
VM_LIMIT = 600  # seconds of all boots of one run

HOSTILE = "HOSTILE_"
# Of a device that answers nothing every request costs seconds.
FOR_HOSTILE = (
    *("conformance.attach.a*", "conformance.map.o*", "conformance.features.*", "conformance.fault.u*"),
    *("conformance.interrupt.*", "conformance.queue.*", "conformance.probe.*", "conformance.reset.*"),
    *("conformance.request.answers*", "discovery.pci.*", "stress.short_walk"),
)


@dataclass
class Mutant:
    name: str
    variant: str
    clauses: list[str]
    text: str
    kills: dict[str, set[str]] = field(default_factory=dict)  # test: clauses
    others: set[str] = field(default_factory=set)  # what else was found
    lost: set[str] = field(default_factory=set)  # tests without an end


def read_levels() -> dict[str, str]:
    with open(os.path.join(HOME, "lib/spec/clauses.def"), encoding="utf-8") as file:
        return dict(re.findall(r"^CLAUSE\((\w+), (\w+),", file.read(), re.M))


def read_claims() -> dict[str, set[str]]:
    """The clauses that each test claims."""
    claims: dict[str, set[str]] = {}
    for path in glob.glob(os.path.join(HOME, "tests/suites/**/*.c"), recursive=True):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        suite = re.search(r'^#define SUITE "(.*)"', text, re.M)
        for test in re.finditer(r"^TEST\((\w+),(.*?)\)\n\{", text, re.S | re.M):
            clauses = re.search(r"CLAUSES\((.*?)\)", test[2], re.S)
            if suite and not suite[1].startswith("selftest"):
                claims[f"{suite[1]}.{test[1]}"] = set(re.findall(r"\w+", clauses[1] if clauses else ""))
    return claims


def read_mutants(wanted: list[str]) -> list[Mutant]:
    lines = subprocess.run(
        [GUEST], env={**os.environ, "REFDEV_MUTANT": "list"}, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    mutants = []
    for line in lines:
        name, variant, clauses, text = line.split("\t")
        if not wanted or name in wanted:
            mutants.append(Mutant(name, variant, clauses.split(", "), text))
    return mutants


def topology_of(variant: str) -> str:
    """The boot options that describe the machine."""
    if variant.startswith("topology"):
        return ""
    return ON_MMIO if variant.startswith("mmio") else ON_PCI


def boot_vm(mutant: Mutant | None, variant: str, globs: list[str]) -> list[Result] | None:
    """The results of one run, which goes on by itself behind a test that ends it; None for a
    machine that this QEMU does not have."""
    folder = os.path.join(HOME, "build/results/mutants", mutant.name if mutant else variant)
    path = os.path.join(folder, "results.json")
    command = [os.path.join(HOME, "run.sh"), "-m", MACHINES[variant], "-s", "1", "-t", "1", "-o", folder]
    environment = {**os.environ, "REFDEV_MUTANT": mutant.name if mutant else ""}
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of an earlier run
    with subprocess.Popen([*command, *globs], env=environment, stdout=DEVNULL, stderr=DEVNULL) as run_sh:
        try:
            run_sh.wait(VM_LIMIT)
        except subprocess.TimeoutExpired:
            run_sh.terminate()  # it writes what it has
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    if document["plan"] == 0 and document["exit"] == 0:
        return None
    return [Result(**test) for test in document["tests"]]


def boot(mutant: Mutant | None, variant: str, globs: list[str], first: int) -> Console:
    """What one run says; a run that does not end is cut off."""
    variant, _, options = variant.partition(" ")
    environment = {
        **os.environ, "REFDEV": variant, "REFDEV_MUTANT": mutant.name if mutant else "", "HASTEN": LOOK_NS
    }
    command = f"seed=1 seconds=1 from={first} run={','.join(globs)} {options or topology_of(variant)}"
    try:
        output = subprocess.run(
            [GUEST, command], env=environment, capture_output=True, timeout=BOOT_LIMIT, check=False
        ).stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    console = Console(first)
    for line in output.splitlines():
        console.feed(printable(line))
    return console


def take(mutant: Mutant, test: str, diagnostics: list[str]) -> None:
    """Who finds what."""
    for finding in findings_of(diagnostics):
        if finding.clause in mutant.clauses:
            mutant.kills.setdefault(test, set()).add(finding.clause)
        else:
            mutant.others.add(f"{test}: {finding.verdict} {finding.clause}")


def take_results(mutant: Mutant, results: list[Result]) -> None:
    for result in results:
        take(mutant, result.id, result.diagnostics)
        text = f"{result.id}: {result.verdict} {result.message}"
        if result.verdict in ENDS_THE_BOOT:
            mutant.lost.add(text)
        if result.verdict in ("ERROR", *ENDS_THE_BOOT):
            mutant.others.add(text)


def run(mutant: Mutant, globs: list[str], in_vm: bool) -> None:
    """A native boot that ends early is followed by one that begins behind the test that ended it."""
    if in_vm:
        take_results(mutant, boot_vm(mutant, mutant.variant, globs) or [])
        return
    first = 1
    for _ in range(BOOTS_MAX):
        console = boot(mutant, mutant.variant, globs, first)
        take_results(mutant, console.results)
        if console.running:
            take(mutant, console.running, console.pending_diagnostics())
        if console.results:
            first = console.results[-1].number + 1
        else:
            mutant.others.add(f"{console.running}: the run died")
            mutant.lost.add(f"{console.running}: the run died")
            first += 1
        if first > (console.plan or 1):
            return


def kill(mutant: Mutant, claims: dict[str, set[str]], in_vm: bool) -> Mutant:
    if mutant.name.startswith(HOSTILE):
        run(mutant, list(FOR_HOSTILE), in_vm)
        if mutant.clauses == ["CLAUSE_NONE"]:
            mutant.kills["every test ends"] = {"CLAUSE_NONE"}
        if mutant.lost:
            mutant.kills, mutant.others = {}, mutant.lost
        return mutant
    near = sorted(test for test, clauses in claims.items() if clauses & set(mutant.clauses))
    for at in range(0, len(near), GLOBS_MAX):
        run(mutant, near[at : at + GLOBS_MAX], in_vm)
    if not mutant.kills:
        run(mutant, list(DEFAULT), in_vm)
    return mutant


def findings_of_the_conforming(variants: set[str], in_vm: bool) -> list[str]:
    found = []
    for variant in sorted(variants):
        results = boot_vm(None, variant, list(DEFAULT)) if in_vm else boot(None, variant, list(DEFAULT), 1).results
        if results is None:
            print(f"mutants: SKIP this QEMU has no {MACHINES[variant]}")
            sys.exit(0)
        found += [f"{variant}: {ktap_line(one, False)}" for one in results if is_failure(one, False)]
        if not results:
            found.append(f"{variant}: no test ran")
    return found


def print_list(title: str, lines: list[str]) -> None:
    print(f"# {title}: {len(lines)}")
    for line in lines:
        print(f"#   {line}")


def print_verdicts(
    mutants: list[Mutant], claims: dict[str, set[str]], options: argparse.Namespace
) -> None:
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, mutant in enumerate(pool.map(lambda m: kill(m, claims, options.vm), mutants), 1):
            caught = [f"{test} ({', '.join(sorted(named))})" for test, named in mutant.kills.items()]
            print(
                f"{'ok' if caught else 'not ok'} {number} mutants.{mutant.name}"
                + ("" if caught else f" # FAIL breaks {', '.join(mutant.clauses)}: no test finds it"),
            )
            print(f"#   {mutant.text}")
            for line in caught or sorted(mutant.others):
                print(f"#   {line}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="kills the mutants of the reference device")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--vm", action="store_true", help="behind QEMU; default: a sample of 20")
    parser.add_argument("mutants", nargs="*", help="names; default: all")
    options = parser.parse_args()
    names = options.mutants or (list(SAMPLE) if options.vm else [])
    claims, mutants = read_claims(), read_mutants(names)
    if unknown := set(names) - {mutant.name for mutant in mutants}:
        sys.exit(f"mutants: there is no {', '.join(sorted(unknown))}")
    if options.vm and (others := [mutant.name for mutant in mutants if mutant.variant not in MACHINES]):
        sys.exit(f"mutants: no machine behind QEMU is of the variant of {', '.join(others)}")
    unsound = findings_of_the_conforming({mutant.variant for mutant in mutants}, options.vm)
    print_verdicts(mutants, claims, options)
    unnamed = [
        f"{mutant.name}: {', '.join(sorted(missing))}"
        for mutant in mutants
        if (missing := set(mutant.clauses).difference(*mutant.kills.values()))
    ]
    unbroken: list[str] = []
    if not names:
        levels, claimed = read_levels(), set().union(*claims.values())
        broken = {clause for mutant in mutants for clause in mutant.clauses}
        killers = {test for mutant in mutants for test in mutant.kills}
        may = {clause for clause in claimed if levels.get(clause) == "MAY"}
        print_list(
            "claimed clauses that something else breaks",
            [f"{clause}: {why}" for clause, why in BROKEN_ELSEWHERE.items()],
        )
        unbroken = sorted(claimed - broken - may - set(BROKEN_ELSEWHERE))
        print_list("claimed clauses that no mutant breaks", unbroken)
        print_list("tests that kill no mutant", sorted(set(claims) - killers))
    print_list("clauses that a mutant is said to break and no test names for it", unnamed)
    print_list("findings on the device without a bug", unsound)
    killed = sum(bool(mutant.kills) for mutant in mutants)
    print(f"mutants: {killed} killed of {len(mutants)}")
    return 0 if killed == len(mutants) and not (unsound or unnamed or unbroken) else 1


if __name__ == "__main__":
    sys.exit(main())
