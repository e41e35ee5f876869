// SPDX-License-Identifier: BSD-2-Clause
/*
 * Carries out the plan of lib/pciplan: asks the registers what can be, and writes what is decided.
 */
#include "drivers/pci/internal.h"
#include "lib/pciplan/pciplan.h"

#define IO_BASE            0x1c
#define IO_LIMIT           0x1d
#define IO_BASE_UPPER      0x30
#define IO_LIMIT_UPPER     0x32
#define MEMORY_BASE        0x20
#define MEMORY_LIMIT       0x22
#define PREFETCHABLE_BASE  0x24
#define PREFETCHABLE_LIMIT 0x26
#define PREFETCHABLE_UPPER 0x28
#define LIMIT_UPPER        0x2c
#define TYPE_MASK          0x0f /* of the I/O and prefetchable registers: how wide they are */

#define DECODING (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)

/* Base and limit in the units of the registers; what is below them is 0 in a base, 1 in a limit. */
static struct pciplan_window window_of(uint64_t base, uint64_t limit, uint64_t granule,
                                       uint64_t last)
{
    limit |= granule - 1;
    if (!last || limit < base)
        return (struct pciplan_window){.last = last};
    return (struct pciplan_window){.base = base, .size = limit - base + 1, .last = last};
}

/* Whether a register that reads 0 is one at all: a bridge without the window has zeros there. */
static bool exists(const struct pci_function *bridge, uint16_t offset)
{
    uint16_t value = pci_read16(bridge, offset);
    bool is_there;

    pci_write16(bridge, offset, 0xfff0);
    is_there = pci_read16(bridge, offset);
    pci_write16(bridge, offset, value);
    return is_there;
}

static struct pciplan_window read_io(const struct pci_function *bridge)
{
    uint8_t base = pci_read8(bridge, IO_BASE), limit = pci_read8(bridge, IO_LIMIT);
    bool is_wide = (base & TYPE_MASK) == 1;
    uint32_t base_upper = is_wide ? pci_read16(bridge, IO_BASE_UPPER) : 0;
    uint32_t limit_upper = is_wide ? pci_read16(bridge, IO_LIMIT_UPPER) : 0;

    return window_of(base_upper << 16 | (base & 0xf0u) << 8,
                     limit_upper << 16 | (limit & 0xf0u) << 8, 4096,
                     !exists(bridge, IO_BASE) ? 0
                     : is_wide                ? UINT32_MAX
                                              : UINT16_MAX);
}

static struct pciplan_window read_memory(const struct pci_function *bridge)
{
    return window_of((uint32_t)pci_read16(bridge, MEMORY_BASE) << 16,
                     (uint32_t)pci_read16(bridge, MEMORY_LIMIT) << 16, 1 << 20, UINT32_MAX);
}

static struct pciplan_window read_prefetchable(const struct pci_function *bridge)
{
    uint16_t base = pci_read16(bridge, PREFETCHABLE_BASE);
    uint16_t limit = pci_read16(bridge, PREFETCHABLE_LIMIT);
    bool is_wide = (base & TYPE_MASK) == 1;
    uint64_t base_upper = is_wide ? pci_read32(bridge, PREFETCHABLE_UPPER) : 0;
    uint64_t limit_upper = is_wide ? pci_read32(bridge, LIMIT_UPPER) : 0;

    return window_of(base_upper << 32 | (base & 0xfff0u) << 16,
                     limit_upper << 32 | (limit & 0xfff0u) << 16, 1 << 20,
                     !exists(bridge, PREFETCHABLE_BASE) ? 0
                     : is_wide                          ? UINT64_MAX
                                                        : UINT32_MAX);
}

static uint32_t parent_of(const struct pci *pci, unsigned first,
                          const struct pci_function *function)
{
    return function->bridge ? (uint32_t)(function->bridge - &pci->functions[first]) : PCIPLAN_ROOT;
}

/* Decoding is off from here on, until somebody maps a BAR. */
static void describe(struct pciplan_function *out, const struct pci_function *function,
                     uint32_t parent)
{
    *out = (struct pciplan_function){.parent = parent};
    pci_command(function, 0, DECODING);
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &function->bars[i];

        out->bars[i] = (struct pciplan_bar){
            .base = bar->base,
            .size = bar->size,
            .is_io = bar->is_io,
            .is_64bit = bar->is_64bit,
            .is_prefetchable = bar->is_prefetchable,
        };
    }
    if (function->header_type == 1) {
        out->windows[PCIPLAN_IO] = read_io(function);
        out->windows[PCIPLAN_MEMORY] = read_memory(function);
        out->windows[PCIPLAN_PREFETCHABLE] = read_prefetchable(function);
    }
}

