# SPDX-License-Identifier: BSD-2-Clause
"""ACPI tables that describe a topology, without the common header, which QEMU's -acpitable makes."""

from __future__ import annotations

import struct


def viot(*nodes: bytes, count: int | None = None, offset: int = 48) -> bytes:
    """ACPI 6.5, section 5.2.34."""
    return struct.pack("<HH8x", len(nodes) if count is None else count, offset) + b"".join(nodes)


def viot_iommu(bdf: int) -> bytes:
    return struct.pack("<BxHHH8x", 3, 16, 0, bdf)


def viot_range(first: int, last: int, endpoint: int, output: int = 48) -> bytes:
    return struct.pack("<BxHIHHHHH6x", 1, 24, endpoint, 0, 0, first, last, output)


def viot_range_v8(first: int, last: int, endpoint: int, output: int = 48) -> bytes:
    """Of one segment, as until November 2020."""
    return struct.pack("<BxHIHHHxxH6x", 1, 24, endpoint, 0, first, last, output)


def viot_draft(body: bytes, signature: bytes = b"IORT", length: int | None = None) -> bytes:
    """Around another table, as in November 2019."""
    length = 36 + len(body) if length is None else length
    header = bytearray(struct.pack("<4sIBx6s8sI4sI", signature, length, 1, b"TEST", b"TEST", 1, b"TEST", 1))
    header[9] = -sum(header + body) % 256
    return bytes(12) + header + body


def iort(*nodes: bytes, count: int | None = None, offset: int = 48) -> bytes:
    return struct.pack("<II4x", len(nodes) if count is None else count, offset) + b"".join(nodes)


def iort_node(kind: int, body: bytes, *mappings: tuple[int, int, int, int, int], length: int = 0) -> bytes:
    """A mapping is the first id, their number less one, the first id out, to which node, and flags."""
    where = 16 + len(body)
    head = struct.pack(
        "<BHB4xII", kind, length or where + 20 * len(mappings), 0, len(mappings), where if mappings else 0
    )
    return head + body + b"".join(struct.pack("<5I", *mapping) for mapping in mappings)


def iort_iommu(bdf: int) -> bytes:
    """The paravirtual node of 2019 in its long form, which is good in an IORT and in the draft."""
    return iort_node(0x80, struct.pack("<I12xII16x", bdf, 1, 0))


def iort_root(*mappings: tuple[int, int, int, int, int], segment: int = 0) -> bytes:
    return iort_node(2, struct.pack("<QIIB3x", 1, 0, segment, 64), *mappings)


def iort_of(iommu: int, offset: int) -> bytes:
    """Every function but the IOMMU, with an id that is its number and `offset`."""
    around = [(0, iommu - 1, offset, 48, 0), (iommu + 1, 0xFFFE - iommu, iommu + 1 + offset, 48, 0)]
    return iort(iort_iommu(iommu), iort_root(*around))


def dmar(*structures: bytes) -> bytes:
    return bytes(12) + b"".join(structures)


def dmar_unit(base: int, *scopes: bytes, flags: int = 0, length: int = 0) -> bytes:
    body = b"".join(scopes)
    return struct.pack("<HHBxHQ", 0, length or 16 + len(body), flags, 0, base) + body


def dmar_scope(bdf: int, length: int = 8) -> bytes:
    return struct.pack("<BB3xBBB", 1, length, bdf >> 8, bdf >> 3 & 31, bdf & 7)


def ivrs(*blocks: bytes) -> bytes:
    return bytes(12) + b"".join(blocks)


def ivrs_unit(base: int, *entries: bytes, length: int = 0) -> bytes:
    body = b"".join(entries)
    head = struct.pack("<BBHHHQHHI", 0x10, 0, length or 24 + len(body), 0xF8, 0x40, base, 0, 0, 0)
    return head + body


def ivrs_entry(kind: int, bdf: int) -> bytes:
    return struct.pack("<BHB", kind, bdf, 0)


def ivrs_functions(first: int, last: int) -> bytes:
    return ivrs_entry(3, first) + ivrs_entry(4, last)
