/* SPDX-License-Identifier: BSD-2-Clause */
/* What every reader of a boot protocol owes to struct boot_info. */
#pragma once

#include "boot/boot_info.h"
#include "tests/unit/fuzz/memory.h"

static inline void fuzz_check_map(const struct boot_info *info)
{
    FUZZ_CHECK(info->memory_count <= BOOT_MEMORY_MAX);
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_region *region = &info->memory[i], *before = region - 1;

        FUZZ_CHECK(region->first <= region->last);
        FUZZ_CHECK(region->kind == BOOT_USABLE || region->kind == BOOT_FIRMWARE);
        FUZZ_CHECK(!i || before->last < region->first);
        FUZZ_CHECK(!i || before->kind != region->kind || region->first - before->last > 1);
    }
}

static inline void fuzz_check_boot_info(const struct boot_info *info)
{
    fuzz_check_map(info);
    FUZZ_CHECK(memchr(info->cmdline, 0, BOOT_CMDLINE_MAX));
    FUZZ_CHECK(info->diagnostic_count <= BOOT_DIAGNOSTICS);
    for (unsigned i = 0; i < info->diagnostic_count; i++)
        FUZZ_CHECK(info->diagnostics[i][0] && memchr(info->diagnostics[i], 0, BOOT_DIAGNOSTIC_MAX));
}

/* Runs a reader on memory that is the input. */
static inline void fuzz_boot(void (*read)(const struct mem_view *, uint64_t, struct boot_info *),
                             const uint8_t *bytes, size_t size)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    fuzz_memory_begin(bytes, size, false);
    FUZZ_READ_VOID(read(&fuzz_view, FUZZ_MEMORY, &info));
    fuzz_memory_end();
    fuzz_check_boot_info(&info);
    FUZZ_CHECK(info.memory_count || info.diagnostic_count);
}
