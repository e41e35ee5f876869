# SPDX-License-Identifier: BSD-2-Clause
"""The machines of VMMs that need KVM, with fakes that boot the image in QEMU (fake_kvm_vmms.py)."""

from __future__ import annotations

import json
import os
import sys
import tempfile

import ktap
from ktap import Ran, check, test

FAKE = os.path.join(ktap.HERE, "fake_kvm_vmms.py")
ktap.RUN_SH[:] = [sys.executable, "-B", os.path.join(ktap.HERE, "pretend_kvm.py")]


def fake(name: str, target: str = FAKE) -> dict[str, str]:
    """The variable that names a VMM of that name, which is the fake."""
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), name)
    os.symlink(target, path)
    return {name.upper().replace("-", "_"): path}


def run(machine: str, vmm: str, *arguments: str, **extra: str) -> Ran:
    return ktap.run_sh("--no-build", "-m", machine, "-s", "1", *arguments, ACCEL="auto", **fake(vmm), **extra)


@test
def machine_with_an_iommu_is_judged() -> None:
    ran = run("cloud-hypervisor", "cloud-hypervisor", "conformance.detach", "discovery.virtio")
    check(ran.status == 0, ran.out, ran.err)
    check("cloud-hypervisor 1.0, kvm, seed=1: " in ran.out and " 0 failed" in ran.out, ran.out)
    check("engine virtio-blk" in ran.out and "virtio-iommu was found" not in ran.out, ran.out)
    ran = run("cloud-hypervisor", "cloud-hypervisor", "conformance.detach", "--isolate", "-j", "2")
    check(ran.status == 0 and ran.out.splitlines()[-1].endswith(" boots"), ran.out, ran.err)


@test
def machine_without_an_iommu_says_so() -> None:
    for machine, vmm in (
        *(("crosvm", "crosvm"), ("firecracker", "firecracker"), ("firecracker-pci", "firecracker")),
        *(("alioth", "alioth"), ("alioth-bzimage", "alioth")),
    ):
        ran = run(machine, vmm, "conformance.detach", "discovery.pci")
        check(ran.status == 0 and "SKIP no virtio-iommu was found" in ran.out, machine, ran.out, ran.err)
        document = json.loads(ran.text("results.json"))
        check(document["executed"] > 0 and not document["diagnostics"], ran.out)
        check(document["vmm"]["version"] != "unknown", document["vmm"])
        check(("Invalid MMIO read" in ran.text("vmm.log")) == (vmm == "firecracker"), ran.text("vmm.log")[:500])


@test
def argument_that_a_vmm_does_not_know_is_no_verdict() -> None:
    ran = run("cloud-hypervisor", "cloud-hypervisor", "--", "--frobnicate")
    ran.ends(3)
    check("unexpected argument '--frobnicate'" in ran.out, ran.out)


@test
def cloud_hypervisor_is_driven_by_its_command_line() -> None:
    (program,) = fake("cloud-hypervisor").values()
    line = "--kernel @IMAGE@ --cmdline @GUEST@ --serial tty --console off --rng src=/dev/urandom,iommu=on"
    command = f"{program} {line} --disk path=@DISK@"
    ran = ktap.run_sh("--no-build", "--vmm-command", command, "-s", "1", "conformance.detach")
    check(ran.status == 0 and "virtio-iommu was found" not in ran.out, ran.out, ran.err)


@test
def kvm_that_runs_no_guest_is_noticed() -> None:
    dead = "#!/bin/sh\ncase \"$*\" in *'-accel kvm'*) echo no entry >&2; exit 1 ;; esac\nexec {} \"$@\"\n"
    qemu = ktap.script(dead.format(ktap.FAKE))
    ran = ktap.run_sh("--no-build", "-t", "0", ACCEL="auto", QEMU=qemu, FAKE_TESTS="a.b=pass")
    ran.ends(0, "1 passed, 0 failed, 0 skipped")
    check("# note: KVM runs no guest here (the VMM ended with status 1): tcg is used" in ran.out, ran.out)
    check(json.loads(ran.text("results.json"))["accel"] == "tcg", ran.out)
    ktap.run_sh("--no-build", "-t", "0", ACCEL="kvm", QEMU=qemu, FAKE_TESTS="a.b=pass").ends(3)


@test
def missing_vmm_is_a_skip() -> None:
    path = os.pathsep.join(folder for folder in ("/bin", "/usr/bin"))
    for machine in ("cloud-hypervisor", "crosvm-vfio", "firecracker", "alioth"):
        ran = ktap.run_sh("--no-build", "-m", machine, PATH=path)
        ran.ends(0)
        check(f"1..0 # SKIP no {machine.removesuffix('-vfio')} for x86_64 in PATH" in ran.out, ran.out)


if __name__ == "__main__":
    ktap.main("harness.kvm_vmms")
