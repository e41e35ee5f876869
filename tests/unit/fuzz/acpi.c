// SPDX-License-Identifier: BSD-2-Clause
/* From the root pointer to a machine by ACPI: with the checksums as they are and made good. */
#include "tests/unit/fuzz/machine.h"

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    static const struct machine_roots roots = {.rsdp = FUZZ_MEMORY};

    fuzz_machine(&roots, bytes, size, false);
    fuzz_machine(&roots, bytes, size, true);
}
