// SPDX-License-Identifier: BSD-2-Clause
/*
 * Questions to a topology. Where two ranges of a source cover one endpoint the later one counts, as
 * it does for the drivers that read the same tables.
 */
#include "lib/topology/topology.h"

#include <inttypes.h>
#include <string.h>

static bool has_bdf(const struct topology_range *range, uint16_t bdf)
{
    if (range->has_buses && (bdf >> 8 < range->bus_first || bdf >> 8 > range->bus_last))
        return false;
    bdf &= (uint16_t)~range->bdf_ignored;
    return bdf >= range->bdf_first && bdf <= range->bdf_last;
}

bool topology_same_device(const struct topology_device *a, const struct topology_device *b)
{
    return a->bus == b->bus &&
           (a->bus == TOPOLOGY_MMIO ? a->base == b->base
                                    : a->segment == b->segment && a->bdf == b->bdf);
}

bool topology_covers(const struct topology_range *range, const struct topology_device *device)
{
    if (range->bus != device->bus)
        return false;
    if (range->bus == TOPOLOGY_MMIO)
        return range->base == device->base;
    return device->segment >= range->segment_first && device->segment <= range->segment_last &&
           has_bdf(range, device->bdf);
}

/* How far the id of a function is from the first of its range. */
static uint32_t distance(const struct topology_range *range, uint16_t segment, uint16_t bdf)
{
    return ((uint32_t)(segment - range->segment_first) << 16) + (uint32_t)(bdf - range->bdf_first);
}

uint64_t topology_last_id(const struct topology_range *range)
{
    uint64_t last = range->id_first;

    if (range->bus == TOPOLOGY_PCI)
        last += distance(range, range->segment_last, range->bdf_last);
    return last;
}

/* By those of `sources`: 1 << source for each. */
static bool find(const struct topology *topology, uint32_t sources,
                 const struct topology_device *device, struct topology_match *match)
{
    const struct topology_range *range = NULL;

    for (unsigned i = 0; i < topology->range_count; i++)
        if (sources >> topology->ranges[i].source & 1 &&
            topology_covers(&topology->ranges[i], device) &&
            (!range || topology->ranges[i].source >= range->source))
            range = &topology->ranges[i];
    if (!range || topology_same_device(&topology->iommus[range->iommu].device, device))
        return false;
    *match = (struct topology_match){.iommu = range->iommu,
                                     .range = (unsigned)(range - topology->ranges),
                                     .id = range->id_first,
                                     .source = range->source};
    if (range->bus == TOPOLOGY_PCI)
        match->id += distance(range, device->segment, device->bdf & (uint16_t)~range->bdf_ignored);
    return true;
}

bool topology_add_iommu(struct topology *topology, const struct topology_iommu *iommu)
{
    if (topology->iommu_count == TOPOLOGY_MAX_IOMMUS)
        return false;
    topology->iommus[topology->iommu_count++] = *iommu;
    return true;
}

bool topology_add_range(struct topology *topology, const struct topology_range *range)
{
    if (topology->range_count == TOPOLOGY_MAX_RANGES)
        return false;
    topology->ranges[topology->range_count++] = *range;
    return true;
}

bool topology_find(const struct topology *topology, const struct topology_device *device,
                   struct topology_match *match)
{
    return find(topology, UINT32_MAX, device, match);
}

bool topology_find_by(const struct topology *topology, enum topology_source source,
                      const struct topology_device *device, struct topology_match *match)
{
    return find(topology, 1u << source, device, match);
}

struct topology_mark topology_count(const struct topology *topology, enum topology_source source)
{
    struct topology_mark count = {0};

    for (unsigned i = 0; i < topology->iommu_count; i++)
        count.iommu_count += topology->iommus[i].source == source;
    for (unsigned i = 0; i < topology->range_count; i++)
        count.range_count += topology->ranges[i].source == source;
    return count;
}

struct topology_mark topology_mark(const struct topology *topology)
{
    return topology ? (struct topology_mark){topology->iommu_count, topology->range_count}
                    : (struct topology_mark){0};
}

void topology_reset(struct topology *topology, const struct topology_mark *mark)
{
    topology->iommu_count = mark->iommu_count;
    topology->range_count = mark->range_count;
}

