// SPDX-License-Identifier: BSD-2-Clause
#include "tests/unit/fuzz/table.h"

static void check(const uint8_t *bytes, size_t size)
{
    struct acpi_madt madt;

    fuzz_forget_lines();
    if (!FUZZ_READ(acpi_madt_read(bytes, size, &madt, &fuzz_sink)))
        FUZZ_CHECK(!madt.cpu_count && !madt.ioapic_count && fuzz_lines_of_bytes);
    FUZZ_CHECK(madt.cpu_count <= ACPI_MAX_CPUS && madt.ioapic_count <= ACPI_MAX_IOAPICS);
    FUZZ_CHECK(!madt.left_out || fuzz_lines);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
