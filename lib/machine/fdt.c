// SPDX-License-Identifier: BSD-2-Clause
/* A machine from its device tree: what is around the CPUs, but for PCI. */
#include <string.h>

#include "lib/machine/machine.h"

#define PLIC_SUPERVISOR 9 /* the external interrupt of supervisor mode */
#define GIC_PPI_FIRST   16
#define GIC_SPI_FIRST   32
#define GIC_TYPE_PPI    1
#define EDGE_FLAGS      3 /* rising or falling edge */

static const struct {
    const char *compatible;
    enum machine_uart_kind kind;
} uarts[] = {
    {"arm,pl011", MACHINE_UART_PL011},
    {"ns16550a", MACHINE_UART_16550},
    {"ns16550", MACHINE_UART_16550},
    {"snps,dw-apb-uart", MACHINE_UART_16550},
};

#define UARTS (sizeof(uarts) / sizeof(uarts[0]))

/* The node that stdout-path names, by its path or by an alias; options stand behind a colon. */
static uint32_t stdout_node(const struct fdt *fdt)
{
    uint32_t chosen = fdt_find_path(fdt, "/chosen", 7);
    const char *path = chosen == FDT_NONE ? NULL : fdt_text(fdt, chosen, "stdout-path");
    size_t length = path ? strcspn(path, ":") : 0;
    uint32_t aliases = fdt_find_path(fdt, "/aliases", 8);
    struct fdt_property alias;

    if (path && *path == '/')
        return fdt_find_path(fdt, path, length);
    if (!path || aliases == FDT_NONE)
        return FDT_NONE;
    for (unsigned i = 0; fdt_property_at(fdt, aliases, i, &alias); i++)
        if (!strncmp(alias.name, path, length) && !alias.name[length] &&
            memchr(alias.value, 0, alias.length))
            return fdt_find_path(fdt, (const char *)alias.value, strlen((const char *)alias.value));
    return FDT_NONE;
}

static bool read_uart(const struct fdt *fdt, uint32_t node, struct machine_uart *uart)
{
    struct fdt_range reg;

    for (unsigned i = 0; i < UARTS; i++) {
        if (!fdt_is_compatible(fdt, node, uarts[i].compatible) || !fdt_reg(fdt, node, 0, &reg))
            continue;
        *uart = (struct machine_uart){
            .kind = uarts[i].kind,
            .base = reg.base + fdt_u32(fdt, node, "reg-offset", 0),
            .shift = (uint8_t)fdt_u32(fdt, node, "reg-shift", 0),
            .width = fdt_u32(fdt, node, "reg-io-width", 1) == 4 ? 4 : 1,
        };
        return true;
    }
    return false;
}

static void find_uart(const struct fdt *fdt, struct machine_uart *uart)
{
    uint32_t node = stdout_node(fdt);

    if (node != FDT_NONE && read_uart(fdt, node, uart))
        return;
    for (unsigned i = 0; i < UARTS; i++) {
        node = fdt_find_compatible(fdt, FDT_NONE, uarts[i].compatible);
        if (node != FDT_NONE && read_uart(fdt, node, uart))
            return;
    }
}

static void find_v2m(const struct fdt *fdt, struct machine_interrupts *interrupts)
{
    uint32_t node = FDT_NONE;
    struct fdt_range reg;

    while (interrupts->v2m_count < MACHINE_MAX_RANGES &&
           (node = fdt_find_compatible(fdt, node, "arm,gic-v2m-frame")) != FDT_NONE)
        if (fdt_reg(fdt, node, 0, &reg))
            interrupts->v2m[interrupts->v2m_count++] = (struct machine_v2m){
                .base = reg.base,
                .spi_first = fdt_u32(fdt, node, "arm,msi-base-spi", 0),
                .spi_count = fdt_u32(fdt, node, "arm,msi-num-spis", 0),
            };
}

static void find_its(const struct fdt *fdt, struct machine_interrupts *interrupts)
{
    uint32_t node = FDT_NONE;
    struct fdt_range reg;

    while (interrupts->its_count < MACHINE_MAX_RANGES &&
           (node = fdt_find_compatible(fdt, node, "arm,gic-v3-its")) != FDT_NONE)
        if (fdt_reg(fdt, node, 0, &reg))
            interrupts->its[interrupts->its_count++] = reg.base;
}

