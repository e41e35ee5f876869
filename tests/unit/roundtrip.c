// SPDX-License-Identifier: BSD-2-Clause
/*
 * Topologies at random, written in each form and read back: every function and block that was
 * behind an IOMMU is behind the same one under the same id, and no other is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/iort_topology.h"
#include "lib/acpi/viot.h"
#include "lib/array/array.h"
#include "lib/cmdline/cmdline.h"
#include "lib/topology/builtin.h"
#include "lib/topology/devicetree.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/unit.h"
#include "tests/unit/fixtures/writer.h"

static struct topology others; /* what the readers add to; nobody looks */

#define ROUNDS      400
#define MMIO_BASE   0x10000000ull
#define MMIO_STRIDE 0x200ull

static uint32_t state;

static uint32_t below(uint32_t limit)
{
    return table_random(&state) % limit;
}

/* What a form has no room for. */
struct limits {
    unsigned iommus;
    bool has_segments, has_blocks; /* ranges over segments; endpoints on virtio-mmio */
};

static uint64_t new_block(unsigned *blocks)
{
    return MMIO_BASE + MMIO_STRIDE * (*blocks)++;
}

static void add_functions(struct topology *topology, uint16_t first, uint16_t last)
{
    uint32_t bdf = below(0x200);

    while (topology->range_count < 40 && bdf <= 0xffff && below(6)) {
        uint32_t size = below(3) ? 1 + below(0x20) : 1 + below(0x8000);
        uint32_t end = bdf + size <= 0x10000 ? bdf + size : 0x10000;

        topology->ranges[topology->range_count++] =
            (struct topology_range){.segment_first = first,
                                    .segment_last = last,
                                    .bdf_first = (uint16_t)bdf,
                                    .bdf_last = (uint16_t)(end - 1),
                                    .id_first = below(2) ? bdf : below(0x7f000000),
                                    .iommu = below(topology->iommu_count)};
        bdf = end + (below(2) ? 0 : below(0x100));
    }
}

/* Ranges that do not overlap; segments 0 to 3 for one segment, from 4 on for more. */
static void generate(struct topology *topology, const struct limits *limits)
{
    unsigned blocks = 1; /* base 0 is none */

    *topology = (struct topology){.iommu_count = 1 + below(limits->iommus)};
    for (unsigned i = 0; i < topology->iommu_count; i++)
        topology->iommus[i] =
            below(2) ? (struct topology_iommu){.device = topology_block(new_block(&blocks))}
                     : (struct topology_iommu){
                           .device = topology_function((uint16_t)i, (uint16_t)(i << 3 | below(8)))};
    for (uint16_t segment = 0; segment < 4; segment++)
        add_functions(topology, segment, segment);
    if (limits->has_segments)
        add_functions(topology, 4, (uint16_t)(4 + below(4)));
    while (limits->has_blocks && topology->range_count < 48 && below(4))
        topology->ranges[topology->range_count++] =
            (struct topology_range){.bus = TOPOLOGY_MMIO,
                                    .base = new_block(&blocks),
                                    .id_first = below(0xffffff),
                                    .iommu = below(topology->iommu_count)};
}

static bool same_match(const struct topology *a, bool found_a, const struct topology_match *in_a,
                       const struct topology *b, bool found_b, const struct topology_match *in_b)
{
    if (!found_a || !found_b)
        return found_a == found_b;
    return in_a->id == in_b->id &&
           topology_same_device(&a->iommus[in_a->iommu].device, &b->iommus[in_b->iommu].device);
}

static bool same_function(const struct topology *a, const struct topology *b, uint16_t segment,
                          uint32_t bdf)
{
    struct topology_match in_a, in_b;
    bool found_a = find_function(a, segment, (uint16_t)bdf, &in_a);
    bool found_b = find_function(b, segment, (uint16_t)bdf, &in_b);

    return same_match(a, found_a, &in_a, b, found_b, &in_b);
}

