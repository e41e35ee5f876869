# SPDX-License-Identifier: BSD-2-Clause
"""VIOT tables beside the boot options of q35-refdev, where QEMU has none of its own, and the audit of both."""

from __future__ import annotations

import json
import struct
import tempfile

import ktap
from ktap import Ran, check, run_sh, test

IOMMU = struct.pack("<BxHHH8x", 3, 16, 0, 4 << 3)
FIRST, LAST = 5 << 3, 8 << 3  # the endpoints, with ids that are their numbers


def pci_range(first: int, last: int, endpoint: int, output: int = 48) -> bytes:
    return struct.pack("<BxHIHHHHH6x", 1, 24, endpoint, 0, 0, first, last, output)


def viot(*nodes: bytes, offset: int = 48) -> bytes:
    """What follows the common header."""
    return struct.pack("<HH8x", len(nodes), offset) + b"".join(nodes)


def iort(*mapping: int) -> bytes:
    """A paravirtual node as cloud-hypervisor's of 2019, a root complex, and its mapping to it."""
    node = struct.pack("<BHB4xII", 0x80, 56, 0, 0, 56) + struct.pack("<I12xII16x", 4 << 3, 1, 0)
    root = struct.pack("<BHB4xII", 2, 56, 0, 1, 36) + struct.pack("<QIIB3x", 1, 0, 0, 64)
    return struct.pack("<II4x", 2, 48) + node + root + struct.pack("<5I", *mapping)


def audit(*bodies: bytes, sig: str = "VIOT") -> Ran:
    with tempfile.TemporaryDirectory() as directory:
        tables = []
        for number, body in enumerate(bodies):
            path = f"{directory}/{number}"
            with open(path, "wb") as file:
                file.write(body)
            tables += ["-acpitable", f"sig={sig},data={path}"]
        return run_sh("-m", "q35-refdev", "topology.*", "--", *tables)


def verdict(ran: Ran, name: str) -> str:
    tests = json.loads(ran.text("results.json"))["tests"]
    return str({t["id"]: t["verdict"] for t in tests}[f"topology.{name}"])


def is_said(ran: Ran, *words: str) -> None:
    lines = ran.text("console.log").splitlines()
    check(any(all(word in line for word in words) for line in lines), words, ran.out)


@test
def agreeing_table_passes() -> None:
    ran = audit(viot(IOMMU, pci_range(FIRST, LAST, FIRST)))
    ran.ends(0)
    check(verdict(ran, "sources.descriptions_agree") == "PASS", ran.out)


@test
def other_id_fails_and_names_both_and_the_endpoint() -> None:
    ran = audit(viot(IOMMU, pci_range(FIRST, LAST, 0x1000)))
    ran.ends(1)
    check(verdict(ran, "sources.descriptions_agree") == "FAIL", ran.out)
    is_said(ran, "0000:00:05.0 is id ", "id 0x1000 of ", "by VIOT", "id 0x28 of ", "by options")
    check(verdict(ran, "dma.every_dma_engine_goes_by_its_endpoint") == "PASS", ran.out)


@test
def function_that_is_missing_warns() -> None:
    ran = audit(viot(IOMMU, pci_range(FIRST, LAST, FIRST), pci_range(0x99, 0x99, 0x99)))
    ran.ends(0)
    is_said(ran, "TOPO_RANGE_D01", "VIOT names function 0000:0x0099, which is missing")


@test
def missing_iommu_fails() -> None:
    nobody = struct.pack("<BxHHH8x", 3, 16, 0, 0x98)
    ran = audit(viot(nobody, pci_range(0x99, 0xA0, 0x99)))
    ran.ends(1)
    check(verdict(ran, "machine.described_iommus_exist") == "FAIL", ran.out)


@test
def overlapping_ranges_warn_and_the_later_counts() -> None:
    ran = audit(viot(IOMMU, pci_range(FIRST, LAST, 0x1000), pci_range(FIRST, LAST, FIRST)))
    ran.ends(0)
    check(verdict(ran, "machine.ranges_are_disjoint_and_do_not_wrap") == "WARN", ran.out)
    check(verdict(ran, "sources.descriptions_agree") == "PASS", ran.out)


@test
def range_may_include_the_iommu() -> None:
    ran = audit(viot(IOMMU, pci_range(0, 0xFFFF, 0)))
    check(verdict(ran, "machine.iommu_is_no_endpoint_of_its_own") == "PASS", ran.out)
    check(verdict(ran, "sources.descriptions_agree") == "PASS", ran.out)


@test
def second_table_is_reported_and_the_first_counts() -> None:
    ran = audit(viot(IOMMU, pci_range(FIRST, LAST, FIRST)), viot(IOMMU, pci_range(FIRST, LAST, 0x1000)))
    ran.ends(0)
    is_said(ran, "VIOT at ", "left out, the one at ", "comes first")
    check(verdict(ran, "sources.descriptions_agree") == "PASS", ran.out)


@test
def malformed_tables_are_reported_and_the_run_goes_on() -> None:
    good = pci_range(FIRST, LAST, FIRST)
    bodies = {
        "byte 38: node offset is 0x28": viot(IOMMU, good, offset=40),
        "byte 38: node offset is 0x400": viot(IOMMU, good, offset=0x400),
        "byte 66: node length is 0x0": viot(IOMMU, b"\1\0\0\0" + good[4:]),
        "byte 66: node length is 0x18": viot(IOMMU, good[:-8]),
        "byte 4: length is 0x26": b"\1\0",
        "byte 68: endpoint_start is 0xffffffff": viot(IOMMU, pci_range(FIRST, LAST, 0xFFFFFFFF)),
        "byte 78: bdf_end is 0x28": viot(IOMMU, pci_range(LAST, FIRST, FIRST)),
        "byte 80: output_node is 0x40": viot(IOMMU, pci_range(FIRST, LAST, FIRST, output=64)),
        "byte 57: checksum of the embedded table is 0x0": bytes(12) + b"IORT" + struct.pack("<I", 48) + bytes(40),
    }
    for complaint, body in bodies.items():
        ran = audit(body)
        check(ran.status == 0, complaint, ran.out)
        is_said(ran, f"# VIOT {complaint}, ")
        check(verdict(ran, "ids.device_knows_every_endpoint") == "PASS", complaint, ran.out)


@test
def paravirtual_iort_is_a_description() -> None:
    ran = audit(iort(FIRST, LAST - FIRST, FIRST, 48, 0), sig="IORT")
    ran.ends(0)
    check(verdict(ran, "sources.descriptions_agree") == "PASS", ran.out)
    ran = audit(iort(FIRST, LAST - FIRST, 0x1000, 48, 0), sig="IORT")
    ran.ends(1)
    is_said(ran, "0000:00:05.0 is id ", "id 0x1000 of ", "by IORT", "id 0x28 of ", "by options")


if __name__ == "__main__":
    ktap.main("selftest.topology")
