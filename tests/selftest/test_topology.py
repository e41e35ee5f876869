# SPDX-License-Identifier: BSD-2-Clause
"""Tables of our own beside those of QEMU's machines, or in their place, and the audit of all of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass

import ktap
import tables
from audit import DMA, EVERY_FUNCTION, ORDINARY, is_fine, is_judged, is_said
from ktap import Ran, run_sh, test


@dataclass
class Host:
    """One with a real virtio-iommu, which QEMU's own VIOT describes."""

    machine: str
    iommu: int  # its bdf
    alone: list[str]  # leaves QEMU's own tables out: SeaBIOS makes what it needs, for q35 only


Q35 = Host("q35", 1 << 3, ["-machine", "acpi=off"])
PC = Host("pc", 2 << 3, [])
OVMF = Host("q35-efi", 1 << 3, [])
HOSTS = [Q35, PC, OVMF]

Tables = list[tuple[str, bytes]]  # signatures, and what follows the common header


def run(machine: str, *globs: str, extra: Tables, options: str = "", vmm: list[str] | None = None) -> Ran:
    with tempfile.TemporaryDirectory() as directory:
        words = list(vmm or [])
        for number, (signature, body) in enumerate(extra):
            path = f"{directory}/{number}"
            with open(path, "wb") as file:
                file.write(body)
            words += ["-acpitable", f"sig={signature},data={path}"]
        if options:
            words += ["-append", f"@GUEST@ {options}"]
        return run_sh("-m", machine, "topology.*", *globs, "--", *words)


# -- what QEMU no longer or does not yet write, as the only description that counts ------------------


def old_tables(host: Host, offset: int = 0) -> dict[str, tuple[str, str, bytes]]:
    """By the value of topology=: what the source is called, the signature, the table."""
    node = tables.viot_iommu(host.iommu)
    return {
        "viot-draft": ("VIOT draft of 2019", "VIOT", tables.viot_draft(tables.iort_of(host.iommu, offset))),
        "viot-v8": ("VIOT revision v8", "VIOT", tables.viot(node, tables.viot_range_v8(0, 0xFFFF, offset))),
        "iort": ("IORT", "IORT", tables.iort_of(host.iommu, offset)),
    }


def counts_alone(host: Host, choice: str) -> None:
    name, signature, body = old_tables(host)[choice]
    ran = run(host.machine, DMA, extra=[(signature, body)], options=f"topology={choice}", vmm=host.alone)
    ran.ends(0)
    is_fine(ran, DMA)
    is_said(ran, "# endpoint ", f" by {name} engine edu")
    is_judged(
        ran,
        every_dma_engine_goes_by_its_endpoint="PASS",
        device_knows_every_endpoint="PASS",
        described_endpoints_exist="PASS",
        descriptions_are_well_formed="PASS",
        iommu_is_no_endpoint_of_its_own="PASS",
    )


@test
def draft_of_2019_is_enough() -> None:
    for host in HOSTS:
        counts_alone(host, "viot-draft")


@test
def revision_v8_is_enough_for_who_is_told() -> None:
    for host in HOSTS:
        counts_alone(host, "viot-v8")


@test
def iort_with_a_virtio_iommu_is_enough() -> None:
    for host in HOSTS:
        counts_alone(host, "iort")


@test
def final_viot_takes_the_place_of_qemus() -> None:
    """With its nodes the other way round."""
    body = tables.viot(tables.viot_range(*EVERY_FUNCTION, 0, 72), tables.viot_iommu(Q35.iommu))
    ran = run("q35", DMA, extra=[("VIOT", body)], vmm=Q35.alone)
    ran.ends(0)
    is_fine(ran, DMA)


# -- beside QEMU's own -----------------------------------------------------------------------------


def beside_qemus(host: Host, offset: int) -> Tables:
    """An IORT; a draft and a VIOT of the final kind, of which only QEMU's counts."""
    old = old_tables(host, offset)
    final = tables.viot(tables.viot_iommu(host.iommu), tables.viot_range(*EVERY_FUNCTION, offset))
    return [old["iort"][1:], old["viot-draft"][1:], ("VIOT", final)]


@test
def four_tables_agree() -> None:
    for host in HOSTS:
        ran = run(host.machine, DMA, extra=beside_qemus(host, 0))
        ran.ends(0)
        is_fine(ran, DMA)
        is_judged(ran, descriptions_agree="PASS", every_dma_engine_goes_by_its_endpoint="PASS")
        is_said(ran, "VIOT at 0x", ": a second one, the one at 0x", " comes first")


