# SPDX-License-Identifier: BSD-2-Clause
"""The carrier of a VMM with a shell script in the place of its QEMU, and what an ELF file needs to run there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from unittest import mock

import ktap
from ktap import HOME, check, refused, test

sys.path.insert(0, os.path.join(HOME, "tests", "harness"))
import vm  # noqa: E402
from vmm import carrier  # noqa: E402
from vmm.base import NoStart  # noqa: E402

sys.path.insert(0, os.path.join(HOME, "tests", "nested"))
import elf  # noqa: E402

READY = "printf '\\nquiet words\\n\\n@carrier ready\\n'\n"


def booted(starter: carrier.CarrierStarter, script: str, guest: str = "x") -> tuple[list[bytes | None], vm.Boot, str]:
    """A boot: its lines, itself, and what went to the log of the VMM."""
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "vmm.log")
    log = vm.Log(path, 1 << 20)
    boot = vm.Boot(starter.start(["sh", "-c", script], os.environ, guest), log, vm.Limits(20, 20))
    lines = list(boot.lines())
    log.close()
    with open(path, encoding="utf-8") as file:
        return lines, boot, file.read()


@test
def vmm_ends_and_the_carrier_stays() -> None:
    script = READY + """
        while read -r guest; do
            echo "$$ $guest"; printf 'no end'
            printf '\\n@carrier log its log\\n\\n@carrier ended %s\\n' "${guest#exit }"
        done
    """
    starter = carrier.CarrierStarter()
    (first, boot, log), (second, other, _) = booted(starter, script, "exit 3"), booted(starter, script, "exit 134")
    one, two = (b"".join(filter(None, lines)).split() for lines in (first, second))
    check(one[0] == two[0], "two carriers", one, two)
    check(one[1:] == [b"exit", b"3"] and len(first) == 1 and boot.cut_short == b"no end", first, boot.cut_short)
    check((boot.status, boot.why, boot.is_carriers) == (3, "the VMM ended with status 3", False), boot.why)
    check((other.status, other.why) == (-6, "the VMM was killed by SIGABRT"), other.why)
    check(log == "its log\n", log)
    starter.end()


@test
def mark_may_come_in_pieces() -> None:
    script = READY + "read -r guest; for part in a '\\n@' 'no mark\\n' '\\n' '@carr' 'ier ended' ' 0' '\\n'; do\n"
    script += "printf \"$part\"; sleep 0.05; done; read -r guest"
    starter = carrier.CarrierStarter()
    lines, boot, _ = booted(starter, script)
    check(lines == [b"a", b"@no mark"] and boot.status == 0, lines, boot.why)
    starter.end()


@test
def carrier_that_does_not_come_up_is_not_the_vmms_fault() -> None:
    def start(script: str) -> None:
        carrier.CarrierStarter().start(["sh", "-c", script], os.environ, "x")

    refused(lambda: start("echo no room >&2; exit 1"), "carries the VMM ended with status 1: no room")
    refused(lambda: start("kill -9 $$"), "was killed by SIGKILL")
    refused(lambda: start("printf '\\n@carrier failed no /dev/kvm\\n'; sleep 100"), "carries the VMM: no /dev/kvm")
    with mock.patch.object(carrier, "START_LIMIT", 0.3):
        refused(lambda: start("sleep 100"), "is not up within 0.3 s")
    try:
        start("exit 1")
    except NoStart:
        return
    check(False, "no NoStart")


@test
def carrier_that_dies_is_told_from_the_vmm() -> None:
    starter = carrier.CarrierStarter()
    lines, boot, _ = booted(starter, READY + "read -r guest; echo a; kill -9 $$")
    check(lines == [b"a"] and boot.is_carriers and "that carries the VMM was killed by SIGKILL" in boot.why, boot.why)
    lines, boot, _ = booted(starter, READY + "read -r guest; printf 'b\\n\\n@carrier ended 0\\n'; read -r guest")
    check(lines == [b"b"] and boot.status == 0 and not boot.is_carriers, "no new carrier", lines)
    starter.end()


@test
def vmm_that_does_not_end_takes_the_carrier_with_it() -> None:
    starter, log = carrier.CarrierStarter(), vm.Log(os.devnull, 1)
    boot = vm.Boot(starter.start(["sh", "-c", READY + "exec sleep 100"], os.environ, "x"), log, vm.Limits(0.3, 20))
    check(not list(boot.lines()) and boot.timed_out and not boot.is_carriers, boot.why)
    check(booted(starter, READY + "read -r guest; printf '\\n@carrier ended 0\\n'; read -r guest")[1].status == 0)
    starter.end()


def compiled(*arguments: str, name: str = "a.out", source: str = "int main(void) { return 0; }") -> str:
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), name)
    command = ["gcc", "-x", "c", "-", "-x", "none", *arguments, "-o", path]
    subprocess.run(command, input=source.encode(), check=True, stderr=subprocess.DEVNULL)
    return path


@test
def libraries_of_a_program_are_found_and_missing_ones_named() -> None:
    files, missing = elf.libraries("/bin/sh")
    check("lib/libc.so.6" in files and not missing and all(map(os.path.isfile, files.values())), files, missing)
    own = compiled("-shared", "-fPIC", "-Wl,-soname,libown.so", name="libown.so", source="int own;")
    place = os.path.dirname(own)
    for path in ("", "-Wl,--disable-new-dtags"):
        user = compiled("-Wl,--no-as-needed", own, f"-Wl,-rpath,{place}", *filter(None, [path]))
        check(elf.libraries(user)[0].get("lib/libown.so") == own, elf.libraries(user))
    user = compiled("-Wl,--no-as-needed", own)
    check(elf.libraries(user)[1] == ["libown.so"], elf.libraries(user))
    check(elf.libraries(compiled("-static")) == ({}, []))


@test
def file_that_is_no_program_is_refused() -> None:
    with open("/bin/sh", "rb") as file:
        good = file.read()
    for cut in (0, 3, 20, 63, 64, 200, len(good) // 2):
        path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "cut")
        with open(path, "wb") as file:
            file.write(good[:cut])
        try:
            elf.read(path)
        except elf.Bad as error:
            check(path in str(error), error)
    refused(lambda: elf.read(ktap.FAKE), "no ELF file")
    check(elf.cpu_of(ktap.FAKE) == "" and elf.cpu_of("/bin/sh") == os.uname().machine)


if __name__ == "__main__":
    ktap.main("harness.carrier")
