# SPDX-License-Identifier: BSD-2-Clause
"""What QEMU's virt machines say of the topology, intact and damaged: IORT beside VIOT, and device trees."""

from __future__ import annotations

import copy
import os
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

import ktap
from audit import DMA, ORDINARY, is_fine, is_judged, is_said
from ktap import Ran, check, run_sh, test

sys.path.insert(0, os.path.join(ktap.HOME, "tests", "harness"))
import devicetree  # noqa: E402
from devicetree import Node, Tree, cells  # noqa: E402

EDU = "edu,dma_mask=0xffffffffffffffff"
ROOT_BYPASSES = ["-machine", "default_bus_bypass_iommu=on"]

# -- ACPI, under AAVMF -----------------------------------------------------------------------------


@test
def iort_beside_viot_is_no_description() -> None:
    """It leads messages to the ITS only."""
    ran = run_sh("-m", "virt-arm64-efi", "topology.*", DMA, "conformance.interrupt")
    ran.ends(0)
    is_said(ran, "# topology by VIOT: 1 IOMMUs, 1 ranges")
    check("IORT" not in ran.text("console.log"), ran.out)
    is_judged(ran, descriptions_are_well_formed="PASS", every_dma_engine_goes_by_its_endpoint="PASS")


@test
def viot_without_endpoints_means_that_all_bypass() -> None:
    ran = run_sh("-m", "virt-arm64-efi", "topology.*", "--", *ROOT_BYPASSES)
    ran.ends(0)
    is_said(ran, "# topology by VIOT: 1 IOMMUs, 0 ranges")
    is_judged(ran, what_is_not_described_is_not_translated="PASS", descriptions_are_well_formed="PASS")


@test
def smmu_manages_the_root_bus_and_not_the_one_that_bypasses() -> None:
    """QEMU's id mappings say one more than there are (until 9.1): function 0x100 is in two."""
    bridge = [
        "pxb-pcie,id=one,bus=pcie.0,bus_nr=1,bypass_iommu=on",
        "pcie-root-port,id=behind,bus=one,addr=0,chassis=9",
    ]
    devices = [word for device in [*bridge, f"{EDU},bus=behind"] for word in ("-device", device)]
    ran = run_sh("-m", "virt-arm64-efi-smmu", "topology.*", ORDINARY, "--", *devices)
    ran.ends(0)
    is_fine(ran, ORDINARY, "other_iommus_have_other_devices")
    is_said(ran, "# other IOMMU: SMMUv3 at 0x9050000 by IORT, which is not driven")
    is_said(ran, "# function 0000:00:01.0 1234:11e8 behind SMMUv3 id 0x8 by IORT")
    is_said(ran, "# function 0000:01:00.0 ", " behind no IOMMU")
    is_said(ran, "# function 0000:02:00.0 1234:11e8 behind no IOMMU")
    is_said(ran, "0000:80:01.0 is behind a virtio-iommu by options and behind an SMMUv3 by IORT")
    is_judged(ran, what_is_not_described_is_not_translated="PASS", every_dma_engine_goes_by_its_endpoint="PASS")


@test
def smmu_manages_all_but_the_root_bus() -> None:
    ran = run_sh("-m", "virt-arm64-efi-smmu", "topology.*", "--", *ROOT_BYPASSES)
    ran.ends(0)
    is_said(ran, "# other IOMMU: SMMUv3 at 0x9050000 by IORT, which is not driven")
    is_said(ran, "# function 0000:00:01.0 1234:11e8 behind no IOMMU")
    is_judged(ran, what_is_not_described_is_not_translated="PASS", other_iommus_have_other_devices="WARN")


# -- device trees ----------------------------------------------------------------------------------


@dataclass
class Host:
    """A machine of tests/harness/machines.toml, and how to get the tree that QEMU makes for it."""

    machine: str
    command: str
    iommu: str
    pci: str
    edu: int  # the bdf of the first engine
    is_described: bool  # QEMU's own tree has the IOMMU in it


