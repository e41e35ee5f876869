// SPDX-License-Identifier: BSD-2-Clause
#include "lib/machine/machine.h"

#include "lib/topology/iort.h"

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

static void read_madt(struct machine *machine, const struct sink *complaints)
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
    for (unsigned i = 0; i < madt.ioapic_count && i < MACHINE_MAX_RANGES; i++)
        machine->interrupts.ioapics[machine->interrupts.ioapic_count++] = (struct machine_ioapic){
            .base = madt.ioapics[i].address, .line_first = madt.ioapics[i].gsi_base};
}

static uint16_t first_rid(const struct machine_host *host)
{
    return (uint16_t)(host->bus_first << 8);
}

static uint16_t last_rid(const struct machine_host *host)
{
    return (uint16_t)(host->bus_last << 8 | UINT8_MAX);
}

/* A host bridge whose map of messages is being read. */
struct msi_reader {
    struct machine_host *host;
    const struct sink *complaints;
};

static void add_msi(void *context, const struct iort_range *range)
{
    const struct msi_reader *reader = context;
    struct machine_host *host = reader->host;
    uint32_t count = range->rid_last - range->rid_first + 1u;

    /* One id for all that may be there is what a mask is for; one for some of them has no form. */
    if (range->is_constant) {
        bool is_whole = first_rid(host) == range->rid_first && last_rid(host) == range->rid_last;

        host->msi_mask = is_whole ? 0 : host->msi_mask;
        count = is_whole;
    }
    if (count && host->msi_count < MACHINE_MAX_MSI)
        host->msi[host->msi_count++] =
            (struct machine_msi){.rid_first = range->rid_first & host->msi_mask,
                                 .count = count,
                                 .id_first = range->id_first};
    else
        sink_printf(reader->complaints,
                    "IORT: messages of requesters 0x%04x-0x%04x left out, room is for %d ranges "
                    "whose ids count up",
                    range->rid_first, range->rid_last, MACHINE_MAX_MSI);
}

/*
 * Who sends messages to an ITS under which id; a machine without one asks nobody for it. What is
 * wrong with the table is said where it is read for its IOMMUs.
 */
static void read_msi(struct machine *machine, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&machine->acpi, "IORT");
    struct iort iort;

    if (!table || !iort_open(&iort, table->bytes, table->length, NULL) || !iort_has_its(&iort))
        return;
    for (unsigned i = 0; i < machine->host_count; i++) {
        struct msi_reader reader = {&machine->hosts[i], complaints};

        if (reader.host->msi_count)
            continue; /* the device tree's */
        reader.host->msi_mask = UINT16_MAX;
        iort_ranges(&iort, reader.host->segment, first_rid(reader.host), last_rid(reader.host),
                    IORT_ITS_GROUP, add_msi, &reader, complaints);
        /* Without any range a function would have its own id, but it has none. */
        if (!reader.host->msi_count)
            reader.host->msi[reader.host->msi_count++] = (struct machine_msi){.count = 0};
    }
}

void machine_read_acpi(struct machine *machine, const struct sink *complaints)
{
    add_hosts(machine, complaints);
    read_madt(machine, complaints);
    read_msi(machine, complaints);
}
