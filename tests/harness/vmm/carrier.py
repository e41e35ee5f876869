# SPDX-License-Identifier: BSD-2-Clause
"""The carrier: a machine of QEMU's that emulates KVM, in which a VMM runs that needs it (tests/nested).

It is booted once for all boots of a series, and has its own failures, which are not the VMM's.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping

import build
import process
from machines import Machine

from .base import HOME, NoStart, Settings, Starter
from .qemu import Qemu

sys.path.insert(0, os.path.join(HOME, "tests", "nested"))
import elf  # noqa: E402
import initramfs  # noqa: E402

NESTED = os.path.join(HOME, "build", "nested")
PARTS = os.path.join(HOME, "tests", "nested")
# Options of the kernel: its console is the last one of these that is there.
KERNEL_OPTIONS = "console=ttyAMA0 console=ttyS0 quiet panic=-1"
HOST_LIMIT = 900  # seconds to download a kernel
START_LIMIT = 120  # seconds for the machine to come up
CACHED = 4  # root file systems of one machine that are kept
DISK = "/tmp/disk"  # as init makes it
MARK = b"\n@carrier "
MARK_MAX = 1 << 16  # bytes of a line with a mark


class Channel:
    """The console of a running carrier, whose marked lines (tests/nested/init) are taken out of the VMM's."""

    def __init__(self, child: process.Child) -> None:
        self.child = child
        self.trouble = ""  # why the carrier is of no use any more
        self.is_ready = False
        self.ended: int | None = None  # the exit status of the VMM
        self._buffer = b""

    def read(self, wait: float | None) -> dict[str, bytes]:
        got = self.child.read(wait)
        if got is None:
            status = self.child.status or 0
            how = f"was killed by {process.signal_name(-status)}" if status < 0 else f"ended with status {status}"
            self.trouble = self.trouble or f"the QEMU that carries the VMM {how}"
            rest, self._buffer = self._buffer, b""
            return {"out": rest}
        self._buffer += got.get("out", b"")
        found = {"out": b"", "err": got.get("err", b"")}
        while self.ended is None and not self.trouble and (at := self._buffer.find(MARK)) >= 0:
            end = self._buffer.find(b"\n", at + 1)
            if end < 0 and len(self._buffer) - at < MARK_MAX:
                found["out"] += self._buffer[:at]
                self._buffer = self._buffer[at:]
                return found
            found["out"] += self._buffer[:at]
            found["err"] += self._take_mark(self._buffer[at + len(MARK) : end])
            self._buffer = self._buffer[end + 1 :]
        keep = next((n for n in range(len(MARK) - 1, 0, -1) if self._buffer.endswith(MARK[:n])), 0)
        if self.ended is None and not self.trouble:
            cut = len(self._buffer) - keep
            found["out"] += self._buffer[:cut]
            self._buffer = self._buffer[cut:]
        return found

    def _take_mark(self, mark: bytes) -> bytes:
        """What the VMM said on its stderr, if that is it."""
        word, _, rest = mark.rstrip(b"\r").partition(b" ")
        if word == b"log":
            return rest + b"\n"
        if word == b"ready":
            self.is_ready = True
        elif word == b"ended" and rest.isdigit():
            self.ended = int(rest)
        else:
            self.trouble = f"the machine that carries the VMM: {rest.decode('utf-8', 'replace')}"
        return b""

    def send(self, line: str) -> None:
        self.ended = None
        assert self.child.popen.stdin is not None
        try:
            self.child.popen.stdin.write(line.encode() + b"\n")
            self.child.popen.stdin.flush()
        except OSError as error:
            self.trouble = f"the machine that carries the VMM takes no command: {error.strerror}"


class Carried:
    """A VMM in the carrier, as vm.Boot takes a process."""

    silent = False

    def __init__(self, channel: Channel) -> None:
        self.status: int | None = None
        self.trouble = ""
        self._channel = channel
        self._starved_before = channel.child.starved()

    def read(self, wait: float | None) -> dict[str, bytes] | None:
        channel = self._channel
        if self.status is not None or self.trouble:
            return None
        got = channel.read(wait)
        if channel.ended is not None:  # as a shell tells it: a signal and 128
            self.status = channel.ended if channel.ended <= 128 else 128 - channel.ended
        self.trouble = channel.trouble
        return got

    def kill(self) -> None:
        self._channel.child.kill()

    def starved(self) -> float:
        """Of the carrier, since this VMM was started."""
        return self._channel.child.starved() - self._starved_before

    def end(self) -> None:
        """A VMM that has not ended takes the carrier with it."""
        if self.status is None:
            self._channel.trouble = self._channel.trouble or "it was ended"
            self._channel.child.end()


