// SPDX-License-Identifier: BSD-2-Clause
/* PCI host bridges of a device tree: IEEE 1275's PCI bus binding, and pci-msi.yaml. */
#include "lib/machine/machine.h"

#define PCI_CELLS      3 /* phys.hi, phys.mid, phys.lo */
#define SPACE_SHIFT    24
#define SPACE_MASK     3u
#define PREFETCHABLE   (1u << 30)
#define BDF_SHIFT      8
#define ECAM_BUS_SHIFT 20
#define MSI_CELLS      4
#define PIN_MASK       7

static const enum machine_window_kind kinds[] = {
    [1] = MACHINE_WINDOW_IO,
    [2] = MACHINE_WINDOW_32,
    [3] = MACHINE_WINDOW_64,
};

static void add_window(const struct fdt *fdt, uint32_t node, const struct fdt_property *ranges,
                       uint32_t at, uint32_t parent_cells, struct machine_host *host)
{
    uint32_t high = (uint32_t)fdt_cells(ranges, at, 1);
    uint32_t space = high >> SPACE_SHIFT & SPACE_MASK;
    struct fdt_range cpu = {
        .base = fdt_cells(ranges, at + PCI_CELLS, parent_cells),
        .size = fdt_cells(ranges, at + PCI_CELLS + parent_cells, 2),
    };

    if (!space || !cpu.size || host->window_count == MACHINE_MAX_WINDOWS ||
        !fdt_to_cpu(fdt, node, &cpu))
        return;
    host->windows[host->window_count++] = (struct machine_window){
        .kind = kinds[space],
        .is_prefetchable = high & PREFETCHABLE,
        .bus = fdt_cells(ranges, at + 1, 2),
        .cpu = cpu.base,
        .size = cpu.size,
    };
}

static void read_windows(const struct fdt *fdt, uint32_t node, struct machine_host *host)
{
    uint32_t parent = fdt_address_cells(fdt, fdt_parent(fdt, node));
    uint32_t step = PCI_CELLS + parent + 2;
    struct fdt_property ranges;

    if (parent > 2 || fdt_size_cells(fdt, node) != 2 || fdt_address_cells(fdt, node) != PCI_CELLS ||
        !fdt_find_property(fdt, node, "ranges", &ranges))
        return;
    for (uint32_t at = 0; at + step <= fdt_cell_count(&ranges); at += step)
        add_window(fdt, node, &ranges, at, parent, host);
}

/* An entry is as long as its interrupt controller says; returns where the next one starts. */
static uint32_t add_line(const struct fdt *fdt, const struct fdt_property *map, uint32_t at,
                         struct machine_host *host)
{
    uint32_t end = fdt_cell_count(map);
    uint32_t parent_at = at + PCI_CELLS + 2;
    struct machine_line line = {0};

    if (parent_at > end)
        return end;
    uint32_t parent = fdt_find_phandle(fdt, (uint32_t)fdt_cells(map, parent_at - 1, 1));

    if (parent == FDT_NONE)
        return end;
    /* Here, unlike for its children, absent means none. */
    uint32_t address = fdt_u32(fdt, parent, "#address-cells", 0);
    uint32_t cells = fdt_u32(fdt, parent, "#interrupt-cells", 0);

    if (address > PCI_CELLS || cells > PCI_CELLS || parent_at + address + cells > end)
        return end;
    line.bdf = (uint16_t)(fdt_cells(map, at, 1) >> BDF_SHIFT & host->line_mask_bdf);
    line.pin = (uint8_t)(fdt_cells(map, at + PCI_CELLS, 1) & host->line_mask_pin);
    if (machine_fdt_interrupt(map, parent_at + address, cells, &line.line, &line.is_edge) &&
        host->line_count < MACHINE_MAX_LINES)
        host->lines[host->line_count++] = line;
    return parent_at + address + cells;
}

static void read_lines(const struct fdt *fdt, uint32_t node, struct machine_host *host)
{
    struct fdt_property mask, map;

    host->line_mask_bdf = UINT16_MAX;
    host->line_mask_pin = PIN_MASK;
    if (fdt_find_property(fdt, node, "interrupt-map-mask", &mask) &&
        fdt_cell_count(&mask) == PCI_CELLS + 1) {
        host->line_mask_bdf = (uint16_t)(fdt_cells(&mask, 0, 1) >> BDF_SHIFT);
        host->line_mask_pin = (uint8_t)fdt_cells(&mask, PCI_CELLS, 1);
    }
    if (fdt_find_property(fdt, node, "interrupt-map", &map))
        for (uint32_t at = 0; at < fdt_cell_count(&map);)
            at = add_line(fdt, &map, at, host);
}

static void read_msi(const struct fdt *fdt, uint32_t node, struct machine_host *host)
{
    struct fdt_property map;

    host->msi_mask = (uint16_t)fdt_u32(fdt, node, "msi-map-mask", UINT16_MAX);
    if (!fdt_find_property(fdt, node, "msi-map", &map))
        return;
    for (uint32_t at = 0; at + MSI_CELLS <= fdt_cell_count(&map); at += MSI_CELLS)
        if (host->msi_count < MACHINE_MAX_MSI)
            host->msi[host->msi_count++] = (struct machine_msi){
                .rid_first = (uint16_t)fdt_cells(&map, at, 1),
                .id_first = (uint32_t)fdt_cells(&map, at + 2, 1),
                .count = (uint32_t)fdt_cells(&map, at + 3, 1),
            };
}

/* reg is configuration space from the first bus of bus-range on, as long as it lasts. */
static bool read_buses(const struct fdt *fdt, uint32_t node, struct machine_host *host,
                       const struct sink *complaints)
{
    struct fdt_property range;
    struct fdt_range reg;
    uint32_t first = 0, last = UINT8_MAX;

    if (fdt_find_property(fdt, node, "bus-range", &range) && fdt_cell_count(&range) == 2) {
        first = (uint32_t)fdt_cells(&range, 0, 1);
        last = (uint32_t)fdt_cells(&range, 1, 1);
    }
    if (first > last || last > UINT8_MAX || !fdt_reg(fdt, node, 0, &reg) ||
        reg.size >> ECAM_BUS_SHIFT == 0) {
        sink_printf(complaints,
                    "device tree: %s has bus-range %u to %u, expected a range up to 255 and a reg "
                    "with configuration space of a bus at least; left out",
                    fdt_name(fdt, node), first, last);
        return false;
    }
    uint64_t buses = reg.size >> ECAM_BUS_SHIFT;

    host->ecam = reg.base;
    host->bus_first = (uint8_t)first;
    host->bus_last = (uint8_t)(last - first < buses ? last : first + buses - 1);
    host->segment = (uint16_t)fdt_u32(fdt, node, "linux,pci-domain", 0);
    return true;
}

void machine_read_fdt_hosts(struct machine *machine, const struct sink *complaints)
{
    const struct fdt *fdt = &machine->fdt;
    uint32_t node = FDT_NONE;

    while ((node = fdt_find_compatible(fdt, node, "pci-host-ecam-generic")) != FDT_NONE) {
        struct machine_host *host = &machine->hosts[machine->host_count];

        if (machine->host_count == MACHINE_MAX_HOSTS) {
            sink_printf(complaints, "device tree: more than %d host bridges, the rest is left out",
                        MACHINE_MAX_HOSTS);
            return;
        }
        *host = (struct machine_host){0};
        if (!read_buses(fdt, node, host, complaints))
            continue;
        read_windows(fdt, node, host);
        read_lines(fdt, node, host);
        read_msi(fdt, node, host);
        machine->host_count++;
    }
}
