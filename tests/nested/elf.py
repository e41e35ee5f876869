# SPDX-License-Identifier: BSD-2-Clause
"""What an ELF file needs to be started (System V ABI, chapters 4 and 5): its interpreter and its shared libraries.

The file is read, never run: it may be for another machine, or come from anywhere.
"""

from __future__ import annotations

import glob
import os
import re
import struct
from dataclasses import dataclass, field

CPUS = {0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv64"}
HEADER, PROGRAM, DYNAMIC = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ"), struct.Struct("<qQ")
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH = 0, 1, 5, 10, 15, 29
FOLDERS = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"]
CONFIGURED = "/etc/ld.so.conf"
STRINGS_MAX = 1 << 24  # bytes of a string table
FILES_MAX = 1000  # libraries of one program


class Bad(ValueError):
    """No ELF file of a kind that can be read, and why."""


@dataclass
class Elf:
    cpu: str = ""
    interpreter: str = ""
    needed: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)  # where it wants them to be looked for


def cpu_of(path: str) -> str:
    """'' of what is no ELF file."""
    with open(path, "rb") as file:
        head = file.read(20)
    return CPUS.get(int.from_bytes(head[18:20], "little"), "") if head[:4] == b"\x7fELF" else ""


def read(path: str) -> Elf:
    with open(path, "rb") as file:
        data = file.read()
    try:
        return _parse(data, os.path.dirname(os.path.realpath(path)))
    except (struct.error, IndexError, ValueError) as error:
        raise Bad(f"{path}: {error}") from error


def _parse(data: bytes, place: str) -> Elf:
    if data[:4] != b"\x7fELF":
        raise Bad("no ELF file")
    if data[4:6] != b"\x02\x01":
        raise Bad("an ELF file that is not of 64 bits, little endian")
    _, _, machine, _, _, offset, _, _, _, size, count, *_ = HEADER.unpack_from(data)
    found = Elf(CPUS.get(machine, f"machine {machine}"))
    headers = [PROGRAM.unpack_from(data, offset + size * number) for number in range(count)]
    for kind, _, at, _, _, length, *_ in headers:
        if kind == PT_INTERP:
            found.interpreter = data[at : at + length].rstrip(b"\0").decode()
        elif kind == PT_DYNAMIC:
            _read_dynamic(found, data, data[at : at + length], headers, place)
    return found


def _read_dynamic(
    found: Elf, data: bytes, section: bytes, headers: list[tuple[int, ...]], place: str
) -> None:
    entries: list[tuple[int, int]] = []
    for at in range(0, len(section) - DYNAMIC.size + 1, DYNAMIC.size):
        tag, value = DYNAMIC.unpack_from(section, at)
        if tag == DT_NULL:
            break
        entries.append((tag, value))
    table = dict(entries)
    begin = _offset(table.get(DT_STRTAB, 0), headers)
    strings = data[begin : begin + min(table.get(DT_STRSZ, 0), STRINGS_MAX)]

    def text(at: int) -> str:
        if at >= len(strings):
            raise Bad(f"offset {at} of a name is behind the string table of {len(strings)} bytes")
        return strings[at : strings.index(b"\0", at)].decode()

    found.needed = [text(value) for tag, value in entries if tag == DT_NEEDED]
    for tag in (DT_RUNPATH, DT_RPATH):
        if tag in table:
            paths = re.sub(r"\$\{?ORIGIN\}?", lambda _: place, text(table[tag]))
            found.folders = [folder for folder in paths.split(":") if folder]
            break


def _offset(address: int, headers: list[tuple[int, ...]]) -> int:
    """In the file, of an address in memory."""
    for kind, _, at, begin, _, length, *_ in headers:
        if kind == PT_LOAD and begin <= address < begin + length:
            return at + address - begin
    raise Bad(f"address 0x{address:x} is in no segment")


def configured(path: str = CONFIGURED, depth: int = 0) -> list[str]:
    """The folders that the dynamic linker of this machine is told of (ldconfig(8))."""
    found: list[str] = []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except OSError:
        return found
    for line in lines:
        if line.startswith("include ") and depth < 4:
            pattern = os.path.join(os.path.dirname(path), line.removeprefix("include ").strip())
            for other in sorted(glob.glob(pattern)):
                found += configured(other, depth + 1)
        elif line.startswith("/"):
            found.append(line)
    return found


def _find(name: str, folders: list[str], cpu: str) -> str:
    """The first library of that name that is for that CPU; ''."""
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            try:
                if read(path).cpu == cpu:
                    return path
            except (OSError, Bad):
                continue
    return ""


def libraries(path: str) -> tuple[dict[str, str], list[str]]:
    """The interpreter and all libraries of a program, and the names of those that are missing.

    Where they are, by the path that they have for the program, without its leading slash: `lib/` and the name, which
    LD_LIBRARY_PATH=/lib finds.
    """
    program = read(path)
    usual = [*os.environ.get("LD_LIBRARY_PATH", "").split(":"), *configured(), *FOLDERS]
    files, missing = {}, []
    if program.interpreter:
        files[program.interpreter.lstrip("/")] = program.interpreter
        if not os.path.isfile(program.interpreter):
            missing.append(program.interpreter)
    waiting = [(name, program.folders) for name in program.needed]
    # The C library opens this one by itself when a thread is cancelled.
    late = ["libgcc_s.so.1"] if any(name.startswith("libc.so.") for name in program.needed) else []
    waiting += [(name, []) for name in late]
    while waiting and len(files) < FILES_MAX:
        name, folders = waiting.pop()
        target = f"lib/{os.path.basename(name)}"
        if target in files or name in missing or os.path.basename(program.interpreter) == name:
            continue
        found = name if "/" in name else _find(name, [*folders, *filter(None, usual)], program.cpu)
        if found and os.path.isfile(found):
            files[target] = found
            library = read(found)
            waiting += [(other, [*library.folders, *folders]) for other in library.needed]
        elif name not in late:
            missing.append(name)
    return files, sorted(missing)
