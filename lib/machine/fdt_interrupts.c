// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupt controllers of a device tree, and the interrupts that its nodes name (devicetree
 * bindings interrupts.txt, arm,gic.yaml, arm,gic-v3.yaml).
 */
#include "lib/array/array.h"
#include "lib/machine/fdt.h"

#define WIRED_LINES 1024 /* of a PLIC or an APLIC */
#define EDGE_FLAGS  3    /* rising or falling edge */

/* By the first cell of a GIC's interrupt. */
static const struct {
    uint32_t first, count;
} gic_lines[] = {
    {32, 988}, /* shared by the CPUs */
    {16, 16},  /* a CPU's own */
};

/*
 * The reg of the next `compatible` node after *node that can be kept; FDT_NONE in *node: there is
 * none. What can't be is named.
 */
static bool next_part(const struct fdt *fdt, const char *compatible, unsigned count, uint32_t *node,
                      struct fdt_range *reg, const struct sink *diagnostics)
{
    while ((*node = fdt_find_compatible(fdt, *node, compatible)) != FDT_NONE) {
        bool is_reached = fdt_reg(fdt, *node, 0, reg);

        if (is_reached && count < MACHINE_MAX_RANGES)
            return true;
        sink_printf(diagnostics, "device tree: %s left out, expected %s", fdt_name(fdt, *node),
                    is_reached ? "8 of its kind at most" : "a reg that the CPU reaches");
    }
    return false;
}

static void find_v2m(const struct fdt *fdt, struct machine_interrupts *interrupts,
                     const struct sink *diagnostics)
{
    uint32_t node = FDT_NONE;
    struct fdt_range reg;

    while (next_part(fdt, "arm,gic-v2m-frame", interrupts->v2m_count, &node, &reg, diagnostics))
        interrupts->v2m[interrupts->v2m_count++] = (struct machine_v2m){
            .base = reg.base,
            .spi_first = fdt_u32(fdt, node, "arm,msi-base-spi", 0),
            .spi_count = fdt_u32(fdt, node, "arm,msi-num-spis", 0),
        };
}

static void find_its(const struct fdt *fdt, struct machine_interrupts *interrupts,
                     const struct sink *diagnostics)
{
    uint32_t node = FDT_NONE;
    struct fdt_range reg;

    while (next_part(fdt, "arm,gic-v3-its", interrupts->its_count, &node, &reg, diagnostics))
        interrupts->its[interrupts->its_count++] = reg.base;
}

static bool read_gicv2(const struct fdt *fdt, uint32_t node, struct machine_interrupts *interrupts,
                       const struct sink *diagnostics)
{
    struct fdt_range reg;

    if (!fdt_reg(fdt, node, 1, &reg))
        return false;
    interrupts->cpu_interface = reg.base;
    find_v2m(fdt, interrupts, diagnostics);
    return true;
}

static bool read_gicv3(const struct fdt *fdt, uint32_t node, struct machine_interrupts *interrupts,
                       const struct sink *diagnostics)
{
    uint32_t regions = fdt_u32(fdt, node, "#redistributor-regions", 1);
    struct fdt_range reg;

    if (regions > MACHINE_MAX_RANGES)
        sink_note(diagnostics, "device tree: %s has %u redistributor regions, and room is for %d",
                  fdt_name(fdt, node), (unsigned)regions, MACHINE_MAX_RANGES);
    for (uint32_t i = 0; i < regions && i < MACHINE_MAX_RANGES; i++) {
        if (fdt_reg(fdt, node, 1 + i, &reg))
            interrupts->redistributors[interrupts->redistributor_count++] =
                (struct machine_range){reg.base, reg.size};
        else
            sink_printf(diagnostics,
                        "device tree: redistributor region %u of %s left out, expected a reg that "
                        "the CPU reaches",
                        (unsigned)i, fdt_name(fdt, node));
    }
    find_its(fdt, interrupts, diagnostics);
    find_v2m(fdt, interrupts, diagnostics);
    return interrupts->redistributor_count;
}

/* Messages that have no driver here. */
static void name_others(const struct fdt *fdt, const struct sink *diagnostics)
{
    uint32_t gic = fdt_find_compatible(fdt, FDT_NONE, "arm,gic-v3");
    struct fdt_property property;

    if (gic != FDT_NONE && fdt_find_property(fdt, gic, "mbi-ranges", &property))
        sink_printf(diagnostics,
                    "device tree: messages to %s itself (mbi-ranges) are not driven, expected an "
                    "ITS or a v2m frame",
                    fdt_name(fdt, gic));
}

