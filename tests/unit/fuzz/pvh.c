// SPDX-License-Identifier: BSD-2-Clause
#include "boot/x86_64/pvh.h"
#include "tests/unit/fuzz/boot.h"

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_boot(pvh_read, bytes, size);
}
