// SPDX-License-Identifier: BSD-2-Clause
/*
 * The way of an id through an IORT: from mapping to mapping until a node of the wanted kind. Every
 * comparison with an id is with the first or the last of a mapping, so between two of those bounds
 * all ids fare alike; a walk says how far the next bound is, which makes ranges of single answers.
 */
#include <string.h>

#include "lib/acpi/iort_node.h"

#define MAX_REFERENCES 8
#define MAX_STEPS      (1u << 24) /* nodes and mappings looked at in one question */
#define NO_MAPPING     UINT32_MAX

struct walk {
    const struct iort *iort;
    enum iort_wanted wanted;
    uint32_t steps; /* left */
};

/* Of a SMMUv3: whether each of its interrupts has a line, so that it sends no messages. */
static bool has_lines(const struct iort *iort, uint32_t node)
{
    return iort_field(iort, node, 44) && iort_field(iort, node, 48) && iort_field(iort, node, 52) &&
           iort_field(iort, node, 56);
}

/* The mapping of a SMMUv3 or PMCG that is for messages which the node itself sends. */
static uint32_t own_mapping(const struct iort *iort, uint32_t node)
{
    uint8_t revision = iort_node_revision(iort, node);

    switch (iort_type(iort, node)) {
    case IORT_TYPE_PMCG:
        return iort_field(iort, node, 24) ? NO_MAPPING : 0;
    case IORT_TYPE_SMMU_V3:
        /* The flag that says whether the index is valid came with revision 5. */
        if (revision == 0 ||
            (revision < 5 ? has_lines(iort, node) : !(iort_field(iort, node, 24) >> 4 & 1)))
            return NO_MAPPING;
        return iort_field(iort, node, 64);
    }
    return NO_MAPPING;
}

/* Where the ids from `id` on are cut by a bound at `at`. */
static void limit(uint64_t *count, uint32_t id, uint64_t at)
{
    if (at > id && at - id < *count)
        *count = at - id;
}

/*
 * Firmware may have stored the number of ids where their number less one belongs. So a mapping that
 * is hit at its very last id is left for one that begins there.
 */
static bool hits(const struct iort_mapping *mapping, uint32_t id, bool is_tentative)
{
    if (mapping->is_single)
        return !is_tentative;
    return is_tentative ? id == mapping->input_first
                        : id >= mapping->input_first && id <= mapping->input_last;
}

/* Follows one mapping of target->node: that and the id are then the next ones. */
static bool follow(struct walk *walk, struct iort_target *target)
{
    const struct iort *iort = walk->iort;
    const uint32_t node = target->node, id = target->id, own = own_mapping(iort, node);
    const uint32_t mappings = iort_mapping_count(iort, node);
    bool is_found = false, is_tentative = false;

    if (!mappings || !iort_field(iort, iort_mapping_at(iort, node, 0), 12))
        return false;
    for (uint32_t i = 0; i < mappings && walk->steps; i++) {
        struct iort_mapping mapping;

        walk->steps--;
        if (i == own || !iort_mapping_read(iort, node, i, &mapping, NULL))
            continue;
        if (!target->is_constant && !mapping.is_single) {
            limit(&target->count, id, mapping.input_first);
            limit(&target->count, id, mapping.input_last);
            limit(&target->count, id, (uint64_t)mapping.input_last + 1);
        }
        if ((is_found && !is_tentative) || !hits(&mapping, id, is_tentative) ||
            !iort_find_node(iort, mapping.reference, &walk->steps))
            continue;
        is_found = true;
        is_tentative = !mapping.is_single && mapping.input_last > mapping.input_first &&
                       id == mapping.input_last;
        target->node = mapping.reference;
        target->id = mapping.is_single ? mapping.output_first
                                       : mapping.output_first + (id - mapping.input_first);
        target->is_constant |= mapping.is_single;
    }
    return is_found;
}

static bool is_wanted(const struct walk *walk, uint32_t node)
{
    return walk->wanted == IORT_ITS_GROUP
               ? iort_type(walk->iort, node) == IORT_TYPE_ITS_GROUP
               : iort_is_smmu(walk->iort, node) || iort_is_viommu(walk->iort, node);
}

static enum iort_outcome walk_from(struct walk *walk, uint32_t node, struct iort_target *target)
{
    uint32_t visited[MAX_REFERENCES + 1];

    target->node = node;
    for (unsigned hops = 0;; hops++) {
        if (is_wanted(walk, target->node))
            return IORT_MAPPED;
        visited[hops] = target->node;
        if (!follow(walk, target))
            return walk->steps ? IORT_UNMAPPED : IORT_TOO_LONG;
        for (unsigned i = 0; i <= hops; i++)
            if (visited[i] == target->node)
                return IORT_LOOP;
        if (hops == MAX_REFERENCES)
            return IORT_TOO_DEEP;
    }
}

