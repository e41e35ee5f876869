# SPDX-License-Identifier: BSD-2-Clause
"""Machines as data: what a file may say, and that each machine has the command line that it always had.

usage: test_machines.py [--record]: writes commands.sha256, which is to be done only where a command line is to change.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout

import ktap
from ktap import HOME, check, refused, test

sys.path.insert(0, os.path.join(HOME, "tests", "harness"))
import main  # noqa: E402
import options as opt  # noqa: E402
from machines import Machine, Machines  # noqa: E402

RECORD = os.path.join(ktap.HERE, "commands.sha256")
QEMU_7_2 = """#!/bin/sh
case "$*" in
*--version*) echo 'QEMU emulator version 7.2.22 (Debian)' ;;
*help*) echo 'name "iommu-testdev", bus PCI' ;;
esac
"""


def file_of(text: str) -> str:
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "machines.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def read(text: str) -> dict[str, Machine]:
    return Machines(file_of(text)).all


def printed(machine: Machine, qemu: str, **more: object) -> str:
    """What -n says of it, without what differs from place to place."""
    options = opt.Options(qemu=qemu, seed="1", dry=True, **more)  # type: ignore[arg-type]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        check(main.print_command(machine, options) == 0)
    told = "\n".join(sorted(err.getvalue().splitlines())) + "\n" + out.getvalue()
    for place, name in ((qemu, "QEMU"), (HOME, "HOME"), (tempfile.gettempdir(), "TMP")):
        told = told.replace(place, name)
    return told


def digests() -> dict[str, tuple[str, str]]:
    qemu, found = ktap.script(QEMU_7_2), {}
    os.environ["PATH"] = os.path.dirname(qemu)  # where no lkvm is
    for name, machine in Machines(main.MACHINES).all.items():
        told = printed(machine, qemu)
        found[name] = (hashlib.sha256(told.encode()).hexdigest()[:16], told)
    return found


@test
def every_machine_has_the_recorded_command_line() -> None:
    with open(RECORD, encoding="utf-8") as file:
        recorded = {name: digest for digest, name in map(str.split, file)}
    found = digests()
    check(list(found) == list(recorded), set(found) ^ set(recorded))
    for name, (digest, told) in found.items():
        check(recorded[name] == digest, f"{name} has another command line:\n{told}")


@test
def no_line_of_the_machines_is_long() -> None:
    with open(main.MACHINES, encoding="utf-8") as file:
        long = [line for line in file if len(line) > 121]
    check(not long, long)


@test
def parts_are_put_together_in_their_order() -> None:
    machine = read("""
        [parts]
        one = "-a 1"
        two = ["one", "-b 2"]
        [parts.three]
        parts = ["two"]
        guest = "x=1"
        optional = ["dev"]
        needs = { qemu = ">=7,<8" }
        [m]
        arch = "x86_64"
        parts = ["-first", "three", "-last 'x'"]
        guest = "y=2 z"
        needs = { device = "d" }
        """)["m"]
    check(machine.words == ["-first", "-a", "1", "-b", "2", "-last", "'x'"], machine)
    check(machine.guest == ["x=1", "y=2", "z"] and machine.optional == ["dev"], machine)
    check(machine.needs == {"qemu": ">=7,<8", "device": "d"}, machine)


@test
def mistakes_are_named_with_their_place() -> None:
    for text, *words in (
        ("[m]\narch = 'mips'\n", "m: arch", "mips", "riscv64"),
        ("[m]\narch = 'x86_64'\nparst = []\n", "[m]", "parst", "expected one of parts"),
        ("[m]\narch = 'x86_64'\nparts = ['nil']\n", "[m]", "no part is called 'nil'"),
        ("[m]\narch = 'x86_64'\nparts = [1]\n", "parts", "[1]", "list of strings"),
        ("[m]\narch = 'x86_64'\nguest = 7\n", "guest", "7", "str of strings"),
        ("[parts]\na = ['b']\nb = ['a']\n[m]\narch = 'x86_64'\nparts = ['a']\n", "[m] > a > b > a", "itself"),
        ("[m]\narch = 'x86_64'\nneeds = { qumu = '1' }\n", "needs", "qumu"),
        ("[m]\narch = 'x86_64'\nneeds = { qemu = 'new' }\n", "needs: qemu", "'new'", "range"),
        ("x = 1\n", "'x'", "neither"),
        ("[m\n", "machines.toml", "line 1"),
    ):
        refused(functools.partial(Machines, file_of(text)), "machines.toml", *words)
    refused(lambda: Machines("/no/such.toml"), "/no/such.toml", "No such file")
    with open(path := file_of(""), "wb") as file:
        file.write(b"\xff")
    refused(lambda: Machines(path), path, "utf-8")
    refused(lambda: main.adapter_of(Machine("m", "x86_64", "xen"), opt.Options()), "vmm", "xen", "kvmtool")


@test
def machines_are_chosen_by_names_and_globs() -> None:
    machines = Machines(file_of("[b]\narch='x86_64'\n[a1]\narch='aarch64'\n[a2]\narch='aarch64'\n"))

    def chosen(wishes: str, arch: str = "") -> list[str]:
        return [machine.name for machine in machines.choose(wishes, arch)]

    check(chosen("") == ["b"] and chosen("", "aarch64") == ["a1"])
    check(chosen("a*") == ["a1", "a2"] and chosen("a2,b") == ["a2", "b"] and chosen("a*,a1") == ["a1", "a2"])
    refused(lambda: chosen("c"), "'c'", "b (x86_64), a1 (aarch64)")
    refused(lambda: chosen("b,c"), "'c'")
    refused(lambda: chosen("b", "aarch64"), "'b'", "CPU 'aarch64'")
    refused(lambda: chosen("", "mips"), "'mips'", "b (x86_64)")


@test
def modes_change_the_command_line() -> None:
    qemu, machine = ktap.script(QEMU_7_2), Machines(main.MACHINES).all["q35"]
    check("-icount shift=0,sleep=off -rtc base=2026-01-01T00:00:00,clock=vm" in printed(machine, qemu, icount=True))
    check(" -s -S" in printed(machine, qemu, debug=True) and " -s -S" not in printed(machine, qemu))
    check("-accel kvm" in printed(machine, qemu, accel="kvm"))
    check("-x 'a'\\''b'" in printed(machine, qemu, words=["-x", "a'b"]))
    check("-accel kvm" in (told := printed(machine, qemu, accel="auto")) or "-accel tcg" in told, told)


if __name__ == "__main__":
    if sys.argv[1:] == ["--record"]:
        with open(RECORD, "w", encoding="utf-8") as out:
            out.write("".join(f"{digest} {name}\n" for name, (digest, _) in digests().items()))
        sys.exit(0)
    ktap.main("harness.machines")
