# SPDX-License-Identifier: BSD-2-Clause
"""run.sh's options, its messages, and what it asks of the machine it runs on. Boots nothing real."""

from __future__ import annotations

import os
import shutil
import tempfile

import ktap
from ktap import Ran, check, run_fake, run_sh, test


def is_refused(ran: Ran, *words: str) -> None:
    """Exit status 2 and one line on stderr that holds the words."""
    ran.ends(2)
    lines = ran.err.splitlines()
    check(len(lines) == 1 and not ran.out, ran)
    for word in words:
        check(word in lines[0], word, lines[0])


@test
def help_names_every_option() -> None:
    for option in ("-h", "--help"):
        ran = run_sh(option)
        ran.ends(0)
        flags = "-a -m -l -n -s -t -o -d --strict --icount --vmm-command --image --console".split()
        for word in [*flags, "QEMU=", "ACCEL=", "LKVM=", "TIMEOUT=", "GLOB"]:
            check(word in ran.out, word)


@test
def bad_options_are_refused_in_one_line() -> None:
    is_refused(run_sh("--frobnicate"), "--frobnicate")
    is_refused(run_sh("-s"), "-s")
    is_refused(run_sh("-s", "nine"), "-s", "nine")
    is_refused(run_sh("-t", "-1"), "-t", "-1")
    is_refused(run_sh("-m", "no-such"), "no-such", "q35")
    is_refused(run_sh("-a", "no-such"), "no-such", "q35")
    is_refused(run_sh("a b"), "a b")
    is_refused(run_sh("a;reboot"), "a;reboot")
    is_refused(run_sh(""), "glob")


@test
def bad_environment_is_refused_in_one_line() -> None:
    is_refused(run_sh(QEMU="/no/such/qemu"), "/no/such/qemu")
    is_refused(run_sh(QEMU=ktap.HERE), ktap.HERE)
    is_refused(run_sh(QEMU=ktap.FAKE, TIMEOUT="soon"), "TIMEOUT", "soon")
    is_refused(run_sh(QEMU=ktap.FAKE, ACCEL="a b"), "ACCEL")
    is_refused(run_sh("--icount", QEMU=ktap.FAKE, ACCEL="kvm"), "--icount", "kvm")
    is_refused(run_sh("-m", "kvmtool-x86", LKVM="/no/such/lkvm"), "/no/such/lkvm")
    is_refused(run_sh("-m", "kvmtool-x86-nested", "-d", QEMU=ktap.FAKE), "kvmtool-x86-nested", "-d")


@test
def command_line_is_printed_and_nothing_is_run() -> None:
    ran = run_sh("-n", "-s", "5", "-t", "9", "a.*", "b", "--", "-m", "two words", QEMU=ktap.FAKE)
    ran.ends(0)
    (line,) = ran.out.splitlines()
    check(line.startswith(f"{ktap.FAKE} -accel tcg "), line)
    check("'seed=5 seconds=9 resume run=a.*,b'" in line and "-m 'two words'" in line, line)
    check("-machine q35" in line and "@" not in line and "viommu-guest.elf" in line, line)
    check("-icount" not in line and " -S " not in line, line)
    check(not os.listdir(ran.results), "it left files")


def vmm(text: str) -> str:
    """A shell script in the place of QEMU."""
    return ktap.script(f"#!/bin/sh\n{text}\n")


@test
def optional_devices_are_those_that_the_vmm_has() -> None:
    check("-device iommu-testdev" in run_sh("-n", QEMU=ktap.FAKE).out)
    check("iommu-testdev" not in run_sh("-n", QEMU=vmm("")).out)


@test
def a_machine_adds_to_the_kernels_command_line() -> None:
    line = run_sh("-n", "-s", "5", "-m", "microvm", QEMU=ktap.FAKE).out
    check("'seed=5 seconds=2 resume pci.ecam=0xe0000000 " in line, line)
    check(" viommu=mmio:0xfeb02e00 viommu.ep=00:00.0-ff:1f.7:0' " in line and "+" not in line, line)


