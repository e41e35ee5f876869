// SPDX-License-Identifier: BSD-2-Clause
#include "tests/unit/fuzz/machine.h"

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    static const struct machine_roots roots = {.dtb = FUZZ_MEMORY};

    fuzz_machine(&roots, bytes, size, false);
}
