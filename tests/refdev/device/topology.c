// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/device/topology.h"

#include <string.h>

#include "tests/refdev/device/function.h"
#include "tests/refdev/mutants/mutant.h"

#define V1_LIST  40
#define V1_ITEM  16
#define V2_LIST  48
#define V2_ITEM  12
#define V34_LIST 40
#define V34_ITEM 16

/*
 * The head is an offset; each item has the offset of the next one, the last one 0. Type 0 is a
 * range.
 */
static uint32_t write_v1(const uint32_t *ids, unsigned count, uint8_t *config)
{
    ref_put(config + 36, 2, count ? V1_LIST : 0);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *item = config + V1_LIST + i * V1_ITEM;

        ref_put(item + 2, 2, i + 1 < count ? V1_LIST + (i + 1) * V1_ITEM : 0);
        ref_put(item + 4, 4, ids[i]);
        ref_put(item + 10, 2, ids[i]);
        ref_put(item + 12, 2, ids[i]);
    }
    return V1_LIST + count * V1_ITEM;
}

static uint32_t write_v2(const uint32_t *ids, unsigned count, uint8_t *config)
{
    ref_put(config + 36, 4, V2_LIST);
    ref_put(config + 40, 4, count);
    ref_put(config + 44, 4, V2_ITEM);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *item = config + V2_LIST + i * V2_ITEM;

        ref_put(item, 2, 1);
        ref_put(item + 4, 2, ids[i]);
        ref_put(item + 6, 2, ids[i]);
        ref_put(item + 8, 4, ids[i]);
    }
    return V2_LIST + count * V2_ITEM;
}

/* v4 has a last segment where v3 has the first function. */
static uint32_t write_v34(const uint32_t *ids, unsigned count, uint8_t *config, unsigned bdf_at)
{
    ref_put(config + 36, 2, count);
    ref_put(config + 38, 2, V34_LIST);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *item = config + V34_LIST + i * V34_ITEM;

        item[0] = 1;
        ref_put(item + 2, 2, V34_ITEM);
        ref_put(item + 4, 4, ids[i]);
        ref_put(item + bdf_at, 2, ids[i]);
        ref_put(item + bdf_at + 2, 2, ids[i]);
    }
    return V34_LIST + count * V34_ITEM;
}

/* A mutant falsifies the first item. */
static void mutate_v1(uint8_t *config)
{
    uint8_t *item = config + V1_LIST;

    if (MUTANT(TOPOLOGY_ID_WRONG))
        item[4] ^= 1;
    if (MUTANT(TOPOLOGY_FUNCTION_MISSING))
        item[10] = item[12] = 0xf0;
    if (MUTANT(TOPOLOGY_OVERLAP))
        item[V1_ITEM + 10] = item[10];
    if (MUTANT(TOPOLOGY_INVERTED))
        item[12] = 0;
    if (MUTANT(TOPOLOGY_LOOP))
        ref_put(item + 2, 2, V1_LIST);
    if (MUTANT(TOPOLOGY_LIST_LOOPS))
        ref_put(item + V1_ITEM + 2, 2, V1_LIST);
}

static void mutate_v2(uint8_t *config)
{
    if (MUTANT(TOPOLOGY_COUNT_TOO_HIGH))
        ref_put(config + 40, 4, 5000);
}

static void mutate_v34(uint8_t *config)
{
    if (MUTANT(TOPOLOGY_ITEM_EMPTY))
        ref_put(config + V34_LIST + 2, 2, 0);
}

uint32_t ref_topology_write(enum ref_topology version, const uint32_t *ids, unsigned count,
                            uint8_t config[REF_TOPOLOGY_MAX])
{
    unsigned room = (REF_TOPOLOGY_MAX - V2_LIST) / V34_ITEM;
    uint32_t size;

    count = count < room ? count : room;
    if (MUTANT(TOPOLOGY_ENDPOINT_LEFT_OUT))
        ids++, count--;
    switch (version) {
    case REF_TOPOLOGY_V1:
        size = write_v1(ids, count, config);
        mutate_v1(config);
        return size;
    case REF_TOPOLOGY_V2:
        size = write_v2(ids, count, config);
        mutate_v2(config);
        return size;
    case REF_TOPOLOGY_V3:
    case REF_TOPOLOGY_V4:
        size = write_v34(ids, count, config, version == REF_TOPOLOGY_V3 ? 10 : 12);
        mutate_v34(config);
        return size;
    default:
        return REF_TOPOLOGY_FIRST;
    }
}