static void read_gicv2(const struct fdt *fdt, uint32_t node, struct machine *machine)
{
    struct fdt_range reg;

    if (!fdt_reg(fdt, node, 1, &reg))
        return;
    machine->interrupts.kind = MACHINE_GICV2;
    machine->interrupts.cpu_interface = reg.base;
    find_v2m(fdt, &machine->interrupts);
}

static void read_gicv3(const struct fdt *fdt, uint32_t node, struct machine *machine)
{
    struct machine_interrupts *interrupts = &machine->interrupts;
    uint32_t regions = fdt_u32(fdt, node, "#redistributor-regions", 1);
    struct fdt_range reg;

    interrupts->kind = MACHINE_GICV3;
    for (uint32_t i = 0; i < regions && i < MACHINE_MAX_RANGES; i++)
        if (fdt_reg(fdt, node, 1 + i, &reg))
            interrupts->redistributors[interrupts->redistributor_count++] =
                (struct machine_range){reg.base, reg.size};
    find_its(fdt, interrupts);
}

/* Whether the node is the interrupt controller of that hart, which its own node holds. */
static bool is_controller_of(const struct fdt *fdt, uint32_t controller, uint64_t hart)
{
    uint32_t cpu = fdt_parent(fdt, controller);
    struct fdt_property reg;

    return cpu != FDT_NONE && fdt_find_property(fdt, cpu, "reg", &reg) &&
           fdt_cell_count(&reg) >= 1 && fdt_cell_count(&reg) <= 2 &&
           fdt_cells(&reg, 0, fdt_cell_count(&reg)) == hart;
}

/* interrupts-extended has a pair, controller and interrupt, for each context. */
static void read_plic(const struct fdt *fdt, uint32_t node, struct machine *machine)
{
    struct fdt_property contexts;

    machine->interrupts.kind = MACHINE_PLIC;
    if (!fdt_find_property(fdt, node, "interrupts-extended", &contexts))
        return;
    for (uint32_t i = 0; 2 * i + 1 < fdt_cell_count(&contexts); i++) {
        uint32_t controller = fdt_find_phandle(fdt, (uint32_t)fdt_cells(&contexts, 2 * i, 1));

        if (controller == FDT_NONE || fdt_cells(&contexts, 2 * i + 1, 1) != PLIC_SUPERVISOR)
            continue;
        for (unsigned c = 0; c < machine->cpu_count; c++)
            if (is_controller_of(fdt, controller, machine->cpus[c].id))
                machine->cpus[c].plic_context = i;
    }
}

static void find_controller(const struct fdt *fdt, struct machine *machine)
{
    static const struct {
        const char *compatible;
        void (*read)(const struct fdt *fdt, uint32_t node, struct machine *machine);
    } controllers[] = {
        {"arm,gic-v3", read_gicv3},       {"arm,cortex-a15-gic", read_gicv2},
        {"arm,gic-400", read_gicv2},      {"arm,cortex-a9-gic", read_gicv2},
        {"sifive,plic-1.0.0", read_plic}, {"riscv,plic0", read_plic},
    };

    for (unsigned i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
        uint32_t node = fdt_find_compatible(fdt, FDT_NONE, controllers[i].compatible);
        struct fdt_range reg;

        if (node == FDT_NONE || !fdt_reg(fdt, node, 0, &reg))
            continue;
        machine->interrupts.base = reg.base;
        machine->interrupts.size = reg.size;
        controllers[i].read(fdt, node, machine);
        return;
    }
}

static void find_cpus(const struct fdt *fdt, struct machine *machine, const struct sink *complaints)
{
    uint32_t cpus = fdt_find_path(fdt, "/cpus", 5);

    if (cpus == FDT_NONE)
        return;
    machine->timer_hz = fdt_u32(fdt, cpus, "timebase-frequency", 0);
    for (uint32_t node = fdt_first_child(fdt, cpus); node != FDT_NONE;
         node = fdt_next_sibling(fdt, node)) {
        struct machine_cpu cpu = {0};
        struct fdt_property reg;

        if (!fdt_is_named(fdt, node, "cpu") || !fdt_is_enabled(fdt, node) ||
            !fdt_find_property(fdt, node, "reg", &reg) || !fdt_cell_count(&reg) ||
            fdt_cell_count(&reg) > 2)
            continue;
        cpu.id = fdt_cells(&reg, 0, fdt_cell_count(&reg));
        machine_add_cpu(machine, &cpu, complaints);
    }
}

