/* SPDX-License-Identifier: BSD-2-Clause */
/* What everybody who adds to struct machine owes to it. */
#pragma once

#include "lib/machine/machine.h"
#include "tests/unit/fuzz/memory.h"

static inline void fuzz_check_host(const struct machine_host *host)
{
    FUZZ_CHECK(host->bus_first <= host->bus_last);
    FUZZ_CHECK(host->window_count <= MACHINE_MAX_WINDOWS);
    FUZZ_CHECK(host->line_count <= MACHINE_MAX_LINES && host->msi_count <= MACHINE_MAX_MSI);
    for (unsigned i = 0; i < host->window_count; i++) {
        const struct machine_window *window = &host->windows[i];

        FUZZ_CHECK(window->size && window->size - 1 <= UINT64_MAX - window->bus);
        FUZZ_CHECK(window->size - 1 <= UINT64_MAX - window->cpu);
    }
    for (unsigned i = 0; i < host->msi_count; i++)
        FUZZ_CHECK(host->msi[i].count && host->msi[i].count <= 0x10000u - host->msi[i].rid_first);
}

static inline void fuzz_check_machine(const struct machine *machine)
{
    const struct machine_interrupts *interrupts = &machine->interrupts;

    FUZZ_CHECK(machine->cpu_count <= MACHINE_MAX_CPUS);
    FUZZ_CHECK(machine->host_count <= MACHINE_MAX_HOSTS && machine->mmio_count <= MACHINE_MAX_MMIO);
    FUZZ_CHECK(interrupts->redistributor_count <= MACHINE_MAX_RANGES);
    FUZZ_CHECK(interrupts->v2m_count <= MACHINE_MAX_RANGES);
    FUZZ_CHECK(interrupts->its_count <= MACHINE_MAX_RANGES);
    FUZZ_CHECK(interrupts->ioapic_count <= MACHINE_MAX_RANGES);
    for (unsigned i = 0; i < machine->host_count; i++)
        fuzz_check_host(&machine->hosts[i]);
    for (unsigned i = 0; i < machine->mmio_count; i++)
        FUZZ_CHECK(machine->mmio[i].size &&
                   machine->mmio[i].size - 1 <= UINT64_MAX - machine->mmio[i].base);
    for (unsigned i = 0; i < machine->cpu_count; i++)
        for (unsigned j = 0; j < i; j++)
            FUZZ_CHECK(machine->cpus[i].id != machine->cpus[j].id);
}

/* machine_read() of memory that is the input, and the messages of its IORT. */
static inline void fuzz_machine(const struct machine_roots *roots, const uint8_t *bytes,
                                size_t size, bool is_sealing)
{
    static struct machine machine;
    static struct iort iort;
    const struct acpi_table *table;

    memset(&machine, 0, sizeof(machine));
    fuzz_memory_begin(bytes, size, is_sealing);
    fuzz_forget_lines();
    FUZZ_READ_VOID(machine_read(&machine, roots, &fuzz_view, &fuzz_sink));
    table = acpi_find(&machine.acpi, "IORT");
    if (table && FUZZ_READ(iort_open(&iort, table->bytes, table->length, &fuzz_sink)))
        FUZZ_READ_VOID(machine_read_messages(&machine, &iort, &fuzz_sink));
    fuzz_check_machine(&machine);
    FUZZ_CHECK(machine.acpi.table_count <= ACPI_MAX_TABLES);
    for (unsigned i = 0; i < machine.host_count; i++)
        for (unsigned pin = 1; pin <= 4; pin++) {
            bool is_edge;

            FUZZ_READ_VOID(
                machine_host_line(&machine.hosts[i], (uint16_t)(8 * pin), (uint8_t)pin, &is_edge));
            FUZZ_READ_VOID(machine_host_msi(&machine.hosts[i], (uint16_t)(8 * pin)));
        }
    fuzz_memory_end();
}
