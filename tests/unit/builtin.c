// SPDX-License-Identifier: BSD-2-Clause
/*
 * The built-in topology and the classifier that distinguishes it from the bypass byte, on
 * configurations as devices of each draft have them, on odd and on damaged ones. What is past the
 * configuration's own bytes reads 0xff up to the window, as it does on QEMU.
 */
#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/topology/builtin.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

#define WINDOW    0x200
#define MUTATIONS 50000
#define COMMON                                                                                     \
    "00 f0 ff ff ff ff ff ff 00 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff 00 00 00 00 ff ff ff" \
    "ff 00 02 00 00 "

#define V1_RANGE "00 00 00 00 00 00 00 00 00 00 00 00 ff ff 00 00"
#define V2_RANGE "01 00 00 00 00 00 ff ff 00 00 00 00"
#define V3_RANGE "01 00 10 00 00 00 00 00 00 00 00 00 ff ff 00 00"
#define V4_RANGE "01 00 10 00 00 00 00 00 00 00 00 00 00 00 ff ff"
#define MMIO     "02 00 10 00 05 00 01 00 00 00 00 0a 00 00 00 00"
#define VOID     "ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff"

/* A configuration, and a check that a reader keeps to what it may do. */
struct device {
    struct table table;
    uint32_t size;
};

static uint32_t read_config(void *context, uint32_t offset, unsigned width)
{
    const struct device *device = context;
    uint32_t value = 0;

    if ((width != 1 && width != 2 && width != 4) || offset % width || offset + width > device->size)
        unit_fail(__FILE__, __LINE__, "reads %u bytes at %u of %u", width, offset, device->size);
    for (unsigned i = 0; i < width; i++) {
        uint32_t at = offset + i;

        value |= (uint32_t)(at < device->table.size ? device->table.bytes[at] : 0xff) << 8 * i;
    }
    return value;
}

static struct builtin_result read_device(struct device *device, unsigned version,
                                         struct topology *out, struct report *report)
{
    const struct builtin_config config = {read_config, device, device->size};
    const struct topology_device self = {.bdf = 0x18};
    const struct sink sink = {.line = report_line, .context = report};

    return builtin_read(&config, version, &self, out, &sink);
}

