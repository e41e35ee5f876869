/* SPDX-License-Identifier: BSD-2-Clause */
/* An ACPI table: the input as it is, and with length and checksum made good. */
#pragma once

#include "lib/acpi/acpi.h"
#include "tests/unit/fuzz/fuzz.h"

static inline void fuzz_table(void (*check)(const uint8_t *, size_t), const uint8_t *bytes,
                              size_t size)
{
    check(bytes, size);
    if (size < ACPI_HEADER_SIZE)
        return;
    uint8_t *copy = fuzz_copy(bytes, size);

    fuzz_seal(copy, size);
    check(copy, size);
    free(copy);
}