@test
def device_tree_is_told_of_and_not_made() -> None:
    ran = run_sh("-n", "-m", "virt-riscv64", QEMU=ktap.FAKE)
    check(" -dtb " in ran.out and "@DTB" not in ran.out, ran.out)
    check("--iommu=/soc/virtio_mmio@10008000 --pci=/soc/pci@30000000 " in ran.err, ran.err)


@test
def machine_that_lacks_a_device_is_skipped() -> None:
    check(" -device virtio-iommu-pci " in run_sh("-n", "-m", "virt-riscv64-pci", QEMU=ktap.FAKE).out)
    lacking = 'case "$*" in *virtio-iommu*) echo one >&2; echo "no plug for it" >&2; exit 1 ;; esac'
    ran = run_sh("-m", "virt-riscv64-pci", QEMU=vmm(lacking))
    ran.ends(0)
    check(ran.out.splitlines() == ["KTAP version 1", "1..0 # SKIP no plug for it"], ran.out)
    check(ran.text("results.ktap") == ran.out, ran.text("results.ktap"))


@test
def machine_of_a_device_that_the_vmm_does_not_know_is_skipped() -> None:
    ran = run_sh("-m", "q35-refdev-vfio", QEMU=vmm("echo QEMU emulator version 7.2.22"))
    ran.ends(0)
    check(ran.out.splitlines() == ["KTAP version 1", "1..0 # SKIP no vfio-user-pci in QEMU 7.2.22"], ran.out)
    ran = run_sh("-m", "q35-refdev-vfio", QEMU=vmm("echo 'name \"vfio-user-pci\", bus PCI'"))
    ran.ends(3)
    check("SKIP" not in ran.out, ran.out)


@test
def machine_that_does_not_start_at_all_is_not_skipped() -> None:
    ran = run_sh("-m", "virt-riscv64-pci", QEMU=vmm("echo no machine >&2; exit 1"))
    ran.ends(3)
    check("SKIP" not in ran.out and "no machine" in ran.out, ran.out)


