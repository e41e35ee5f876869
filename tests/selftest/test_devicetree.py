# SPDX-License-Identifier: BSD-2-Clause
"""The tool that patches device trees, on trees that are written here byte by byte."""

from __future__ import annotations

import os
import struct
import sys
import tempfile

import ktap
from ktap import check, test

sys.path.insert(0, os.path.join(ktap.HOME, "tests", "harness"))
import devicetree  # noqa: E402
from devicetree import Tree, add_iommu, cells  # noqa: E402

STRINGS = b"compatible\0phandle\0reg\0"
COMPATIBLE, PHANDLE, REG = (STRINGS.index(name) for name in (b"compatible", b"phandle", b"reg"))
RESERVED = struct.pack(">4Q", 0x80000000, 0x40000, 0, 0)
NOP = cells(4)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def node(name: str, *contents: bytes) -> bytes:
    return cells(1) + padded(name.encode() + b"\0") + b"".join(contents) + cells(2)


def prop(name: int, value: bytes) -> bytes:
    return cells(3, len(value), name) + padded(value)


def blob(structure: bytes) -> bytes:
    """Reservations, strings, structure, in this order, and an end that nothing needs."""
    structure += cells(9)
    strings_at = 40 + len(RESERVED)
    structure_at = strings_at + len(padded(STRINGS))
    size = structure_at + len(structure) + 64
    header = (0xD00DFEED, size, structure_at, strings_at, 40, 17, 16, 3, len(STRINGS), len(structure))
    return (cells(*header) + RESERVED + padded(STRINGS) + structure).ljust(size, b"\0")


MACHINE = node(
    "",
    NOP,
    prop(COMPATIBLE, b"a machine\0"),
    node("plic", prop(PHANDLE, cells(7))),
    NOP,
    node("soc", node("virtio_mmio@1000", prop(REG, cells(0x1000, 0x200))), NOP, node("pci@2000")),
)


def is_refused(word: str, function: object, *arguments: object) -> None:
    try:
        function(*arguments)  # type: ignore[operator]
    except ValueError as error:
        check(word in str(error), error)
        return
    raise AssertionError(f"nothing was refused with '{word}'")


@test
def tree_is_read_and_written() -> None:
    tree = Tree(blob(MACHINE))
    again = Tree(tree.blob())
    check(again.root == tree.root, again.root)
    check(tree.root.properties == {"compatible": b"a machine\0"}, tree.root.properties)
    check([child.name for child in tree.root.children] == ["plic", "soc"], tree.root.children)
    check(RESERVED in tree.blob() and tree.blob()[28:32] == cells(3), "reservations or CPU lost")
    check(tree.blob() == again.blob() and int.from_bytes(tree.blob()[4:8], "big") == len(tree.blob()))


@test
def iommu_gets_a_handle_of_its_own() -> None:
    tree = Tree(blob(MACHINE))
    add_iommu(tree, "/soc/virtio_mmio@1000", "/soc/pci@2000")
    iommu, pci = tree.root.find("/soc/virtio_mmio@1000"), tree.root.find("/soc/pci@2000")
    check(iommu.properties["phandle"] == cells(8), iommu)
    check(iommu.properties["#iommu-cells"] == cells(1), iommu)
    check(iommu.properties["reg"] == cells(0x1000, 0x200), iommu)
    check(pci.properties == {"iommu-map": cells(0, 8, 0, 0x10000)}, pci)


@test
def iommu_keeps_the_handle_that_it_has() -> None:
    tree = Tree(blob(MACHINE))
    add_iommu(tree, "/plic", "/soc/pci@2000")
    check(tree.root.find("/plic").properties["phandle"] == cells(7), tree.root)
    check(tree.root.find("/soc/pci@2000").properties["iommu-map"] == cells(0, 7, 0, 0x10000))


@test
def node_that_is_not_there_is_named() -> None:
    is_refused("pci@3000", add_iommu, Tree(blob(MACHINE)), "/plic", "/soc/pci@3000")


@test
def damage_is_refused() -> None:
    whole = blob(MACHINE)
    is_refused("0xd00dfeed", Tree, b"")
    is_refused("0xd00dfeed", Tree, bytes(len(whole)))
    is_refused("malformed", Tree, blob(cells(5)))
    for size in range(40, len(whole) - 64 - 12, 4):
        is_refused("malformed", Tree, whole[:size])


@test
def tree_is_that_of_the_command_line() -> None:
    directory = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    source, vmm, target = (os.path.join(directory, name) for name in ("source", "vmm", "target"))
    with open(source, "wb") as file:
        file.write(blob(MACHINE))
    with open(vmm, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\n[ "$*" = "-m 1 -x -machine dumpdtb={target}" ] && cp {source} {target}\n')
    os.chmod(vmm, 0o755)
    devicetree.make([vmm, "-m", "1", "-dtb", "any", "-x"], "/plic", "/soc/pci@2000", target)
    with open(target, "rb") as file:
        check("iommu-map" in Tree(file.read()).root.find("/soc/pci@2000").properties)


@test
def vmm_that_gives_no_tree_is_quoted() -> None:
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "tree")
    with open(path, "wb"):
        pass
    is_refused("nonsense", devicetree.make, ["sh", "-c", "echo nonsense; exit 1"], "/", "/", path)


if __name__ == "__main__":
    ktap.main("harness.devicetree")
