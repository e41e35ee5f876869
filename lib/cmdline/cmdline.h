/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's command line, whichever loader brought it: tokens between blanks, a value may hold
 * blanks between double quotes, and what follows a token `--` is not ours.
 *
 *     run=GLOB[,GLOB...]  the tests to run (lib/text/glob.h); repeatable, the globs add up
 *     list                print the tests instead of running them
 *     seed=N  seconds=N   of everything random; of each stress test
 *     icount              the clock counts instructions, one each nanosecond
 *     from=N              begin with the Nth test of the plan
 *     resume              somebody boots again: stop where the IOMMU's reset proves broken
 *     isolate             the same: stop after each test that has driven the IOMMU
 *     reset-broken        an earlier boot has told that the reset is
 *     ring=split|packed   the format of the IOMMU's virtqueues; packed where it offers that
 *     virtio_mmio.device= virtio_mmio.slots=  register blocks (lib/cmdline/machine.h)
 *     pci.ecam= pci.window=  a PCI host bridge (lib/cmdline/machine.h)
 *     pci.lines=N         PCI's interrupt pins, if undescribed (lib/machine/machine.h)
 *     viommu= viommu.ep=  IOMMUs and their endpoints (lib/cmdline/topology.h)
 *     topology=           which descriptions take precedence (lib/cmdline/topology.h)
 *
 * In a name '-' is the same as '_'. N is decimal or 0x and hexadecimal. An invalid value is reported
 * and leaves the option as it was, of one value that is given twice the last counts, with a report,
 * and unknown options (console=ttyS0) are reported in one line. Who runs by options some of which
 * were refused runs something else than was asked for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/cmdline/machine.h"
#include "lib/cmdline/topology.h"
#include "lib/text/sink.h"

#define CMDLINE_RUN_MAX  128
#define CMDLINE_GLOB_MAX 128 /* with the NUL */

struct cmdline {
    unsigned run_count; /* 0: the default selection */
    char run[CMDLINE_RUN_MAX][CMDLINE_GLOB_MAX];
    bool list, icount;
    bool is_resumed, is_isolated, is_reset_broken;
    bool is_ring_packed; /* split by default */
    uint64_t seed;       /* 1 by default */
    uint32_t seconds;    /* 2 by default */
    uint32_t from;       /* counts from 1; 0: not given, which is the same as 1 */
    struct cmdline_blocks blocks;
    struct machine_host host; /* ecam 0: none was given */
    uint32_t pci_lines;       /* 0: unspecified */
    /* Values that are invalid or have no room; not of virtio_mmio.device, which VMMs add. */
    unsigned refused;
    struct topology topology;
    struct topology_choice topology_choice; /* auto by default */
};

/* `cmdline` may have any length, or be NULL, and is not needed afterwards. */
void cmdline_parse(const char *cmdline, struct cmdline *out, const struct sink *diagnostics);
