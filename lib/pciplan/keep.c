// SPDX-License-Identifier: BSD-2-Clause
/* What firmware left: kept where it makes sense. */
#include "lib/pciplan/internal.h"

/* Two BARs or windows can only be in each other's way in the same space. */
struct claim {
    bool is_io, is_prefetchable;
    struct pciplan_span span;
};

static bool overlap(const struct pciplan_span *a, const struct pciplan_span *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static bool inside(const struct pciplan_span *inner, const struct pciplan_span *outer)
{
    return inner->first >= outer->first && inner->last <= outer->last;
}

static struct pciplan_span span_of(uint64_t base, uint64_t size)
{
    return (struct pciplan_span){base, base + (size - 1)};
}

static bool is_reached_by_host(const struct pciplan *plan, const struct claim *claim)
{
    for (unsigned n = 0; n < plan->host_count; n++) {
        const struct machine_window *window = &plan->host[n];
        struct pciplan_span span;

        if ((window->kind == MACHINE_WINDOW_IO) == claim->is_io &&
            (!window->is_prefetchable || claim->is_prefetchable) &&
            pciplan_host_span(plan, n, &span) && inside(&claim->span, &span))
            return true;
    }
    return false;
}

static bool is_reached(const struct pciplan *plan, uint32_t parent, const struct claim *claim)
{
    if (parent == PCIPLAN_ROOT)
        return is_reached_by_host(plan, claim);
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = &plan->functions[parent].windows[kind];
        struct pciplan_span span = span_of(window->base, window->size);

        if (window->state == PCIPLAN_KEPT && (kind == PCIPLAN_IO) == claim->is_io &&
            (kind != PCIPLAN_PREFETCHABLE || claim->is_prefetchable) && inside(&claim->span, &span))
            return true;
    }
    return false;
}

/* Whether something of `function` is kept that overlaps the claim. */
static bool is_in_the_way(const struct pciplan_function *function, const struct claim *claim)
{
    for (unsigned i = 0; i < PCIPLAN_BARS; i++) {
        const struct pciplan_bar *bar = &function->bars[i];
        struct pciplan_span span = span_of(bar->base, bar->size);

        if (bar->state == PCIPLAN_KEPT && bar->is_io == claim->is_io &&
            overlap(&span, &claim->span))
            return true;
    }
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        const struct pciplan_window *window = &function->windows[kind];
        struct pciplan_span span = span_of(window->base, window->size);

        if (window->state == PCIPLAN_KEPT && (kind == PCIPLAN_IO) == claim->is_io &&
            overlap(&span, &claim->span))
            return true;
    }
    return false;
}

/* `last`: the highest address that the register can hold. */
static bool can_keep(const struct pciplan *plan, const struct pciplan_function *function,
                     const struct claim *claim, uint64_t last)
{
    if (!claim->span.first || claim->span.last < claim->span.first || claim->span.last > last ||
        !is_reached(plan, function->parent, claim))
        return false;
    for (unsigned i = 0; i < plan->function_count; i++)
        if (plan->functions[i].parent == function->parent &&
            is_in_the_way(&plan->functions[i], claim))
            return false;
    return true;
}

static void keep_windows(struct pciplan *plan, struct pciplan_function *function)
{
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        struct pciplan_window *window = &function->windows[kind];
        uint64_t granule = pciplan_granule(kind);
        struct claim claim = {
            .is_io = kind == PCIPLAN_IO,
            .is_prefetchable = kind == PCIPLAN_PREFETCHABLE,
            .span = span_of(window->base, window->size),
        };

        if (window->last && window->size && (window->base | window->size) % granule == 0 &&
            can_keep(plan, function, &claim, window->last))
            window->state = PCIPLAN_KEPT;
        else
            window->base = window->size = 0;
    }
}

static void keep_bars(struct pciplan *plan, struct pciplan_function *function)
{
    for (unsigned i = 0; i < PCIPLAN_BARS; i++) {
        struct pciplan_bar *bar = &function->bars[i];
        bool is_power = bar->size && !(bar->size & (bar->size - 1));
        struct claim claim = {
            .is_io = bar->is_io,
            .is_prefetchable = bar->is_prefetchable,
            .span = span_of(bar->base, bar->size),
        };

        if (is_power && bar->base % bar->size == 0 &&
            can_keep(plan, function, &claim, bar->is_64bit ? UINT64_MAX : UINT32_MAX)) {
            bar->state = PCIPLAN_KEPT;
            continue;
        }
        bar->base = 0;
        if (bar->size && !is_power)
            bar->state = PCIPLAN_REFUSED;
    }
}

static bool holds(const struct pciplan_span *span, bool is_io,
                  const struct pciplan_function *function)
{
    const struct claim claim = {.is_io = is_io, .span = *span};

    return is_in_the_way(function, &claim);
}

/* A window that nothing was kept behind is sized and placed again. */
static void open_empty_windows(struct pciplan *plan, uint32_t bridge)
{
    for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++) {
        struct pciplan_window *window = &plan->functions[bridge].windows[kind];
        struct pciplan_span span = span_of(window->base, window->size);
        bool is_used = false;

        if (window->state != PCIPLAN_KEPT)
            continue;
        for (unsigned i = bridge + 1; i < plan->function_count && !is_used; i++)
            is_used = plan->functions[i].parent == bridge &&
                      holds(&span, kind == PCIPLAN_IO, &plan->functions[i]);
        if (is_used)
            continue;
        window->state = PCIPLAN_OPEN;
        window->base = window->size = 0;
    }
}

void pciplan_keep(struct pciplan *plan)
{
    for (unsigned i = 0; i < plan->function_count; i++) {
        struct pciplan_function *function = &plan->functions[i];

        for (unsigned n = 0; n < PCIPLAN_BARS; n++)
            function->bars[n].state = PCIPLAN_OPEN;
        for (unsigned kind = 0; kind < PCIPLAN_KINDS; kind++)
            function->windows[kind].state = PCIPLAN_OPEN;
    }
    for (unsigned i = 0; i < plan->function_count; i++) {
        keep_windows(plan, &plan->functions[i]);
        keep_bars(plan, &plan->functions[i]);
    }
    for (unsigned i = plan->function_count; i-- > 0;)
        open_empty_windows(plan, i);
}
