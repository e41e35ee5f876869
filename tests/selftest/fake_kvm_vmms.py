#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""In the place of Cloud Hypervisor, crosvm, Firecracker and alioth, by the name that it is called by.

Takes the arguments that the real one takes and no other, boots the image in QEMU with the same devices, and ends as the
real one does: with status 0, whatever became of its guest. Firecracker's log goes to stdout, in the middle of lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

LOG = b"2026-11-30T07:14:04.416544517 [anonymous-instance:fc_vcpu 0] Invalid MMIO read @ 0xeec00000:0x2\n"
LOG_EVERY = 1500  # bytes of the guest's
# None that tests/harness/expect has deviations of: the device is QEMU's.
VERSIONS = {
    "cloud-hypervisor": "cloud-hypervisor v1.0",
    "crosvm": "crosvm 0.0.1-fake",
    "firecracker": "Firecracker v1.17.0",
    "alioth": "alioth-cli 0.12.0",
}
# Of each option, the keys that its value may have; None: the value is a text.
OPTIONS: dict[str, dict[str, set[str] | None]] = {
    "cloud-hypervisor": {
        **{"--kernel": None, "--cmdline": None, "--serial": None, "--console": None},
        **{"--cpus": {"boot"}, "--memory": {"size"}, "--rng": {"src", "iommu"}},
        "--disk": {"path", "image_type", "iommu", "pci_segment"},
        "--platform": {"num_pci_segments", "iommu_segments", "iommu_address_width"},
    },
    "crosvm": {
        **{"--mem": {"size"}, "--cpus": {"num-cores"}, "--serial": {"type", "hardware", "num"}},
        **{"--block": {"path"}, "-p": None, "--disable-sandbox": set()},
    },
    "firecracker": {"--config-file": None, "--no-api": set(), "--no-seccomp": set(), "--enable-pci": set()},
    "alioth": {
        **{"-c": None, "--cpu": {"count"}, "--memory": {"size"}, "--blk": {"path"}, "--entropy": set()},
        **{"--pvh": None, "--kernel": None},
    },
}


def fail(why: str) -> None:
    print(f"error: {why}", file=sys.stderr)
    sys.exit(2)


def parse(name: str, words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and what is no option."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            return found, list(rest)
        if word not in OPTIONS[name]:
            fail(f"unexpected argument '{word}'")
        keys = OPTIONS[name][word]
        found[word] = "" if keys == set() else next(rest, "")
        if keys and (unknown := {part.partition("=")[0] for part in found[word].split(",")} - keys):
            fail(f"{word}: unknown key '{min(unknown)}'")
    return found, []


def strip_program_words(name: str, words: list[str]) -> list[str]:
    head = {"crosvm": ["--log-level=error", "run"], "alioth": ["boot"]}.get(name, [])
    if words[: len(head)] != head:
        fail(f"expected {' '.join(head)}")
    return words[len(head) :]


def device(kind: str, managed: bool) -> list[str]:
    return ["-device", f"virtio-{kind},disable-legacy=on,iommu_platform={'on' if managed else 'off'}"]


def machine_of(name: str, words: list[str]) -> tuple[str, str, list[str]]:
    """The image, the command line, and QEMU's devices."""
    found, rest = parse(name, strip_program_words(name, words))
    if name == "cloud-hypervisor":
        disk = dict(part.split("=") for part in found["--disk"].split(","))
        devices = ["-device", "virtio-iommu-pci", *device("rng-pci", "iommu=on" in found["--rng"])]
        drive = ["-drive", f"if=none,id=d,format=raw,file={disk['path']}"]
        return found["--kernel"], found["--cmdline"], devices + drive + device("blk-pci,drive=d", "iommu" in disk)
    if name == "crosvm":
        return rest[0], found["-p"], device("rng-pci", False)
    if name == "alioth":
        if not os.isatty(0):
            fail("stdin is no terminal")
        return found.get("--pvh") or found["--kernel"], found["-c"], device("rng-pci", False)
    with open(found["--config-file"], encoding="utf-8") as file:
        config = json.load(file)
    if unknown := set(config) - {"boot-source", "drives", "entropy", "machine-config"}:
        fail(f"unknown field {min(unknown)}")
    return config["boot-source"]["kernel_image_path"], config["boot-source"]["boot_args"], device("rng-pci", False)


def boot(name: str, words: list[str]) -> None:
    image, line, devices = machine_of(name, words)
    head = "-accel tcg -machine q35 -m 256M -nodefaults -display none -no-reboot -serial stdio".split()
    qemu = ["qemu-system-x86_64", *head, "-kernel", image, "-append", line, *devices]
    vm = subprocess.Popen(qemu, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert vm.stdout is not None
    while data := vm.stdout.read(LOG_EVERY):
        sys.stdout.buffer.write(data + (LOG if name == "firecracker" else b""))
        sys.stdout.buffer.flush()
    vm.wait()


def main() -> None:
    name = os.path.basename(sys.argv[0])
    if sys.argv[1:] in (["--version"], ["version"]):
        print(VERSIONS[name])
    else:
        boot(name, sys.argv[1:])


if __name__ == "__main__":
    main()