def elf(machine: int) -> str:
    """A file that begins as an ELF file for that CPU does (e_machine), and is none."""
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "lkvm")
    with open(path, "wb") as file:
        file.write(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0" + machine.to_bytes(2, "little"))
    os.chmod(path, 0o755)
    return path


X86_64, AARCH64 = 0x3E, 0xB7


@test
def machine_of_kvmtool_is_skipped_without_it() -> None:
    for machine, cpu, other in (
        ("kvmtool-x86", "x86_64", AARCH64),
        ("kvmtool-x86-nested", "x86_64", AARCH64),
        ("kvmtool-arm64-nested", "aarch64", X86_64),
    ):
        lkvm = elf(other)
        ran = run_sh("-m", machine, QEMU=ktap.FAKE, LKVM=lkvm)
        ran.ends(0)
        reason = f"1..0 # SKIP no lkvm for {cpu} in LKVM={lkvm}"
        check(ran.out.splitlines() == ["KTAP version 1", reason], ran.out)
        check(ran.text("results.ktap") == ran.out, ran.text("results.ktap"))


@test
def lkvm_is_the_first_one_for_the_cpu() -> None:
    one, other, more = elf(AARCH64), elf(X86_64), elf(X86_64)
    line = run_sh("-n", "-s", "5", "-m", "kvmtool-x86", LKVM=f"{one}:{other}:{more}").out
    check(line.startswith(f"{other} run -k "), line)
    check("viommu-guest.bzimage " in line and "@" not in line, line)
    check("-p 'seed=5 seconds=2 resume viommu.ep=scan'" in line, line)


@test
def machine_that_carries_lkvm_is_one_of_qemus() -> None:
    ran = run_sh("-n", "-s", "5", "-m", "kvmtool-x86-nested", "--", "--irqchip", QEMU=ktap.FAKE)
    ran.ends(0)
    check(ran.out.startswith(f"{ktap.FAKE} -accel tcg ") and "@" not in ran.out, ran.out)
    check("-initrd " in ran.out and "-p 'seed=5 seconds=2 resume viommu.ep=scan'" in ran.err, ran.out, ran.err)
    check("lkvm run -k /viommu-guest.bzimage " in ran.err and " --irqchip" in ran.err, ran.err)


@test
def modes_change_the_command_line() -> None:
    line = run_sh("-n", "--icount", QEMU=ktap.FAKE).out
    check("-icount shift=0,sleep=off -rtc base=2026-01-01T00:00:00,clock=vm" in line, line)
    check(" icount" in line, line)
    check(" -s -S" in run_sh("-n", "-d", QEMU=ktap.FAKE).out)
    check("-accel kvm" in run_sh("-n", QEMU=ktap.FAKE, ACCEL="kvm").out)


@test
def debugging_names_the_command_for_gdb() -> None:
    ran = run_fake("a.b=pass", "-d")
    ran.ends(0)
    check("gdb " in ran.err and "viommu-guest.elf" in ran.err and ":1234" in ran.err, ran.err)


@test
def seed_is_another_one_each_time() -> None:
    first, second = run_sh("-n", QEMU=ktap.FAKE).out, run_sh("-n", QEMU=ktap.FAKE).out
    check(first != second and "seed=" in first, first)


@test
def results_go_where_told_from_any_directory() -> None:
    directory = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    ran = run_fake("a.b=pass", "-o", os.path.join(directory, "new", "place"))
    ran.ends(0)
    names = sorted(os.listdir(os.path.join(directory, "new", "place")))
    check(names == ["console.log", "junit.xml", "results.json", "results.ktap", "vmm.log"], names)


@test
def results_that_cannot_be_written_are_refused() -> None:
    is_refused(run_fake("a.b=pass", "-o", "/dev/null/there"), "/dev/null/there")


@test
def missing_packages_are_named_with_the_command() -> None:
    path = ktap.poor_path("ld.lld", "clang", "qemu-system-x86_64", "sudo")
    ran = run_sh(PATH=path, NO_INSTALL="1")
    is_refused(ran, "apt-get install --no-install-recommends", " clang", " lld", " qemu-system-x86")
    check("python3" not in ran.err and "llvm " not in ran.err, ran.err)


@test
def own_qemu_needs_no_package() -> None:
    ran = run_sh(PATH=ktap.poor_path("xz", "qemu-system-x86_64"), NO_INSTALL="1", QEMU=ktap.FAKE)
    is_refused(ran, "apt-get install --no-install-recommends xz-utils")
    check("qemu" not in ran.err, ran.err)


@test
def missing_packages_are_installed_by_root() -> None:
    path = ktap.poor_path("xz", "apt-get", "sudo", "id")
    log = os.path.join(path, "apt.log")
    for name, text in (
        ("apt-get", f'echo "$DEBIAN_FRONTEND $*" >>{log}\n[ "$1" = update ] || exit 1\n'),
        ("id", "echo 0\n"),
    ):
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(os.path.join(path, name), 0o755)
    ran = run_sh(PATH=path, NO_INSTALL="", QEMU=ktap.FAKE)
    ran.ends(2)
    check(ran.err.splitlines()[0] == "installing with apt-get: xz-utils", ran.err)
    check(ran.err.splitlines()[-1] == "apt-get could not install: xz-utils", ran.err)
    with open(log, encoding="utf-8") as file:
        lines = file.read().splitlines()
    check(lines[-1] == "noninteractive install -qq -y --no-install-recommends xz-utils", lines)
    check([line for line in lines if line.endswith("update -qq")], lines)
    shutil.rmtree(path)


if __name__ == "__main__":
    ktap.main("harness.options")