ARM64 = Host(
    "virt-arm64",
    "qemu-system-aarch64 -machine virt,gic-version=3,dtb-randomness=off -cpu max -smp 2 -m 256M "
    "-device virtio-iommu-pci",
    "/pcie@10000000/virtio_iommu@1,0",
    "/pcie@10000000",
    0x10,
    True,
)
RISCV64 = Host(
    "virt-riscv64",
    "qemu-system-riscv64 -machine virt -smp 2 -m 256M",
    "/soc/virtio_mmio@10008000",
    "/soc/pci@30000000",
    0x8,
    False,
)
HOSTS = [ARM64, RISCV64]

TREES: dict[str, bytes] = {}


class Subject:
    """A host's tree, to be spoiled."""

    def __init__(self, host: Host, directory: str) -> None:
        if host.machine not in TREES:
            command = [*host.command.split(), "-nodefaults", "-display", "none"]
            TREES[host.machine] = devicetree.dump(command, f"{directory}/dumped").blob()
        self.host, self.tree = host, Tree(TREES[host.machine])
        if not host.is_described:
            devicetree.add_iommu(self.tree, host.iommu, host.pci)
        self.iommu, self.pci = self.tree.root.find(host.iommu), self.tree.root.find(host.pci)
        self.phandle = int.from_bytes(self.iommu.properties["phandle"], "big")

    def map(self, *entries: tuple[int, int, int]) -> None:
        """First function, first id, length."""
        words = [word for first, endpoint, length in entries for word in (first, self.phandle, endpoint, length)]
        self.pci.properties["iommu-map"] = cells(*words)


@dataclass
class Case:
    """A change of the tree, what is said then, and whose verdict is another one than PASS."""

    change: Callable[[Subject], object]
    said: list[str] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)


ALL = (0, 0, 0x10000)
LEFT_OUT = {"descriptions_are_well_formed": "WARN", "what_is_not_described_is_not_translated": "FAIL"}


def without(subject: Subject, node: Node, name: str) -> None:
    del node.properties[name]


def with_an_entry_cut_short(subject: Subject) -> None:
    subject.pci.properties["iommu-map"] = cells(0, subject.phandle, 0, 0x10000)[:15]


def with_phandle(subject: Subject, phandle: int) -> None:
    subject.phandle = phandle
    subject.map(ALL)


def with_mask(subject: Subject, mask: int, *entries: tuple[int, int, int]) -> None:
    subject.map(*entries)
    subject.pci.properties["iommu-map-mask"] = cells(mask)


def with_iommus_on_a_function(subject: Subject) -> None:
    reg = cells(subject.host.edu << 8, 0, 0, 0, 0)
    subject.pci.children.append(
        Node(f"edu@{subject.host.edu >> 3:x}", {"reg": reg, "iommus": cells(subject.phandle, 0x1000)})
    )


