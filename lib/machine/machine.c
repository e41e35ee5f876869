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
        sink_note(diagnostics, "more than %d CPUs, id 0x%llx is left out", MACHINE_MAX_CPUS, id);
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

static void read_tree(struct machine *machine, uint64_t address, const struct mem_view *memory,
                      const struct sink *diagnostics)
{
    struct fdt_work work = {.steps = FDT_STEPS};
    struct sink_share share;
    const struct sink *sink = sink_begin(&share, diagnostics, "device tree");

    if (fdt_open_at(&machine->fdt, memory, address, sink)) {
        machine->fdt.work = &work;
        machine_read_fdt(machine, sink);
        machine->fdt.work = NULL;
        if (!work.steps)
            sink_note(diagnostics, "device tree: more work than a machine asks for; what comes "
                                   "late in it is left out");
    }
    sink_end(&share);
}

/* False: there are no tables. */
static bool open_tables(struct machine *machine, const struct machine_roots *roots,
                        const struct mem_view *memory, const struct sink *diagnostics)
{
    struct sink_share share;
    const struct sink *sink = sink_begin(&share, diagnostics, "ACPI's list of tables");
    struct acpi_rsdp rsdp;
    bool is_open =
        find_rsdp(roots, memory, &rsdp, sink) && acpi_open(&machine->acpi, memory, &rsdp, sink);

    sink_end(&share);
    return is_open;
}

/* Where both describe the machine, they describe the same one; of ACPI its tables remain. */
void machine_read(struct machine *machine, const struct machine_roots *roots,
                  const struct mem_view *memory, const struct sink *diagnostics)
{
    if (roots->dtb)
        read_tree(machine, roots->dtb, memory, diagnostics);
    if (open_tables(machine, roots, memory, diagnostics) &&
        (!machine->fdt.bytes || is_stub(&machine->fdt)))
        machine_read_acpi(machine, diagnostics);
}
