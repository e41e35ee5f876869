// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cmdline/cmdline.h"
#include "tests/unit/fuzz/topology.h"

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    static struct cmdline options;
    char *text = malloc(size + 1);

    FUZZ_CHECK(text);
    memcpy(text, bytes, size);
    text[size] = 0;
    FUZZ_READ_VOID(cmdline_parse(text, &options, &fuzz_sink));
    free(text);
    FUZZ_CHECK(options.run_count <= CMDLINE_RUN_MAX);
    for (unsigned i = 0; i < options.run_count; i++)
        FUZZ_CHECK(options.run[i][0] && memchr(options.run[i], 0, CMDLINE_GLOB_MAX));
    FUZZ_CHECK(options.blocks.count <= MACHINE_MAX_MMIO);
    for (unsigned i = 0; i < options.blocks.count; i++) {
        const struct machine_mmio *block = &options.blocks.blocks[i];

        FUZZ_CHECK(block->size && block->size - 1 <= UINT64_MAX - block->base);
    }
    FUZZ_CHECK(options.host.window_count <= MACHINE_MAX_WINDOWS);
    FUZZ_CHECK(options.host.ecam || !options.host.window_count);
    FUZZ_CHECK(options.topology.scan_count <= TOPOLOGY_MAX_SCANS);
    for (unsigned i = 0; i < options.topology.scan_count; i++)
        FUZZ_CHECK(options.topology.scans[i].first <= options.topology.scans[i].last);
    fuzz_check_topology(&options.topology);
}
