// SPDX-License-Identifier: BSD-2-Clause
/* The input is a device's configuration, read as every version. */
#include "lib/topology/builtin.h"
#include "tests/unit/fuzz/topology.h"

struct device {
    const uint8_t *bytes;
    uint32_t size;
};

static uint32_t read_config(void *context, uint32_t offset, unsigned width)
{
    const struct device *device = context;
    uint32_t value = 0;

    FUZZ_CHECK((width == 1 || width == 2 || width == 4) && offset % width == 0);
    FUZZ_CHECK(offset <= device->size && width <= device->size - offset);
    memcpy(&value, device->bytes + offset, width); /* the host is little-endian, too */
    return value;
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    static const struct topology_device self = {.bdf = 0x20};
    struct device device = {bytes, (uint32_t)size};
    const struct builtin_config config = {read_config, &device, (uint32_t)size};

    for (unsigned version = BUILTIN_AUTO; version <= BUILTIN_VERSIONS; version++) {
        struct topology topology, before;

        fuzz_begin_topology(&topology);
        before = topology;
        fuzz_forget_lines();
        fuzz_is_reading = true;
        struct builtin_result result = builtin_read(&config, version, &self, &topology, &fuzz_sink);

        fuzz_is_reading = false;
        FUZZ_CHECK(result.version <= BUILTIN_VERSIONS);
        if (result.verdict == BUILTIN_REJECTED || result.verdict == BUILTIN_ILLEGAL)
            FUZZ_CHECK(fuzz_lines_of_bytes);
        if (result.verdict != BUILTIN_TOPOLOGY)
            FUZZ_CHECK(!memcmp(&topology, &before, sizeof(before)));
        fuzz_check_topology(&topology);
    }
}