/* Around the bounds of every range, in every segment and in one that there is not. */
static void check_same(const struct topology *wrote, const struct topology *read, const char *form,
                       unsigned round)
{
    bool is_same = true;

    for (unsigned i = 0; i < wrote->range_count; i++)
        for (uint16_t segment = 0; segment < 9; segment++)
            for (uint32_t n = 0; n < 3; n++)
                is_same = is_same &&
                          same_function(wrote, read, segment, wrote->ranges[i].bdf_first + n - 1) &&
                          same_function(wrote, read, segment, wrote->ranges[i].bdf_last + n - 1);
    for (uint64_t block = 0; block < 64; block++) {
        uint64_t base = MMIO_BASE + MMIO_STRIDE * block;
        struct topology_match in_a, in_b;
        bool found_a = find_block(wrote, base, &in_a);
        bool found_b = find_block(read, base, &in_b);

        is_same = is_same && same_match(wrote, found_a, &in_a, read, found_b, &in_b);
    }
    if (!is_same)
        unit_fail(__FILE__, __LINE__, "round %u, %s: %u IOMMUs and %u ranges, read %u and %u",
                  round, form, wrote->iommu_count, wrote->range_count, read->iommu_count,
                  read->range_count);
}

static void read_viot(const struct topology *wrote, struct topology *out, unsigned variant)
{
    struct table table;

    writer_viot(&table, wrote, variant);
    if (variant)
        viot_read_v8(table.bytes, table.size, out, NULL);
    else
        viot_read(table.bytes, table.size, out, NULL);
}

static void read_iort(const struct topology *wrote, struct topology *out, unsigned variant)
{
    struct table table;
    static struct iort iort; /* too large for a frame */

    writer_iort(&table, wrote, variant);
    if (variant)
        viot_read_draft(table.bytes, table.size, &iort, out, NULL, NULL);
    else if (iort_open(&iort, table.bytes, table.size, NULL))
        iort_topology(&iort, out, NULL, NULL);
}

static uint32_t read_config(void *context, uint32_t offset, unsigned width)
{
    const struct table *table = context;
    uint32_t value = 0;

    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)table->bytes[offset + i] << 8 * i;
    return value;
}

static void read_builtin(const struct topology *wrote, struct topology *out, unsigned variant)
{
    struct table table;

    writer_builtin(&table, wrote, variant);
    const struct builtin_config config = {read_config, &table, table.size};
    struct builtin_result result = builtin_read(&config, 0, &wrote->iommus[0].device, out, NULL);
    bool is_empty = variant == 1 && !wrote->range_count;
    if (result.verdict != (is_empty ? BUILTIN_BYPASS : BUILTIN_TOPOLOGY))
        unit_fail(__FILE__, __LINE__, "v%u: verdict %d", variant, result.verdict);
    if (is_empty)
        out->iommus[out->iommu_count++] = wrote->iommus[0];
}

static void read_options(const struct topology *wrote, struct topology *out, unsigned variant)
{
    static struct cmdline options; /* too large for a frame */
    char text[8192];

    (void)variant;
    writer_options(text, sizeof(text), wrote);
    cmdline_parse(text, &options, NULL);
    *out = options.topology;
}

static void read_tree(const struct topology *wrote, struct topology *out, unsigned variant)
{
    struct fdt fdt;
    size_t size;
    uint8_t *blob = writer_devicetree(wrote, &size);

    (void)variant;
    if (fdt_open(&fdt, blob, size, NULL))
        devicetree_topology(&fdt, out, &others, NULL);
    free(blob);
}

static const struct malformed_table {
    const char *name;
    struct limits limits;
    void (*read)(const struct topology *wrote, struct topology *out, unsigned variant);
    unsigned variant;
} forms[] = {
    {"VIOT", {4, 1, 1}, read_viot, 0},           {"VIOT v8", {4, 0, 1}, read_viot, 1},
    {"IORT", {4, 0, 0}, read_iort, 0},           {"VIOT draft", {4, 0, 0}, read_iort, 1},
    {"built-in v1", {1, 0, 1}, read_builtin, 1}, {"built-in v2", {1, 0, 1}, read_builtin, 2},
    {"built-in v3", {1, 0, 1}, read_builtin, 3}, {"built-in v4", {1, 1, 1}, read_builtin, 4},
    {"options", {4, 0, 1}, read_options, 0},     {"device tree", {4, 0, 1}, read_tree, 0},
};

static void round_trips(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        state = 1;
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct topology wrote, read = {0};

            generate(&wrote, &forms[i].limits);
            forms[i].read(&wrote, &read, forms[i].variant);
            check_same(&wrote, &read, forms[i].name, round);
        }
    }
}

static const struct unit units[] = {{"topologies", round_trips}};

int main(void)
{
    return unit_main("roundtrip", units, ARRAY_LENGTH(units));
}
