// SPDX-License-Identifier: BSD-2-Clause
#include "lib/topology/viot.h"
#include "tests/host/fuzz_table.h"
#include "tests/host/fuzz_topology.h"

static void check(const uint8_t *bytes, size_t size)
{
    struct topology topology, before;

    fuzz_begin_topology(&topology);
    before = topology;
    fuzz_forget_lines();
    enum viot_verdict verdict = FUZZ_READ(viot_read(bytes, size, &topology, &fuzz_sink));

    if (verdict == VIOT_REJECTED)
        FUZZ_CHECK(fuzz_lines_of_bytes);
    if (verdict != VIOT_ACCEPTED)
        FUZZ_CHECK(!memcmp(&topology, &before, sizeof(before)));
    fuzz_check_topology(&topology);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
