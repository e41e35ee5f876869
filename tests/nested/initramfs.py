# SPDX-License-Identifier: BSD-2-Clause
"""A root file system for the Linux kernel (its Documentation/driver-api/early-userspace/buffer-format).

pack() makes an archive that holds ordinary files, each at a path that is given without its leading slash and copied
from another one or a text, and the console that the first process needs. The same files make the same bytes.
"""

from __future__ import annotations

import gzip
import os
import stat


class Archive:
    """A cpio archive of the kind `newc`."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self._paths: set[str] = set()

    def add(self, path: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        """An entry, after the folders that it is in, unless it is there already."""
        if path in self._paths:
            return
        parent = os.path.dirname(path)
        if parent:
            self.add(parent, stat.S_IFDIR | 0o755)
        self._paths.add(path)
        name = path.encode() + b"\0"
        inode = len(self._paths)
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
        self.bytes += b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self._pad()
        self.bytes += content
        self._pad()

    def _pad(self) -> None:
        self.bytes += bytes(-len(self.bytes) % 4)


def pack(files: dict[str, str], texts: dict[str, str] | None = None) -> bytes:
    archive = Archive()
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    for path, source in files.items():
        with open(source, "rb") as file:
            archive.add(path, stat.S_IFREG | 0o755, file.read())
    for path, text in (texts or {}).items():
        archive.add(path, stat.S_IFREG | 0o755, text.encode())
    archive.add("TRAILER!!!", 0)
    return gzip.compress(bytes(archive.bytes), 1, mtime=0)


def write(target: str, files: dict[str, str], texts: dict[str, str]) -> None:
    """The archive of pack(), whole or not at all."""
    temporary = f"{target}.{os.getpid()}"
    with open(temporary, "wb") as out:
        out.write(pack(files, texts))
    os.replace(temporary, target)
