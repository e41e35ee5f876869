// SPDX-License-Identifier: BSD-2-Clause
#include "lib/acpi/dmar.h"
#include "tests/unit/fuzz/table.h"
#include "tests/unit/fuzz/topology.h"

static void check(const uint8_t *bytes, size_t size)
{
    struct topology others, before;

    fuzz_begin_topology(&others);
    before = others;
    fuzz_forget_lines();
    if (!FUZZ_READ(ivrs_read(bytes, size, &others, &fuzz_sink)))
        FUZZ_CHECK(fuzz_lines_of_bytes && !memcmp(&others, &before, sizeof(before)));
    fuzz_check_topology(&others);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
