// SPDX-License-Identifier: BSD-2-Clause
/* A machine from its device tree: what is around the CPUs, but for PCI. */
#include <string.h>

#include "lib/machine/fdt.h"

#include "lib/array/array.h"

#define UART_SHIFT_MAX 3

static const struct {
    const char *compatible;
    enum machine_uart_kind kind;
} uarts[] = {
    {"arm,pl011", MACHINE_UART_PL011},        {"arm,sbsa-uart", MACHINE_UART_SBSA},
    {"ns16550a", MACHINE_UART_16550},         {"ns16550", MACHINE_UART_16550},
    {"snps,dw-apb-uart", MACHINE_UART_16550},
};

#define UARTS ARRAY_LENGTH(uarts)

/* The node that stdout-path names, by its path or by an alias; options stand behind a colon. */
static uint32_t stdout_node(const struct fdt *fdt)
{
    uint32_t chosen = fdt_find_path(fdt, "/chosen", 7);
    const char *path = chosen == FDT_NONE ? NULL : fdt_text(fdt, chosen, "stdout-path");
    size_t length = path ? strcspn(path, ":") : 0;
    uint32_t aliases = fdt_find_path(fdt, "/aliases", 8);
    char alias[FDT_NAME_MAX + 1] = "";

    if (path && *path == '/')
        return fdt_find_path(fdt, path, length);
    if (!path || aliases == FDT_NONE || length >= sizeof(alias))
        return FDT_NONE;
    memcpy(alias, path, length);
    path = fdt_text(fdt, aliases, alias);
    return path ? fdt_find_path(fdt, path, strlen(path)) : FDT_NONE;
}

static bool read_uart(const struct fdt *fdt, uint32_t node, struct machine_uart *uart,
                      const struct sink *diagnostics)
{
    uint32_t shift = fdt_u32(fdt, node, "reg-shift", 0);
    struct fdt_range reg;
    unsigned i = 0;

    while (i < UARTS && !fdt_is_compatible(fdt, node, uarts[i].compatible))
        i++;
    if (i == UARTS)
        return false;
    if (!fdt_reg(fdt, node, 0, &reg) || shift > UART_SHIFT_MAX) {
        sink_printf(diagnostics,
                    "device tree: %s has reg-shift %u, expected at most %d and a reg that the CPU "
                    "reaches; left out",
                    fdt_name(fdt, node), (unsigned)shift, UART_SHIFT_MAX);
        return false;
    }
    *uart = (struct machine_uart){
        .kind = uarts[i].kind,
        .base = reg.base + fdt_u32(fdt, node, "reg-offset", 0),
        .shift = (uint8_t)shift,
        .width = fdt_u32(fdt, node, "reg-io-width", 1) == 4 ? 4 : 1,
    };
    return true;
}

static void find_uart(const struct fdt *fdt, struct machine_uart *uart,
                      const struct sink *diagnostics)
{
    uint32_t node = stdout_node(fdt);

    if (node != FDT_NONE && fdt_is_enabled(fdt, node) && read_uart(fdt, node, uart, diagnostics))
        return;
    for (unsigned i = 0; i < UARTS; i++) {
        node = fdt_find_compatible(fdt, FDT_NONE, uarts[i].compatible);
        if (node != FDT_NONE && read_uart(fdt, node, uart, diagnostics))
            return;
    }
}

/* A property of one cell or of two; 0: it is neither. */
static uint64_t number(const struct fdt *fdt, uint32_t node, const char *name)
{
    struct fdt_property property;

    if (!fdt_find_property(fdt, node, name, &property) || fdt_cell_count(&property) > 2)
        return 0;
    return fdt_cells(&property, 0, fdt_cell_count(&property));
}

static void add_cpu(const struct fdt *fdt, uint32_t node, struct machine *machine,
                    const struct sink *diagnostics)
{
    struct machine_cpu cpu = {0};
    struct fdt_property reg;

    if (!fdt_find_property(fdt, node, "reg", &reg) || !fdt_cell_count(&reg) ||
        fdt_cell_count(&reg) > 2) {
        sink_printf(diagnostics, "device tree: %s has no reg of one cell or two, left out",
                    fdt_name(fdt, node));
        return;
    }
    cpu.id = number(fdt, node, "reg");
    if (machine->interrupts.kind >= MACHINE_PLIC && !machine_fdt_context(machine, node, &cpu))
        sink_printf(diagnostics,
                    "device tree: no interrupt controller names the supervisor mode of %s, "
                    "expected one; taken for context 0 of the first",
                    fdt_name(fdt, node));
    machine_add_cpu(machine, &cpu, diagnostics);
}

static void find_cpus(const struct fdt *fdt, struct machine *machine,
                      const struct sink *diagnostics)
{
    uint32_t cpus = fdt_find_path(fdt, "/cpus", 5);

    if (cpus == FDT_NONE || !fdt_is_enabled(fdt, cpus))
        return;
    machine->timer_hz = number(fdt, cpus, "timebase-frequency");
    for (uint32_t node = fdt_first_child(fdt, cpus); node != FDT_NONE;
         node = fdt_next_sibling(fdt, node))
        if (fdt_is_named(fdt, node, "cpu") && fdt_is_okay(fdt, node))
            add_cpu(fdt, node, machine, diagnostics);
}

static void find_psci(const struct fdt *fdt, struct machine *machine)
{
    static const char *const versions[] = {"arm,psci-1.0", "arm,psci-0.2"};

    for (unsigned i = 0; i < ARRAY_LENGTH(versions); i++) {
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

static void find_mmio(const struct fdt *fdt, struct machine *machine,
                      const struct sink *diagnostics)
{
    uint32_t node = FDT_NONE;
    struct fdt_range reg;

    while ((node = fdt_find_compatible(fdt, node, "virtio,mmio")) != FDT_NONE) {
        struct machine_mmio *block = &machine->mmio[machine->mmio_count];

        if (!fdt_reg(fdt, node, 0, &reg) || !reg.size) {
            sink_printf(diagnostics, "device tree: %s has no reg that the CPU reaches, left out",
                        fdt_name(fdt, node));
            continue;
        }
        if (machine->mmio_count == MACHINE_MAX_MMIO) {
            sink_note(diagnostics,
                      "device tree: more than %d virtio-mmio blocks, the rest is left out",
                      MACHINE_MAX_MMIO);
            return;
        }
        *block = (struct machine_mmio){.base = reg.base, .size = reg.size};
        machine_fdt_first_interrupt(machine, node, &block->line, &block->is_edge);
        machine->mmio_count++;
    }
}

static uint64_t base_of(const struct fdt *fdt, const char *compatible)
{
    uint32_t node = fdt_find_compatible(fdt, FDT_NONE, compatible);
    struct fdt_range reg;

    return node != FDT_NONE && fdt_reg(fdt, node, 0, &reg) ? reg.base : 0;
}

void machine_read_fdt(struct machine *machine, const struct sink *diagnostics)
{
    const struct fdt *fdt = &machine->fdt;

    find_uart(fdt, &machine->uart, diagnostics);
    machine_read_fdt_controller(machine, diagnostics);
    find_cpus(fdt, machine, diagnostics);
    find_psci(fdt, machine);
    find_mmio(fdt, machine, diagnostics);
    machine->sifive_test = base_of(fdt, "sifive,test0");
    if (!machine->sifive_test)
        machine->sifive_test = base_of(fdt, "sifive,test1");
    machine_read_fdt_hosts(machine, diagnostics);
}
