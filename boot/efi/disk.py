# SPDX-License-Identifier: BSD-2-Clause
"""Writes a disk image that UEFI firmware boots from: GPT, one EFI system partition, FAT16.

usage: disk.py IMAGE NAME=FILE...
       disk.py --options=TEXT IMAGE

Each FILE becomes \\EFI\\BOOT\\NAME; beside them stands options.txt, a page of room for the command line.
The same files make the same bytes: every identifier and time is fixed. The second form puts a command
line into options.txt of a finished image.
"""

from __future__ import annotations

import struct
import sys
import uuid
import zlib
from typing import BinaryIO

SECTOR = 512
DISK_SECTORS = 16384
PARTITION_FIRST, PARTITION_LAST = 2048, DISK_SECTORS - 34
ENTRIES, ENTRY_SIZE = 128, 128
ENTRY_SECTORS = ENTRIES * ENTRY_SIZE // SECTOR

ESP = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
DISK_ID = uuid.UUID("76696f6d-6d75-4000-8000-677565737430")
PARTITION_ID = uuid.UUID("76696f6d-6d75-4000-8000-677565737431")

RESERVED, FATS, ROOT_ENTRIES = 1, 2, 512
FAT_SECTORS = 56  # of 2 bytes for each cluster of one sector
DATE, TIME = (2026 - 1980) << 9 | 1 << 5 | 1, 0
DIRECTORY, ARCHIVE, LONG_NAME = 0x10, 0x20, 0x0F
LONG_PART = 13  # characters of a long name in one entry
END_OF_CHAIN = 0xFFFF

OPTIONS_SIZE = 4096
MARK = b"-- viommu-guest options.txt"


def options(text: str) -> bytes:
    """What options.txt holds: the command line, then what the guest takes for somebody else's."""
    line = f"{text} ".encode("ascii") if text else b""
    content = (line + MARK).ljust(OPTIONS_SIZE - 1) + b"\n"
    if len(content) > OPTIONS_SIZE:
        raise ValueError(f"options of {len(line)} bytes, expected {OPTIONS_SIZE - len(MARK) - 1} at most")
    return content


def set_options(path: str, text: str) -> None:
    """In place: the file begins with a sector and ends OPTIONS_SIZE bytes later."""
    with open(path, "r+b") as image:
        marks = [at for at in range(0, DISK_SECTORS * SECTOR, SECTOR) if is_options(image, at)]
        if len(marks) != 1:
            raise ValueError(f"{path}: {len(marks)} places that could be options.txt, expected 1")
        image.seek(marks[0])
        image.write(options(text))


def is_options(image: BinaryIO, at: int) -> bool:
    """Whether the page at `at` is a line with the mark in it, then spaces."""
    image.seek(at)
    page = image.read(OPTIONS_SIZE)
    line, mark, rest = page.partition(MARK)
    return bool(mark) and line.isascii() and not rest.strip() and rest[-1:] == b"\n" and len(page) == OPTIONS_SIZE


class Fat:
    """A FAT16 file system of one-sector clusters (Microsoft's specification, revision 1.03)."""

    def __init__(self, sectors: int) -> None:
        self.sectors = sectors
        self.table = [0xFFF8, END_OF_CHAIN]
        self.clusters: list[bytes] = []

    def store(self, content: bytes) -> int:
        """The first cluster of what is stored; 0: nothing is."""
        pieces = [content[at : at + SECTOR] for at in range(0, len(content), SECTOR)]
        first = len(self.table)
        for number, piece in enumerate(pieces):
            last = number + 1 == len(pieces)
            self.table.append(END_OF_CHAIN if last else first + number + 1)
            self.clusters.append(piece.ljust(SECTOR, b"\0"))
        return first if pieces else 0

    @staticmethod
    def long_name(name: str, short: bytes) -> bytes:
        """The entries that stand before the one with the short name, the last part first."""
        checksum = 0
        for byte in short:
            checksum = ((checksum << 7 | checksum >> 1) + byte) & 0xFF
        text = (name + "\0" * (len(name) % LONG_PART > 0)).encode("utf-16-le")
        entries: list[bytes] = []
        for at in range(0, len(text), 2 * LONG_PART):
            part = text[at : at + 2 * LONG_PART].ljust(2 * LONG_PART, b"\xff")
            number = len(entries) + 1 | (0x40 if at + 2 * LONG_PART >= len(text) else 0)
            entries.append(
                struct.pack("<B10sBBB12sH4s", number, part[:10], LONG_NAME, 0, checksum, part[10:22], 0, part[22:])
            )
        return b"".join(reversed(entries))

    @classmethod
    def entry(cls, name: str, attributes: int, cluster: int, size: int) -> bytes:
        base, _, extension = name.upper().partition(".")
        is_long = len(base) > 8
        base = base[:6] + "~1" if is_long else base
        short = (name if name[0] == "." else base.ljust(8) + extension.ljust(3)).ljust(11).encode("ascii")
        entry = struct.pack(
            "<11sBBBHHHHHHHI",
            *(short, attributes, 0, 0, TIME, DATE, DATE, 0, TIME, DATE, cluster, size),
        )
        return (cls.long_name(name, short) if is_long else b"") + entry

    def directory(self, parent: int, entries: list[bytes]) -> int:
        own = len(self.table)
        dots = [self.entry(".", DIRECTORY, own, 0), self.entry("..", DIRECTORY, parent, 0)]
        return self.store(b"".join(dots + entries))

    def boot_sector(self) -> bytes:
        return (
            struct.pack(
                "<3s8sHBHBHHBHHHIIBBBI11s8s",
                *(b"\xeb\x3c\x90", b"viommu  ", SECTOR, 1, RESERVED, FATS, ROOT_ENTRIES),
                *(self.sectors, 0xF8, FAT_SECTORS, 63, 255, PARTITION_FIRST, 0),
                *(0x80, 0, 0x29, 0x76696F6D, b"VIOMMUGUEST", b"FAT16   "),
            ).ljust(510, b"\0")
            + b"\x55\xaa"
        )

    def image(self, root: list[bytes]) -> bytes:
        table = struct.pack(f"<{len(self.table)}H", *self.table).ljust(FAT_SECTORS * SECTOR, b"\0")
        root_directory = b"".join(root).ljust(ROOT_ENTRIES * 32, b"\0")
        image = self.boot_sector() + table * FATS + root_directory + b"".join(self.clusters)
        if len(table) > FAT_SECTORS * SECTOR or len(image) > self.sectors * SECTOR:
            raise ValueError("the files do not fit")
        return image.ljust(self.sectors * SECTOR, b"\0")


