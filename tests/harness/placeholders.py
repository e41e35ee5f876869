# SPDX-License-Identifier: BSD-2-Clause
"""The placeholders in a machine's arguments, all expanded here.

@BUILD@ is the folder of the images, @GUEST@ the guest's command line, @BOOT@ the number of the boot. @DISK@ is a disk
of 1 MiB, @UEFI@ a copy of build/ARCH/viommu-guest.disk that holds that command line, @CONSOLE@ what a VMM writes its
console to, and @DTB@ the VMM's own device tree with an IOMMU in it: new files, in memory where there is room.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable

import devicetree
import process
from build import HOME
from machines import Machine

DISK_SIZE = 1 << 20
PREFIX = "viommu-guest."
FOLLOW = os.path.join(HOME, "tests", "harness", "follow.py")
UEFI_OPTIONS = os.path.join(HOME, "boot", "efi", "disk.py")


def folders() -> list[str]:
    return ["/dev/shm", tempfile.gettempdir()]


def substitute(argv: list[str], **values: str) -> list[str]:
    for name, value in values.items():
        argv = [word.replace(f"@{name}@", value) for word in argv]
    return argv


def has(argv: list[str], name: str) -> bool:
    return any(f"@{name}@" in word for word in argv)


class Files:
    """The new files of one run; remove() when it is over."""

    def __init__(self) -> None:
        self._paths: list[str] = []
        self._texts: dict[str, str] = {}  # of @FILES@
        self._folders: list[str] = []
        self.uefi = ""  # the disk that the guest's command line goes onto

    def new(self, fill: Callable[[str], None]) -> str:
        """A file that `fill` has made, in the first folder that has room for all of it."""
        trouble = OSError("no folder for temporary files")
        for folder in folders():
            if not os.access(folder, os.W_OK):
                continue
            path = ""
            try:
                descriptor, path = tempfile.mkstemp(prefix=PREFIX, dir=folder)
                os.close(descriptor)
                self._paths.append(path)
                fill(path)
                return path
            except OSError as error:
                trouble = error
                if path:
                    self._paths.remove(path)
                    os.remove(path)
        raise OSError(f"no room for a temporary file in {' or '.join(folders())}: {trouble.strerror or trouble}")

    def expand(self, argv: list[str], machine: Machine, build: str) -> list[str]:
        """All but @GUEST@."""
        if has(argv, "UEFI"):
            disk = os.path.join(build, "viommu-guest.disk")
            self.uefi = self.new(lambda path: _copy(disk, path))
            argv = substitute(argv, UEFI=self.uefi)
        argv = substitute(argv, BUILD=build)
        if has([*argv, *machine.files.values()], "DISK"):
            disk = self.new(_allocate)
            argv = substitute(argv, DISK=disk)
            self._texts = {name: text.replace("@DISK@", disk) for name, text in machine.files.items()}
        self._texts = {name: text.replace("@BUILD@", build) for name, text in (self._texts or machine.files).items()}
        if has(argv, "CONSOLE"):
            console = self.new(lambda path: None)
            argv = [*process.PYTHON, FOLLOW, console, *substitute(argv, CONSOLE=console)]
        if has(argv, "DTB"):
            if not machine.dtb:  # it comes from behind --
                raise ValueError(f"@DTB@: {machine.name} has no dtb, which says what the tree connects")
            argv = substitute(argv, DTB=self.new(lambda path: devicetree.make(argv, **machine.dtb, path=path)))
        return argv

    def guest(self, argv: list[str], line: str, boot: int = 1) -> list[str]:
        """The command line of a boot whose guest gets this one."""
        if self.uefi:
            finished = process.run([*process.PYTHON, UEFI_OPTIONS, f"--options={line}", self.uefi], 60)
            if finished.status:
                raise ValueError(finished.last_words())
        if self._texts and has(argv, "FILES"):
            argv = substitute(argv, FILES=self._fill(line))
        return substitute(argv, GUEST=line, BOOT=str(boot))

    def _fill(self, line: str) -> str:
        """A folder with the files of one boot."""
        folder = tempfile.mkdtemp(prefix=PREFIX)
        self._folders.append(folder)
        for name, text in self._texts.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text.replace("@GUEST@", line))
        return folder

    def remove(self) -> None:
        for path in self._paths:
            with contextlib.suppress(OSError):
                os.remove(path)
        self._paths.clear()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders.clear()


def _copy(source: str, target: str) -> None:
    shutil.copyfile(source, target)


def _allocate(path: str) -> None:
    """All of it: a VM whose disk finds no room when it is written to would stall."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.posix_fallocate(descriptor, 0, DISK_SIZE)
    finally:
        os.close(descriptor)


def shown(argv: list[str], machine: Machine, build: str, guest: str) -> tuple[list[str], list[str]]:
    """What -n prints: the command line, and how its files are made."""
    remarks, folder = [], tempfile.gettempdir()
    disk, tree, uefi = f"{folder}/{PREFIX}disk", f"{folder}/{PREFIX}dtb", f"{build}/viommu-guest.disk"
    console = f"{folder}/{PREFIX}console"
    if has(argv, "DISK"):
        remarks.append(f"the disk: truncate -s 1M {disk}")
    if has(argv, "UEFI"):
        remarks.append(f"the options: python3 {UEFI_OPTIONS} --options='{guest}' {uefi}")
    if has(argv, "DTB"):
        maker = os.path.join(HOME, "tests", "harness", "devicetree.py")
        nodes = " ".join(f"--{name}={path}" for name, path in machine.dtb.items())
        remarks.append(f"the device tree: python3 {maker} {nodes} {tree} -- COMMAND")
    if has(argv, "CONSOLE"):
        remarks.append(f"the console: {console}")
    return substitute(argv, BUILD=build, GUEST=guest, DISK=disk, UEFI=uefi, DTB=tree, CONSOLE=console), remarks
