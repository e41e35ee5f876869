# SPDX-License-Identifier: BSD-2-Clause
"""QEMU (its docs/system/invocation)."""

from __future__ import annotations

import functools
import re

import versions

from .base import Adapter, Unusable, ask, find

START_LIMIT = 60  # seconds for a start and its end
HEAD = "-nodefaults -no-user-config -display none -no-reboot -serial stdio".split()


class Qemu(Adapter):
    name = "qemu"
    modes = ("icount", "debug")

    def packages(self) -> list[str]:
        own = [] if self.settings.qemu else [f"qemu_{self.machine.arch}"]
        return [*super().packages(), *own]

    def look(self) -> None:
        emulator = f"qemu-system-{self.machine.arch}"
        name = self.settings.qemu or emulator
        self.path = find([name, f"{name}-system-{self.machine.arch}", f"{name}/{emulator}"])
        if not self.path:
            raise Unusable(f"no QEMU at '{name}'")
        if found := re.search(r"@[A-Z]+@", self.path):
            raise Unusable(f"QEMU: '{self.path}': {found[0]} stands for something else")
        words = ask([self.path, "--version"]).out.splitlines()
        match = re.search(r"version ([0-9.]*[0-9])", words[0] if words else "")
        self.version = match[1] if match else ""

    @functools.cache
    def _devices(self) -> str:
        return ask([self.path, "-device", "help"]).out

    def has(self, device: str) -> bool:
        return f'name "{device}"' in self._devices()

    def lacking(self) -> str:
        needs, version = self.machine.needs, versions.parse(self.version)
        if "qemu" in needs and version and not versions.holds(needs["qemu"], version):
            return f"needs a QEMU {needs['qemu']}, this one is {self.version}"
        if "device" in needs and not self.has(needs["device"]):
            return f"no {needs['device']} in QEMU {self.version}"
        if "plug" in needs:
            return self._plug_error(needs["plug"])
        return ""

    def _plug_error(self, device: str) -> str:
        """QEMU's error message for a device after the arguments before it, which only a start shows; '' if it fits."""
        words = self.machine.words
        at = next(i for i in range(len(words)) if words[i : i + 2] == ["-device", device])
        return "" if self._start_error(words[:at]) else self._start_error(words[: at + 2])

    def _start_error(self, words: list[str]) -> str:
        """The error message with which the VMM does not start with these arguments; '' if it starts."""
        head = "-nodefaults -no-user-config -display none -S -monitor stdio".split()
        finished = ask([self.path, "-accel", self.accel, *head, *words], START_LIMIT, b"quit\n")
        return finished.last_words() if finished.status else ""

    def machine_words(self) -> list[str]:
        words = list(self.machine.words)
        for device in self.machine.optional:
            if self.has(device):
                words += ["-device", device]
        return words

    def head(self) -> list[str]:
        return [self.path, "-accel", self.accel, *HEAD]

    def command(self) -> list[str]:
        argv = [*self.head(), *self.machine_words()]
        if self.settings.icount:
            argv += ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
        if self.settings.debug:
            argv += ["-s", "-S"]
        return argv + self.settings.words
