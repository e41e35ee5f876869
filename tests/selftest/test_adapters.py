# SPDX-License-Identifier: BSD-2-Clause
"""The adapters of VMMs: where one is found, which version it is, what it lacks, and how it ends."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from unittest import mock

import ktap
from ktap import HOME, check, refused, test

sys.path.insert(0, os.path.join(HOME, "tests", "harness"))
import main  # noqa: E402
import options as opt  # noqa: E402
import versions  # noqa: E402
import vmm  # noqa: E402
from machines import Machine  # noqa: E402
from vmm import base, kvm, native, qemu, refdev  # noqa: E402


QEMU = """#!/bin/sh
case "$*" in
*--version*) echo 'QEMU emulator version 9.1.0' ;;
*help*) echo 'name "edu", bus PCI' ;;
*plug*) echo first >&2; echo 'no plug for it' >&2; exit 1 ;;
*odd*) exit 2 ;;
esac
"""


def adapter(machine: Machine, **settings: object) -> vmm.Adapter:
    found = vmm.adapter(machine, base.Settings(**{"qemu": ktap.script(QEMU), **settings}))  # type: ignore[arg-type]
    found.look()
    return found


@test
def qemu_that_lacks_something() -> None:
    def lacking(words: str = "", **needs: str) -> str:
        return adapter(Machine("m", "x86_64", words=words.split(), needs=needs)).lacking()

    check(lacking() == "" and lacking(qemu=">=9,<10") == "" and lacking(device="edu") == "")
    check("<8.2" in lacking(qemu="<8.2") and "9.1.0" in lacking(qemu="<8.2"))
    check(lacking(device="vfio") == "no vfio in QEMU 9.1.0")
    check(lacking("-a -device plug", plug="plug") == "no plug for it")
    check(lacking("-device edu", plug="edu") == "" and lacking("-odd -device plug", plug="plug") == "")
    refused(lambda: adapter(Machine("m", "x86_64"), qemu="/no/such"), "no QEMU at '/no/such'")
    text = ktap.script("no interpreter", "qemu")
    refused(lambda: adapter(Machine("m", "x86_64"), qemu=text), text)


@test
def qemu_is_found_by_its_folder_and_its_prefix() -> None:
    path = ktap.script(QEMU, "qemu-system-x86_64")
    for name in (os.path.dirname(path), path, path.removesuffix("-system-x86_64")):
        check(adapter(Machine("m", "x86_64"), qemu=name).path == path, name)


@test
def ends_of_vmms() -> None:
    machine = Machine("m", "x86_64")
    check(qemu.Qemu(machine, base.Settings()).end(3) == "" and qemu.Qemu(machine, base.Settings()).end(None) == "")
    check("SIGSEGV" in qemu.Qemu(machine, base.Settings()).end(-11))
    check("SIGABRT" in refdev.Refdev(machine, base.Settings()).end(128 + 6))
    check(refdev.Refdev(machine, base.Settings()).end(3) == "")


@test
def launchers_are_around_the_vmm() -> None:
    argv = adapter(Machine("m", "x86_64", refdev="usual", words=["-w"])).command()
    check(argv[:2] == ["env", "REFDEV=usual"] and argv[2].endswith("build/host/refdev") and argv[-1] == "-w", argv)
    check("refdev" in adapter(Machine("m", "x86_64", refdev="usual")).targets())
    own = native.Native(Machine("host-usual", "host", "native"), base.Settings())
    check(own.version == "usual" and own.command()[1] == "@GUEST@" and own.targets() == ["native"])


@test
def kvmtool_here_and_carried() -> None:
    here, other = os.uname().machine, "aarch64" if os.uname().machine == "x86_64" else "x86_64"
    lkvm = ktap.script("#!/bin/sh\necho kvm tool 3.18.0-1\n", "lkvm")
    machine, named = Machine("m", here, "kvmtool", words=["-k", "@BUILD@/x"]), {"programs": {"LKVM": lkvm}}
    own = adapter(machine, **named)
    check((own.path, own.version, own.accel) == (lkvm, "3.18.0", "kvm"), own.path, own.version)
    check(own.lacking() == base.kvm_lacking(here) and own.command() == [lkvm, "run", "-k", "@BUILD@/x"])
    with mock.patch.object(kvm, "NESTED", tempfile.mkdtemp(dir=ktap.SCRATCH.name)):
        own = adapter(machine, **named)
        own.prepare()
        check(os.path.isdir(own.environment["HOME"]))
    check(adapter(Machine("m", other, "kvmtool"), **named).lacking() == f"no lkvm for {other} in LKVM={lkvm}")
    refused(lambda: adapter(machine, programs={"LKVM": "/no/such"}), "LKVM", "/no/such")
    carried = adapter(Machine("m", here, "kvmtool", carrier=["-c"]), **named)
    check("no ELF file" in carried.lacking() and carried.accel == "kvm in tcg", carried.lacking())
    check("-c" in carried.command() and carried.remarks() == ["there: lkvm run"], carried.command())
    check(KVM_OF_ANOTHER in base.kvm_lacking(other))


KVM_OF_ANOTHER = "KVM runs VMs of this machine's CPU"


@test
def vmms_say_their_versions() -> None:
    for kind, says, version in (
        ("cloud-hypervisor", "cloud-hypervisor v53.0-246-gae44c2971", "53.0-246-gae44c2971"),
        ("crosvm", "crosvm 0.1.0-f1e797a68", "0.1.0-f1e797a68"),
        ("firecracker", "Firecracker v1.17.0-dev", "1.17.0-dev"),
        ("alioth", "alioth-cli 0.12.0", "0.12.0"),
    ):
        program = ktap.script(f"#!/bin/sh\necho '{says}'\n", kind)
        machine = Machine("m", os.uname().machine, kind, carrier=["-c"])
        variable = kind.upper().replace("-", "_")
        check(adapter(machine, programs={variable: program}).version == version, kind)
        check(versions.parse(version), version)
        check(adapter(machine, programs={variable: program}).accel == "kvm in tcg", kind)
        check(adapter(machine, programs={variable: program}, accel="kvm").accel == "kvm", kind)
    machine = Machine("m", "x86_64", "cloud-hypervisor", words=["--user-device", "socket=x"])
    check("vfio-user" in adapter(machine, programs={"CLOUD_HYPERVISOR": program}).lacking())
    check(versions.parse("53.0-246-gae1-dirty") == (53, 0, 246) and versions.parse("unknown") is None)
    check(versions.parse("0.1.0-f1e797a68") == (0, 1, 0) and versions.parse("53.0-246") == (53, 0))


@test
def mode_that_a_vmm_lacks_is_refused() -> None:
    machine = Machine("m", "x86_64", "kvmtool")
    for options, flag in ((opt.Options(icount=True), "--icount"), (opt.Options(debug=True), "-d")):
        refused(functools.partial(main.adapter_of, machine, options), "m: kvmtool", flag)


if __name__ == "__main__":
    ktap.main("harness.adapters")
