/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "boot/boot_info.h"
#include "lib/cmdline/cmdline.h"
#include "lib/machine/machine.h"
#include "lib/text/sink.h"

/*
 * Adds to *machine what options describe. A block that overlaps usable memory or an earlier block
 * is reported and left out; one that firmware describes too is as the option says. An IOMMU that is
 * said to be a block makes one where none is known. A PCI host bridge replaces those of firmware,
 * unless it overlaps usable memory. Interrupt lines are those of bridges without any of their own.
 * An IOMMU or a bridge that is left out counts as refused, and so does what the loader cut off.
 */
void boot_apply_cmdline(const struct boot_info *boot, struct cmdline *options,
                        struct machine *machine, const struct sink *diagnostics);