@test
def difference_names_both_and_the_endpoint_and_qemus_counts() -> None:
    for host in HOSTS:
        ran = run(host.machine, DMA, extra=beside_qemus(host, 0x100))
        ran.ends(1)
        is_fine(ran, DMA, "descriptions_agree")
        is_said(ran, "FAIL TOPO_AGREE_D01 ", " 0000:00:00.0 is id 0x0 of ", "by VIOT", "id 0x100 of ", "by IORT")
        is_said(ran, "# topology by VIOT: ", ", not used")


# -- IOMMUs of another kind ------------------------------------------------------------------------

UNIT = 0xFED90000
OTHERS = {
    "DMAR": ("an Intel IOMMU", tables.dmar(tables.dmar_unit(UNIT, flags=1))),
    "IVRS": ("an AMD IOMMU", tables.ivrs(tables.ivrs_unit(UNIT, tables.ivrs_functions(8, 0xFFFF)))),
}


@test
def who_is_behind_another_iommu_does_not_look_unmanaged() -> None:
    """Endpoints that bypass the virtio-iommu."""
    bypass = ["-machine", "default_bus_bypass_iommu=on"]
    for host, signature in ((Q35, "DMAR"), (Q35, "IVRS"), (OVMF, "DMAR")):
        kind, body = OTHERS[signature]
        ran = run(host.machine, extra=[(signature, body)], vmm=bypass)
        ran.ends(0)
        is_said(ran, f"# other IOMMU: {kind[3:]} at 0x{UNIT:x} by {signature}, which is not driven")
        is_said(ran, "# function 0000:00:03.0 1234:11e8 ", f" behind {kind[3:]} id 0x18 by {signature}")
        is_judged(ran, what_is_not_described_is_not_translated="PASS", other_iommus_have_other_devices="PASS")


@test
def device_behind_two_iommus_is_named() -> None:
    for signature, (kind, body) in OTHERS.items():
        ran = run("q35", DMA, extra=[(signature, body)])
        ran.ends(0)
        is_fine(ran, DMA, "other_iommus_have_other_devices")
        is_said(ran, f"0000:00:02.0 is behind a virtio-iommu by VIOT and behind {kind} by {signature}")


# -- damage, beside QEMU's own ---------------------------------------------------------------------


def damage(iommu: int) -> dict[str, list[tuple[str, bytes]]]:
    """By signature: what is said behind it, and the table."""
    node, paravirtual = tables.viot_iommu(iommu), tables.iort_iommu(iommu)
    all_of_it = tables.viot_range(*EVERY_FUNCTION, 0)
    group, smmu = tables.iort_node(0, bytes(8)), bytes(44)
    around = [(0, iommu - 1, 0, 48, 0), (iommu + 1, 0xFFFE - iommu, iommu + 1, 48, 0)]
    unit = tables.dmar_unit(UNIT)
    ivhd = tables.ivrs_unit(UNIT)
    return {
        "VIOT": [
            ("byte 38: node offset is 0x28", tables.viot(node, all_of_it, offset=40)),
            ("byte 38: node offset is 0x400", tables.viot(node, all_of_it, offset=0x400)),
            ("byte 36: node count is 0x3", tables.viot(node, all_of_it, count=3)),
            ("byte 66: node length is 0x0", tables.viot(node, b"\1\0\0\0" + all_of_it[4:])),
            ("byte 66: node length is 0x18", tables.viot(node, all_of_it[:-8])),
            ("byte 4: length is 0x26", b"\1\0"),
            ("byte 68: endpoint_start is 0xffffffff", tables.viot(node, tables.viot_range(0, 1, 0xFFFFFFFF))),
            ("byte 102: bdf_end is 0x10", tables.viot(node, all_of_it, tables.viot_range(0x20, 0x10, 0))),
            ("byte 80: output_node is 0x40", tables.viot(node, tables.viot_range(0, 0xFF, 0, 64))),
            (
                "byte 78: bdf_end is 0x0",
                tables.viot(node, tables.viot_range_v8(*EVERY_FUNCTION, 0)),
            ),
            ("byte 48: an embedded DMAR", tables.viot_draft(bytes(12), b"DMAR")),
            (
                "byte 52: length of the embedded table is 0x400",
                tables.viot_draft(tables.iort(paravirtual), length=0x400),
            ),
        ],
        "IORT": [
            ("byte 36: node count is 0x2", tables.iort(paravirtual, count=2)),
            ("byte 40: node offset is 0x2f", tables.iort(paravirtual, offset=47)),
            ("byte 49: node length is 0xf", tables.iort(tables.iort_node(0, bytes(8), length=15))),
            ("byte 49: node length is 0x400", tables.iort(tables.iort_node(0, bytes(8), length=0x400))),
            ("byte 64: ITS count is 0x10", tables.iort(tables.iort_node(0, b"\x10" + bytes(7)))),
            ("byte 76: segment is 0x10000", tables.iort(tables.iort_root(segment=0x10000))),
            (
                "byte 144: id count is 0x1",
                tables.iort(paravirtual, tables.iort_root((0xFFFFFFFF, 1, 0, 48, 0), *around)),
            ),
            (
                "byte 152: output reference is 0x31",
                tables.iort(paravirtual, tables.iort_root((0, 0xFFFF, 0, 49, 0), *around)),
            ),
            ("byte 148: flags is 0x1", tables.iort(group, tables.iort_node(3, smmu, (0, 0, 0, 48, 1)))),
            ("byte 48: requester id that comes here is 0x0", tables.iort(tables.iort_root((0, 0xFFFF, 0, 48, 0)))),
        ],
        "DMAR": [
            ("byte 50: structure length is 0x0", tables.dmar(bytes(16))),
            ("byte 50: structure length is 0x400", tables.dmar(tables.dmar_unit(UNIT, length=0x400))),
            ("byte 66: structure length is 0x3", tables.dmar(unit, b"\0\0\3\0")),
            ("byte 65: scope length is 0x5", tables.dmar(tables.dmar_unit(UNIT, tables.dmar_scope(8, length=5)))),
            ("byte 56: base is 0x0", tables.dmar(tables.dmar_unit(0))),
            ("byte 4: length is 0x2c", bytes(8)),
        ],
        "IVRS": [
            ("byte 50: block length is 0x0", tables.ivrs(bytes(24))),
            ("byte 50: block length is 0x400", tables.ivrs(tables.ivrs_unit(UNIT, length=0x400))),
            ("byte 74: block length is 0x10", tables.ivrs(ivhd, tables.ivrs_unit(UNIT, length=16))),
            ("byte 72: entry type is 0x42", tables.ivrs(tables.ivrs_unit(UNIT, b"\x42" + bytes(3)))),
            ("byte 73: last function is 0x8", tables.ivrs(tables.ivrs_unit(UNIT, tables.ivrs_entry(4, 8)))),
            ("byte 4: length is 0x2c", bytes(8)),
        ],
    }


