# SPDX-License-Identifier: BSD-2-Clause
"""The interface of a VMM's adapter, with the defaults that most of them share."""

from __future__ import annotations

import os
import pty
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

import process
from machines import Machine

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROBE_LIMIT = 10  # seconds for a VMM to print its version
# Of VMMs that log to stdout, Firecracker: 2026-11-30T07:14:03.858791397 [anonymous-instance:main] Running ...
LOG_LINE = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9} \[[^\]]*\] ")
GUEST_MAX = 4000  # bytes of a command line that every image takes (boot/boot_info.h), with room for from=


class Unusable(Exception):
    """Why there is no run: exit status 2."""


class NoStart(Exception):
    """Why what is to start the VMM could not: the VMM is not to blame."""


@dataclass
class Settings:
    """What the user asks of a VMM."""

    qemu: str = ""
    programs: dict[str, str] = field(default_factory=dict)  # other VMMs, by the names of their variables
    accel: str = "tcg"
    icount: bool = False
    debug: bool = False
    dry: bool = False  # print the command line only: start nothing that might take its time
    words: list[str] = field(default_factory=list)  # arguments of the VMM beside those of the machine


def kvm_lacking(arch: str) -> str:
    """Why VMs of that CPU can't be run by KVM here; '' if they can."""
    here = os.uname().machine
    if arch != here:
        return f"KVM runs VMs of this machine's CPU, {here}, and not of {arch}"
    if not os.access("/dev/kvm", os.W_OK):
        return "no KVM: /dev/kvm can't be written to"
    if arch == "x86_64":
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            if not {"vmx", "svm"} & set(file.read().split()):
                return "no KVM: the CPU has neither vmx nor svm"
    return ""


def find(names: list[str]) -> str:
    """The first command or path of these that can be run; ''."""
    for name in names:
        if path := shutil.which(name):
            return path if os.sep in name else name
    return ""


def ask(argv: list[str], limit: float = PROBE_LIMIT, stdin: bytes = b"") -> process.Finished:
    """A VMM that can't be started, or does not end, is Unusable."""
    try:
        finished = process.run(argv, limit, stdin=stdin)
    except OSError as error:
        raise Unusable(f"{argv[0]}: {error.strerror}") from error
    if finished.why:
        raise Unusable(f"{' '.join(argv[:3])}: {finished.why}")
    return finished


class Starter:
    """Starts one boot after the other. Where a VMM takes long to get at, one keeps what it needs between them."""

    def start(self, argv: list[str], environment: Mapping[str, str], guest: str) -> process.Running:
        """`guest` is the guest's command line, which `argv` has already where it is an argument."""
        return process.Child(argv, environment)

    def end(self) -> None:
        """Of what it keeps."""


class TerminalStarter(Starter):
    """For a VMM that wants a terminal as its stdin: one at which nobody types."""

    def start(self, argv: list[str], environment: Mapping[str, str], guest: str) -> process.Running:
        ours, theirs = pty.openpty()
        try:
            return process.Child(argv, environment, theirs, keep=[ours])
        finally:
            os.close(theirs)


class Adapter:
    """A VMM for one machine. `look()` comes first, then the rest."""

    name = ""  # whose known deviations are expected
    guest_max = GUEST_MAX
    modes: tuple[str, ...] = ()  # of --icount and -d
    noise: re.Pattern[bytes] | None = None  # the beginning of a line of its own log on the console's stream
    boots_max = 0  # of a run; 0: as many as it needs

    def __init__(self, machine: Machine, settings: Settings) -> None:
        self.machine = machine
        self.settings = settings
        self.path = ""
        self.version = ""
        self.accel = settings.accel
        self.place = os.path.join(HOME, "build", machine.arch)  # of the images
        self.environment: dict[str, str] = dict(machine.environment)

    def packages(self) -> list[str]:
        """Lists of tests/harness/setup.sh: packages_NAME."""
        return ["build", *(f"{kind}_{self.machine.arch}" for kind in self.machine.packages)]

    def targets(self) -> list[str]:
        """Of make."""
        return ["image"]

    def look(self) -> None:
        """Finds the VMM and asks for its version. Unusable: there is none."""

    def lacking(self) -> str:
        """Why the machine is skipped: this VMM or this host does not have it; '' if it does."""
        return ""

    def command(self) -> list[str]:
        """The VMM's command line, with placeholders."""
        raise NotImplementedError

    def remarks(self) -> list[str]:
        """What -n has to say beside the command line."""
        return []

    def prepare(self) -> None:
        """Makes what the command line needs. Nothing is started before."""

    def starter(self) -> Starter:
        """For boots one after the other."""
        return Starter()

    def deaf(self) -> str:
        """Why the guest gets no command line, and runs what it runs by itself; '' if it gets one."""
        return ""

    def end(self, status: int | None) -> str:
        """What is wrong with this exit status of a VMM whose guest came to its end; '' if nothing is."""
        if status is not None and status < 0:
            return f"the VMM was killed by {process.signal_name(-status)} after EXIT"
        return ""
