# SPDX-License-Identifier: BSD-2-Clause
"""What the VMMs have in common that need KVM and that no Debian has: on this host, or in the carrier."""

from __future__ import annotations

import os
import re
import shutil
import sys

from .base import HOME, Adapter, Starter, TerminalStarter, Unusable, ask, kvm_lacking
from .carrier import NESTED, Carrier

sys.path.insert(0, os.path.join(HOME, "tests", "nested"))
import elf  # noqa: E402


class KvmVmm(Adapter):
    """A subclass names its program, how it says its version, and what it lacks."""

    program = ""
    version_words: tuple[str, ...] = ("--version",)
    version_line = re.compile(r"v?([0-9][^\s]*)")
    guest_max = 1800
    wants_terminal = False  # as stdin
    is_carried_by_name = False  # whatever ACCEL says, where the machine has a carrier

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        machine, settings = self.machine, self.settings
        is_carried = self.is_carried_by_name or bool(machine.vfio) or settings.accel != "kvm"
        self.carrier = Carrier(machine, settings) if machine.carrier and is_carried else None
        # Where some keep a socket for each VM.
        self.environment["HOME"] = os.path.join(NESTED, "home")

    @property
    def variable(self) -> str:
        """Of the environment, that names it."""
        return self.program.upper().replace("-", "_")

    def packages(self) -> list[str]:
        return self.carrier.qemu.packages() if self.carrier else super().packages()

    def look(self) -> None:
        """The first one for the CPU of those that the variable names with ':' between, or else the one in PATH. A
        script, say, is for the CPU of this machine."""
        here, named = os.uname().machine, self.settings.programs.get(self.variable, "")
        for name in (named or self.program).split(":"):
            path = shutil.which(name)
            if path is None and named:
                raise Unusable(f"{self.variable}: no {self.program} at '{named}'")
            if path and (elf.cpu_of(path) or here) == self.machine.arch:
                self.path = path
                break
        self.version = "unknown"
        if self.path and self.machine.arch == here and not self.settings.dry:
            self.version = self._version()
        self.accel = "kvm"
        if self.carrier:
            self.carrier.qemu.look()
            self.accel = f"kvm in {self.carrier.qemu.accel}"

    def _version(self) -> str:
        try:
            said = ask([self.path, *self.version_words])
        except Unusable:
            return "unknown"
        match = self.version_line.search(said.out + said.err)
        return match[1] if match else "unknown"

    def lacking(self) -> str:
        if not self.path:
            named = self.settings.programs.get(self.variable)
            where = f"{self.variable}={named}" if named else "PATH"
            return f"no {self.program} for {self.machine.arch} in {where}"
        if why := self.unfit():
            return why
        return self.carrier.lacking(self.path) if self.carrier else kvm_lacking(self.machine.arch)

    def unfit(self) -> str:
        """What the machine has that this VMM can't have; ''."""
        return ""

    def arguments(self) -> list[str]:
        """Behind the program's name."""
        return [*self.machine.words, *self.settings.words]

    def _there(self) -> list[str]:
        """The same as the carrier's files are called."""
        return [word.replace("@BUILD@", "") for word in self.arguments()]

    def command(self) -> list[str]:
        return self.carrier.command() if self.carrier else [self.path or self.program, *self.arguments()]

    def remarks(self) -> list[str]:
        """What the carrier starts."""
        return [f"there: {' '.join([self.program, *self._there()])}"] if self.carrier else []

    def prepare(self) -> None:
        os.makedirs(self.environment["HOME"], exist_ok=True)
        if self.carrier:
            named = "\n".join([*self.arguments(), *self.machine.files.values()])
            images = re.findall(r"@BUILD@/([\w.-]+)", named)
            files = {name: os.path.join(self.place, name) for name in images}
            self.carrier.prepare(self.path, self._there(), files, self.wants_terminal)

    def starter(self) -> Starter:
        if self.carrier:
            return self.carrier.starter()
        return TerminalStarter() if self.wants_terminal else Starter()
