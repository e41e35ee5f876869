// SPDX-License-Identifier: BSD-2-Clause
#include "lib/array/array.h"
#include "lib/machine/machine.h"

static void add_hosts(struct machine *machine, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&machine->acpi, "MCFG");
    struct acpi_mcfg mcfg;

    if (!table || !acpi_mcfg_read(table->bytes, table->length, &mcfg, diagnostics))
        return;
    for (unsigned i = 0; i < mcfg.window_count; i++) {
        const struct acpi_window *window = &mcfg.windows[i];

        if (machine->host_count == MACHINE_MAX_HOSTS) {
            sink_note(diagnostics, "MCFG: more than %d host bridges, the rest is left out",
                      MACHINE_MAX_HOSTS);
            return;
        }
        machine->hosts[machine->host_count++] = (struct machine_host){
            .segment = window->segment,
            .bus_first = window->bus_first,
            .bus_last = window->bus_last,
            .ecam = window->base + ((uint64_t)window->bus_first << 20),
        };
    }
}

static void add_gic(struct machine *machine, const struct acpi_gic *gic)
{
    bool is_v3 = gic->version ? gic->version >= 3 : gic->redistributor_count != 0;
    struct machine_interrupts interrupts = {
        .kind = is_v3 ? MACHINE_GICV3 : MACHINE_GICV2,
        .base = gic->distributor,
        .cpu_interface = gic->cpu_interface,
        .redistributor_count = gic->redistributor_count,
        .v2m_count = gic->v2m_count,
        .its_count = gic->its_count,
    };

    for (unsigned i = 0; i < gic->redistributor_count; i++)
        interrupts.redistributors[i] =
            (struct machine_range){gic->redistributors[i].base, gic->redistributors[i].size};
    for (unsigned i = 0; i < gic->v2m_count; i++)
        interrupts.v2m[i] =
            (struct machine_v2m){gic->v2m[i].base, gic->v2m[i].spi_first, gic->v2m[i].spi_count};
    for (unsigned i = 0; i < gic->its_count; i++)
        interrupts.its[i] = gic->its[i].base;
    machine->interrupts = interrupts;
}

_Static_assert(ACPI_MAX_GIC <= MACHINE_MAX_RANGES && ACPI_MAX_IOAPICS <= MACHINE_MAX_RANGES,
               "room for each");

static void read_madt(struct machine *machine, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&machine->acpi, "APIC");
    struct acpi_madt madt;

    if (!table || !acpi_madt_read(table->bytes, table->length, &madt, diagnostics))
        return;
    for (unsigned i = 0; i < madt.cpu_count; i++) {
        const struct machine_cpu cpu = {.id = madt.cpus[i].id};

        if (madt.cpus[i].enabled)
            machine_add_cpu(machine, &cpu, diagnostics);
    }
    for (unsigned i = 0; i < madt.ioapic_count; i++)
        machine->interrupts.ioapics[machine->interrupts.ioapic_count++] = (struct machine_ioapic){
            .base = madt.ioapics[i].address, .line_first = madt.ioapics[i].gsi_base};
    if (madt.gic.distributor)
        add_gic(machine, &madt.gic);
}

/* Registers of a 16550 that are accessed as 32 bits are 4 bytes apart. */
static void read_spcr(struct machine *machine, const struct sink *diagnostics)
{
    static const struct {
        uint8_t interface;
        enum machine_uart_kind kind;
    } kinds[] = {
        {ACPI_UART_16550, MACHINE_UART_16550},         {ACPI_UART_16550_SUBSET, MACHINE_UART_16550},
        {ACPI_UART_16550_ADDRESS, MACHINE_UART_16550}, {ACPI_UART_PL011, MACHINE_UART_PL011},
        {ACPI_UART_SBSA_32, MACHINE_UART_PL011},       {ACPI_UART_SBSA, MACHINE_UART_PL011},
    };
    const struct acpi_table *table = acpi_find(&machine->acpi, "SPCR");
    struct acpi_spcr spcr;
    size_t i = 0;

    if (!table || !acpi_spcr_read(table->bytes, table->length, &spcr, diagnostics) || !spcr.address)
        return;
    while (i < ARRAY_LENGTH(kinds) && kinds[i].interface != spcr.interface)
        i++;
    if (i == ARRAY_LENGTH(kinds) || (spcr.is_port && kinds[i].kind != MACHINE_UART_16550)) {
        sink_field(diagnostics, "SPCR", 36, "interface", spcr.interface,
                   "a 16550, or in memory a PL011 (console left as it is)");
        return;
    }
    machine->uart = (struct machine_uart){
        .kind = spcr.is_port ? MACHINE_UART_16550_PORT : kinds[i].kind,
        .base = spcr.address,
        .shift = spcr.access == 4 && !spcr.is_port ? 2 : 0,
        .width = spcr.access == 4 ? 4 : 1,
    };
}

static void read_fadt(struct machine *machine, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&machine->acpi, "FACP");
    struct acpi_fadt fadt;

    if (!table || !acpi_fadt_read(table->bytes, table->length, &fadt, diagnostics))
        return;
    machine->pm_timer = (struct machine_pm_timer){fadt.pm_timer, fadt.pm_timer_is_memory};
    if (fadt.has_psci)
        machine->psci = fadt.psci_by_hvc ? MACHINE_PSCI_HVC : MACHINE_PSCI_SMC;
}

void machine_read_acpi(struct machine *machine, const struct sink *diagnostics)
{
    static const struct {
        const char *label;
        void (*read)(struct machine *machine, const struct sink *diagnostics);
    } readers[] = {
        {"MCFG", add_hosts}, {"MADT", read_madt}, {"SPCR", read_spcr}, {"FADT", read_fadt}};
    struct sink_share share;

    machine->is_by_acpi = true;
    for (size_t i = 0; i < ARRAY_LENGTH(readers); i++) {
        readers[i].read(machine, sink_begin(&share, diagnostics, readers[i].label));
        sink_end(&share);
    }
}
