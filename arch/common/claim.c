// SPDX-License-Identifier: BSD-2-Clause
#include "arch/claim.h"

#define LINE_LIMIT 100000

/* The handler last, and taken away first: an interrupt may come in between. */
static void set(struct claim *claim, const struct claim *value)
{
    claim_clear(claim);
    claim->context = value->context;
    claim->count = 0;
    claim->id = value->id;
    claim->is_line = value->is_line;
    __atomic_store_n(&claim->handler, value->handler, __ATOMIC_RELEASE);
}

void claim_line(struct claim *claim, uint32_t id, arch_irq_handler handler, void *context)
{
    set(claim, &(struct claim){.handler = handler, .context = context, .id = id, .is_line = true});
}

void claim_message(struct claim *claim, uint32_t id, arch_irq_handler handler, void *context)
{
    set(claim, &(struct claim){.handler = handler, .context = context, .id = id});
}

void claim_clear(struct claim *claim)
{
    __atomic_store_n(&claim->handler, NULL, __ATOMIC_RELEASE);
}

bool claim_call(struct claim *claim)
{
    if (!claim->handler)
        return claim->is_line;
    claim->handler(claim->context);
    return claim->is_line && ++claim->count >= LINE_LIMIT;
}
