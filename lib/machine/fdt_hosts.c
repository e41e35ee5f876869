// SPDX-License-Identifier: BSD-2-Clause
/* PCI host bridges of a device tree: IEEE 1275's PCI bus binding, and pci-msi.yaml. */
#include "lib/fdt/pci_host.h"
#include "lib/machine/fdt.h"

#define PCI_CELLS    3 /* phys.hi, phys.mid, phys.lo */
#define SPACE_SHIFT  24
#define SPACE_MASK   3u
#define PREFETCHABLE (1u << 30)
#define BDF_SHIFT    8
#define MSI_CELLS    4
#define PIN_MASK     7

#define INTERRUPT_CELLS_MAX 4

static const enum machine_window_kind kinds[] = {
    [1] = MACHINE_WINDOW_IO,
    [2] = MACHINE_WINDOW_32,
    [3] = MACHINE_WINDOW_64,
};

/* What is left out of a property of a host bridge, from the cell `at` on. */
static void report(const struct fdt *fdt, uint32_t node, const char *property, uint32_t at,
                   const char *expected, const struct sink *diagnostics)
{
    sink_printf(diagnostics, "device tree: %s of %s, byte %u: left out, expected %s", property,
                fdt_name(fdt, node), (unsigned)(4 * at), expected);
}

/* False: it is no window for BARs, or not one that the CPU reaches. */
static bool read_window(const struct fdt *fdt, uint32_t node, const struct fdt_property *ranges,
                        uint32_t at, uint32_t parent_cells, struct machine_window *window)
{
    uint32_t high = (uint32_t)fdt_cells(ranges, at, 1);
    uint32_t space = high >> SPACE_SHIFT & SPACE_MASK;
    uint64_t bus = fdt_cells(ranges, at + 1, 2);
    struct fdt_range cpu = {
        .base = fdt_cells(ranges, at + PCI_CELLS, parent_cells),
        .size = fdt_cells(ranges, at + PCI_CELLS + parent_cells, 2),
    };

    if (!space || !cpu.size || cpu.size - 1 > UINT64_MAX - bus || !fdt_to_cpu(fdt, node, &cpu))
        return false;
    *window = (struct machine_window){
        .kind = kinds[space],
        .is_prefetchable = high & PREFETCHABLE,
        .bus = bus,
        .cpu = cpu.base,
        .size = cpu.size,
    };
    return true;
}

static void read_windows(const struct fdt *fdt, uint32_t node, struct machine_host *host,
                         const struct sink *diagnostics)
{
    uint32_t parent = fdt_address_cells(fdt, fdt_parent(fdt, node));
    struct fdt_property ranges;

    if (!fdt_find_property(fdt, node, "ranges", &ranges))
        return;
    if (parent > 2 || fdt_size_cells(fdt, node) != 2 || fdt_address_cells(fdt, node) != PCI_CELLS) {
        report(fdt, node, "ranges", 0, "3 cells of PCI, 1 or 2 of the CPU, 2 of a size",
               diagnostics);
        return;
    }
    uint32_t step = PCI_CELLS + parent + 2, odd = ranges.length % (4 * step);

    if (odd)
        report(fdt, node, "ranges", (ranges.length - odd) / 4, "a whole window", diagnostics);
    for (uint32_t at = 0; at + step <= fdt_cell_count(&ranges); at += step) {
        struct machine_window window;

        if (host->window_count == MACHINE_MAX_WINDOWS) {
            report(fdt, node, "ranges", at, "8 windows at most", diagnostics);
            return;
        }
        if (read_window(fdt, node, &ranges, at, parent, &window))
            host->windows[host->window_count++] = window;
        else
            report(fdt, node, "ranges", at, "a window that does not wrap and that the CPU reaches",
                   diagnostics);
    }
}

/*
 * The entry of interrupt-map at *at, which becomes that of the next one; an entry is as long as its
 * interrupt controller says; the line of a controller that is not driven is unspecified. False: it
 * is none; *at is untouched if there is no telling how long.
 */
static bool read_line(const struct machine *machine, const struct fdt_property *map, uint32_t *at,
                      const struct machine_host *host, struct machine_line *line)
{
    const struct fdt *fdt = &machine->fdt;
    uint32_t parent_at = *at + PCI_CELLS + 2, end = fdt_cell_count(map);
    unsigned index;

    if (parent_at > end)
        return false;
    uint32_t parent = fdt_find_phandle(fdt, (uint32_t)fdt_cells(map, parent_at - 1, 1));

    if (parent == FDT_NONE)
        return false;
    /* Here, unlike for its children, absent means none. */
    uint32_t address = fdt_u32(fdt, parent, "#address-cells", 0);
    uint32_t cells = fdt_u32(fdt, parent, "#interrupt-cells", 0);

    if (address > PCI_CELLS || cells > INTERRUPT_CELLS_MAX || parent_at + address + cells > end)
        return false;
    *line = (struct machine_line){
        .bdf = (uint16_t)(fdt_cells(map, *at, 1) >> BDF_SHIFT & host->line_mask_bdf),
        .pin = (uint8_t)(fdt_cells(map, *at + PCI_CELLS, 1) & host->line_mask_pin),
    };
    *at = parent_at + address + cells;
    line->line = UINT32_MAX;
    return machine_fdt_interrupt(machine, parent, map, parent_at + address, cells, &line->line,
                                 &line->is_edge) ||
           !machine_fdt_is_driven(machine, parent, &index);
}

