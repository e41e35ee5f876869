/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of boot options that name virtio-mmio register blocks, which nothing else may tell of.
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
 */
#pragma once

#include "lib/machine/machine.h"
#include "lib/text/scan.h"

/* Blocks, MACHINE_MAX_MMIO in all. */
struct machine_blocks {
    struct machine_mmio blocks[MACHINE_MAX_MMIO];
    unsigned count;
};

/* Reads one value and adds what it names; nothing when false, with *scan saying why. */
bool machine_option_device(struct scan *scan, struct machine_blocks *out);
bool machine_option_slots(struct scan *scan, struct machine_blocks *out);