CASES: dict[str, Case] = {
    "range that includes the IOMMU": Case(lambda s: s.map(ALL)),
    "no iommu-map": Case(
        lambda s: without(s, s.pci, "iommu-map"), [], {"what_is_not_described_is_not_translated": "FAIL"}
    ),
    "entry cut short": Case(
        with_an_entry_cut_short, ["iommu-map byte 0: the size is 0xf, expected a multiple of 16"], LEFT_OUT
    ),
    "phandle of nobody": Case(
        lambda s: with_phandle(s, 0x7777),
        ["iommu-map byte 4: phandle is 0x7777, expected that of an IOMMU"],
        LEFT_OUT,
    ),
    "no #iommu-cells": Case(
        lambda s: without(s, s.iommu, "#iommu-cells"),
        ["iommu-map byte 4: phandle is 0x", "with #iommu-cells 1 if it is virtio's (entry skipped)"],
        LEFT_OUT,
    ),
    "overlap, where the first counts": Case(
        lambda s: s.map(ALL, (s.host.edu, 0x1000, 8)),
        ["overlap, expected one"],
        {"ranges_are_disjoint_and_do_not_wrap": "WARN"},
    ),
    "mask that changes nothing": Case(lambda s: with_mask(s, 0xFFFF, ALL)),
    "mask without the bits of the function": Case(lambda s: with_mask(s, 0xFFF8, ALL)),
    "base outside of the mask": Case(
        lambda s: with_mask(s, 0xFF00, (s.host.edu, 0, 8)),
        ["iommu-map byte 0: rid-base is 0x", "(map left out)"],
        LEFT_OUT,
    ),
    "mask that makes all functions one": Case(
        lambda s: with_mask(s, 0xFF00, ALL), [], {"every_dma_engine_goes_by_its_endpoint": "FAIL"}
    ),
    "ids that the device has not": Case(
        lambda s: s.map((0, 0x100, 0x8000)),
        [],
        {
            "every_dma_engine_goes_by_its_endpoint": "FAIL",
            "device_knows_every_endpoint": "FAIL",
            "probe_knows_every_endpoint": "FAIL",
            "device_knows_nothing_else": "WARN",
        },
    ),
    "function left out": Case(
        lambda s: s.map((s.host.edu + 8, s.host.edu + 8, 0x8000)),
        [],
        {"what_is_not_described_is_not_translated": "FAIL", "device_knows_nothing_else": "WARN"},
    ),
    "function that is missing": Case(
        lambda s: s.map((0, 0, 0x80), (0x99, 0x99, 1)),
        ["device tree names function 0000:0x0099, which is missing"],
        {"described_endpoints_exist": "WARN"},
    ),
    "ids that wrap": Case(
        lambda s: s.map((0, 0xFFFFFFF0, 0x100)), ["iommu-map byte 12: length is 0x100, expected ids that fit"], LEFT_OUT
    ),
    "iommus of a function": Case(
        with_iommus_on_a_function,
        ["iommus byte 0: the size is 0x8, expected iommu-map of the host bridge"],
        {"descriptions_are_well_formed": "WARN"},
    ),
}


def run_case(host: Host, case: Case) -> Ran:
    """Where an endpoint is described wrongly, nothing that needs one makes sense."""
    with tempfile.TemporaryDirectory() as directory:
        subject = Subject(host, directory)
        case.change(subject)
        path = f"{directory}/tree"
        with open(path, "wb") as file:
            file.write(subject.tree.blob())
        rest = "discovery.*" if "FAIL" in case.verdicts.values() else ORDINARY
        return run_sh("-m", host.machine, "topology.*", rest, "--", "-dtb", path)


def judge(host: Host, case: Case) -> None:
    ran = run_case(host, case)
    ran.ends(1 if "FAIL" in case.verdicts.values() else 0)
    for line in case.said:
        is_said(ran, line)
    is_judged(ran, **case.verdicts)
    is_fine(ran, "discovery" if ran.status else ORDINARY, *case.verdicts)


def judge_all(host: Host) -> None:
    wrong = []
    for name, case in CASES.items():
        try:
            judge(host, case)
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    check(not wrong, "\n".join(wrong))


@test
def trees_of_arm64_are_judged() -> None:
    judge_all(ARM64)


@test
def trees_of_riscv64_are_judged() -> None:
    judge_all(RISCV64)


def half(value: int, size: int, is_second: bool) -> tuple[int, int]:
    """Of a range, as two numbers of 64 bits."""
    return value + size // 2 * is_second, size // 2


def split(bridge: Node, segment: int) -> None:
    """Half of the buses and of the windows that the bridge has."""
    reg = struct.unpack(">2Q", bridge.properties["reg"])
    bridge.properties["reg"] = struct.pack(">2Q", *half(reg[0], reg[1], segment == 1))
    bridge.properties["bus-range"] = cells(0x80 * segment, 0x80 * segment + 0x7F)
    bridge.properties["linux,pci-domain"] = cells(segment)
    windows = b""
    for kind, bus, cpu, size in struct.iter_unpack(">I3Q", bridge.properties["ranges"]):
        ends = half(bus, size, segment == 1)[0], *half(cpu, size, segment == 1)
        windows += struct.pack(">I3Q", kind, *ends)
    bridge.properties["ranges"] = windows


