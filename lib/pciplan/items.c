// SPDX-License-Identifier: BSD-2-Clause
/* What there is to be placed on a bus, in an order that packs well. */
#include "lib/pciplan/internal.h"

#define FIRST_ADDRESS 4096 /* nothing is placed below it: address 0 would be no address */

bool pciplan_host_span(const struct pciplan *plan, unsigned n, struct pciplan_span *span)
{
    const struct machine_window *window = &plan->host[n];
    uint64_t last = window->bus + (window->size - 1);

    if (!window->size || last < window->bus)
        return false;
    if (window->kind != MACHINE_WINDOW_64 && last > UINT32_MAX)
        last = UINT32_MAX;
    span->first = window->bus < FIRST_ADDRESS ? FIRST_ADDRESS : window->bus;
    span->last = last;
    return span->first <= last;
}

/* What a register needs to hold for the highest window of the host. */
static uint64_t highest_last(const struct pciplan *plan)
{
    for (unsigned n = 0; n < plan->host_count; n++) {
        struct pciplan_span span;

        if (plan->host[n].kind != MACHINE_WINDOW_IO && pciplan_host_span(plan, n, &span) &&
            span.first > UINT32_MAX)
            return UINT64_MAX;
    }
    return UINT32_MAX;
}

/* Whether `bridge` and all above it pass on prefetchable memory up to `last`. */
static bool passes_prefetchable(const struct pciplan *plan, uint32_t bridge, uint64_t last)
{
    for (; bridge != PCIPLAN_ROOT; bridge = plan->functions[bridge].parent)
        if (plan->functions[bridge].windows[PCIPLAN_PREFETCHABLE].last < last)
            return false;
    return true;
}

enum pciplan_kind pciplan_kind_of(const struct pciplan *plan,
                                  const struct pciplan_function *function,
                                  const struct pciplan_bar *bar)
{
    uint64_t last = highest_last(plan);

    if (bar->is_io)
        return PCIPLAN_IO;
    if (!bar->is_prefetchable)
        return PCIPLAN_MEMORY;
    if (function->parent == PCIPLAN_ROOT)
        return PCIPLAN_PREFETCHABLE;
    return (bar->is_64bit || last <= UINT32_MAX) &&
                   passes_prefetchable(plan, function->parent, last)
               ? PCIPLAN_PREFETCHABLE
               : PCIPLAN_MEMORY;
}

/* Those that must be low first, then the coarsest; otherwise as they come. */
static bool goes_before(const struct pciplan_item *a, const struct pciplan_item *b)
{
    if (a->last != b->last)
        return a->last < b->last;
    return a->align != b->align ? a->align > b->align : a->size > b->size;
}

/* The highest address that anything of `kind` on the bus can have. */
static uint64_t last_on_bus(const struct pciplan *plan, uint32_t parent, enum pciplan_kind kind)
{
    uint64_t host = highest_last(plan);
    uint64_t bridge = parent == PCIPLAN_ROOT ? host : plan->functions[parent].windows[kind].last;

    return bridge < host ? bridge : host;
}

static void add_item(struct pciplan *plan, struct pciplan_item item)
{
    uint64_t last = last_on_bus(plan, plan->functions[item.function].parent, item.kind);
    unsigned at = plan->item_count++;

    if (item.last > last)
        item.last = last;
    for (; at && goes_before(&item, &plan->items[at - 1]); at--)
        plan->items[at] = plan->items[at - 1];
    plan->items[at] = item;
}

static void add_bars(struct pciplan *plan, uint32_t index, unsigned kinds)
{
    const struct pciplan_function *function = &plan->functions[index];

    for (uint8_t i = 0; i < PCIPLAN_BARS; i++) {
        const struct pciplan_bar *bar = &function->bars[i];
        enum pciplan_kind kind = pciplan_kind_of(plan, function, bar);

        if (bar->size && bar->state == PCIPLAN_OPEN && (kinds >> kind & 1))
            add_item(plan, (struct pciplan_item){
                               .function = index,
                               .slot = i,
                               .kind = kind,
                               .size = bar->size,
                               .align = bar->size,
                               .last = bar->is_64bit && !bar->is_io ? UINT64_MAX : UINT32_MAX,
                           });
    }
}

static void add_windows(struct pciplan *plan, uint32_t index, unsigned kinds)
{
    for (uint8_t kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = &plan->functions[index].windows[kind];

        if (window->size && window->state == PCIPLAN_OPEN && (kinds >> kind & 1))
            add_item(plan, (struct pciplan_item){
                               .function = index,
                               .slot = (uint8_t)(PCIPLAN_BARS + kind),
                               .kind = kind,
                               .size = window->size,
                               .align = window->align,
                               .last = window->last,
                           });
    }
}

void pciplan_collect(struct pciplan *plan, uint32_t parent, unsigned kinds)
{
    plan->item_count = plan->taken_count = 0;
    for (unsigned i = parent == PCIPLAN_ROOT ? 0 : parent + 1; i < plan->function_count; i++)
        if (plan->functions[i].parent == parent) {
            add_bars(plan, i, kinds);
            add_windows(plan, i, kinds);
        }
}
