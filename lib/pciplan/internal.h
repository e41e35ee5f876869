/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this directory share. */
#pragma once

#include "lib/pciplan/pciplan.h"

/* What the window of a bridge is made of. */
static inline uint64_t pciplan_granule(enum pciplan_kind kind)
{
    return kind == PCIPLAN_IO ? 4096 : 1 << 20;
}

/* What host window `n` can be used for; false: nothing. */
bool pciplan_host_span(const struct pciplan *plan, unsigned n, struct pciplan_span *span);
/* Through which window of the bridge above it a BAR is reached, unless firmware chose another. */
enum pciplan_kind pciplan_kind_of(const struct pciplan *plan,
                                  const struct pciplan_function *function,
                                  const struct pciplan_bar *bar);

/* Decides what firmware's assignment is worth: afterwards everything is KEPT, or OPEN and empty. */
void pciplan_keep(struct pciplan *plan);
/* Fills items[] with what is OPEN on the bus below `parent`; `kinds` is a set of bits. */
void pciplan_collect(struct pciplan *plan, uint32_t parent, unsigned kinds);
/* Gives all that is OPEN on the bus below `parent` a place; false: not so *failed. */
bool pciplan_place(struct pciplan *plan, uint32_t parent, struct pciplan_item *failed);
/* Sizes a window that is OPEN by what is behind it; false: that is impossible with *failed. */
bool pciplan_size(struct pciplan *plan, uint32_t function, enum pciplan_kind kind,
                  struct pciplan_item *failed);
