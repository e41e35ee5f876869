// SPDX-License-Identifier: BSD-2-Clause
/* The root pointer alone, as it is and with its checksums made good. */
#include "lib/acpi/acpi.h"
#include "tests/unit/fuzz/memory.h"

static void check(const uint8_t *bytes, size_t size)
{
    struct acpi_rsdp rsdp = {0};

    fuzz_forget_lines();
    if (FUZZ_READ(acpi_rsdp_check(bytes, size, &rsdp, &fuzz_sink)))
        FUZZ_CHECK((rsdp.rsdt || rsdp.xsdt) && rsdp.rsdt <= UINT32_MAX);
    else
        FUZZ_CHECK(fuzz_lines_of_bytes);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = fuzz_copy(bytes, size);

    check(bytes, size);
    fuzz_seal_structure(copy, size);
    check(copy, size);
    free(copy);
}
