// SPDX-License-Identifier: BSD-2-Clause
/* A VIOT, taken for each of its layouts. */
#include "lib/acpi/viot.h"
#include "tests/unit/fuzz/table.h"
#include "tests/unit/fuzz/topology.h"

static struct iort iort; /* too large for a frame */

static void check_verdict(enum viot_verdict verdict, const struct topology *topology)
{
    struct topology before;

    fuzz_begin_topology(&before);
    if (verdict == VIOT_REJECTED)
        FUZZ_CHECK(fuzz_lines_of_bytes);
    if (verdict != VIOT_ACCEPTED)
        FUZZ_CHECK(!memcmp(topology, &before, sizeof(before)));
    fuzz_check_topology(topology);
}

static void check_draft(const uint8_t *bytes, size_t size)
{
    struct topology topology, others;

    fuzz_begin_topology(&topology);
    fuzz_begin_topology(&others);
    fuzz_forget_lines();
    check_verdict(FUZZ_READ(viot_read_draft(bytes, size, &iort, &topology, &others, &fuzz_sink)),
                  &topology);
    fuzz_check_topology(&others);
    FUZZ_READ(viot_is_draft(bytes, size));
    fuzz_forget_lines();
    if (FUZZ_READ(viot_is_v8(bytes, size)))
        FUZZ_CHECK(viot_read(bytes, size, &topology, NULL) == VIOT_ACCEPTED);
}

static void check(const uint8_t *bytes, size_t size)
{
    struct topology topology;

    fuzz_begin_topology(&topology);
    fuzz_forget_lines();
    check_verdict(FUZZ_READ(viot_read(bytes, size, &topology, &fuzz_sink)), &topology);
    fuzz_begin_topology(&topology);
    fuzz_forget_lines();
    check_verdict(FUZZ_READ(viot_read_v8(bytes, size, &topology, &fuzz_sink)), &topology);
    check_draft(bytes, size);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