def system_partition(files: dict[str, bytes]) -> bytes:
    fat = Fat(PARTITION_LAST - PARTITION_FIRST + 1)
    stored = [
        fat.entry(name, ARCHIVE, fat.store(content), len(content))
        for name, content in files.items()
    ]
    # A directory knows its own cluster and its parent's, which comes first here: EFI holds one entry.
    efi = len(fat.table)
    fat.store(b"\0" * SECTOR)
    boot = fat.directory(efi, stored)
    entries = [
        fat.entry(".", DIRECTORY, efi, 0),
        fat.entry("..", DIRECTORY, 0, 0),
        fat.entry("BOOT", DIRECTORY, boot, 0),
    ]
    fat.clusters[efi - 2] = b"".join(entries).ljust(SECTOR, b"\0")
    return fat.image([fat.entry("EFI", DIRECTORY, efi, 0)])


def gpt_header(own: int, other: int, entries_at: int, entries: bytes) -> bytes:
    def pack(checksum: int) -> bytes:
        return struct.pack(
            "<8sIIIIQQQQ16sQIII",
            *(b"EFI PART", 0x10000, 92, checksum, 0, own, other, 34, DISK_SECTORS - 34),
            *(DISK_ID.bytes_le, entries_at, ENTRIES, ENTRY_SIZE, zlib.crc32(entries)),
        )

    return pack(zlib.crc32(pack(0))).ljust(SECTOR, b"\0")


def disk(partition: bytes) -> bytes:
    """UEFI 2.10, section 5: protective MBR, header and entries at both ends."""
    mbr = struct.pack("<446xB3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, DISK_SECTORS - 1)
    entries = struct.pack(
        "<16s16sQQQ72s",
        *(ESP.bytes_le, PARTITION_ID.bytes_le, PARTITION_FIRST, PARTITION_LAST, 0),
        "viommu-guest".encode("utf-16-le"),
    ).ljust(ENTRIES * ENTRY_SIZE, b"\0")
    last = DISK_SECTORS - 1
    image = bytearray(DISK_SECTORS * SECTOR)
    for at, content in (
        (0, mbr.ljust(510, b"\0") + b"\x55\xaa"),
        (1, gpt_header(1, last, 2, entries)),
        (2, entries),
        (PARTITION_FIRST, partition),
        (last - ENTRY_SECTORS, entries),
        (last, gpt_header(last, 1, last - ENTRY_SECTORS, entries)),
    ):
        image[at * SECTOR : at * SECTOR + len(content)] = content
    return bytes(image)


def main() -> int:
    if sys.argv[1].startswith("--options="):
        set_options(sys.argv[2], sys.argv[1].partition("=")[2])
        return 0
    files = {"OPTIONS.TXT": options("")}
    for argument in sys.argv[2:]:
        name, _, path = argument.partition("=")
        with open(path, "rb") as file:
            files[name] = file.read()
    with open(sys.argv[1], "wb") as out:
        out.write(disk(system_partition(files)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
