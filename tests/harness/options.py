# SPDX-License-Identifier: BSD-2-Clause
"""run.sh's options and environment variables as a value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

PASSED, FAILED, USAGE, NO_VERDICT = 0, 1, 2, 3

HELP = """\
usage: ./run.sh [options] [GLOB...] [-- VMM-ARGUMENTS...]
  GLOB             ids of tests: 'conformance.map.*', conformance.map, 'bench.*'
                   default: every test that -l does not mark as run by name only
  -a ARCH          the CPU: x86_64, aarch64 or riscv64
  -m MACHINES      of tests/harness/machines.toml: names and globs, separated by commas;
                   default: the first machine of ARCH; without -a q35
  -j N             run N of several machines at a time, or, where each test has a boot of its own, N of those;
                   default 1
  -l               list the machines, and the tests of the image, or those that GLOBs match
  -n               print the VMM's command line; nothing is built or booted
  -s SEED          of everything random, decimal or 0x; default: a random one, printed
  -t SECONDS       duration of each stress test; default 2
  -o DIR           directory of console.log, results.ktap, junit.xml, results.json and vmm.log; with
                   several machines DIR/MACHINE for each; default build/results/MACHINE
  -d               wait for gdb before the first instruction; no time limits
  --at-least N     fewer tests executed, neither skipped nor left out, are a failure of each machine; default 0
  --isolate        a boot for each test that drives the IOMMU, as it is by itself from the test on after which
                   the IOMMU's reset proves broken; the last line says how many boots there were
  --strict         a WARN that is not known counts as a failure
  --icount         deterministic: the VM's clock counts instructions
  --no-build       boot the image that is there: no packages are checked, nothing is built
  --vmm-command C  the VMM's command line, split as a shell does, instead of a machine: @IMAGE@ is the image,
                   @GUEST@ the guest's command line, @DISK@ a disk of 1 MiB, @CONSOLE@ a file that the VMM
                   writes the console to; without it that is stdout
  --image KIND     the image of --vmm-command: pvh (default), bzimage or efi on x86_64, image (default) or
                   efi on the other CPUs
  --console FILE   judge a console that was saved, and boot nothing
  --machines FILE  read the machines from FILE instead of tests/harness/machines.toml
  -h, --help       this text
environment:
  QEMU=            the QEMU to use, a command or a path
  ACCEL=           tcg (default), kvm, or auto: kvm where it can be used, and runs a guest
  LKVM=, CLOUD_HYPERVISOR=, CROSVM=, FIRECRACKER=, ALIOTH=
                   the VMM of that name to use (LKVM: kvmtool), a command or a path; of several, separated
                   by ':', the first one for the machine's CPU; default: the one in PATH
  TIMEOUT=         seconds for one boot, without the -t of its tests; 0: no limit; default 300
  NO_INSTALL=1     never install packages: if some are missing, name them and exit with status 2
  NO_COLOR=1       no colours on a terminal