bool topology_settle(struct topology *topology, const struct topology_mark *mark, unsigned left_out,
                     const char *label, const struct sink *sink)
{
    if (!left_out)
        return true;
    topology_reset(topology, mark);
    sink_note(sink,
              "%s: %u records more than room is for, %d IOMMUs and %d ranges; all of it is left "
              "out",
              label, left_out, TOPOLOGY_MAX_IOMMUS, TOPOLOGY_MAX_RANGES);
    return false;
}

void topology_append(struct topology *topology, const struct topology *more,
                     const struct sink *sink)
{
    const struct topology_mark mark = topology_mark(topology);
    unsigned left_out = 0;

    for (unsigned i = 0; i < more->iommu_count; i++)
        left_out += !topology_add_iommu(topology, &more->iommus[i]);
    for (unsigned i = 0; i < more->range_count; i++) {
        struct topology_range range = more->ranges[i];

        range.iommu += mark.iommu_count;
        left_out += !topology_add_range(topology, &range);
    }
    if (more->iommu_count)
        topology_settle(topology, &mark, left_out, topology_source_name(more->iommus[0].source),
                        sink);
}

static bool same_range(const struct topology_range *a, const struct topology_range *b)
{
    return a->source == b->source && a->bus == b->bus && a->segment_first == b->segment_first &&
           a->segment_last == b->segment_last && a->bdf_first == b->bdf_first &&
           a->bdf_last == b->bdf_last && a->bdf_ignored == b->bdf_ignored &&
           a->has_buses == b->has_buses && a->bus_first == b->bus_first &&
           a->bus_last == b->bus_last && a->has_below == b->has_below && a->base == b->base &&
           a->id_first == b->id_first && a->iommu == b->iommu;
}

bool topology_equal(const struct topology *a, const struct topology *b)
{
    bool is_equal = a->iommu_count == b->iommu_count && a->range_count == b->range_count;

    for (unsigned i = 0; is_equal && i < a->iommu_count; i++)
        is_equal = topology_same_device(&a->iommus[i].device, &b->iommus[i].device) &&
                   a->iommus[i].source == b->iommus[i].source &&
                   a->iommus[i].kind == b->iommus[i].kind;
    for (unsigned i = 0; is_equal && i < a->range_count; i++)
        is_equal = same_range(&a->ranges[i], &b->ranges[i]);
    return is_equal;
}

/* A bdf with the bits of `ignored` taken for 0 is from first to last. */
struct bound {
    uint16_t first, last, ignored;
};

static struct bound bound_of(const struct topology_range *range)
{
    return (struct bound){range->bdf_first, range->bdf_last, range->bdf_ignored};
}

static struct bound buses_of(const struct topology_range *range)
{
    return range->has_buses ? (struct bound){.first = (uint16_t)(range->bus_first << 8),
                                             .last = (uint16_t)(range->bus_last << 8 | UINT8_MAX)}
                            : (struct bound){.last = UINT16_MAX};
}

/* Of a bdf that is chosen bit by bit from the top: whether it still equals an end of a bound. */
enum { AT_FIRST = 1, AT_LAST = 2, STATE_BITS = 2, STATE_MASK = 3, BOUNDS = 3 };

#define STATES (1 << STATE_BITS * BOUNDS)

_Static_assert(STATES <= 64, "a bit for each");

/* The states of all bounds after one more bit; -1: outside one of them, whatever comes. */
static int next_states(const struct bound *bounds, int states, unsigned shift, unsigned bit)
{
    int next = 0;

    for (unsigned i = 0; i < BOUNDS; i++) {
        int state = states >> STATE_BITS * i & STATE_MASK;
        unsigned own = bounds[i].ignored >> shift & 1 ? 0 : bit;
        unsigned first = bounds[i].first >> shift & 1, last = bounds[i].last >> shift & 1;

        if ((state & AT_FIRST && own < first) || (state & AT_LAST && own > last))
            return -1;
        next |= (state & (own == first ? AT_FIRST : 0)) << STATE_BITS * i;
        next |= (state & (own == last ? AT_LAST : 0)) << STATE_BITS * i;
    }
    return next;
}

