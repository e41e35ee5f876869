# SPDX-License-Identifier: BSD-2-Clause
"""The VMMs, and what starts them inside of something else: the carrier, the reference device.

To add one: a module with a subclass of base.Adapter, and a line of ADAPTERS.
"""

from __future__ import annotations

from machines import Bad, Machine

from . import command, kvmtool, native, qemu, refdev, rust, saved
from .base import Adapter as Adapter
from .base import Settings

ADAPTERS: dict[str, type[Adapter]] = {
    "qemu": qemu.Qemu,
    "kvmtool": kvmtool.Kvmtool,
    "cloud-hypervisor": rust.CloudHypervisor,
    "crosvm": rust.Crosvm,
    "firecracker": rust.Firecracker,
    "alioth": rust.Alioth,
    "native": native.Native,
    "command": command.Command,
    "saved": saved.Saved,
}


def adapter(machine: Machine, settings: Settings) -> Adapter:
    """What runs that machine."""
    kind = ADAPTERS.get(machine.vmm)
    if kind is None:
        raise Bad(f"{machine.name}: vmm: '{machine.vmm}', expected one of {', '.join(ADAPTERS)}")
    if kind is qemu.Qemu and machine.refdev:
        return refdev.Refdev(machine, settings)
    return kind(machine, settings)