exit status:
  0 nothing failed, 1 a test failed, 2 usage, missing tool or build failure,
  3 the VM gave no verdict; with several machines the greatest"""

VALUES = (
    *("-a", "-m", "-j", "-s", "-t", "-o", "--machines", "--at-least"),
    *("--vmm-command", "--image", "--console"),
)
GLOB_MAX = 1000  # characters
PROGRAMS = ("LKVM", "CLOUD_HYPERVISOR", "CROSVM", "FIRECRACKER", "ALIOTH")
FLAGS = ("-l", "-n", "-d", "--strict", "--isolate", "--icount", "--no-build", "-h", "--help")
SEED_MAX = (1 << 64) - 1
ICOUNT_TIMEOUT = 1200  # every instruction is a nanosecond of the guest's, and takes longer than that


class Bad(ValueError):
    """An invalid option or environment variable."""


@dataclass
class Options:
    globs: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # what follows --
    arch: str = ""
    machines: str = ""  # names and globs with commas between
    machines_file: str = ""
    vmm_command: str = ""
    image: str = ""
    console: str = ""
    jobs: int = 1
    seed: str = ""
    seconds: int = 2
    at_least: int = 0  # tests executed
    results: str = ""
    timeout: int = 300  # 0: none
    accel: str = "tcg"
    qemu: str = ""
    programs: dict[str, str] = field(default_factory=dict)  # VMMs, by the names of their variables
    version: str = ""  # of ourselves
    list: bool = False
    dry: bool = False
    debug: bool = False
    strict: bool = False
    isolate: bool = False
    icount: bool = False
    no_build: bool = False
    help: bool = False


def parse(arguments: list[str], environment: Mapping[str, str]) -> Options:
    options, values, flags = Options(), {}, set()
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            options.words = list(rest)
        elif argument in VALUES:
            value = next(rest, "")
            if not value or value.startswith("-"):
                raise Bad(f"{argument} takes an argument" + (f", not '{value}'" if value else "") + "; -h for help")
            values[argument] = value
        elif argument in FLAGS:
            flags.add(argument)
        elif argument.startswith("-"):
            raise Bad(f"unknown option '{argument}'; -h for help")
        elif not re.fullmatch(r"[a-zA-Z0-9_.*?]+", argument):
            raise Bad(f"'{argument}' is not a glob of test ids: letters, digits, _ . * ?")
        elif len(argument) > GLOB_MAX:
            raise Bad(f"a glob of {len(argument)} characters, expected {GLOB_MAX} at most: '{argument[:40]}...'")
        else:
            options.globs.append(argument)
    options.help = bool({"-h", "--help"} & flags)
    options.list, options.dry, options.debug = "-l" in flags, "-n" in flags, "-d" in flags
    options.strict, options.icount = "--strict" in flags, "--icount" in flags
    options.isolate = "--isolate" in flags
    options.no_build = "--no-build" in flags
    options.arch, options.machines = values.get("-a", ""), values.get("-m", "")
    options.machines_file, options.results = values.get("--machines", ""), values.get("-o", "")
    options.vmm_command, options.image = values.get("--vmm-command", ""), values.get("--image", "")
    options.console = values.get("--console", "")
    if "-s" in values:
        options.seed = _seed(values["-s"])
    options.seconds = _number("-t", values.get("-t", "2"))
    options.jobs = _number("-j", values.get("-j", "1"), 1)
    options.at_least = _number("--at-least", values.get("--at-least", "0"))
    if options.debug and options.list:
        raise Bad("-l lists, and has nothing for -d to debug")
    _refuse_contradictions(options)
    _take_environment(options, environment)
    return options


def _refuse_contradictions(options: Options) -> None:
    """--vmm-command and --console take the place of a machine."""
    if options.image and not options.vmm_command:
        raise Bad("--image is for --vmm-command: a machine has its image")
    ways = [("--vmm-command", options.vmm_command), ("--console", options.console)]
    ways += [("-m", options.machines), ("--machines", options.machines_file)]
    given = [name for name, value in ways if value]
    if (options.vmm_command or options.console) and len(given) > 1:
        raise Bad(f"{given[0]} takes the place of {given[1]}: give one of them")
    if options.console and (options.globs or options.list or options.debug or options.dry):
        raise Bad("--console judges all of what was saved: no GLOB, -l, -d or -n")


def _take_environment(options: Options, environment: Mapping[str, str]) -> None:
    options.qemu = environment.get("QEMU", "")
    options.programs = {name: value for name in PROGRAMS if (value := environment.get(name, ""))}
    options.accel = environment.get("ACCEL") or "tcg"
    if not re.fullmatch(r"[a-z0-9,=-]+", options.accel):
        raise Bad(f"ACCEL: '{options.accel}' is not an accelerator")
    if options.icount and not options.accel.startswith("tcg"):
        raise Bad(f"--icount needs ACCEL=tcg, not {options.accel}")
    default = ICOUNT_TIMEOUT if options.icount else 300
    options.timeout = _number("TIMEOUT", environment.get("TIMEOUT") or str(default), 1)
    if options.debug:
        options.timeout = 0


def _number(name: str, text: str, least: int = 0) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) < least:
        raise Bad(f"{name}: '{text}' is not a number that can be used")
    return int(text)


def _seed(text: str) -> str:
    """As it is given."""
    match = re.fullmatch(r"0[xX]([0-9a-fA-F]{1,16})|([0-9]{1,20})", text)
    if not match or int(match[1] or match[2], 16 if match[1] else 10) > SEED_MAX:
        raise Bad(f"-s: '{text}' is not a number that can be used: 64 bits, decimal or 0x")
    return text


def random_seed() -> str:
    return str(int.from_bytes(os.urandom(4), "little"))
