# SPDX-License-Identifier: BSD-2-Clause
"""The VMs as values: machines.toml, or another file in its format, with the parts put together."""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
from dataclasses import dataclass, field

import versions

ARCHS = ("x86_64", "aarch64", "riscv64", "host")
KEYS = {
    **{"parts": list, "guest": str, "optional": list, "needs": dict, "packages": list, "dtb": dict},
    **{"vfio": list, "files": dict},
    **{"arch": str, "vmm": str, "refdev": str, "carrier": str, "environment": dict},
}
TABLES = {"needs": ("qemu", "device", "plug"), "dtb": ("iommu", "pci")}
PACKAGES = ("firmware",)
PLACEHOLDERS = ("BUILD", "GUEST", "DISK", "UEFI", "DTB", "FILES")
# Words for the guest that a run has of its own.
OURS = ("run", "from", "list", "seed", "seconds", "resume", "isolate", "reset-broken", "reset_broken")
FILE_MAX = 1 << 20  # bytes
DEPTH_MAX, PARTS_MAX, WORDS_MAX = 32, 4096, 4096  # of one machine
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


class Bad(ValueError):
    """An invalid file of machines, or a choice that matches none."""


@dataclass
class Machine:
    name: str
    arch: str = ""
    vmm: str = "qemu"
    words: list[str] = field(default_factory=list)  # the VMM's arguments, with placeholders
    guest: list[str] = field(default_factory=list)  # what is added to the guest's command line
    optional: list[str] = field(default_factory=list)  # devices to add where the VMM has them
    needs: dict[str, str] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)  # kinds of them, beside those of the VMM
    dtb: dict[str, str] = field(default_factory=dict)  # the nodes that the tree at @DTB@ connects
    refdev: str = ""  # the variant of the reference device that the VMM is started through
    carrier: list[str] = field(default_factory=list)  # QEMU's arguments for a machine that carries the VMM
    vfio: list[str] = field(default_factory=list)  # PCI functions of the carrier that the VMM gets
    files: dict[str, str] = field(default_factory=dict)  # texts by name, with placeholders, of the folder @FILES@
    environment: dict[str, str] = field(default_factory=dict)
    parts: int = 0  # of which it was put together


class Machines:
    """Those of one file, in its order."""

    def __init__(self, path: str) -> None:
        self.path = path
        document = read(path)
        parts = document.pop("parts", {})
        if not isinstance(parts, dict):
            raise Bad(f"{path}: parts: {parts!r}, expected a table")
        self._parts: dict[str, object] = parts
        self.all: dict[str, Machine] = {}
        for name, table in document.items():
            if not isinstance(table, dict) or not NAME.fullmatch(name):
                raise Bad(f"{path}: '{name}' is neither a machine nor parts")
            machine = Machine(name)
            self._add(machine, table, [f"[{name}]"])
            if machine.arch not in ARCHS:
                raise Bad(f"{path}: {name}: arch: '{machine.arch}', expected one of {', '.join(ARCHS)}")
            if trouble := _trouble(machine):
                raise Bad(f"{path}: {name}: {trouble}")
            self.all[name] = machine
        if not self.all:
            raise Bad(f"{path}: no machine is in it")

    def _add(self, machine: Machine, table: dict[str, object], chain: list[str]) -> None:
        """What a table says, after the parts that it consists of."""
        where = f"{self.path}: {' > '.join(chain)}"
        for key, value in table.items():
            if key not in KEYS:
                raise Bad(f"{where}: unknown key '{key}', expected one of {', '.join(KEYS)}")
            if not isinstance(value, KEYS[key]) or not _is_of_strings(value):
                raise Bad(f"{where}: {key}: {value!r}, expected a {KEYS[key].__name__} of strings")
        for part in _list(table.get("parts")):
            self._add_part(machine, part, chain)
        machine.arch = str(table.get("arch", machine.arch))
        machine.vmm = str(table.get("vmm", machine.vmm))
        machine.refdev = str(table.get("refdev", machine.refdev))
        machine.carrier = str(table["carrier"]).split() if "carrier" in table else machine.carrier
        machine.guest += str(table.get("guest", "")).split()
        machine.optional += _list(table.get("optional"))
        machine.packages += _list(table.get("packages"))
        machine.vfio += _list(table.get("vfio"))
        for name in ("needs", "dtb", "environment", "files"):
            getattr(machine, name).update(table.get(name, {}))
        for name, keys in TABLES.items():
            if unknown := set(getattr(machine, name)) - set(keys):
                raise Bad(f"{where}: {name}: unknown key '{min(unknown)}', expected one of {', '.join(keys)}")
        try:
            versions.bounds(machine.needs.get("qemu", ">=0"))
        except ValueError as error:
            raise Bad(f"{where}: needs: qemu: {error}") from error

    def _add_part(self, machine: Machine, part: str, chain: list[str]) -> None:
        machine.parts += 1
        if part.startswith("-"):
            machine.words += part.split()
        if machine.parts > PARTS_MAX or len(machine.words) > WORDS_MAX or len(chain) > DEPTH_MAX:
            most = f"{PARTS_MAX} parts, {WORDS_MAX} arguments or {DEPTH_MAX} deep"
            raise Bad(f"{self.path}: {chain[0]}: more than {most}")
        if part.startswith("-"):
            return
        if part in chain:
            raise Bad(f"{self.path}: {' > '.join(chain)} > {part}: a part of itself")
        elif part not in self._parts:
            raise Bad(f"{self.path}: {' > '.join(chain)}: no part is called '{part}'")
        else:
            found = self._parts[part]
            if not isinstance(found, dict):
                found = {"parts": [found] if isinstance(found, str) else found}
            self._add(machine, found, [*chain, part])

    def choose(self, patterns: str, arch: str) -> list[Machine]:
        """By names or globs with commas between; '' is the first machine of the CPU. ValueError: none."""
        of_arch = [machine for machine in self.all.values() if arch in ("", machine.arch)]
        listed = ", ".join(f"{machine.name} ({machine.arch})" for machine in self.all.values())
        if arch and not of_arch:
            raise Bad(f"no machine has CPU '{arch}'; {self.path} has: {listed}")
        if not patterns:
            return of_arch[:1]
        chosen: dict[str, Machine] = {}
        for pattern in patterns.split(","):
            found = {m.name: m for m in of_arch if fnmatch.fnmatchcase(m.name, pattern)}
            if not found:
                of = f" and has CPU '{arch}'" if arch else ""
                raise Bad(f"no machine is called '{pattern}'{of}; {self.path} has: {listed}")
            chosen |= found
        return list(chosen.values())


