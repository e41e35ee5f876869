// SPDX-License-Identifier: BSD-2-Clause
#include "tests/unit/fuzz/table.h"

static void check(const uint8_t *bytes, size_t size)
{
    struct acpi_mcfg mcfg;

    fuzz_forget_lines();
    if (!FUZZ_READ(acpi_mcfg_read(bytes, size, &mcfg, &fuzz_sink))) {
        FUZZ_CHECK(!mcfg.window_count && fuzz_lines_of_bytes);
        return;
    }
    FUZZ_CHECK(mcfg.window_count <= ACPI_MAX_WINDOWS);
    for (unsigned i = 0; i < mcfg.window_count; i++) {
        const struct acpi_window *window = &mcfg.windows[i];

        FUZZ_CHECK(window->bus_first <= window->bus_last && window->base % 0x100000 == 0);
        FUZZ_CHECK(window->base <= UINT64_MAX - ((uint64_t)window->bus_last << 20));
    }
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
