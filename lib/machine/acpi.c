// SPDX-License-Identifier: BSD-2-Clause
#include "lib/machine/machine.h"

static void add_hosts(struct machine *machine, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&machine->acpi, "MCFG");
    struct acpi_mcfg mcfg;

    if (!table || !acpi_mcfg_read(table->bytes, table->length, &mcfg, complaints))
        return;
    for (unsigned i = 0; i < mcfg.window_count; i++) {
        const struct acpi_window *window = &mcfg.windows[i];

        if (machine->host_count == MACHINE_MAX_HOSTS) {
            sink_printf(complaints, "MCFG: more than %d host bridges, the rest is left out",
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

static void add_cpus(struct machine *machine, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&machine->acpi, "APIC");
    struct acpi_madt madt;

    if (!table || !acpi_madt_read(table->bytes, table->length, &madt, complaints))
        return;
    for (unsigned i = 0; i < madt.cpu_count; i++) {
        const struct machine_cpu cpu = {.id = madt.cpus[i].apic_id};

        if (madt.cpus[i].enabled)
            machine_add_cpu(machine, &cpu, complaints);
    }
}

void machine_read_acpi(struct machine *machine, const struct sink *complaints)
{
    add_hosts(machine, complaints);
    add_cpus(machine, complaints);
}
