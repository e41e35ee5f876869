# SPDX-License-Identifier: BSD-2-Clause
"""`make images`: what is in it, and that another folder, with everything built anew, makes the same."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

import ktap
from ktap import HOME, check, run_sh, test

LIMIT = 900  # seconds for one build
DISK = (sys.executable, "-B", os.path.join(HOME, "boot", "efi", "disk.py"))
NEWLIB_BUILT_TWICE = "x86_64"  # a minute; of the other CPUs the built one is copied


def make_images(folder: str, environment: dict[str, str]) -> dict[str, bytes]:
    command = ["make", "-s", f"-j{os.cpu_count()}", "-C", folder, "images"]
    ran = subprocess.run(
        command, env=ktap.environment(environment), capture_output=True, text=True, timeout=LIMIT
    )
    check(ran.returncode == 0, ran.stderr)
    found = {}
    for entry in os.scandir(os.path.join(folder, "build", "images")):
        with open(entry.path, "rb") as file:
            found[entry.name] = file.read()
    return found


@functools.cache
def images() -> dict[str, bytes]:
    return make_images(HOME, {})


@test
def there_is_an_image_of_every_cpu_and_protocol() -> None:
    wanted = {
        *("x86_64-pvh.elf", "x86_64-linux.bzimage", "x86_64-uefi.efi"),
        *("aarch64-linux.image", "aarch64-uefi.efi", "riscv64-linux.image"),
        *("riscv64-uefi.efi", "uefi.disk"),
    }
    missing = {f"viommu-guest-{name}" for name in wanted} - images().keys()
    check(not missing, missing)


@test
def sums_are_those_of_the_images() -> None:
    found = images()
    lines = found["SHA256SUMS"].decode().splitlines()
    names = sorted(found.keys() - {"SHA256SUMS"})
    wanted = [f"{hashlib.sha256(found[name]).hexdigest()}  {name}" for name in names]
    check(lines == wanted, lines, wanted)


@test
def bzimage_has_the_header_that_loaders_look_for() -> None:
    image = images()["viommu-guest-x86_64-linux.bzimage"]

    def field(offset: int, form: str) -> int:
        value: int = struct.unpack_from("<" + form, image, offset)[0]
        return value

    kernel = (field(0x1F1, "B") + 1) * 512
    check(len(image) >= 4096, "kvmtool takes a shorter file for a flat binary")
    check(field(0x1FE, "H") == 0xAA55 and image[0x202:0x206] == b"HdrS")
    check(field(0x206, "H") >= 0x20C, "Firecracker wants the protocol that has xloadflags")
    check(field(0x211, "B") & 1, "the protected-mode part belongs at 1 MiB")
    check(field(0x214, "I") == 0x100000)
    check(field(0x1F4, "I") * 16 == len(image) - kernel, "crosvm refuses what is shorter than syssize")
    check(field(0x236, "H") & 1, "a 64-bit entry")
    check(field(0x238, "I") > 0, "kvmtool crashes where cmdline_size is 0")
    check(field(0x258, "Q") == 0x200000)
    check(field(0x260, "I") > len(image) - kernel, "the image in memory has .bss, too")
    # The boot sector becomes the zero page: what is not header must be zero.
    check(not any(image[:0x1F1]) and not any(image[0x26B:0x1000]))
    check(field(0x201, "B") + 0x202 == 0x268)


@test
def one_disk_starts_every_cpu() -> None:
    images()
    disk = os.path.join(ktap.SCRATCH.name, "uefi.disk")
    shutil.copy(os.path.join(HOME, "build", "images", "viommu-guest-uefi.disk"), disk)
    subprocess.run([*DISK, "--options=run=discovery.pci.bars_*", disk], check=True)
    for machine, cpu in (
        ("q35-efi-disk", "x86_64"),
        ("virt-arm64-efi-disk", "aarch64"),
        ("virt-riscv64-efi-disk", "riscv64"),
    ):
        command = run_sh("-n", "-m", machine).out
        own = os.path.join(HOME, "build", cpu, "viommu-guest.disk")
        check(own in command, command)
        scratch = os.path.join(tempfile.gettempdir(), "viommu-guest.disk")
        blank = os.path.join(ktap.SCRATCH.name, "blank")
        with open(blank, "wb") as file:
            file.truncate(1 << 20)
        words = shlex.split(command.replace(own, disk).replace(scratch, blank))
        if "-dtb" in words:
            at = words.index("-dtb")  # a file that nobody has made
            del words[at : at + 2]
        ran = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=LIMIT)
        check(f" {cpu} boot=efi " in ran.stdout and "EXIT: STATUS=1" in ran.stdout, ran.stdout)


def difference(one: bytes, other: bytes) -> str:
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} bytes"
    return f"byte {next(i for i, (a, b) in enumerate(zip(one, other)) if a != b):#x}"


@test
def another_folder_makes_the_same() -> None:
    files = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=HOME)
    with tempfile.TemporaryDirectory(prefix="viommu-guest-in-another-folder-") as folder:
        for name in filter(os.path.exists, files.decode().rstrip("\0").split("\0")):
            os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
            shutil.copy2(os.path.join(HOME, name), os.path.join(folder, name))
        for cpu in ("aarch64", "riscv64", "x86_64"):
            if cpu != NEWLIB_BUILT_TWICE:
                newlib = os.path.join("build", cpu, "newlib")
                shutil.copytree(os.path.join(HOME, newlib), os.path.join(folder, newlib))
        others = make_images(folder, {"TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": "/nonexistent"})
    ours = images()
    check(others.keys() == ours.keys(), others.keys(), ours.keys())
    differ = {name: difference(data, others[name]) for name, data in ours.items() if data != others[name]}
    check(not differ, "`make clean` if build/ is older than the Makefile's flags;", differ)


if __name__ == "__main__":
    os.chdir(HOME)
    ktap.main("harness.images")