/* Some bdf is in both. With ignored bits a range is no interval, so a bdf is built of its bits. */
static bool share_function(const struct topology_range *a, const struct topology_range *b)
{
    const struct bound buses_a = buses_of(a), buses_b = buses_of(b);
    const struct bound bounds[BOUNDS] = {
        bound_of(a),
        bound_of(b),
        {.first = buses_a.first > buses_b.first ? buses_a.first : buses_b.first,
         .last = buses_a.last < buses_b.last ? buses_a.last : buses_b.last}};
    uint64_t reached = 1ull << (STATES - 1); /* a bit for each combination of states */

    if (!a->bdf_ignored && !b->bdf_ignored && !a->has_buses && !b->has_buses)
        return a->bdf_first <= b->bdf_last && b->bdf_first <= a->bdf_last;
    for (unsigned shift = 16; shift-- && reached;) {
        uint64_t next = 0;

        for (; reached; reached &= reached - 1)
            for (unsigned bit = 0; bit < 2; bit++) {
                int then = next_states(bounds, __builtin_ctzll(reached), shift, bit);

                if (then >= 0)
                    next |= 1ull << then;
            }
        reached = next;
    }
    return reached;
}

static bool overlap(const struct topology_range *a, const struct topology_range *b)
{
    if (a->bus != b->bus || a->source != b->source)
        return false;
    if (a->bus == TOPOLOGY_MMIO)
        return a->base == b->base;
    return a->segment_first <= b->segment_last && b->segment_first <= a->segment_last &&
           share_function(a, b);
}

static void report_overlap(const struct topology *topology, unsigned i, unsigned later,
                           const struct sink *sink)
{
    const struct topology_range *a = &topology->ranges[i], *b = &topology->ranges[later];
    const char *source_a = topology_source_name(a->source);
    const char *source_b = topology_source_name(b->source);

    if (a->bus == TOPOLOGY_MMIO)
        sink_printf(sink,
                    "topology: range %u (%s) and range %u (%s) both have the device at 0x%" PRIx64
                    ", expected one; the later counts",
                    i, source_a, later, source_b, a->base);
    else
        sink_printf(sink,
                    "topology: range %u (%s, functions 0x%04x-0x%04x) and range %u (%s, functions "
                    "0x%04x-0x%04x) overlap, expected one; the later counts",
                    i, source_a, a->bdf_first, a->bdf_last, later, source_b, b->bdf_first,
                    b->bdf_last);
}

unsigned topology_check(const struct topology *topology, const struct sink *sink)
{
    unsigned overlaps = 0;

    for (unsigned later = 1; later < topology->range_count; later++) {
        for (unsigned i = 0; i < later; i++) {
            if (!overlap(&topology->ranges[i], &topology->ranges[later]))
                continue;
            report_overlap(topology, i, later, sink);
            overlaps++;
        }
    }
    return overlaps;
}

const char *topology_source_name(enum topology_source source)
{
    static const char *const names[TOPOLOGY_SOURCES] = {
        [TOPOLOGY_IVRS] = "IVRS",
        [TOPOLOGY_DMAR] = "DMAR",
        [TOPOLOGY_BUILTIN] = "built-in topology",
        [TOPOLOGY_IORT] = "IORT",
        [TOPOLOGY_VIOT_DRAFT] = "VIOT draft of 2019",
        [TOPOLOGY_VIOT_V8] = "VIOT revision v8",
        [TOPOLOGY_VIOT] = "VIOT",
        [TOPOLOGY_DEVICE_TREE] = "device tree",
        [TOPOLOGY_OPTIONS] = "options",
        [TOPOLOGY_SCAN] = "scan",
    };

    return names[source];
}

const char *topology_kind_name(enum topology_kind kind)
{
    static const char *const names[TOPOLOGY_KINDS] = {
        [TOPOLOGY_VIRTIO_IOMMU] = "virtio-iommu",
        [TOPOLOGY_SMMU] = "SMMU",
        [TOPOLOGY_SMMU_V3] = "SMMUv3",
        [TOPOLOGY_INTEL_IOMMU] = "Intel IOMMU",
        [TOPOLOGY_AMD_IOMMU] = "AMD IOMMU",
        [TOPOLOGY_RISCV] = "RISC-V IOMMU",
        [TOPOLOGY_UNKNOWN_IOMMU] = "unknown IOMMU",
    };

    return names[kind];
}
