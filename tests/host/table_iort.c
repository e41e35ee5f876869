// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/table_iort.h"

#include <string.h>

/* Where the IORT begins in the table. */
static uint32_t base_of(const struct table *table)
{
    return table->bytes[0] == 'V' ? 48 : 0;
}

void table_iort_begin(struct table *table, uint8_t revision, int in_viot)
{
    uint32_t base = in_viot ? 48 : 0;

    table_begin(table, in_viot ? "VIOT" : "IORT", revision, base + 48);
    table_put(table, base + 40, 4, 48);
}

void table_iort_put(struct table *table, uint32_t node, uint32_t offset, unsigned width,
                    uint64_t value)
{
    table_put(table, base_of(table) + node + offset, width, value);
}

uint32_t table_iort_node(struct table *table, uint8_t type, uint8_t revision, uint16_t length,
                         const struct table_mapping *mappings, unsigned count)
{
    uint32_t base = base_of(table), node = table_add(table, length + 20 * count) - base;

    table_iort_put(table, node, 0, 1, type);
    table_iort_put(table, node, 1, 2, length + 20 * count);
    table_iort_put(table, node, 3, 1, revision);
    table_iort_put(table, node, 8, 4, count);
    table_iort_put(table, node, 12, 4, count ? length : 0);
    for (unsigned i = 0; i < count; i++) {
        const uint32_t words[] = {mappings[i].input, mappings[i].count, mappings[i].output,
                                  mappings[i].reference, mappings[i].flags};

        for (unsigned word = 0; word < 5; word++)
            table_iort_put(table, node, length + 20 * i + 4 * word, 4, words[word]);
    }
    table_put(table, base + 36, 4, table->bytes[base + 36] + 1u);
    return node;
}

uint32_t table_iort_its(struct table *table)
{
    uint32_t node = table_iort_node(table, 0, 1, 24, NULL, 0);

    table_iort_put(table, node, 16, 4, 1);
    return node;
}

uint32_t table_iort_root(struct table *table, uint16_t segment,
                         const struct table_mapping *mappings, unsigned count)
{
    uint32_t node = table_iort_node(table, 2, 3, 36, mappings, count);

    table_iort_put(table, node, 16, 4, 1);
    table_iort_put(table, node, 28, 4, segment);
    table_iort_put(table, node, 32, 1, 64);
    return node;
}

uint32_t table_iort_component(struct table *table, const char *name,
                              const struct table_mapping *mappings, unsigned count)
{
    size_t length = strlen(name);
    uint32_t node =
        table_iort_node(table, 1, 2, (uint16_t)((30 + length + 3) / 4 * 4), mappings, count);

    for (size_t i = 0; i < length; i++)
        table_iort_put(table, node, (uint32_t)(29 + i), 1, (uint8_t)name[i]);
    return node;
}

uint32_t table_iort_smmu_v3(struct table *table, uint64_t base,
                            const struct table_mapping *mappings, unsigned count)
{
    uint32_t node = table_iort_node(table, 4, 4, 68, mappings, count);

    table_iort_put(table, node, 16, 8, base);
    for (uint32_t line = 0; line < 4; line++)
        table_iort_put(table, node, 44 + 4 * line, 4, 106 + line);
    return node;
}

uint32_t table_iort_viommu(struct table *table, uint64_t base, uint32_t devid)
{
    uint32_t node;

    if (base_of(table)) {
        node = table_iort_node(table, base ? 0x81 : 0x80, 0, base ? 48 : 20, NULL, 0);
    } else {
        node = table_iort_node(table, 0x80, 0, 56, NULL, 0);
        table_iort_put(table, node, 32, 4, !base);
    }
    table_iort_put(table, node, 16, base ? 8 : 4, base ? base : devid);
    return node;
}
