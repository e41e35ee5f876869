// SPDX-License-Identifier: BSD-2-Clause
/*
 * A composition that is drawn from a seed: what a device that nobody here built may be like, as far
 * as the specification lets it. Most draws leave most things as they usually are, so that one odd
 * thing is seen without the others.
 */
#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/refdev/native/composition.h"

#define BIT(name)   REF_BIT(VIRTIO_IOMMU_F_##name)
#define BITS(count) ((1ull << (count)) - 1)

#define ANY(array) (array)[rng_below(rng, ARRAY_LENGTH(array))]

/* One time in `n`. */
static bool once_in(struct rng *rng, unsigned n)
{
    return rng_chance(rng, 1, n);
}

static void draw_endpoints(struct rng *rng, struct composition *it)
{
    static const enum endpoint_kind kinds[] = {ENDPOINT_EDU, ENDPOINT_EDU,     ENDPOINT_BLK,
                                               ENDPOINT_RNG, ENDPOINT_TESTDEV, ENDPOINT_PLAIN};
    static const unsigned bits[] = {24, 28, 32, 36, 40, 48, 52};
    static const uint16_t sizes[] = {1, 2, 4, 16, 1024};
    static const uint32_t first_ids[] = {0, 1, 0x7fffff00, 0x80000000, 0xfffffe00};
    unsigned count = (unsigned)rng_below(rng, COMPOSITION_KINDS - 1);

    it->first_id = once_in(rng, 4) ? ANY(first_ids) : 0x10;
    for (unsigned i = 0; i < count; i++) {
        struct composition_endpoints *endpoints = &it->endpoints[i];
        bool is_many = once_in(rng, 6);

        endpoints->kind = ANY(kinds);
        /* The window has no room for the BARs of many edus. */
        endpoints->count = 1 + (unsigned)rng_below(rng, endpoints->kind == ENDPOINT_EDU ? 3
                                                        : is_many                       ? 16
                                                                                        : 1);
        if (endpoints->kind == ENDPOINT_EDU && once_in(rng, 3)) {
            endpoints->address_bits = ANY(bits);
            endpoints->drops = once_in(rng, 2);
        }
        endpoints->has_no_msi = once_in(rng, 4);
        endpoints->has_no_msix = once_in(rng, 4);
        endpoints->queue_size = once_in(rng, 4) ? ANY(sizes) : 0;
        endpoints->sectors = once_in(rng, 4) ? 1 + (uint32_t)rng_below(rng, 600) : 0;
        endpoints->chunk = once_in(rng, 3) ? 1 + (uint32_t)rng_below(rng, 100) : 0;
    }
}

static void draw_features(struct rng *rng, struct composition *it)
{
    static const uint64_t features[] = {
        BIT(INPUT_RANGE),
        BIT(DOMAIN_RANGE),
        BIT(PROBE),
        BIT(BYPASS_CONFIG),
        BIT(MMIO),
        REF_BIT(REF_F_EVENT_IDX),
        REF_BIT(REF_F_RING_PACKED),
        REF_BIT(REF_F_RING_RESET),
        REF_BIT(REF_F_INDIRECT_DESC),
    };
    bool is_bare = once_in(rng, 12);

    for (unsigned i = 0; i < ARRAY_LENGTH(features); i++)
        it->without |= is_bare || once_in(rng, 5) ? features[i] : 0;
    if (once_in(rng, 20)) {
        it->without |= BIT(MAP_UNMAP);
        it->warns = "a device should offer MAP_UNMAP (5.13.3.2)";
    }
}

static void draw_ranges(struct rng *rng, struct composition *it)
{
    static const unsigned granules[] = {0, 2, 9, 12, 12, 12, 14, 16, 21};
    static const unsigned widths[] = {31, 32, 36, 39, 48, 52, 57, 63};
    static const struct {
        uint32_t first, last;
    } domains[] = {
        {0, 0},
        {1, 1},
        {0, 1},
        {1, 15},
        {0, 0xffff},
        {0, 0x7fffffff},
        {0x80000000, 0xffffffff},
        {0xffffffff, 0xffffffff},
        {0, 0xffffffff},
    };

    if (once_in(rng, 3)) {
        unsigned granule = ANY(granules);

        /* Other sizes beside it are any. */
        it->page_size_mask =
            1ull << granule | (once_in(rng, 2) ? -(1ull << granule) : rng_next64(rng) << granule);
    }
    if (once_in(rng, 3)) {
        it->input_last = once_in(rng, 6) ? UINT64_MAX : BITS(ANY(widths));
        if (once_in(rng, 3))
            it->input_first = rng_below(rng, it->input_last / 4) & -0x200000ull;
    }
    if (once_in(rng, 3)) {
        unsigned i = (unsigned)rng_below(rng, ARRAY_LENGTH(domains));

        it->has_domains = true;
        it->domain_first = domains[i].first;
        it->domain_last = domains[i].last;
    }
}

/* None overlaps another one: the MSI region, one a gigabyte, and those that are many. */
static void draw_properties(struct rng *rng, struct composition *it)
{
    static const uint32_t sizes[] = {0,
                                     1,
                                     3,
                                     4,
                                     5,
                                     23,
                                     511,
                                     8188,
                                     8189,
                                     65535,
                                     65536,
                                     65537,
                                     1u << 20,
                                     UINT32_MAX - 4,
                                     UINT32_MAX - 3,
                                     UINT32_MAX};

    it->has_probe_size = once_in(rng, 3);
    it->probe_size = ANY(sizes);
    it->odd_properties = once_in(rng, 4) ? 1 + (unsigned)rng_below(rng, 16) : 0;
    it->more_regions = once_in(rng, 6) ? 1 + (unsigned)rng_below(rng, 100) : 0;
    if (!once_in(rng, 3))
        return;
    it->region_count = 1 + (unsigned)rng_below(rng, COMPOSITION_REGIONS - 1);
    it->regions[0].subtype = VIRTIO_IOMMU_RESV_MEM_T_MSI;
    for (unsigned i = 1; i < it->region_count; i++) {
        uint64_t first = ((uint64_t)(i - 1) << 29) + 0x1000 * rng_below(rng, 0x1000);
        uint64_t size = once_in(rng, 3) ? 0x10000000 : 0x1000 * (1 + rng_below(rng, 64));

        it->regions[i] =
            (struct ref_region){first, first + size - 1, VIRTIO_IOMMU_RESV_MEM_T_RESERVED};
    }
}

static void draw_queues(struct rng *rng, struct composition *it)
{
    static const uint16_t sizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 512, 1024, 32768};

    it->queue_size = once_in(rng, 2) ? ANY(sizes) : 0;
    it->event_queue_size = once_in(rng, 2) ? ANY(sizes) : 0;
    if (it->queue_size == 1) /* no request fits without */
        it->without &= ~REF_BIT(REF_F_INDIRECT_DESC);
}

void composition_draw(struct composition *composition, uint64_t seed)
{
    struct rng stream, *rng = &stream;

    rng_seed(rng, seed);
    *composition = (struct composition){0};
    draw_endpoints(rng, composition);
    draw_features(rng, composition);
    draw_ranges(rng, composition);
    draw_properties(rng, composition);
    draw_queues(rng, composition);
    composition->config_length = once_in(rng, 2) ? 36 : 0; /* the draft's, which had no bypass */
    composition->vector_count = once_in(rng, 3) ? 2 + (unsigned)rng_below(rng, REF_VECTORS - 1) : 0;
    composition->is_silent = once_in(rng, 6);
    composition->has_no_msix = once_in(rng, 6);
}
