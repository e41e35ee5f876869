/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claimed interrupts, the same for every interrupt controller: arch/common/claim.c. Whoever
 * delivers interrupts keeps an array of them.
 */
#pragma once

#include "arch/arch.h"

struct claim {
    arch_irq_handler handler; /* NULL: not claimed */
    void *context;
    unsigned count; /* of calls */
    uint32_t id;    /* the controller's number of it */
    bool is_line;   /* and not a message */
};

/* The handler may be called from here on. */
void claim_line(struct claim *claim, uint32_t id, arch_irq_handler handler, void *context);
void claim_message(struct claim *claim, uint32_t id, arch_irq_handler handler, void *context);
/* The handler is not called any more. */
void claim_clear(struct claim *claim);

/*
 * Calls the handler, if there is one. True: it is a line to be masked, as nobody handles it or it
 * came more often than a device could need: a level that no handler takes away leaves no time for
 * anything else, the deadline included.
 */
bool claim_call(struct claim *claim);
