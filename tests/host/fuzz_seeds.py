# SPDX-License-Identifier: BSD-2-Clause
"""Writes where the fuzzers begin: fuzz_seeds.py DIRECTORY. One small input of each kind that a reader
knows, and every input that once failed."""

from __future__ import annotations

import glob
import pathlib
import shutil
import struct
import sys

MEMORY = 0x1000  # where the input lies in the memory of a boot protocol


def table(signature: bytes, body: bytes) -> bytes:
    size = 36 + len(body)
    head = struct.pack("<4sIBB6s8sI4sI", signature, size, 1, 0, b"SEED", b"SEED", 1, b"SEED", 1)
    whole = bytearray(head + body)
    whole[9] = -sum(whole) % 256
    return bytes(whole)


def rsdp(rsdt: int, xsdt: int) -> bytes:
    short = bytearray(struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"SEED", 2, rsdt))
    short[8] = -sum(short) % 256
    whole = bytearray(short + struct.pack("<IQB3x", 36, xsdt, 0))
    whole[32] = -sum(whole) % 256
    return bytes(whole)


MCFG = table(b"MCFG", bytes(8) + struct.pack("<QHBB4x", 0xB0000000, 0, 0, 255))
MADT = table(
    b"APIC",
    struct.pack("<II", 0xFEE00000, 1)
    + struct.pack("<BBBBI", 0, 8, 0, 0, 1)
    + struct.pack("<BBBxII", 1, 12, 0, 0xFEC00000, 0)
    + struct.pack("<BBBBIH", 2, 10, 0, 9, 9, 13)
    + struct.pack("<BBxxQ", 5, 12, 0xFEE00000)
    + struct.pack("<BBxxIII", 9, 16, 256, 1, 1),
)


def viot(*nodes: bytes) -> bytes:
    return table(b"VIOT", struct.pack("<HH8x", len(nodes), 48) + b"".join(nodes))


def viot_range(iommu: int, first: int, last: int) -> bytes:
    return struct.pack("<BxHIHHHHH6x", 1, 24, first, 0, 0, first, last, iommu)


VIOT_PCI = struct.pack("<BxHHH8x", 3, 16, 0, 0x18)
VIOT_MMIO = struct.pack("<BxH4xQ", 4, 16, 0xA000000)
VIOT_ENDPOINT = struct.pack("<BxHIQH6x", 2, 24, 7, 0xA000200, 48)


def acpi() -> bytes:
    """Root pointer, RSDT, XSDT, then the tables."""
    tables = [MCFG, MADT, viot(VIOT_PCI, viot_range(48, 0, 0xFF))]
    at = MEMORY + 36 + 36 + 4 * len(tables) + 36 + 8 * len(tables)
    addresses = []
    for one in tables:
        addresses.append(at)
        at += len(one)
    rsdt = table(b"RSDT", struct.pack(f"<{len(tables)}I", *addresses))
    xsdt = table(b"XSDT", struct.pack(f"<{len(tables)}Q", *addresses))
    return rsdp(MEMORY + 36, MEMORY + 36 + len(rsdt)) + rsdt + xsdt + b"".join(tables)


def pvh() -> bytes:
    entries = struct.pack("<QQII", 0, 0x9FC00, 1, 0) + struct.pack("<QQII", 0xF0000, 0x10000, 2, 0)
    start = struct.pack("<4IQQQQII", 0x336EC578, 1, 0, 0, 0, MEMORY + 104, 0xE0000, MEMORY + 56, 2, 0)
    return start + entries + b"run=*\0"


def zero_page() -> bytes:
    page = bytearray(4096)
    page[0x1E8] = 2
    struct.pack_into("<H", page, 0x1FE, 0xAA55)
    struct.pack_into("<I", page, 0x202, 0x53726448)
    struct.pack_into("<I", page, 0x228, MEMORY + 4096)
    struct.pack_into("<Q", page, 0x250, MEMORY + 4104)
    struct.pack_into("<QQI", page, 0x2D0, 0, 0x9FC00, 1)
    struct.pack_into("<QQI", page, 0x2E4, 0xF0000, 0x10000, 2)
    extension = struct.pack("<QII", 0, 1, 20) + struct.pack("<QQI", 1 << 32, 1 << 30, 1)
    return bytes(page) + b"list\0".ljust(8, b"\0") + extension


OPTIONS = (
    b"run=conformance.*,bench.* seed=0x10 seconds=3 from=2 list icount -- console=ttyS0",
    b'run="a b" viommu=pci:0000:00:03.0 viommu.ep=00:04.0-00:05.7:0x20 viommu-ep=1',
    b"viommu=mmio:0xa000000 viommu.ep=0xa000200:7 viommu.ep=scan:1-9 viommu.ep=scan",
    b"virtio_mmio.device=512@0xa000000:48:1 virtio_mmio.slots=4:0x200@0xa001000:16",
    b"pci.ecam=0xe0000000,16 pci.window=mem32:0xc0000000:0x1000 pci.window=io:0:0x1000:0x9000",
)

ADDITIONS = b"".join(
    struct.pack("<BBHH", *one)
    for one in ((0, 0x10, 0, 64), (1, 0x10, 15, 1), (0, 0x20, 1, 1), (1, 0x30, 0xFFFF, 1))
)

TREES = [pathlib.Path(name).read_bytes() for name in sorted(glob.glob("build/host/trees/*.dtb"))]

SEEDS: dict[str, tuple[bytes, ...] | list[bytes]] = {
    "acpi": (acpi(),),
    "boot_tree": TREES,
    "fdt": TREES,
    "linux": (zero_page(),),
    "machine_tree": TREES,
    "madt": (MADT,),
    "mcfg": (MCFG,),
    "memory_map": (ADDITIONS,),
    "options": OPTIONS,
    "pvh": (pvh(),),
    "rsdp": (rsdp(1, 0), rsdp(0, 2)),
    "topology_tree": TREES,
    "viot": (
        viot(VIOT_PCI, viot_range(48, 0, 0xFF)),
        viot(VIOT_MMIO, VIOT_ENDPOINT, viot_range(48, 0x100, 0x1FF)),
    ),
}


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    shutil.rmtree(root, ignore_errors=True)
    for name, inputs in SEEDS.items():
        (root / name).mkdir(parents=True)
        for i, one in enumerate(inputs):
            (root / name / str(i)).write_bytes(one)


main()
