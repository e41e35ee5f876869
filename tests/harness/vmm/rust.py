# SPDX-License-Identifier: BSD-2-Clause
"""Cloud Hypervisor, crosvm, Firecracker and alioth: what each says of itself, and what it lacks."""

from __future__ import annotations

import re

from .base import LOG_LINE
from .kvm import KvmVmm


class CloudHypervisor(KvmVmm):
    """Its log is on stderr, and the serial port on stdout with `--serial tty`."""

    name = "cloud-hypervisor"
    program = "cloud-hypervisor"
    version_line = re.compile(r"cloud-hypervisor v?([0-9][^\s]*)")

    def unfit(self) -> str:
        if "--user-device" in self.machine.words:
            return "Cloud Hypervisor puts no vfio-user device behind its virtio-iommu"
        return ""


class Crosvm(KvmVmm):
    """Its virtio-iommu is for devices of the host only (--vfio): without them there is none."""

    name = "crosvm"
    program = "crosvm"
    version_words = ("version",)
    version_line = re.compile(r"crosvm ([0-9][^\s]*)")


class Firecracker(KvmVmm):
    """It has no virtio-iommu, and its log is on stdout, between and inside of the guest's lines."""

    name = "firecracker"
    program = "firecracker"
    version_line = re.compile(r"Firecracker v?([0-9][^\s]*)")
    noise = LOG_LINE


class Alioth(KvmVmm):
    """It has no virtio-iommu, and reads the terminal that its stdin has to be."""

    name = "alioth"
    program = "alioth"
    version_line = re.compile(r"alioth[\w-]* v?([0-9][^\s]*)")
    wants_terminal = True

    def arguments(self) -> list[str]:
        return ["boot", *super().arguments()]