/* A VMM may ignore a write: the device is where the BAR says. */
static uint64_t base_of(const struct pci_function *function, unsigned index)
{
    const struct pci_bar *bar = &function->bars[index];
    uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * index);
    uint64_t base = pci_read32(function, offset) & (bar->is_io ? ~3u : ~15u);

    return bar->is_64bit ? base | (uint64_t)pci_read32(function, offset + 4u) << 32 : base;
}

static void write_bar(struct pci_function *function, unsigned index, const struct pciplan_bar *plan,
                      const struct sink *diagnostics)
{
    struct pci_bar *bar = &function->bars[index];
    uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * index);

    bar->base = plan->base;
    if (plan->state == PCIPLAN_REFUSED)
        sink_printf(diagnostics,
                    "pci %04x:%02x:%02x.%x: BAR %u: no space for 0x%llx bytes of %s%s%s in the "
                    "windows above it; it has no address",
                    function->host->segment, PCI_BUS(function->bdf), PCI_DEVICE(function->bdf),
                    PCI_FUNCTION(function->bdf), index, (unsigned long long)bar->size,
                    bar->is_64bit ? "64-bit " : "", bar->is_prefetchable ? "prefetchable " : "",
                    bar->is_io ? "I/O" : "memory");
    if (!bar->size || plan->state == PCIPLAN_KEPT)
        return;
    pci_write32(function, offset, (uint32_t)bar->base);
    if (bar->is_64bit)
        pci_write32(function, offset + 4u, (uint32_t)(bar->base >> 32));
    bar->base = base_of(function, index);
    if (bar->base != plan->base)
        sink_printf(
            diagnostics,
            "pci %04x:%02x:%02x.%x: BAR %u: 0x%llx was written and 0x%llx reads back, where "
            "it is used",
            function->host->segment, PCI_BUS(function->bdf), PCI_DEVICE(function->bdf),
            PCI_FUNCTION(function->bdf), index, (unsigned long long)plan->base,
            (unsigned long long)bar->base);
}

/* Of a closed window the base is as high, and the limit as low, as the registers can hold. */
static void ends_of(const struct pciplan_window *window, uint64_t *base, uint64_t *limit)
{
    *base = window->size ? window->base : window->last;
    *limit = window->size ? window->base + (window->size - 1) : 0;
}

static void write_windows(const struct pci_function *bridge, const struct pciplan_window *windows)
{
    uint64_t base, limit;

    if (windows[PCIPLAN_IO].last) {
        ends_of(&windows[PCIPLAN_IO], &base, &limit);
        pci_write8(bridge, IO_BASE, base >> 8 & 0xf0);
        pci_write8(bridge, IO_LIMIT, limit >> 8 & 0xf0);
        pci_write16(bridge, IO_BASE_UPPER, (uint16_t)(base >> 16));
        pci_write16(bridge, IO_LIMIT_UPPER, (uint16_t)(limit >> 16));
    }
    ends_of(&windows[PCIPLAN_MEMORY], &base, &limit);
    pci_write16(bridge, MEMORY_BASE, base >> 16 & 0xfff0);
    pci_write16(bridge, MEMORY_LIMIT, limit >> 16 & 0xfff0);
    if (windows[PCIPLAN_PREFETCHABLE].last) {
        ends_of(&windows[PCIPLAN_PREFETCHABLE], &base, &limit);
        pci_write16(bridge, PREFETCHABLE_BASE, base >> 16 & 0xfff0);
        pci_write16(bridge, PREFETCHABLE_LIMIT, limit >> 16 & 0xfff0);
        pci_write32(bridge, PREFETCHABLE_UPPER, (uint32_t)(base >> 32));
        pci_write32(bridge, LIMIT_UPPER, (uint32_t)(limit >> 32));
    }
}

void pci_assign(struct pci *pci, unsigned first, const struct sink *diagnostics)
{
    static struct pciplan plan; /* larger than the stack; of no use to anybody afterwards */
    const struct machine_host *host = pci->functions[first].host->machine;

    plan.host_count = host->window_count;
    for (unsigned i = 0; i < host->window_count; i++)
        plan.host[i] = host->windows[i];
    plan.function_count = pci->function_count - first;
    for (unsigned i = 0; i < plan.function_count; i++) {
        const struct pci_function *function = &pci->functions[first + i];

        describe(&plan.functions[i], function, parent_of(pci, first, function));
    }
    pciplan_assign(&plan);
    for (unsigned i = 0; i < plan.function_count; i++) {
        struct pci_function *function = &pci->functions[first + i];

        for (unsigned n = 0; n < PCI_BARS; n++)
            write_bar(function, n, &plan.functions[i].bars[n], diagnostics);
        if (function->header_type != 1)
            continue;
        write_windows(function, plan.functions[i].windows);
        pci_command(function, DECODING, 0);
    }
}