static void find_psci(const struct fdt *fdt, struct machine *machine)
{
    static const char *const versions[] = {"arm,psci-1.0", "arm,psci-0.2"};

    for (unsigned i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        uint32_t node = fdt_find_compatible(fdt, FDT_NONE, versions[i]);
        const char *method = node == FDT_NONE ? NULL : fdt_text(fdt, node, "method");

        if (method && !strcmp(method, "hvc"))
            machine->psci = MACHINE_PSCI_HVC;
        else if (method && !strcmp(method, "smc"))
            machine->psci = MACHINE_PSCI_SMC;
        if (machine->psci)
            return;
    }
}

bool machine_fdt_interrupt(const struct fdt_property *property, uint32_t index, uint32_t cells,
                           uint32_t *line, bool *is_edge)
{
    if (!cells || cells > 3 || index + cells > fdt_cell_count(property))
        return false;
    uint32_t first = (uint32_t)fdt_cells(property, index, 1);

    *line = first;
    *is_edge = cells > 1 && fdt_cells(property, index + cells - 1, 1) & EDGE_FLAGS;
    if (cells == 3)
        *line = (uint32_t)fdt_cells(property, index + 1, 1) +
                (first == GIC_TYPE_PPI ? GIC_PPI_FIRST : GIC_SPI_FIRST);
    return true;
}

/* #interrupt-cells of the controller that the nearest interrupt-parent names; 0: none. */
static uint32_t interrupt_cells(const struct fdt *fdt, uint32_t node)
{
    for (; node != FDT_NONE; node = fdt_parent(fdt, node)) {
        uint32_t phandle = fdt_u32(fdt, node, "interrupt-parent", 0);
        uint32_t parent = phandle ? fdt_find_phandle(fdt, phandle) : FDT_NONE;

        if (parent != FDT_NONE)
            return fdt_u32(fdt, parent, "#interrupt-cells", 0);
    }
    return 0;
}

static void find_mmio(const struct fdt *fdt, struct machine *machine, const struct sink *complaints)
{
    uint32_t node = FDT_NONE;
    struct fdt_property interrupts;
    struct fdt_range reg;

    while ((node = fdt_find_compatible(fdt, node, "virtio,mmio")) != FDT_NONE) {
        struct machine_mmio block = {0};

        if (!fdt_reg(fdt, node, 0, &reg))
            continue;
        block.base = reg.base;
        block.size = reg.size;
        if (fdt_find_property(fdt, node, "interrupts", &interrupts))
            machine_fdt_interrupt(&interrupts, 0, interrupt_cells(fdt, node), &block.line,
                                  &block.is_edge);
        if (machine->mmio_count == MACHINE_MAX_MMIO) {
            sink_printf(complaints,
                        "device tree: more than %d virtio-mmio blocks, the rest is left "
                        "out",
                        MACHINE_MAX_MMIO);
            return;
        }
        machine->mmio[machine->mmio_count++] = block;
    }
}

static uint64_t base_of(const struct fdt *fdt, const char *compatible)
{
    uint32_t node = fdt_find_compatible(fdt, FDT_NONE, compatible);
    struct fdt_range reg;

    return node != FDT_NONE && fdt_reg(fdt, node, 0, &reg) ? reg.base : 0;
}

void machine_read_fdt(struct machine *machine, const struct sink *complaints)
{
    const struct fdt *fdt = &machine->fdt;

    find_uart(fdt, &machine->uart);
    find_cpus(fdt, machine, complaints);
    find_controller(fdt, machine);
    find_psci(fdt, machine);
    find_mmio(fdt, machine, complaints);
    machine->sifive_test = base_of(fdt, "sifive,test0");
    machine_read_fdt_hosts(machine, complaints);
}
