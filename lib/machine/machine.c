// SPDX-License-Identifier: BSD-2-Clause
#include "lib/machine/machine.h"

#include "lib/array/array.h"

static bool find_rsdp(const struct machine_roots *roots, const struct mem_view *memory,
                      struct acpi_rsdp *rsdp, const struct sink *diagnostics)
{
    if (roots->rsdp && acpi_rsdp_at(memory, roots->rsdp, rsdp, diagnostics))
        return true;
    return roots->has_bios && acpi_rsdp_scan(memory, rsdp, diagnostics);
}

void machine_add_cpu(struct machine *machine, const struct machine_cpu *cpu,
                     const struct sink *diagnostics)
{
    unsigned long long id = cpu->id;

    for (unsigned i = 0; i < machine->cpu_count; i++)
        if (machine->cpus[i].id == cpu->id) {
            sink_printf(diagnostics, "CPU id 0x%llx is described twice, the second is left out",
                        id);
            return;
        }
    if (machine->cpu_count == MACHINE_MAX_CPUS)
        sink_printf(diagnostics, "more than %d CPUs, id 0x%llx is left out", MACHINE_MAX_CPUS, id);
    else
        machine->cpus[machine->cpu_count++] = *cpu;
}

/* A loader that describes the machine by ACPI has a tree all the same, for what it passes on. */
static bool is_stub(const struct fdt *fdt)
{
    static const char *const passed[] = {"chosen",          "aliases", "memory",
                                         "reserved-memory", "psci",    "hypervisor"};
    uint32_t node = fdt_first_child(fdt, fdt_root(fdt));

    for (; node != FDT_NONE; node = fdt_next_sibling(fdt, node)) {
        unsigned i = 0;

        while (i < ARRAY_LENGTH(passed) && !fdt_is_named(fdt, node, passed[i]))
            i++;
        if (i == ARRAY_LENGTH(passed))
            return false;
    }
    return true;
}

void machine_read(struct machine *machine, const struct machine_roots *roots,
                  const struct mem_view *memory, const struct sink *diagnostics)
{
    struct acpi_rsdp rsdp;

    /* Where both describe the machine, they describe the same one; of ACPI its tables remain. */
    if (roots->dtb && fdt_open_at(&machine->fdt, memory, roots->dtb, diagnostics))
        machine_read_fdt(machine, diagnostics);
    if (find_rsdp(roots, memory, &rsdp, diagnostics) &&
        acpi_open(&machine->acpi, memory, &rsdp, diagnostics) &&
        (!machine->fdt.bytes || is_stub(&machine->fdt)))
        machine_read_acpi(machine, diagnostics);
}
