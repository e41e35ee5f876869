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


def audit(*bodies: bytes) -> Ran:
    with tempfile.TemporaryDirectory() as directory:
        tables = []
        for number, body in enumerate(bodies):
            path = f"{directory}/{number}"
            with open(path, "wb") as file:
                file.write(body)
            tables += ["-acpitable", f"sig=VIOT,data={path}"]
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
    is_said(ran, "0000:00:05.0 is id 0x1000", "by VIOT", "id 0x28", "by options")
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
        "nodes before the end of the header": viot(IOMMU, good, offset=40),
        "nodes behind the end": viot(IOMMU, good, offset=0x400),
        "length 0": viot(IOMMU, b"\1\0\0\0" + good[4:]),
        "node cut off": viot(IOMMU, good[:-8]),
        "header cut off": b"\1\0",
        "range that wraps": viot(IOMMU, pci_range(FIRST, LAST, 0xFFFFFFFF)),
        "range that runs backwards": viot(IOMMU, pci_range(LAST, FIRST, FIRST)),
        "output is no IOMMU": viot(IOMMU, pci_range(FIRST, LAST, FIRST, output=64)),
        "draft of 2019": bytes(12) + b"IORT" + struct.pack("<I", 48) + bytes(40),
    }
    for name, body in bodies.items():
        ran = audit(body)
        check(ran.status == 0, name, ran.out)
        is_said(ran, "#", "VIOT")
        check(verdict(ran, "ids.device_knows_every_endpoint") == "PASS", name, ran.out)


if __name__ == "__main__":
    ktap.main("selftest.topology")