@test
def damage_is_named_and_the_run_goes_on() -> None:
    """One table of each signature at a time."""
    rounds = max(len(cases) for cases in damage(Q35.iommu).values())
    for number in range(rounds):
        for host in HOSTS if number % 6 == 0 else [Q35]:
            chosen = {name: cases[number] for name, cases in damage(host.iommu).items() if number < len(cases)}
            ran = run(host.machine, ORDINARY, extra=[(name, body) for name, (_, body) in chosen.items()])
            ran.ends(0)
            is_fine(ran, ORDINARY, "descriptions_are_well_formed")
            is_judged(ran, every_dma_engine_goes_by_its_endpoint="PASS", device_knows_every_endpoint="PASS")
            for name, (line, _) in chosen.items():
                line = f"{name}{'' if line[0] == ':' else ' '}{line}"
                is_said(ran, f"# {line}")
                is_said(ran, f"# WARN TOPO_FORM_D01 [SHOULD, form] {line}")


@test
def what_is_no_fault_of_a_table_is_named_and_judges_nothing() -> None:
    """Types that a later issue may define, components whose address only AML has, and limits of ours."""
    node, paravirtual = tables.viot_iommu(Q35.iommu), tables.iort_iommu(Q35.iommu)
    unknown = tables.viot(node, tables.viot_range(*EVERY_FUNCTION, 0), b"\x09\0\4\0")
    component = tables.iort_node(1, bytes(13) + b"A\0" + bytes(1), (0, 0, 7, 48, 1))
    for said, iort in {
        "IORT byte 48: node type 0x81 is unknown": tables.iort(tables.iort_node(0x81, bytes(32))),
        "IORT byte 36: 513 nodes, and room is for 512": tables.iort(paravirtual, count=513),
        "but only AML knows its address": tables.iort(paravirtual, component),
    }.items():
        ran = run("q35", ORDINARY, extra=[("VIOT", unknown), ("IORT", iort)])
        ran.ends(0)
        is_fine(ran, ORDINARY)
        is_judged(ran, descriptions_are_well_formed="PASS")
        is_said(ran, "# VIOT byte 88: node type 0x9 is unknown")
        is_said(ran, said)


# -- more than there is room for -------------------------------------------------------------------


