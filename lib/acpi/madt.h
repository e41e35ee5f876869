/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the readers of MADT's structures. */
#pragma once

#include "lib/acpi/acpi.h"

/* Types of interrupt controller structures, ACPI 6.5 table 5.21. */
enum {
    MADT_LOCAL_APIC = 0,
    MADT_IO_APIC = 1,
    MADT_LOCAL_X2APIC = 9,
    MADT_GIC_CPU = 11,
    MADT_GIC_DISTRIBUTOR = 12,
    MADT_GIC_MSI_FRAME = 13,
    MADT_GIC_REDISTRIBUTOR = 14,
    MADT_GIC_ITS = 15,
    MADT_TYPES
};

/* Whether an array that holds `count` of `limit` elements takes one more; if not, it is counted. */
static inline bool madt_has_room(struct acpi_madt *out, unsigned count, unsigned limit)
{
    out->left_out += count == limit;
    return count < limit;
}

static inline void madt_add_cpu(struct acpi_madt *out, uint64_t id, uint32_t flags)
{
    if (madt_has_room(out, out->cpu_count, ACPI_MAX_CPUS))
        out->cpus[out->cpu_count++] = (struct acpi_cpu){.id = id, .enabled = flags & 1};
}

/* The structure at `at`, of a GIC type and at least its minimum length; `offset` is its place. */
void madt_read_gic(struct acpi_madt *out, uint32_t offset, const uint8_t *at,
                   const struct sink *sink);
