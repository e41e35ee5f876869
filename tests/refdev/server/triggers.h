/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupts of a function by eventfds, as VFIO has them: the line, the message of MSI, and the
 * vectors of MSI-X. The VMM handles the table of MSI-X itself; a vector that it wants has an
 * eventfd.
 */
#pragma once

#include "tests/refdev/device/function.h"

/* The indices of <linux/vfio.h>. */
enum trigger_index { TRIGGER_INTX, TRIGGER_MSI, TRIGGER_MSIX, TRIGGER_INDICES };

struct triggers {
    struct ref_function *function;
    int eventfds[TRIGGER_INDICES][REF_VECTORS]; /* -1: none */
    /* Of the line: after an event it is masked until the VMM unmasks it. */
    bool is_asserted, is_masked;
};

void triggers_init(struct triggers *triggers, struct ref_function *function);
/* How many the function has of an index, which is below TRIGGER_INDICES. */
unsigned triggers_count(const struct triggers *triggers, unsigned index);
/* Takes the eventfd, or -1; `vector` is below triggers_count(). */
void triggers_set(struct triggers *triggers, unsigned index, unsigned vector, int eventfd);
void triggers_mask_line(struct triggers *triggers, bool is_masked);
/* The function was reset. */
void triggers_renew(struct triggers *triggers);

/* What the function does. */
void triggers_line(struct triggers *triggers, bool is_asserted);
void triggers_message(struct triggers *triggers, uint32_t data);
