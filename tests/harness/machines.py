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
    **{"arch": str, "vmm": str, "refdev": str, "carrier": str, "environment": dict},
}
NEEDS = ("qemu", "device", "plug")
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
    environment: dict[str, str] = field(default_factory=dict)


class Machines:
    """Those of one file, in its order."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            with open(path, "rb") as file:
                document = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Bad(f"{path}: {error}") from error
        except OSError as error:
            raise Bad(f"{path}: {error.strerror}") from error
        self._parts = document.pop("parts", {})
        self.all: dict[str, Machine] = {}
        for name, table in document.items():
            if not isinstance(table, dict) or not NAME.fullmatch(name):
                raise Bad(f"{path}: '{name}' is neither a machine nor parts")
            machine = Machine(name)
            self._add(machine, table, [f"[{name}]"])
            if machine.arch not in ARCHS:
                raise Bad(f"{path}: {name}: arch: '{machine.arch}', expected one of {', '.join(ARCHS)}")
            self.all[name] = machine

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
        for name in ("needs", "dtb", "environment"):
            getattr(machine, name).update(table.get(name, {}))
        if unknown := set(machine.needs) - set(NEEDS):
            raise Bad(f"{where}: needs: unknown key '{min(unknown)}', expected one of {', '.join(NEEDS)}")
        try:
            versions.bounds(machine.needs.get("qemu", ">=0"))
        except ValueError as error:
            raise Bad(f"{where}: needs: qemu: {error}") from error

    def _add_part(self, machine: Machine, part: str, chain: list[str]) -> None:
        if part.startswith("-"):
            machine.words += part.split()
        elif part in chain:
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


def _is_of_strings(value: object) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return all(isinstance(text, str) for text in value) if isinstance(value, list) else isinstance(value, str)


def _list(value: object) -> list[str]:
    return list(value) if isinstance(value, list) else []


if __name__ == "__main__":
    print("\n".join(Machines(os.path.join(os.path.dirname(os.path.abspath(__file__)), "machines.toml")).all))
