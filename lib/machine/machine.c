// SPDX-License-Identifier: BSD-2-Clause
#include "lib/machine/machine.h"

static bool find_rsdp(const struct machine_roots *roots, const struct mem_view *memory,
                      struct acpi_rsdp *rsdp, const struct sink *complaints)
{
    if (roots->rsdp && acpi_rsdp_at(memory, roots->rsdp, rsdp, complaints))
        return true;
    return roots->has_bios && acpi_rsdp_scan(memory, rsdp, complaints);
}

void machine_read(struct machine *machine, const struct machine_roots *roots,
                  const struct mem_view *memory, const struct sink *complaints)
{
    struct acpi_rsdp rsdp;

    if (find_rsdp(roots, memory, &rsdp, complaints) &&
        acpi_open(&machine->acpi, memory, &rsdp, complaints))
        machine_read_acpi(machine, complaints);
}