static void read_lines(const struct machine *machine, uint32_t node, struct machine_host *host,
                       const struct sink *diagnostics)
{
    const struct fdt *fdt = &machine->fdt;
    struct fdt_property mask, map;

    host->line_mask_bdf = UINT16_MAX;
    host->line_mask_pin = PIN_MASK;
    if (!fdt_find_property(fdt, node, "interrupt-map", &map))
        return;
    if (fdt_find_property(fdt, node, "interrupt-map-mask", &mask)) {
        if (mask.length != 4 * (PCI_CELLS + 1)) {
            report(fdt, node, "interrupt-map-mask", 0, "4 cells (interrupt-map, too)", diagnostics);
            return;
        }
        host->line_mask_bdf = (uint16_t)(fdt_cells(&mask, 0, 1) >> BDF_SHIFT);
        host->line_mask_pin = (uint8_t)fdt_cells(&mask, PCI_CELLS, 1);
    }
    for (uint32_t at = 0, entries = 0; at < fdt_cell_count(&map); entries++) {
        struct machine_line line;
        uint32_t start = at;

        if (entries == MACHINE_MAX_LINES) {
            report(fdt, node, "interrupt-map", at, "128 entries at most", diagnostics);
            return;
        }
        if (read_line(machine, &map, &at, host, &line)) {
            host->lines[host->line_count++] = line;
            continue;
        }
        report(fdt, node, "interrupt-map", start, "an interrupt of a GIC, PLIC or APLIC",
               diagnostics);
        if (at == start)
            return;
    }
}

/*
 * What is expected of the entry of msi-map at cell `at` and is not so, and at which cell; NULL: the
 * entry is sound.
 */
static const char *check_msi(const struct fdt *fdt, const struct fdt_property *map, uint32_t at,
                             uint16_t mask, uint32_t *cell)
{
    uint64_t rid = fdt_cells(map, at, 1), id = fdt_cells(map, at + 2, 1);
    uint64_t count = fdt_cells(map, at + 3, 1);

    *cell = at;
    if (rid & ~(uint64_t)mask)
        return "no bit of rid-base outside msi-map-mask";
    *cell = at + 3;
    if (!count || count > 0x10000 - rid)
        return "a length of 1 or more, up to requester id 0xffff";
    *cell = at + 2;
    if (id + count > 0x100000000)
        return "ids that fit in 32 bits";
    *cell = at + 1;
    if (fdt_find_phandle(fdt, (uint32_t)fdt_cells(map, at + 1, 1)) == FDT_NONE)
        return "the phandle of an enabled node";
    return NULL;
}

static void read_msi(const struct fdt *fdt, uint32_t node, struct machine_host *host,
                     const struct sink *diagnostics)
{
    struct fdt_property map, mask;

    host->msi_mask = (uint16_t)fdt_u32(fdt, node, "msi-map-mask", UINT16_MAX);
    if (!fdt_find_property(fdt, node, "msi-map", &map))
        return;
    if (fdt_find_property(fdt, node, "msi-map-mask", &mask) && mask.length != 4) {
        report(fdt, node, "msi-map-mask", 0, "one cell (msi-map, too)", diagnostics);
        return;
    }
    if (map.length % (4 * MSI_CELLS))
        report(fdt, node, "msi-map", fdt_cell_count(&map) / MSI_CELLS * MSI_CELLS,
               "a whole entry of 4 cells", diagnostics);
    for (uint32_t at = 0; at + MSI_CELLS <= fdt_cell_count(&map); at += MSI_CELLS) {
        uint32_t cell;
        const char *expected = check_msi(fdt, &map, at, host->msi_mask, &cell);

        if (expected) {
            report(fdt, node, "msi-map", cell, expected, diagnostics);
            continue;
        }
        if (host->msi_count == MACHINE_MAX_MSI) {
            report(fdt, node, "msi-map", at, "8 entries at most", diagnostics);
            return;
        }
        host->msi[host->msi_count++] = (struct machine_msi){
            .rid_first = (uint16_t)fdt_cells(&map, at, 1),
            .id_first = (uint32_t)fdt_cells(&map, at + 2, 1),
            .count = (uint32_t)fdt_cells(&map, at + 3, 1),
        };
        host->has_msi_map = true;
    }
}

/* A property of /chosen that Linux has: nothing is to be assigned, on any host bridge. */
static bool is_fixed(const struct fdt *fdt)
{
    uint32_t chosen = fdt_find_path(fdt, "/chosen", 7);

    return chosen != FDT_NONE && fdt_u32(fdt, chosen, "linux,pci-probe-only", 0);
}

void machine_read_fdt_hosts(struct machine *machine, const struct sink *diagnostics)
{
    const struct fdt *fdt = &machine->fdt;
    uint32_t node = FDT_NONE;

    while ((node = fdt_find_pci_host(fdt, node)) != FDT_NONE) {
        struct machine_host *host = &machine->hosts[machine->host_count];
        struct fdt_pci_host read;

        if (machine->host_count == MACHINE_MAX_HOSTS) {
            sink_note(diagnostics, "device tree: more than %d host bridges, the rest is left out",
                      MACHINE_MAX_HOSTS);
            return;
        }
        if (!fdt_read_pci_host(fdt, node, &read, diagnostics))
            continue;
        *host = (struct machine_host){.segment = read.segment,
                                      .bus_first = read.bus_first,
                                      .bus_last = read.bus_last,
                                      .ecam = read.ecam,
                                      .is_cam = read.is_cam,
                                      .is_unusable = read.is_unusable,
                                      .is_fixed = is_fixed(fdt)};
        read_windows(fdt, node, host, diagnostics);
        read_lines(machine, node, host, diagnostics);
        read_msi(fdt, node, host, diagnostics);
        machine->host_count++;
    }
}
