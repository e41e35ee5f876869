# SPDX-License-Identifier: BSD-2-Clause
"""kvmtool, which needs KVM: on this host, or nested in a QEMU machine (the carrier) that emulates it."""

from __future__ import annotations

import os
import re
import shutil
import sys

import build
import process

from .base import HOME, Adapter, Unusable, ask, kvm_lacking
from .qemu import Qemu

sys.path.insert(0, os.path.join(HOME, "tests", "nested"))
import initramfs  # noqa: E402

# e_machine (System V ABI).
CPUS = {b"\x3e\0": "x86_64", b"\xb7\0": "aarch64", b"\xf3\0": "riscv64"}
NESTED = os.path.join(HOME, "build", "nested")
# Options of the kernel that carries lkvm: its console, which is the last one of these that is there.
CARRIER_OPTIONS = "console=ttyAMA0 console=ttyS0 quiet panic=-1"
HOST_LIMIT = 900  # seconds to download a kernel


def cpu_of(path: str) -> str:
    """Of an ELF file; '' of another one."""
    with open(path, "rb") as file:
        head = file.read(20)
    return CPUS.get(head[18:], "") if head[:4] == b"\x7fELF" else ""


class Kvmtool(Adapter):
    name = "kvmtool"
    guest_max = 1800  # of the 2048 that it keeps, some for its own options

    def packages(self) -> list[str]:
        return ["build"]

    def look(self) -> None:
        """The first lkvm for the CPU of those that LKVM= names with ':' between, or else the one in PATH. A script,
        say, is for the CPU of this machine."""
        here = os.uname().machine
        for name in (self.settings.lkvm or "lkvm").split(":"):
            path = shutil.which(name)
            if path is None and self.settings.lkvm:
                raise Unusable(f"LKVM: no lkvm at '{self.settings.lkvm}'")
            if path and (cpu_of(path) or here) == self.machine.arch:
                self.path = path
                break
        self.version = "unknown"
        if self.path and self.machine.arch == here and not self.settings.dry:
            if match := re.search(r"^kvm tool ([0-9.]*[0-9])", self._version(), re.M):
                self.version = match[1]
        self._carry()

    def _version(self) -> str:
        try:
            return ask([self.path, "version"]).out
        except Unusable:
            return ""

    def _carry(self) -> None:
        self.accel = "kvm"
        # Where lkvm keeps a socket for each VM.
        self.environment["HOME"] = os.path.join(NESTED, "home")

    def lacking(self) -> str:
        if not self.path:
            where = f"LKVM={self.settings.lkvm}" if self.settings.lkvm else "PATH"
            return f"no lkvm for {self.machine.arch} in {where}"
        return self._no_kvm()

    def _no_kvm(self) -> str:
        return kvm_lacking(self.machine.arch)

    def command(self) -> list[str]:
        return [self.path or "lkvm", "run", *self.machine.words, *self.settings.words]

    def prepare(self) -> None:
        os.makedirs(self.environment["HOME"], exist_ok=True)


class Carried(Kvmtool):
    """lkvm in a QEMU machine, whose root file system has lkvm, the image and lkvm's arguments."""

    guest_max = 1700  # Linux's own limit is 2048 (COMMAND_LINE_SIZE)

    def packages(self) -> list[str]:
        return Qemu(self.machine, self.settings).packages()

    def _carry(self) -> None:
        self.qemu = Qemu(self.machine, self.settings)
        self.qemu.look()
        self.accel = f"kvm in {self.accel}"

    def _no_kvm(self) -> str:
        """Why no machine of QEMU's can carry that lkvm."""
        arch, log = self.machine.arch, os.path.join(NESTED, f"{self.machine.arch}.log")
        if not cpu_of(self.path):
            return f"{self.path} is no ELF file"
        if arch != os.uname().machine:
            if "INTERP" in process.run(["llvm-readelf", "-l", self.path], 60).out:
                return f"the libraries of {self.path}, which is for another CPU, are not at hand: build lkvm-static"
        os.makedirs(NESTED, exist_ok=True)
        host = os.path.join(HOME, "tests", "nested", "host.sh")
        with build.locked():
            finished = process.run([host, arch, os.path.join(NESTED, arch)], HOST_LIMIT)
        with open(log, "w", encoding="utf-8") as file:
            file.write(finished.err)
        if finished.status != 0:
            return f"no kernel for the machine that carries lkvm: {finished.last_words()}"
        return ""

    def _words(self) -> list[str]:
        return [word.replace("@BUILD@", "") for word in [*self.machine.words, *self.settings.words]]

    def command(self) -> list[str]:
        arch = self.machine.arch
        return [
            *(*self.qemu.head(), *self.machine.carrier, "-kernel", os.path.join(NESTED, arch, "vmlinuz")),
            *("-initrd", os.path.join(NESTED, self.machine.name)),
            *("-append", f"{CARRIER_OPTIONS} -- @GUEST@"),
        ]

    def remarks(self) -> list[str]:
        return [f"there: lkvm run {' '.join(self._words())}"]

    def prepare(self) -> None:
        target, folder = os.path.join(NESTED, self.machine.name), os.path.join(NESTED, self.machine.arch)
        with open(f"{target}.arguments", "w", encoding="utf-8") as file:
            file.write("".join(f"{word}\n" for word in ["run", *self._words()]))
        files = {
            "init": os.path.join(HOME, "tests", "nested", "init"),
            **{"lkvm": self.path, "arguments": f"{target}.arguments"},
        }
        for word in self.machine.words:
            if word.startswith("@BUILD@/"):
                name = word.removeprefix("@BUILD@/")
                files[name] = os.path.join(self.place, name)
        files |= {name: os.path.join(folder, name) for name in os.listdir(folder) if name != "vmlinuz"}
        initramfs.write(target, files | _libraries(self.path))


def _libraries(path: str) -> dict[str, str]:
    """The shared libraries of a program, by the path that they have without its leading slash."""
    if not shutil.which("ldd"):
        return {}
    found = re.findall(r"/[^ \n]*", process.run(["ldd", path], 60).out)
    # The C library opens this one when a thread is cancelled, as lkvm's are at its end.
    late = [os.path.join(os.path.dirname(name), "libgcc_s.so.1") for name in found if "/libc.so." in name]
    return {name[1:]: name for name in [*found, *filter(os.path.exists, late)]}
