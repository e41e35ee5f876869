/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of boot options that name virtio-mmio register blocks and a PCI host bridge, for machines
 * whose firmware describes neither.
 *
 *     virtio_mmio.device=SIZE@BASE:LINE[:ID]
 *         One block, as Linux reads it. SIZE and BASE are decimal, 0x and hexadecimal or 0 and
 *         octal; SIZE may have one of the letters K M G T P E behind it (powers of 1024). LINE, the
 *         interrupt, is decimal and not 0. ID, decimal, is what Linux calls the device, and has no
 *         meaning here. Beyond Linux: SIZE is at least 0x100, BASE a multiple of 4.
 *     virtio_mmio.slots=COUNT:STRIDE@BASE[:LINE]
 *         COUNT blocks of STRIDE bytes each from BASE on, any of which may be empty or not there;
 *         the first has the interrupt LINE, the next LINE + 1 and so on (without it: none has one
 *         that is known). Numbers as SIZE, BASE and LINE are.
 *     pci.ecam=BASE[,BUSES]
 *         A host bridge, of segment 0 and buses 0 to BUSES - 1 (without it: 255), whose
 *         configuration space is at BASE. It replaces any that firmware describes.
 *     pci.window=KIND:BASE:SIZE[:CPU]
 *         Addresses that the bridge of the pci.ecam= before it passes on: SIZE bytes from BASE on
 *         the bus, which the CPU sees at CPU (without it: at BASE). KIND is io, mem32, mem64, or
 *         pref32, pref64 for prefetchable memory only; all but the 64-bit kinds end below 4 GiB.
 *         May be repeated. With a window, bus numbers and BARs are assigned where they are not.
 *
 * Numbers of the PCI options are decimal or 0x and hexadecimal.
 */
#pragma once

#include "lib/machine/machine.h"
#include "lib/text/scan.h"

/* Blocks, MACHINE_MAX_MMIO in all. */
struct cmdline_blocks {
    struct machine_mmio blocks[MACHINE_MAX_MMIO];
    unsigned count;
};

/* Reads one value and adds what it names; nothing when false, with *scan saying why. */
bool cmdline_virtio_mmio_device(struct scan *scan, struct cmdline_blocks *out);
bool cmdline_virtio_mmio_slots(struct scan *scan, struct cmdline_blocks *out);
bool cmdline_pci_ecam(struct scan *scan, struct machine_host *out);
bool cmdline_pci_window(struct scan *scan, struct machine_host *out);
