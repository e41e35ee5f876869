// SPDX-License-Identifier: BSD-2-Clause
/*
 * Fixed ACPI Description Table: of all that it holds the Arm boot architecture flags, which ACPI
 * 5.1 added (ACPI 6.5 section 5.2.9.4).
 */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/bytes/bytes.h"

#define LENGTH_MIN  116
#define ARM_FLAGS   129
#define PSCI        (1u << 0)
#define PSCI_BY_HVC (1u << 1)

bool acpi_fadt_read(const void *table, size_t size, struct acpi_fadt *out, const struct sink *sink)
{
    const uint8_t *bytes = table;
    uint32_t length;

    memset(out, 0, sizeof(*out));
    if (!acpi_table_check(table, size, "FACP", LENGTH_MIN, "FADT", &length, sink))
        return false;
    if (length >= ARM_FLAGS + 2) {
        uint16_t flags = bytes_le16(bytes + ARM_FLAGS);

        out->has_psci = flags & PSCI;
        out->psci_by_hvc = flags & PSCI_BY_HVC;
    }
    return true;
}