static bool is_start(const struct iort *iort, uint32_t node, const char *path, uint16_t segment)
{
    if (iort_type(iort, node) != (path ? IORT_TYPE_COMPONENT : IORT_TYPE_ROOT) ||
        !iort_node_check(iort, node, NULL))
        return false;
    return path ? !strcmp(iort_name(iort, node), path) : iort_field(iort, node, 28) == segment;
}

/* Of several root complexes of a segment the first that maps the id has it. */
static enum iort_outcome map(struct walk *walk, const char *path, uint16_t segment, uint32_t id,
                             struct iort_target *target)
{
    const struct iort *iort = walk->iort;
    enum iort_outcome outcome = IORT_UNMAPPED;
    uint64_t count = UINT64_MAX;
    uint32_t node = iort->first_node;

    *target = (struct iort_target){0};
    for (uint32_t i = 0; i < iort->node_count && walk->steps; i++) {
        walk->steps--;
        if (is_start(iort, node, path, segment)) {
            struct iort_target next = {.id = id, .count = count};
            enum iort_outcome result = walk_from(walk, node, &next);

            count = next.count;
            if (result != IORT_UNMAPPED) {
                outcome = result;
                *target = next;
            }
            if (result == IORT_MAPPED)
                break;
        }
        node += iort_node_length(iort, node);
    }
    target->count = count;
    return walk->steps ? outcome : IORT_TOO_LONG;
}

enum iort_outcome iort_map_pci(const struct iort *iort, uint16_t segment, uint16_t rid,
                               enum iort_wanted wanted, struct iort_target *target)
{
    struct walk walk = {iort, wanted, MAX_STEPS};

    return map(&walk, NULL, segment, rid, target);
}

enum iort_outcome iort_map_component(const struct iort *iort, const char *path, uint32_t id,
                                     enum iort_wanted wanted, struct iort_target *target)
{
    struct walk walk = {iort, wanted, MAX_STEPS};

    return map(&walk, path, 0, id, target);
}

static void report(const struct iort *iort, const struct sink *sink, uint32_t rid,
                   enum iort_outcome outcome, const struct iort_target *target)
{
    static const char *const texts[] = {
        [IORT_LOOP] = "no node twice on its way (left out)",
        [IORT_TOO_DEEP] = "at most 8 references on its way (left out)",
        [IORT_TOO_LONG] = "fewer mappings to look at (the rest of its segment is left out)",
    };

    sink_field(sink, iort->label, iort->base + target->node, "requester id that comes here", rid,
               "%s", texts[outcome]);
}

static bool extends(const struct iort_range *range, uint32_t rid, const struct iort_target *target)
{
    uint32_t distance = target->is_constant ? 0 : rid - range->rid_first;

    return range->rid_last + 1u == rid && range->node == target->node &&
           range->is_constant == target->is_constant && target->id == range->id_first + distance;
}

/* Ranges that are being put together of runs of requesters. */
struct ranges {
    iort_taker take;
    void *context;
    struct iort_range range;
    bool is_open;
};

static void end_range(struct ranges *ranges)
{
    if (ranges->is_open)
        ranges->take(ranges->context, &ranges->range);
    ranges->is_open = false;
}

static void add_run(struct ranges *ranges, uint32_t rid, uint32_t count,
                    const struct iort_target *target)
{
    if (!ranges->is_open || !extends(&ranges->range, rid, target)) {
        end_range(ranges);
        ranges->range = (struct iort_range){(uint16_t)rid, (uint16_t)rid, target->node, target->id,
                                            target->is_constant};
        ranges->is_open = true;
    }
    ranges->range.rid_last = (uint16_t)(rid + (count - 1));
}

void iort_ranges(const struct iort *iort, uint16_t segment, uint16_t rid_first, uint16_t rid_last,
                 enum iort_wanted wanted, iort_taker take, void *context, const struct sink *sink)
{
    struct walk walk = {iort, wanted, MAX_STEPS};
    struct ranges ranges = {.take = take, .context = context};
    unsigned reported = 1u << IORT_UNMAPPED;
    uint32_t count;

    for (uint32_t rid = rid_first; rid <= rid_last; rid += count) {
        struct iort_target target;
        enum iort_outcome outcome = map(&walk, NULL, segment, rid, &target);

        count = rid_last - rid + 1u;
        if (target.count < count && outcome != IORT_TOO_LONG)
            count = (uint32_t)target.count;
        if (outcome == IORT_MAPPED) {
            add_run(&ranges, rid, count, &target);
            continue;
        }
        end_range(&ranges);
        if (!(reported >> outcome & 1))
            report(iort, sink, rid, outcome, &target);
        reported |= 1u << outcome;
    }
    end_range(&ranges);
}

bool iort_has_its(const struct iort *iort)
{
    uint32_t node = iort->first_node;

    for (uint32_t i = 0; i < iort->node_count; i++) {
        if (iort_type(iort, node) == IORT_TYPE_ITS_GROUP && iort_node_check(iort, node, NULL))
            return true;
        node += iort_node_length(iort, node);
    }
    return false;
}
