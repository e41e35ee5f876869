// SPDX-License-Identifier: BSD-2-Clause
#include "lib/machine/machine.h"

static bool find_rsdp(const struct machine_roots *roots, const struct mem_view *memory,
                      struct acpi_rsdp *rsdp, const struct sink *complaints)
{
    if (roots->rsdp && acpi_rsdp_at(memory, roots->rsdp, rsdp, complaints))
        return true;
    return roots->has_bios && acpi_rsdp_scan(memory, rsdp, complaints);
}

void machine_add_cpu(struct machine *machine, const struct machine_cpu *cpu,
                     const struct sink *complaints)
{
    unsigned long long id = cpu->id;

    for (unsigned i = 0; i < machine->cpu_count; i++)
        if (machine->cpus[i].id == cpu->id) {
            sink_printf(complaints, "CPU id 0x%llx is told twice, the second is left out", id);
            return;
        }
    if (machine->cpu_count == MACHINE_MAX_CPUS)
        sink_printf(complaints, "more than %d CPUs, id 0x%llx is left out", MACHINE_MAX_CPUS, id);
    else
        machine->cpus[machine->cpu_count++] = *cpu;
}

static bool open_fdt(struct fdt *fdt, uint64_t address, const struct mem_view *memory,
                     const struct sink *complaints)
{
    const uint8_t *header = mem_map(memory, address, FDT_HEADER_SIZE);
    uint32_t size = header ? fdt_total_size(header, complaints) : 0;
    const uint8_t *bytes = size ? mem_map(memory, address, size) : NULL;

    if (!header || (size && !bytes))
        sink_printf(complaints, "device tree at 0x%llx can't be read", (unsigned long long)address);
    return bytes && fdt_open(fdt, bytes, size, complaints);
}

void machine_read(struct machine *machine, const struct machine_roots *roots,
                  const struct mem_view *memory, const struct sink *complaints)
{
    struct acpi_rsdp rsdp;

    if (roots->dtb) {
        if (open_fdt(&machine->fdt, roots->dtb, memory, complaints))
            machine_read_fdt(machine, complaints);
        else
            machine->fdt = (struct fdt){0};
    }
    if (find_rsdp(roots, memory, &rsdp, complaints) &&
        acpi_open(&machine->acpi, memory, &rsdp, complaints))
        machine_read_acpi(machine, complaints);
}
