// SPDX-License-Identifier: BSD-2-Clause
#include "lib/machine/machine.h"

#include "lib/array/array.h"

#define LINES_MAX 32 /* about a tree, or about tables; more add nothing */

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
                  const struct mem_view *memory, struct iort *iort, const struct sink *diagnostics)
{
    struct sink_limit limit = {.left = LINES_MAX};
    struct sink sink = *(diagnostics ? diagnostics : &(struct sink){0});
    const struct sink *limited = diagnostics ? &sink : NULL;
    struct fdt_work work = {.steps = FDT_STEPS};
    struct acpi_rsdp rsdp;

    sink.limit = &limit;
    /* Where both describe the machine, they describe the same one; of ACPI its tables remain. */
    if (roots->dtb && fdt_open_at(&machine->fdt, memory, roots->dtb, limited)) {
        machine->fdt.work = &work;
        machine_read_fdt(machine, limited);
        machine->fdt.work = NULL;
        if (!work.steps)
            sink_printf(diagnostics, "device tree: more work than a machine asks for; what comes "
                                     "late in it is left out");
    }
    if (find_rsdp(roots, memory, &rsdp, limited) &&
        acpi_open(&machine->acpi, memory, &rsdp, limited) &&
        (!machine->fdt.bytes || is_stub(&machine->fdt)))
        machine_read_acpi(machine, iort, limited);
    if (limit.dropped)
        sink_printf(diagnostics, "%u more lines about firmware's descriptions", limit.dropped);
}