/* The bytes from 36 on. */
static const struct vector {
    const char *name, *bytes;
    unsigned requested;
    enum builtin_verdict verdict;
    unsigned version, ranges;
    const char *report;
} vectors[] = {
    {"bypass 0", "00 00 00 00", 0, BUILTIN_BYPASS, 0, 0, NULL},
    {"bypass 1", "01 00 00 00", 0, BUILTIN_BYPASS, 0, 0, NULL},
    {"bypass 2", "02 00 00 00", 0, BUILTIN_ILLEGAL, 0, 0, "byte 36: bypass"},
    {"bypass 37", "25 00 00 00", 0, BUILTIN_ILLEGAL, 0, 0, "is 0x25"},
    {"bypass, reserved bytes", "01 01 00 00", 0, BUILTIN_REJECTED, 2, 0, "byte 40: number"},
    {"bypass, last reserved byte", "01 00 00 01", 0, BUILTIN_REJECTED, 3, 0, "byte 256"},
    {"nothing there", "ff ff ff ff", 0, BUILTIN_REJECTED, 3, 0, "byte 65535: item size"},

    {"v1", "28 00 00 00" V1_RANGE, 0, BUILTIN_TOPOLOGY, 1, 1, NULL},
    {"v1 at 38", "26 00" V1_RANGE, 0, BUILTIN_TOPOLOGY, 1, 1, NULL},
    {"v1, MMIO", "28 00 00 00 01 00 00 00 05 00 01 00 00 00 00 0a 00 00 00 00", 0, BUILTIN_TOPOLOGY,
     1, 1, NULL},
    {"v1, two", "28 00 00 00 00 00 38 00 00 00 00 00 00 00 00 00 ff 00 00 00" V1_RANGE, 0,
     BUILTIN_TOPOLOGY, 1, 2, NULL},
    {"v1, backwards", "38 00 00 00" V1_RANGE "00 00 28 00 00 00 00 00 00 00 00 00 ff 00 00 00", 1,
     BUILTIN_TOPOLOGY, 1, 2, NULL},
    {"v1, unknown type", "28 00 00 00 07 00 2c 00" V1_RANGE, 0, BUILTIN_TOPOLOGY, 1, 1, NULL},
    {"v1, next to itself", "28 00 00 00 00 00 28 00 00 00 00 00 00 00 00 00 ff 00 00 00", 0,
     BUILTIN_REJECTED, 1, 0, "byte 42: offset of a structure is 0x28, expected no structure twice"},
    {"v1, loop of two", "28 00 00 00 09 00 2c 00 09 00 28 00", 0, BUILTIN_REJECTED, 1, 0,
     "no structure twice"},
    {"v1, next 37", "28 00 00 00 09 00 25 00", 0, BUILTIN_REJECTED, 1, 0, "byte 42: offset"},
    {"v1, next past", "28 00 00 00 09 00 fd 01", 0, BUILTIN_REJECTED, 1, 0, "byte 509: item size"},
    {"v1, body past", "f8 01 00 00", 1, BUILTIN_REJECTED, 1, 0, "byte 504: item is 0xff"},
    {"v1, inverted", "28 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 01 00 00 00", 0,
     BUILTIN_REJECTED, 1, 0, "byte 40: last function is 0x1"},
    {"v1, ids", "28 00 00 00 00 00 00 00 ff ff ff ff 00 00 00 00 01 00 00 00", 0, BUILTIN_REJECTED,
     1, 0, "byte 40: first endpoint"},
    {"v1, second bad", "28 00 00 00 00 00 38 00 00 00 00 00 00 00 00 00 ff 00 00 00" VOID, 0,
     BUILTIN_REJECTED, 1, 0, "byte 56: item"},
    {"v1, bytes behind the offset", "28 00 01 00" V1_RANGE, 0, BUILTIN_TOPOLOGY, 1, 1, NULL},
    {"v1 requested, none", "00 00 00 00", 1, BUILTIN_TOPOLOGY, 1, 0, NULL},
    {"v1 requested, bypass", "01 00 00 00", 1, BUILTIN_REJECTED, 1, 0, "byte 36: offset"},
    {"v1 requested, at 48", "30 00 00 00 01 00 00 00 0c 00 00 00" V1_RANGE, 1, BUILTIN_TOPOLOGY, 1,
     1, NULL},

    {"v2", "30 00 00 00 01 00 00 00 0c 00 00 00" V2_RANGE, 0, BUILTIN_TOPOLOGY, 2, 1, NULL},
    {"v2, two", "30 00 00 00 02 00 00 00 0c 00 00 00" V2_RANGE V2_RANGE, 0, BUILTIN_TOPOLOGY, 2, 2,
     NULL},
    {"v2, later", "34 00 00 00 01 00 00 00 0c 00 00 00 00 00 00 00" V2_RANGE, 0, BUILTIN_TOPOLOGY,
     2, 1, NULL},
    {"v2, MMIO", "30 00 00 00 01 00 00 00 10 00 00 00" MMIO, 0, BUILTIN_TOPOLOGY, 2, 1, NULL},
    {"v2, items of 20", "30 00 00 00 01 00 00 00 14 00 00 00" V2_RANGE "00 00 00 00 00 00 00 00", 0,
     BUILTIN_TOPOLOGY, 2, 1, NULL},
    {"v2, unknown type", "30 00 00 00 01 00 00 00 0c 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00",
     0, BUILTIN_TOPOLOGY, 2, 0, NULL},
    {"v2, MMIO in 12", "30 00 00 00 01 00 00 00 0c 00 00 00 02 00 00 00 05 00 00 00 00 00 00 00", 0,
     BUILTIN_REJECTED, 2, 0, "byte 48: type is 0x2"},
    {"v2, items of 11", "30 00 00 00 01 00 00 00 0b 00 00 00" V2_RANGE, 0, BUILTIN_REJECTED, 2, 0,
     "byte 44: item length is 0xb"},
    {"v2, count", "30 00 00 00 ff ff ff ff 0c 00 00 00" V2_RANGE, 0, BUILTIN_REJECTED, 2, 0,
     "byte 40: number of items is 0xffffffff"},
    {"v2, item past", "30 00 00 00 01 00 00 00 d1 01 00 00" V2_RANGE, 0, BUILTIN_REJECTED, 2, 0,
     "byte 40: number"},
    {"v2, second void", "30 00 00 00 02 00 00 00 0c 00 00 00" V2_RANGE, 0, BUILTIN_REJECTED, 2, 0,
     "byte 60: item is 0xff"},
    {"v2, offset past", "01 02 00 00 01 00 00 00 0c 00 00 00", 0, BUILTIN_REJECTED, 2, 0,
     "byte 36: offset is 0x201"},
    {"v2, inverted", "30 00 00 00 01 00 00 00 0c 00 00 00 01 00 00 00 05 00 04 00 00 00 00 00", 0,
     BUILTIN_REJECTED, 2, 0, "byte 48: last function"},
    {"v2, ids", "30 00 00 00 01 00 00 00 0c 00 00 00 01 00 00 00 00 00 01 00 ff ff ff ff", 0,
     BUILTIN_REJECTED, 2, 0, "byte 48: first endpoint"},
    {"v2 requested, none", "30 00 00 00 00 00 00 00 0c 00 00 00", 2, BUILTIN_TOPOLOGY, 2, 0, NULL},
    {"v2 requested, at 47", "2f 00 00 00 01 00 00 00 0c 00 00 00", 2, BUILTIN_REJECTED, 2, 0,
     "byte 36: offset is 0x2f"},

    {"v3", "01 00 28 00" V3_RANGE, 0, BUILTIN_TOPOLOGY, 3, 1, NULL},
    {"v3, segment", "01 00 28 00 01 00 10 00 00 00 00 00 05 00 00 00 ff 00 00 00", 0,
     BUILTIN_TOPOLOGY, 3, 1, NULL},
    {"v3, none", "00 00 28 00", 0, BUILTIN_TOPOLOGY, 3, 0, NULL},
    {"v3, MMIO", "01 00 28 00" MMIO, 0, BUILTIN_TOPOLOGY, 3, 1, NULL},
    {"v3, both", "02 00 28 00" MMIO V3_RANGE, 0, BUILTIN_TOPOLOGY, 3, 2, NULL},
    {"v3, unknown type of 4", "02 00 28 00 09 00 04 00" V3_RANGE, 0, BUILTIN_TOPOLOGY, 3, 1, NULL},
    {"v3, long item",
     "02 00 28 00 01 00 14 00 00 00 00 00 00 00 00 00 ff ff 00 00 00 00 00 00" MMIO, 0,
     BUILTIN_TOPOLOGY, 3, 2, NULL},
    {"v3, all zero", "01 00 28 00 01 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00", 0,
     BUILTIN_TOPOLOGY, 3, 1, NULL},
    {"v3, length 0", "01 00 28 00 01 00 00 00", 0, BUILTIN_REJECTED, 3, 0, "byte 42: item length"},
    {"v3, length 15", "01 00 28 00 01 00 0f 00", 0, BUILTIN_REJECTED, 3, 0, "byte 42: item length"},
    {"v3, unknown of 3", "01 00 28 00 09 00 03 00", 0, BUILTIN_REJECTED, 3, 0, "byte 42: item"},
    {"v3, unknown of 0", "02 00 28 00 09 00 00 00", 0, BUILTIN_REJECTED, 3, 0, "byte 42: item"},
    {"v3, length past", "01 00 28 00 09 00 d9 01", 0, BUILTIN_REJECTED, 3, 0, "byte 42: item"},
    {"v3, length to the end", "01 00 28 00 09 00 d8 01", 0, BUILTIN_TOPOLOGY, 3, 0, NULL},
    {"v3, count", "ff ff 28 00" V3_RANGE, 0, BUILTIN_REJECTED, 3, 0, "byte 56: item is 0xff"},
    {"v3, offset past", "01 00 fe 01", 0, BUILTIN_REJECTED, 3, 0, "byte 510: item size"},
    {"v3, ids", "01 00 28 00 01 00 10 00 ff ff ff ff 00 00 01 00 02 00 00 00", 0, BUILTIN_REJECTED,
     3, 0, "byte 40: first endpoint"},
    {"v3 requested, inverted", "01 00 28 00 01 00 10 00 00 00 00 00 00 00 05 00 02 00 00 00", 3,
     BUILTIN_REJECTED, 3, 0, "byte 40: last function"},
    {"v3 requested, offset 39", "01 00 27 00", 3, BUILTIN_REJECTED, 3, 0,
     "byte 38: offset is 0x27"},
    {"v3 requested, padding", "01 00 28 00" V4_RANGE, 3, BUILTIN_TOPOLOGY, 3, 1, NULL},

    {"v4", "01 00 28 00" V4_RANGE, 0, BUILTIN_TOPOLOGY, 4, 1, NULL},
    {"v4, MMIO first", "02 00 28 00" MMIO V4_RANGE, 0, BUILTIN_TOPOLOGY, 4, 2, NULL},
    {"v4, all zero first", "02 00 28 00 01 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00" V4_RANGE,
     0, BUILTIN_TOPOLOGY, 4, 2, NULL},
    {"v4, segments, one function", "01 00 28 00 01 00 10 00 00 00 00 00 00 00 05 00 00 00 00 00", 0,
     BUILTIN_TOPOLOGY, 4, 1, NULL},
    {"v4, segments inverted", "01 00 28 00 01 00 10 00 00 00 00 00 02 00 01 00 00 00 ff 00", 0,
     BUILTIN_REJECTED, 4, 0, "byte 40: last segment"},
    {"v4, functions inverted", "01 00 28 00 01 00 10 00 00 00 00 00 00 00 00 00 05 00 04 00", 0,
     BUILTIN_REJECTED, 4, 0, "byte 40: last function"},
    {"v4, ids over segments", "01 00 28 00 01 00 10 00 01 00 00 00 00 00 ff ff 00 00 ff ff", 0,
     BUILTIN_REJECTED, 4, 0, "byte 40: first endpoint"},
    {"v4, ids to the last", "01 00 28 00 01 00 10 00 00 00 00 00 00 00 ff ff 00 00 ff ff", 0,
     BUILTIN_TOPOLOGY, 4, 1, NULL},
    {"v3 and v4", "02 00 28 00" V3_RANGE V4_RANGE, 0, BUILTIN_REJECTED, 3, 0, "byte 56: layout"},
    {"v4 requested", "01 00 28 00" V4_RANGE, 4, BUILTIN_TOPOLOGY, 4, 1, NULL},
    {"v4 requested, a v3 one", "01 00 28 00 01 00 10 00 00 00 00 00 00 00 01 00 02 00 00 00", 4,
     BUILTIN_REJECTED, 4, 0, "byte 40: last function"},
};