@test
def segments_have_functions_of_their_own() -> None:
    """A host bridge for each half of the buses, where the second half begins with another root bus."""
    with tempfile.TemporaryDirectory() as directory:
        subject = Subject(ARM64, directory)
        second = copy.deepcopy(subject.pci)
        second.name, second.children = "pcie@20000000", []
        subject.map((0, 0, 0x8000))
        second.properties["iommu-map"] = cells(0x8000, subject.phandle, 0x8000, 0x8000)
        split(subject.pci, 0)
        split(second, 1)
        subject.tree.root.children.append(second)
        path = f"{directory}/tree"
        with open(path, "wb") as file:
            file.write(subject.tree.blob())
        devices = ["pxb-pcie,id=pxb,bus_nr=128", "pcie-root-port,id=far,bus=pxb,chassis=1", f"{EDU},bus=far"]
        words = [word for device in devices for word in ("-device", device)]
        ran = run_sh("-m", ARM64.machine, "topology.*", DMA, "--", "-dtb", path, *words)
    ran.ends(0)
    is_fine(ran, DMA)
    is_said(ran, "# pci segment 0 buses 0-127 by ECAM")
    is_said(ran, "# pci segment 1 buses 128-255 by ECAM")
    is_said(ran, "# endpoint 0000:00:02.0 1234:11e8 id 0x10 iommu 0 by device tree engine edu")
    is_said(ran, "# endpoint 0001:81:00.0 1234:11e8 id 0x8100 iommu 0 by device tree engine edu")
    is_judged(ran, every_dma_engine_goes_by_its_endpoint="PASS", endpoints_move_with_their_bus="PASS")


@test
def bridge_where_nobody_answers_is_named_and_left_out() -> None:
    """Its configuration space is read where an access that nobody answers is an exception."""
    with tempfile.TemporaryDirectory() as directory:
        subject = Subject(ARM64, directory)
        absent = copy.deepcopy(subject.pci)
        absent.name, absent.children = "pcie@70000000", []
        absent.properties["reg"] = struct.pack(">2Q", 0x70000000, 0x1000000)
        absent.properties["bus-range"] = cells(0, 15)
        subject.pci.properties["linux,pci-domain"] = cells(0)
        absent.properties["linux,pci-domain"] = cells(1)
        absent.properties["iommu-map"] = cells(0, subject.phandle, 0x10000, 0x1000)
        subject.tree.root.children.append(absent)
        path = f"{directory}/tree"
        with open(path, "wb") as file:
            file.write(subject.tree.blob())
        ran = run_sh("-m", ARM64.machine, "topology.*", DMA, "--", "-dtb", path)
    ran.ends(0)
    is_fine(ran, DMA)
    is_said(ran, "# pci segment 0 buses 0-255 by ECAM")
    is_said(ran, "# pci segment 1 buses 0-15: ECAM at 0x70000000: no function answers there; left out")
    is_judged(ran, every_dma_engine_goes_by_its_endpoint="PASS")


def with_two_roots(blob: bytes) -> bytes:
    """A second root in the structure block, which moves behind everything."""
    header = list(struct.unpack_from(">10I", blob))
    at, size = header[2], header[9]
    block = blob[at : at + size - 4] + struct.pack(">4I", 1, 0, 2, 9)
    header[1:3] = len(blob) + len(block), len(blob)
    header[9] = len(block)
    return struct.pack(">10I", *header) + blob[40:] + block


@test
def tree_of_two_roots_is_named_by_whatever_voice_there_is() -> None:
    """No UART is known then: semihosting speaks."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/tree"
        with open(path, "wb") as file:
            file.write(with_two_roots(Subject(ARM64, directory).tree.blob()))
        ran = run_sh("-m", ARM64.machine, "topology.*", "--", "-dtb", path)
    is_said(ran, "token is 0x1, expected one root")
    check("topology.sources.descriptions_agree" in ran.out, ran.out)


@test
def tree_that_is_cut_short_does_not_start() -> None:
    """QEMU reads it, too: what the guest makes of one is the affair of the unit tests."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/tree"
        with open(path, "wb") as file:
            blob = Subject(ARM64, directory).tree.blob()
            file.write(blob[: len(blob) // 2])
        ran = run_sh("-m", "virt-arm64", "topology.*", "--", "-dtb", path)
        ran.ends(3)
        check("the VM ended before it printed a plan" in ran.err + ran.out, ran.err)


if __name__ == "__main__":
    ktap.main("selftest.topology_virt")