@test
def what_there_is_no_room_for_is_named() -> None:
    """In one table, in all of them, and of the endpoints."""
    functions = [tables.viot_range(bdf, bdf, bdf) for bdf in range(0x80, 0x80 + 257)]
    iommus = [tables.viot_iommu(Q35.iommu)] * 17
    full = "of it is left out"
    ran = run("q35", ORDINARY, extra=[("VIOT", tables.viot(*iommus, *functions))])
    ran.ends(0)
    is_fine(ran, ORDINARY)
    is_said(ran, "# VIOT: 2 records more than room is for, 16 IOMMUs and 256 ranges; all", full)
    ran = run("q35", ORDINARY, extra=[("VIOT", tables.viot(iommus[0], *functions))])
    ran.ends(0)
    is_fine(ran, ORDINARY)
    is_said(ran, "# VIOT: 1 records more than room is for, 16 IOMMUs and 256 ranges; all", full)
    places = [f"{slot:x}.{function}" for slot in range(0x10, 0x18) for function in range(8)]
    devices = [word for place in places for word in ("-device", f"pvpanic-pci,multifunction=on,addr={place}")]
    ran = run("q35", extra=[], vmm=devices)
    ran.ends(0)
    is_said(ran, "# topology: endpoint 0xfb at 0000:00:1f.3 is not tested, expected 64 at most")


# -- beside boot options, on a machine without any description of QEMU's ----------------------------

IOMMU = tables.viot_iommu(4 << 3)
FIRST, LAST = 5 << 3, 8 << 3  # the endpoints, with ids that are their numbers


def audit(*bodies: bytes, signature: str = "VIOT", vmm: list[str] | None = None) -> Ran:
    ran = run("q35-refdev", extra=[(signature, body) for body in bodies], vmm=vmm)
    return ran.needs_the_machine()


@test
def other_id_than_by_options_fails_and_options_count() -> None:
    ran = audit(tables.viot(IOMMU, tables.viot_range(FIRST, LAST, 0x1000)))
    ran.ends(1)
    is_judged(ran, descriptions_agree="FAIL", every_dma_engine_goes_by_its_endpoint="PASS")
    is_said(ran, "0000:00:05.0 is id ", "id 0x1000 of ", "by VIOT", "id 0x28 of ", "by options")


@test
def function_that_is_missing_warns() -> None:
    ran = audit(tables.viot(IOMMU, tables.viot_range(FIRST, LAST, FIRST), tables.viot_range(0x99, 0x99, 0x99)))
    ran.ends(0)
    is_judged(ran, descriptions_agree="PASS")
    is_said(ran, "TOPO_RANGE_D01", "VIOT names function 0000:0x0099, which is missing")


@test
def function_that_may_be_plugged_in_is_not_missing() -> None:
    viot = tables.viot(IOMMU, tables.viot_range(FIRST, LAST, FIRST), tables.viot_range(0x100, 0x100, 0x100))
    port = "pcie-root-port,addr=a.0,chassis=1,hotplug="
    ran = audit(viot, vmm=["-device", f"{port}on"])
    is_judged(ran, described_endpoints_exist="PASS")
    is_said(ran, "# VIOT names function 0000:0x0100, which may still be plugged in")
    ran = audit(viot, vmm=["-device", f"{port}off"])
    is_judged(ran, described_endpoints_exist="WARN")
    is_said(ran, "TOPO_RANGE_D01", "VIOT names function 0000:0x0100, which is missing")


@test
def missing_iommu_fails() -> None:
    ran = audit(tables.viot(tables.viot_iommu(0x98), tables.viot_range(0x99, 0xA0, 0x99)))
    ran.ends(1)
    is_judged(ran, described_iommus_exist="FAIL")


@test
def overlapping_ranges_warn_and_the_later_counts() -> None:
    ranges = [tables.viot_range(FIRST, LAST, endpoint) for endpoint in (0x1000, FIRST)]
    ran = audit(tables.viot(IOMMU, *ranges))
    ran.ends(0)
    is_judged(ran, ranges_are_disjoint_and_do_not_wrap="WARN", descriptions_agree="PASS")


@test
def range_may_include_the_iommu() -> None:
    ran = audit(tables.viot(IOMMU, tables.viot_range(*EVERY_FUNCTION, 0)))
    is_judged(ran, iommu_is_no_endpoint_of_its_own="PASS", descriptions_agree="PASS")


@test
def only_the_first_viot_counts() -> None:
    body = tables.viot(IOMMU, tables.viot_range(FIRST, LAST, FIRST))
    ran = audit(body, body, tables.viot(IOMMU, tables.viot_range(FIRST, LAST, 0x1000)))
    ran.ends(0)
    is_said(ran, "VIOT at ", ": not used, the one at ")
    is_judged(ran, descriptions_agree="PASS", descriptions_are_well_formed="PASS")


if __name__ == "__main__":
    ktap.main("selftest.topology")