static void all_vectors(void)
{
    for (const struct vector *v = vectors; v < vectors + ARRAY_LENGTH(vectors); v++) {
        struct topology topology = {0};
        struct report report = {0};
        struct device device = {.size = WINDOW};
        char text[1024];

        snprintf(text, sizeof(text), COMMON "%s", v->bytes);
        table_hex(&device.table, text);
        struct builtin_result result = read_device(&device, v->requested, &topology, &report);
        if (result.verdict != v->verdict || result.version != v->version ||
            topology.range_count != v->ranges ||
            topology.iommu_count != (v->verdict == BUILTIN_TOPOLOGY))
            unit_fail(__FILE__, __LINE__, "%s: verdict %d, version %u, %u ranges", v->name,
                      result.verdict, result.version, topology.range_count);
        report_check(&report, v->report, v->name);
    }
}

/* Of every vector that is a topology: cut after each byte, and with other windows. */
static void windows(void)
{
    for (const struct vector *v = vectors; v < vectors + ARRAY_LENGTH(vectors); v++) {
        char text[1024];

        snprintf(text, sizeof(text), COMMON "%s", v->bytes);
        for (uint32_t size = 0; size < 0x60; size++) {
            struct topology topology = {0};
            struct report report = {0};
            struct device device = {.size = size};

            table_hex(&device.table, text);
            struct builtin_result result = read_device(&device, v->requested, &topology, &report);
            CHECK(result.verdict == BUILTIN_TOPOLOGY || !topology.iommu_count);
            if (size < 40)
                CHECK(result.verdict != BUILTIN_ILLEGAL && !topology.range_count);
        }
    }
}

