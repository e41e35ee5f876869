// SPDX-License-Identifier: BSD-2-Clause
/*
 * Fixed ACPI Description Table (ACPI 6.5 section 5.2.9): of all that it holds the PM timer, and the
 * Arm boot architecture flags, which ACPI 5.1 added (5.2.9.4).
 */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/bytes/bytes.h"

#define LENGTH_MIN  116
#define PM_TIMER    76
#define ARM_FLAGS   129
#define X_PM_TIMER  208 /* a generic address: space, width, offset, access size, address */
#define PSCI        (1u << 0)
#define PSCI_BY_HVC (1u << 1)

#define SPACE_MEMORY 0
#define SPACE_PORT   1
#define ADDRESS      4 /* of a generic address */
#define ADDRESS_SIZE 12

/*
 * X_PM_TMR_BLK counts where it is not 0. A table may say at once that hardware is reduced, which
 * would have no PM timer, and where it is, as Cloud Hypervisor's does: whoever reads the timer sees
 * whether it counts.
 */
static void read_pm_timer(const uint8_t *bytes, uint32_t length, struct acpi_fadt *out)
{
    const uint8_t *extended = bytes + X_PM_TIMER;

    out->pm_timer = bytes_le32(bytes + PM_TIMER);
    if (length >= X_PM_TIMER + ADDRESS_SIZE && bytes_le64(extended + ADDRESS) &&
        (*extended == SPACE_MEMORY || *extended == SPACE_PORT)) {
        out->pm_timer = bytes_le64(extended + ADDRESS);
        out->pm_timer_is_memory = *extended == SPACE_MEMORY;
    }
    if (!out->pm_timer_is_memory && out->pm_timer > UINT16_MAX)
        out->pm_timer = 0;
}

bool acpi_fadt_read(const void *table, size_t size, struct acpi_fadt *out, const struct sink *sink)
{
    const uint8_t *bytes = table;
    uint32_t length;

    memset(out, 0, sizeof(*out));
    if (!acpi_table_check(table, size, "FACP", LENGTH_MIN, "FADT", &length, sink))
        return false;
    read_pm_timer(bytes, length, out);
    if (length >= ARM_FLAGS + 2) {
        uint16_t flags = bytes_le16(bytes + ARM_FLAGS);

        out->has_psci = flags & PSCI;
        out->psci_by_hvc = flags & PSCI_BY_HVC;
    }
    return true;
}