void machine_read_fdt_controller(struct machine *machine, const struct sink *diagnostics)
{
    static const struct {
        const char *compatible;
        enum machine_controller kind;
        bool (*read)(const struct fdt *fdt, uint32_t node, struct machine_interrupts *interrupts,
                     const struct sink *diagnostics);
    } controllers[] = {
        {"arm,gic-v3", MACHINE_GICV3, read_gicv3},
        {"arm,cortex-a15-gic", MACHINE_GICV2, read_gicv2},
        {"arm,gic-400", MACHINE_GICV2, read_gicv2},
        {"arm,cortex-a9-gic", MACHINE_GICV2, read_gicv2},
    };
    const struct fdt *fdt = &machine->fdt;

    name_others(fdt, diagnostics);
    if (machine_read_fdt_riscv(machine, diagnostics))
        return;
    for (unsigned i = 0; i < ARRAY_LENGTH(controllers); i++) {
        uint32_t node = fdt_find_compatible(fdt, FDT_NONE, controllers[i].compatible);
        struct machine_interrupts interrupts = {
            .kind = controllers[i].kind, .nodes = {node}, .node_count = 1};
        struct fdt_range reg;

        if (node == FDT_NONE)
            continue;
        if (fdt_reg(fdt, node, 0, &reg) &&
            controllers[i].read(fdt, node, &interrupts, diagnostics)) {
            interrupts.base = reg.base;
            interrupts.size = reg.size;
            machine->interrupts = interrupts;
            return;
        }
        sink_printf(diagnostics,
                    "device tree: reg of %s has %u entries, expected those of an %s that the CPU "
                    "reaches; left out",
                    fdt_name(fdt, node), (unsigned)fdt_reg_count(fdt, node),
                    controllers[i].compatible);
    }
}

bool machine_fdt_is_driven(const struct machine *machine, uint32_t controller, unsigned *index)
{
    const struct machine_interrupts *interrupts = &machine->interrupts;

    for (*index = 0; *index < interrupts->node_count; ++*index)
        if (interrupts->nodes[*index] == controller)
            return true;
    *index = 0;
    return !interrupts->node_count;
}

bool machine_fdt_interrupt(const struct machine *machine, uint32_t parent,
                           const struct fdt_property *property, uint32_t index, uint32_t cells,
                           uint32_t *line, bool *is_edge)
{
    uint32_t count = fdt_cell_count(property);
    unsigned controller;

    if (!machine_fdt_is_driven(machine, parent, &controller))
        return false;
    if (!cells || cells > 4 || index > count || cells > count - index)
        return false;
    uint32_t number = (uint32_t)fdt_cells(property, index, 1), limit = WIRED_LINES, base = 0;
    uint32_t flags = index + (cells > 2 ? 2 : 1);

    if (cells > 2) {
        if (number >= ARRAY_LENGTH(gic_lines))
            return false;
        base = gic_lines[number].first;
        limit = gic_lines[number].count;
        number = (uint32_t)fdt_cells(property, index + 1, 1);
    }
    if (number >= limit)
        return false;
    *line = MACHINE_LINE(controller, base + number);
    *is_edge = cells > 1 && fdt_cells(property, flags, 1) & EDGE_FLAGS;
    return true;
}

/* The controller that the nearest interrupt-parent names; FDT_NONE: there is none. */
static uint32_t interrupt_parent(const struct fdt *fdt, uint32_t node)
{
    for (; node != FDT_NONE; node = fdt_parent(fdt, node)) {
        uint32_t parent = fdt_find_phandle(fdt, fdt_u32(fdt, node, "interrupt-parent", 0));

        if (parent != FDT_NONE)
            return parent;
    }
    return FDT_NONE;
}

bool machine_fdt_first_interrupt(const struct machine *machine, uint32_t node, uint32_t *line,
                                 bool *is_edge)
{
    const struct fdt *fdt = &machine->fdt;
    uint32_t parent = interrupt_parent(fdt, node), at = 0;
    struct fdt_property interrupts;

    if (fdt_find_property(fdt, node, "interrupts-extended", &interrupts) &&
        fdt_cell_count(&interrupts)) {
        parent = fdt_find_phandle(fdt, (uint32_t)fdt_cells(&interrupts, 0, 1));
        at = 1;
    } else if (!fdt_find_property(fdt, node, "interrupts", &interrupts)) {
        return false;
    }
    return parent != FDT_NONE &&
           machine_fdt_interrupt(machine, parent, &interrupts, at,
                                 fdt_u32(fdt, parent, "#interrupt-cells", 0), line, is_edge);
}