class CarrierStarter(Starter):
    def __init__(self) -> None:
        self._channel: Channel | None = None

    def start(self, argv: list[str], environment: Mapping[str, str], guest: str) -> process.Running:
        if self._channel is None or self._channel.trouble:
            self.end()
            self._channel = Channel(process.Child(argv, environment, subprocess.PIPE))
            self._wait(self._channel)
        self._channel.send(guest)
        return Carried(self._channel)

    def _wait(self, channel: Channel) -> None:
        deadline, heard = time.monotonic() + START_LIMIT, b""
        while not channel.is_ready and not channel.trouble:
            if (left := deadline - time.monotonic()) <= 0:
                channel.trouble = f"the machine that carries the VMM is not up within {START_LIMIT} s"
                break
            heard += b"".join(channel.read(left).values())
        if channel.trouble:
            channel.child.end()
            words = heard.decode("utf-8", "replace").split("\n")
            last = [word.strip() for word in words if word.strip()][-1:]
            raise NoStart(": ".join([channel.trouble, *last]))

    def end(self) -> None:
        if self._channel:
            self._channel.child.end()
            self._channel = None


class Carrier:
    """What carries the VMM of one machine."""

    def __init__(self, machine: Machine, settings: Settings) -> None:
        self.machine = machine
        self.qemu = Qemu(machine, settings)
        self.root = os.path.join(NESTED, machine.name)  # its initramfs; prepare() knows the real name
        self._kernel = os.path.join(NESTED, machine.arch)

    def lacking(self, program: str) -> str:
        """Why it can't carry this VMM."""
        try:
            cpu = elf.read(program).cpu
        except elf.Bad as error:
            return f"{error}, and the machine that carries it has no interpreter"
        if cpu != self.machine.arch:
            return f"{program} is for {cpu}, and the machine for {self.machine.arch}"
        _, missing = elf.libraries(program)
        if missing:
            return f"{program} needs {', '.join(missing)}, not to be found here: link it statically, or install them"
        return self._kernel_lacking()

    def _kernel_lacking(self) -> str:
        arch = self.machine.arch
        os.makedirs(NESTED, exist_ok=True)
        with build.locked():
            finished = process.run([os.path.join(PARTS, "host.sh"), arch, self._kernel], HOST_LIMIT)
        with open(f"{self._kernel}.log", "w", encoding="utf-8") as file:
            file.write(finished.err)
        if finished.status != 0:
            return f"no kernel for the machine that carries the VMM: {finished.last_words()}"
        return ""

    def command(self) -> list[str]:
        options = KERNEL_OPTIONS + " intel_iommu=on" * bool(self.machine.vfio)
        return [
            *(*self.qemu.head(), "-serial", "null", *self.machine.carrier),
            *("-kernel", os.path.join(self._kernel, "vmlinuz"), "-initrd", self.root, "-append", options),
        ]

    def starter(self) -> CarrierStarter:
        return CarrierStarter()

    def prepare(self, program: str, arguments: list[str], files: dict[str, str], terminal: bool) -> None:
        """The root file system: the VMM with its libraries, and `files`, sources by their paths there."""
        texts = {"arguments": "".join(f"{word}\n" for word in arguments)}
        for name, text in self.machine.files.items():
            texts[f"files/{name}"] = text.replace("@BUILD@", "").replace("@DISK@", DISK)
        texts |= {"terminal": ""} if terminal else {}
        texts["etc/passwd"] = "root:x:0:0:root:/root:/busybox\n"
        sources = {"init": os.path.join(PARTS, "init"), "vmm": program, **elf.libraries(program)[0], **files}
        if self.machine.vfio:
            sources["setup"] = os.path.join(PARTS, "vfio")
            texts["functions"] = "".join(f"{function}\n" for function in self.machine.vfio)
        kernel = [name for name in os.listdir(self._kernel) if name != "vmlinuz"]
        sources |= {name: os.path.join(self._kernel, name) for name in kernel}
        self.root = _cached(os.path.join(NESTED, self.machine.name), sources, texts)


def _cached(name: str, sources: dict[str, str], texts: dict[str, str]) -> str:
    """The archive of these files, which is made once for their content."""
    digest = hashlib.sha256(repr(sorted(texts.items())).encode())
    for path, source in sorted(sources.items()):
        with open(source, "rb") as file:
            digest.update(repr((path, hashlib.file_digest(file, "sha256").hexdigest())).encode())
    target = f"{name}-{digest.hexdigest()[:16]}"
    with build.locked():
        if os.path.exists(target):
            os.utime(target)
            return target
        initramfs.write(target, sources, texts)
        folder, prefix = os.path.split(f"{name}-")
        old = [os.path.join(folder, found) for found in os.listdir(folder) if found.startswith(prefix)]
        for path in sorted(old, key=os.path.getmtime)[:-CACHED]:
            os.remove(path)
    return target
