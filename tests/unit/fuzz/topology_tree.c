// SPDX-License-Identifier: BSD-2-Clause
#include "lib/topology/devicetree.h"
#include "tests/unit/fuzz/topology.h"

static struct topology others; /* what the readers add to; nobody looks */

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    struct topology topology;
    struct fdt fdt;

    if (!FUZZ_READ(fdt_open(&fdt, bytes, size, &fuzz_sink)))
        return;
    fuzz_begin_topology(&topology);
    FUZZ_READ_VOID(devicetree_topology(&fdt, &topology, &others, &fuzz_sink));
    fuzz_check_topology(&topology);
}
