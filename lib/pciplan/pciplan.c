// SPDX-License-Identifier: BSD-2-Clause
/*
 * Windows are sized from the leaves up and everything is placed from the root down. What does not
 * fit costs one BAR, the largest that the lack of room is due to; then all is tried again.
 */
#include "lib/pciplan/pciplan.h"

#include <stddef.h>

#include "lib/pciplan/internal.h"

static void forget(struct pciplan *plan)
{
    for (unsigned i = 0; i < plan->function_count; i++) {
        struct pciplan_function *function = &plan->functions[i];

        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            if (function->bars[n].state == PCIPLAN_PLACED) {
                function->bars[n].state = PCIPLAN_OPEN;
                function->bars[n].base = 0;
            }
        for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
            if (function->windows[kind].state == PCIPLAN_PLACED) {
                function->windows[kind].state = PCIPLAN_OPEN;
                function->windows[kind].base = 0;
            }
    }
}

static bool size_windows(struct pciplan *plan, uint32_t function, struct pciplan_item *failed)
{
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = &plan->functions[function].windows[kind];

        if (window->last && window->state == PCIPLAN_OPEN &&
            !pciplan_size(plan, function, kind, failed))
            return false;
    }
    return true;
}

static bool attempt(struct pciplan *plan, struct pciplan_item *failed)
{
    forget(plan);
    for (unsigned i = plan->function_count; i-- > 0;)
        if (!size_windows(plan, i, failed))
            return false;
    if (!pciplan_place(plan, PCIPLAN_ROOT, failed))
        return false;
    for (unsigned i = 0; i < plan->function_count; i++)
        if (!pciplan_place(plan, i, failed))
            return false;
    return true;
}

static bool is_below(const struct pciplan *plan, uint32_t function, uint32_t bridge)
{
    while (function > bridge && function != PCIPLAN_ROOT)
        function = plan->functions[function].parent;
    return function == bridge;
}

/* The largest BAR that a window of `kind` of `bridge` was made for. */
static struct pciplan_bar *largest(struct pciplan *plan, uint32_t bridge, enum pciplan_kind kind)
{
    struct pciplan_bar *found = NULL;

    for (unsigned i = bridge + 1; i < plan->function_count; i++) {
        struct pciplan_function *function = &plan->functions[i];

        for (unsigned n = 0; n < PCIPLAN_BARS && is_below(plan, i, bridge); n++) {
            struct pciplan_bar *bar = &function->bars[n];

            if (bar->size && bar->state != PCIPLAN_KEPT && bar->state != PCIPLAN_REFUSED &&
                pciplan_kind_of(plan, function, bar) == kind && (!found || bar->size > found->size))
                found = bar;
        }
    }
    return found;
}

static void refuse(struct pciplan *plan, const struct pciplan_item *item)
{
    struct pciplan_function *function = &plan->functions[item->function];
    struct pciplan_bar *bar = item->slot < PCIPLAN_BARS ? &function->bars[item->slot]
                                                        : largest(plan, item->function, item->kind);

    bar->state = PCIPLAN_REFUSED;
    bar->base = 0;
}

unsigned pciplan_assign(struct pciplan *plan)
{
    struct pciplan_item failed;
    unsigned refused = 0;

    pciplan_keep(plan);
    while (!attempt(plan, &failed))
        refuse(plan, &failed);
    for (unsigned i = 0; i < plan->function_count; i++)
        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            refused += plan->functions[i].bars[n].state == PCIPLAN_REFUSED;
    return refused;
}
