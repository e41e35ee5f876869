// SPDX-License-Identifier: BSD-2-Clause
/* A built-in topology of thousands of items, each access to which a VMM may have to answer. */
#include <string.h>

#include "lib/array/array.h"
#include "lib/topology/builtin.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

/* A device's configuration, each access to which a VMM may have to answer. */
struct config {
    uint8_t bytes[0x10000];
    unsigned accesses;
};

static uint32_t read_config(void *context, uint32_t offset, unsigned width)
{
    struct config *config = context;
    uint32_t value = 0;

    config->accesses++;
    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)config->bytes[offset + i] << 8 * i;
    return value;
}

/* `count` items of a type that nobody knows, in each of the layouts. */
static void fill_config(struct config *config, unsigned version, uint32_t count)
{
    uint32_t at = version == 3 ? 40 : 48, size = version == 2 ? 12 : 4;

    memset(config, 0, sizeof(*config));
    table_store(config->bytes + 36, 4, version == 3 ? 40 << 16 | count : 48);
    if (version == 2)
        table_store(config->bytes + 40, 8, 12ull << 32 | count);
    for (uint32_t i = 0; i < count; i++, at += size) {
        table_store(config->bytes + at, 2, 9);
        if (version == 1)
            table_store(config->bytes + at + 2, 2, i + 1 < count ? at + size : 0);
        if (version == 3)
            table_store(config->bytes + at + 2, 2, size);
    }
}

static void items_by_the_thousand(void)
{
    static struct config config;
    const struct builtin_config reader = {read_config, &config, sizeof(config.bytes)};
    const struct topology_device self = {.bdf = 0x18};

    for (unsigned version = 1; version <= 3; version++)
        for (uint32_t count = 1024; count <= 5120; count += 4096) {
            struct topology topology = {0};
            struct report report = {0};
            const struct sink sink = {.line = report_line, .context = &report};

            fill_config(&config, version, count);

            struct builtin_result result = builtin_read(&reader, version, &self, &topology, &sink);

            CHECK_EQ(result.verdict, BUILTIN_TOPOLOGY);
            report_check(&report, count > 1024 ? "1 records more than room is for" : NULL,
                         "built-in items");
            CHECK(config.accesses <= 3 * 1024 + 8);
        }
}

int main(void)
{
    static const struct unit units[] = {
        {"items_by_the_thousand", items_by_the_thousand},
    };

    return unit_main("work_builtin", units, ARRAY_LENGTH(units));
}
