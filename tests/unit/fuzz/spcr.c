// SPDX-License-Identifier: BSD-2-Clause
/* The two tables that are little more than a field or two: SPCR and FADT. */
#include "tests/unit/fuzz/table.h"

static void check(const uint8_t *bytes, size_t size)
{
    struct acpi_spcr spcr;
    struct acpi_fadt fadt;

    fuzz_forget_lines();
    if (!FUZZ_READ(acpi_spcr_read(bytes, size, &spcr, &fuzz_sink)))
        FUZZ_CHECK(!spcr.address && fuzz_lines_of_bytes);
    FUZZ_CHECK(spcr.access <= 8);
    fuzz_forget_lines();
    if (!FUZZ_READ(acpi_fadt_read(bytes, size, &fadt, &fuzz_sink)))
        FUZZ_CHECK(!fadt.has_psci && fuzz_lines_of_bytes);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
