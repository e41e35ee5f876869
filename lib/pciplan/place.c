// SPDX-License-Identifier: BSD-2-Clause
/* One bus at a time: each item at the first fit. */
#include "lib/pciplan/internal.h"

#define RANKS 4 /* of host windows, by how well they suit */

static void take(struct pciplan *plan, uint64_t base, uint64_t size)
{
    unsigned at = plan->taken_count++;

    for (; at && plan->taken[at - 1].first > base; at--)
        plan->taken[at] = plan->taken[at - 1];
    plan->taken[at] = (struct pciplan_span){base, base + (size - 1)};
}

static void take_kept(struct pciplan *plan, uint32_t parent, bool is_io)
{
    for (unsigned i = 0; i < plan->function_count; i++) {
        const struct pciplan_function *function = &plan->functions[i];

        if (function->parent != parent)
            continue;
        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            if (function->bars[n].state == PCIPLAN_KEPT && function->bars[n].is_io == is_io)
                take(plan, function->bars[n].base, function->bars[n].size);
        for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
            if (function->windows[kind].state == PCIPLAN_KEPT && (kind == PCIPLAN_IO) == is_io)
                take(plan, function->windows[kind].base, function->windows[kind].size);
    }
}

/* Rounds *address up; false when there is no such address. */
static bool align_up(uint64_t *address, uint64_t align)
{
    return !__builtin_add_overflow(*address, align - 1, address) && ((*address &= -align), true);
}

/* The lowest free place for the item within [first, last]. */
static bool first_fit(struct pciplan *plan, const struct pciplan_item *item,
                      struct pciplan_span span, uint64_t *base)
{
    uint64_t last = item->last < span.last ? item->last : span.last;

    if (!align_up(&span.first, item->align))
        return false;
    for (unsigned i = 0; i < plan->taken_count; i++) {
        const struct pciplan_span *taken = &plan->taken[i];

        if (taken->last < span.first)
            continue;
        if (taken->first > span.first && taken->first - span.first >= item->size)
            break;
        span.first = taken->last + 1;
        if (!span.first || !align_up(&span.first, item->align))
            return false;
    }
    if (span.first > last || last - span.first < item->size - 1)
        return false;
    *base = span.first;
    take(plan, *base, item->size);
    return true;
}

/* How well host window `n` suits the item: 0 is best, RANKS is not at all. */
static unsigned rank(const struct pciplan *plan, unsigned n, const struct pciplan_item *item)
{
    const struct machine_window *window = &plan->host[n];
    bool prefers_high = item->kind == PCIPLAN_PREFETCHABLE;

    if ((window->kind == MACHINE_WINDOW_IO) != (item->kind == PCIPLAN_IO) ||
        (window->is_prefetchable && item->kind != PCIPLAN_PREFETCHABLE))
        return RANKS;
    return ((window->bus > UINT32_MAX) == prefers_high ? 0 : 2) +
           (window->is_prefetchable == (item->kind == PCIPLAN_PREFETCHABLE) ? 0 : 1);
}

static bool fit_root(struct pciplan *plan, const struct pciplan_item *item, uint64_t *base)
{
    for (unsigned wanted = 0; wanted < RANKS; wanted++)
        for (unsigned n = 0; n < plan->host_count; n++) {
            struct pciplan_span span;

            if (rank(plan, n, item) == wanted && pciplan_host_span(plan, n, &span) &&
                first_fit(plan, item, span, base))
                return true;
        }
    return false;
}

static bool fit(struct pciplan *plan, uint32_t parent, const struct pciplan_item *item,
                uint64_t *base)
{
    if (parent == PCIPLAN_ROOT)
        return fit_root(plan, item, base);

    const struct pciplan_window *window = &plan->functions[parent].windows[item->kind];
    const struct pciplan_span span = {window->base, window->base + (window->size - 1)};

    return window->size && first_fit(plan, item, span, base);
}

static bool place_kinds(struct pciplan *plan, uint32_t parent, unsigned kinds, bool is_io,
                        struct pciplan_item *failed)
{
    pciplan_collect(plan, parent, kinds);
    take_kept(plan, parent, is_io);
    for (unsigned i = 0; i < plan->item_count; i++) {
        const struct pciplan_item *item = &plan->items[i];
        struct pciplan_function *function = &plan->functions[item->function];
        uint64_t base;

        if (!fit(plan, parent, item, &base)) {
            *failed = *item;
            return false;
        }
        if (item->slot < PCIPLAN_BARS) {
            function->bars[item->slot].base = base;
            function->bars[item->slot].state = PCIPLAN_PLACED;
        } else {
            function->windows[item->kind].base = base;
            function->windows[item->kind].state = PCIPLAN_PLACED;
        }
    }
    return true;
}

bool pciplan_place(struct pciplan *plan, uint32_t parent, struct pciplan_item *failed)
{
    return place_kinds(plan, parent, 1u << PCIPLAN_IO, true, failed) &&
           place_kinds(plan, parent, 1u << PCIPLAN_MEMORY | 1u << PCIPLAN_PREFETCHABLE, false,
                       failed);
}

bool pciplan_size(struct pciplan *plan, uint32_t function, enum pciplan_kind kind,
                  struct pciplan_item *failed)
{
    struct pciplan_window *window = &plan->functions[function].windows[kind];
    uint64_t granule = pciplan_granule(kind);
    const struct pciplan_span anywhere = {0, UINT64_MAX >> 1};
    uint64_t base;

    window->align = granule;
    pciplan_collect(plan, function, 1u << kind);
    for (unsigned i = 0; i < plan->item_count; i++) {
        const struct pciplan_item *item = &plan->items[i];

        if (!first_fit(plan, item, anywhere, &base)) {
            *failed = *item;
            return false;
        }
        if (window->align < item->align)
            window->align = item->align;
    }
    window->size = 0;
    if (plan->taken_count)
        window->size = (plan->taken[plan->taken_count - 1].last / granule + 1) * granule;
    return true;
}