static void functions(void)
{
    static const struct {
        const char *bytes;
        uint16_t segment, bdf;
        bool is_found;
        uint32_t id;
    } table[] = {
        {"28 00 00 00 00 00 00 00 00 10 00 00 02 00 08 00 10 00 00 00", 2, 0x10, 1, 0x1008},
        {"28 00 00 00 00 00 00 00 00 10 00 00 02 00 08 00 10 00 00 00", 0, 0x10, 0, 0},
        {"30 00 00 00 01 00 00 00 0c 00 00 00 01 00 02 00 08 00 10 00 00 10 00 00", 2, 9, 1,
         0x1001},
        {"01 00 28 00 01 00 10 00 00 10 00 00 02 00 08 00 10 00 00 00", 2, 8, 1, 0x1000},
        {"01 00 28 00 01 00 10 00 00 10 00 00 02 00 03 00 08 00 10 00", 3, 8, 1, 0x11000},
        {"01 00 28 00" V4_RANGE, 0, 0x18, 0, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        struct topology topology = {0};
        struct topology_match match = {0};
        struct report report = {0};
        struct device device = {.size = WINDOW};
        char text[1024];

        snprintf(text, sizeof(text), COMMON "%s", table[i].bytes);
        table_hex(&device.table, text);
        read_device(&device, 0, &topology, &report);
        CHECK_EQ(find_function(&topology, table[i].segment, table[i].bdf, &match),
                 table[i].is_found);
        CHECK_EQ(match.id, table[i].id);
        CHECK(!match.id || match.source == TOPOLOGY_BUILTIN);
    }
}

/* More items than there are records: all are checked, and none is kept. */
static void too_many(void)
{
    struct topology topology = {0};
    struct report report = {0};
    struct device device = {.size = 0x1100};

    table_hex(&device.table, COMMON "04 01 28 00");
    for (unsigned i = 0; i < TOPOLOGY_MAX_RANGES + 4; i++) {
        uint32_t item = table_add(&device.table, 16);

        table_put(&device.table, item, 4, 0x100001);
        table_put(&device.table, item + 4, 4, i);
        table_put(&device.table, item + 12, 4, i << 16 | i);
    }
    CHECK_EQ(read_device(&device, 0, &topology, &report).version, 4);
    CHECK_EQ(topology.range_count, 0);
    report_check(&report, "4 records more than room is for", "260 items");
    table_put(&device.table, 40 + 259 * 16 + 14, 2, 1);
    topology = (struct topology){0};
    CHECK_EQ(read_device(&device, 0, &topology, &report).verdict, BUILTIN_REJECTED);
    CHECK_EQ(topology.range_count, 0);
}

static void mutated(void)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < MUTATIONS; i++) {
        const struct vector *v = &vectors[table_random(&state) % ARRAY_LENGTH(vectors)];
        struct topology topology = {0};
        struct report report = {0};
        struct device device = {.size = WINDOW};
        char text[1024];

        snprintf(text, sizeof(text), COMMON "%s", v->bytes);
        table_hex(&device.table, text);
        for (unsigned n = 0; n <= i % 3; n++)
            device.table.bytes[36 + table_random(&state) % (device.table.size - 36)] =
                (uint8_t)table_random(&state);
        struct builtin_result result =
            read_device(&device, i % 8 < 5 ? 0 : i % 4 + 1, &topology, &report);
        CHECK(result.verdict == BUILTIN_TOPOLOGY || !topology.iommu_count);
        CHECK(topology.range_count <= TOPOLOGY_MAX_RANGES);
    }
}

static const struct unit units[] = {
    {"vectors", all_vectors}, {"windows", windows}, {"functions", functions},
    {"too_many", too_many},   {"mutated", mutated},
};

int main(void)
{
    return unit_main("builtin", units, ARRAY_LENGTH(units));
}
