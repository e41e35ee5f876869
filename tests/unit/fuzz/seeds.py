# SPDX-License-Identifier: BSD-2-Clause
"""Where the fuzzers begin.

seeds.py DIRECTORY: writes, for each fuzzer, one small input of each kind that its reader knows, and those in
seeds/FUZZER.tar.xz, which are what longer runs have found, minimised.
seeds.py --pack FUZZER DIRECTORY: makes that archive of the files in a directory, the same one whenever they are
the same. What a fuzzer fails on belongs into the vectors of the reader's unit test, too."""

from __future__ import annotations

import glob
import hashlib
import io
import pathlib
import shutil
import struct
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "harness"))
from devicetree import Tree  # noqa: E402

PACKED = pathlib.Path(__file__).parent / "seeds"
MEMORY = 0x1000  # where the input is in the memory of a boot protocol


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


def viot_range_v8(iommu: int, first: int, last: int) -> bytes:
    return struct.pack("<BxHIHHHxxH6x", 1, 24, first, 0, first, last, iommu)


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


def efi() -> bytes:
    """The handoff, two descriptors of UEFI's memory map, load options and options.txt."""
    memory_map = struct.pack("<IIQQQQ", 7, 0, 0x100000, 0, 256, 0)
    memory_map += struct.pack("<IIQQQQ", 9, 0, 0x200000, 0, 1, 0)
    at = MEMORY + 88
    wide, text = "list".encode("utf-16-le"), b"seed=3"
    after = at + len(memory_map)
    told = (0x4645756D6F697621, at, len(memory_map), 40, 0x200000, 0, 0)
    handoff = struct.pack("<10Q", *told, after, len(wide), after + len(wide)) + struct.pack("<Q", 6)
    return handoff + memory_map + wide + text


def iort_node(kind: int, body: bytes, *mappings: tuple[int, ...]) -> bytes:
    maps = b"".join(struct.pack("<5I", *one) for one in mappings)
    size = 16 + len(body) + len(maps)
    return struct.pack("<BHBIII", kind, size, 0, 0, len(mappings), 16 + len(body)) + body + maps


def iort(*nodes: bytes) -> bytes:
    return table(b"IORT", struct.pack("<IIxxxx", len(nodes), 48) + b"".join(nodes))


IORT_ITS = iort_node(0, struct.pack("<II", 1, 0))
IORT_VIOMMU = iort_node(0x80, struct.pack("<I", 0x18) + bytes(36))
IORT_ROOT = iort_node(2, bytes(20), (0, 0xFFFF, 0, 48, 0))
IORT_COMPONENT = iort_node(1, bytes(13) + b"\\_SB.VR01\0\0\0", (0, 0, 7, 48, 1))
IORT_SMMU_V3 = iort_node(4, struct.pack("<Q", 0x9050000) + bytes(44), (0, 0xFFFF, 0, 48, 0))
VIOT_DRAFT = table(b"VIOT", bytes(12) + iort(IORT_VIOMMU, IORT_ROOT))

DMAR_SCOPE = struct.pack("<BBxxBBBB", 1, 8, 0, 0, 2, 0)
DMAR = table(
    b"DMAR",
    bytes(12)
    + struct.pack("<HHBxHQ", 0, 24, 0, 0, 0xFED90000)
    + DMAR_SCOPE
    + struct.pack("<HHBxHQ", 0, 16, 1, 0, 0xFED91000),
)
IVRS = table(
    b"IVRS",
    bytes(12)
    + struct.pack("<BBHHHQHHI", 0x10, 0, 32, 0x10, 0x40, 0xFED80000, 0, 0, 0)
    + struct.pack("<BHB", 3, 0x18, 0)
    + struct.pack("<BHB", 4, 0xFF, 0),
)

BUILTIN = [
    bytes(36) + bytes.fromhex(text)
    for text in (
        "2800 0000 0000 0000 0000 0000 0000 0000 0000 ffff 0000",
        "3000 0000 0100 0000 0c00 0000 0100 0000 0000 ffff 0000 0000",
        "0100 2800 0100 1000 0000 0000 0000 0000 ffff 0000",
        "0200 2800 0200 1000 0500 0100 0000 000a 0000 0000 0100 1000 0000 0000 0000 0000 0000 ffff",
        "01000000",
    )
]

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

# Without the room behind the end that QEMU leaves, which is more than a fuzzer takes.
TREES = [Tree(pathlib.Path(name).read_bytes()).blob() for name in sorted(glob.glob("build/host/trees/*.dtb"))]

SEEDS: dict[str, tuple[bytes, ...] | list[bytes]] = {
    "acpi": (acpi(),),
    "boot_tree": TREES,
    "fdt": TREES,
    "builtin": BUILTIN,
    "dmar": (DMAR,),
    "efi": (efi(),),
    "iort": (iort(IORT_ITS, IORT_SMMU_V3, IORT_ROOT), iort(IORT_VIOMMU, IORT_ROOT, IORT_COMPONENT)),
    "ivrs": (IVRS,),
    "linux": (zero_page(),),
    "machine_tree": TREES,
    "madt": (MADT,),
    "mcfg": (MCFG,),
    "memory_map": (ADDITIONS,),
    "cmdline": OPTIONS,
    "pvh": (pvh(),),
    "rsdp": (rsdp(1, 0), rsdp(0, 2)),
    "spcr": (table(b"SPCR", bytes(44)), table(b"FACP", bytes(240))),
    "topology_tree": TREES,
    "viot": (
        viot(VIOT_PCI, viot_range(48, 0, 0xFF)),
        viot(VIOT_MMIO, VIOT_ENDPOINT, viot_range(48, 0x100, 0x1FF)),
        viot(VIOT_PCI, viot_range_v8(48, 0x20, 0xFF)),
        VIOT_DRAFT,
    ),
}


def unpack(name: str) -> list[bytes]:
    path = PACKED / f"{name}.tar.xz"
    if not path.exists():
        return []
    with tarfile.open(path) as archive:
        return [file.read() for member in archive if (file := archive.extractfile(member))]


def pack(name: str, directory: pathlib.Path) -> None:
    inputs = sorted(path.read_bytes() for path in directory.iterdir())
    PACKED.mkdir(exist_ok=True)
    with tarfile.open(PACKED / f"{name}.tar.xz", "w:xz", format=tarfile.USTAR_FORMAT) as archive:
        for one in inputs:
            member = tarfile.TarInfo(hashlib.sha1(one).hexdigest()[:16])
            member.size = len(one)
            archive.addfile(member, io.BytesIO(one))


def write(root: pathlib.Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for name, inputs in SEEDS.items():
        (root / name).mkdir(parents=True)
        for i, one in enumerate([*inputs, *unpack(name)]):
            (root / name / str(i)).write_bytes(one)


if sys.argv[1] == "--pack":
    pack(sys.argv[2], pathlib.Path(sys.argv[3]))
else:
    write(pathlib.Path(sys.argv[1]))
