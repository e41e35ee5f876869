# SPDX-License-Identifier: BSD-2-Clause
"""Adds to a VMM's own device tree the IOMMU that it leaves out (Devicetree Specification 0.4, chapter 5).

usage: devicetree.py --iommu=PATH --pci=PATH FILE -- VMM ARGUMENTS...
Writes to FILE the tree that the VMM makes for these arguments, with the node at one PATH as the IOMMU of
all functions behind the node at the other. A `-dtb` among the arguments is left out.
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
from dataclasses import dataclass, field

MAGIC, VERSION, LAST_COMPATIBLE = 0xD00DFEED, 17, 16
HEADER = struct.Struct(">10I")
BEGIN, END, PROPERTY, NOP, FINISH = 1, 2, 3, 4, 9

ALL_REQUESTERS = 0x10000
DUMP_LIMIT = 60  # seconds


@dataclass
class Node:
    name: str
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def find(self, path: str) -> Node:
        node = self
        for name in filter(None, path.split("/")):
            for child in node.children:
                if child.name == name:
                    node = child
                    break
            else:
                raise ValueError(f"device tree: no node '{name}' on the way to '{path}'")
        return node

    def walk(self) -> list[Node]:
        return [self, *(node for child in self.children for node in child.walk())]


class Tree:
    def __init__(self, blob: bytes) -> None:
        if len(blob) < HEADER.size or HEADER.unpack_from(blob)[0] != MAGIC:
            raise ValueError(f"device tree: {len(blob)} bytes that do not begin with 0x{MAGIC:x}")
        _, size, structure, self._strings, reserved, _, _, self._cpu, _, _ = HEADER.unpack_from(blob)
        self._blob = blob[:size]
        end = reserved
        while any(self._blob[end : end + 16]):
            end += 16
        self._reserved = self._blob[reserved : end + 16]
        self._at = structure
        try:
            self.root = self._parse()
        except (struct.error, ValueError) as error:
            raise ValueError(f"device tree: malformed at byte {self._at}: {error}") from error

    # -- reading ------------------------------------------------------------------------------

    def _word(self) -> int:
        word: int = struct.unpack_from(">I", self._blob, self._at)[0]
        self._at += 4
        return word

    def _text(self, at: int) -> str:
        return self._blob[at : self._blob.index(b"\0", at)].decode("ascii")

    def _skip(self, size: int) -> None:
        self._at += (size + 3) & ~3

    def _parse(self) -> Node:
        """The node that begins here, or after NOP tokens."""
        while (token := self._word()) == NOP:
            pass
        if token != BEGIN:
            raise ValueError(f"token {token}, expected {BEGIN}")
        node = Node(self._text(self._at))
        self._skip(len(node.name) + 1)
        while (token := self._word()) != END:
            if token == PROPERTY:
                length, name = self._word(), self._word()
                value = self._blob[self._at : self._at + length]
                node.properties[self._text(self._strings + name)] = value
                self._skip(length)
            elif token != NOP:
                self._at -= 4
                node.children.append(self._parse())
        return node

    # -- writing ------------------------------------------------------------------------------

    def blob(self) -> bytes:
        structure, strings = bytearray(), bytearray()
        names: dict[str, int] = {}

        def pad() -> None:
            structure.extend(bytes(-len(structure) % 4))

        def put(node: Node) -> None:
            structure.extend(struct.pack(">I", BEGIN) + node.name.encode() + b"\0")
            pad()
            for name, value in node.properties.items():
                if name not in names:
                    names[name] = len(strings)
                    strings.extend(name.encode() + b"\0")
                structure.extend(struct.pack(">3I", PROPERTY, len(value), names[name]) + value)
                pad()
            for child in node.children:
                put(child)
            structure.extend(struct.pack(">I", END))

        put(self.root)
        structure.extend(struct.pack(">I", FINISH))
        reserved = (HEADER.size + 7) & ~7
        at = reserved + len(self._reserved)
        header = HEADER.pack(
            *(MAGIC, at + len(structure) + len(strings), at, at + len(structure), reserved),
            *(VERSION, LAST_COMPATIBLE, self._cpu, len(strings), len(structure)),
        )
        return bytes(header.ljust(reserved, b"\0") + self._reserved + structure + strings)


def cells(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def add_iommu(tree: Tree, iommu_path: str, pci_path: str) -> None:
    """Endpoint ids are requester ids."""
    iommu, pci = tree.root.find(iommu_path), tree.root.find(pci_path)
    handles = [node.properties.get("phandle", cells(0)) for node in tree.root.walk()]
    iommu.properties.setdefault("phandle", cells(int.from_bytes(max(handles), "big") + 1))
    iommu.properties["#iommu-cells"] = cells(1)
    phandle = int.from_bytes(iommu.properties["phandle"], "big")
    pci.properties["iommu-map"] = cells(0, phandle, 0, ALL_REQUESTERS)


def dump(argv: list[str], path: str) -> Tree:
    """What the VMM makes for the command line; `path` is written over."""
    try:
        ran = subprocess.run(
            [*argv, "-machine", f"dumpdtb={path}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=DUMP_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"no device tree from the VMM within {DUMP_LIMIT} s") from error
    with open(path, "rb") as file:
        blob = file.read()
    if ran.returncode or not blob:
        words = ran.stdout.decode("utf-8", "replace").splitlines()
        raise ValueError(f"no device tree from the VMM: {words[-1] if words else ran.returncode}")
    return Tree(blob)


def make(argv: list[str], iommu: str, pci: str, path: str) -> None:
    """Leaves the tree for the command line at `path`."""
    if "-dtb" in argv:
        at = argv.index("-dtb")
        argv = argv[:at] + argv[at + 2 :]
    tree = dump(argv, path)
    add_iommu(tree, iommu, pci)
    with open(path, "wb") as file:
        file.write(tree.blob())


def main() -> int:
    parser = argparse.ArgumentParser(description="makes a device tree that describes an IOMMU")
    parser.add_argument("--iommu", required=True)
    parser.add_argument("--pci", required=True)
    parser.add_argument("file")
    split = sys.argv.index("--")
    options = parser.parse_args(sys.argv[1:split])
    make(sys.argv[split + 1 :], options.iommu, options.pci, options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