def read(path: str) -> dict[str, object]:
    """A file of TOML. Bad: it is none, and where."""
    try:
        with open(path, "rb") as file:
            text = file.read(FILE_MAX + 1)
        if len(text) > FILE_MAX:
            raise Bad(f"{path}: more than {FILE_MAX >> 20} MiB")
        return tomllib.loads(text.decode())
    except Bad:
        raise
    except RecursionError:
        raise Bad(f"{path}: nested too deep") from None
    except ValueError as error:
        raise Bad(f"{path}: {error}") from error
    except OSError as error:
        raise Bad(f"{path}: {error.strerror}") from error


def _trouble(machine: Machine) -> str:
    """What its keys say together, or what they name, that makes no sense; ''."""
    plug, words = machine.needs.get("plug"), machine.words
    if plug and not any(words[i : i + 2] == ["-device", plug] for i in range(len(words))):
        return f"needs: plug: there is no -device {plug} in its parts"
    if machine.dtb and len(machine.dtb) < len(TABLES["dtb"]):
        return f"dtb: {machine.dtb}, expected both of {', '.join(TABLES['dtb'])}"
    if "@DTB@" in " ".join(words) and not machine.dtb:
        return "@DTB@ needs a dtb, which says what the tree connects"
    for found in re.findall("@([A-Z]+)@", " ".join([*words, *machine.carrier])):
        if found not in PLACEHOLDERS and not machine.refdev:  # whose launcher has some of its own
            return f"@{found}@ stands for nothing, expected one of {', '.join(PLACEHOLDERS)}"
    for names, known, what in (
        (machine.packages, PACKAGES, "packages"),
        (machine.environment, [name for name in machine.environment if VARIABLE.fullmatch(name)], "environment"),
    ):
        if unknown := [name for name in names if name not in known]:
            return f"{what}: '{unknown[0]}' is no name of {'them' if what == 'packages' else 'a variable'}"
    for name, text in machine.files.items():
        if not NAME.fullmatch(name):
            return f"files: '{name}' is no name of a file"
        if found := set(re.findall("@([A-Z]+)@", text)) - {"BUILD", "DISK", "GUEST"}:
            return f"files: {name}: @{min(found)}@ stands for nothing"
    if machine.files and re.search(r'["\\]', " ".join(machine.guest)):
        return "guest: a quote or a backslash would end a text of its files"
    own = [word for word in machine.guest if word.partition("=")[0] in OURS]
    return f"guest: '{own[0]}' is up to the run" if own else ""


def _is_of_strings(value: object) -> bool:
    values = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [value]
    return all(isinstance(text, str) and "\0" not in text for text in values)


def _list(value: object) -> list[str]:
    return list(value) if isinstance(value, list) else []


if __name__ == "__main__":
    print("\n".join(Machines(os.path.join(os.path.dirname(os.path.abspath(__file__)), "machines.toml")).all))
