// SPDX-License-Identifier: BSD-2-Clause
/*
 * Maps an id through an IORT: follows mappings from node to node to an IOMMU, where a requester
 * id has become an endpoint id, or to an ITS group. An id is compared only with the first and the
 * last id of mappings, so the ids between two of those bounds map contiguously; a walk says how far
 * the next bound is, and iort_ranges() makes a range of that.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/acpi/iort_node.h"

#define MAX_REFERENCES 8
#define STEP_BYTES     16 /* of a name, which cost as much as a mapping */

struct walk {
    const struct iort *iort;
    enum iort_wanted wanted;
    uint32_t *steps; /* left */
};

/* Where the ids from `id` on are cut by a bound at `at`. */
static void limit(uint64_t *count, uint32_t id, uint64_t at)
{
    if (at > id && at - id < *count)
        *count = at - id;
}

/*
 * Firmware may have stored the number of ids where their number less one belongs. So a mapping that
 * is hit at its very last id is left for one that begins there, or for a single one, which is for
 * any id.
 */
static bool hits(const struct iort_mapping *mapping, uint32_t id, bool is_tentative)
{
    if (mapping->is_single)
        return true;
    return is_tentative ? id == mapping->input_first
                        : id >= mapping->input_first && id <= mapping->input_last;
}

/* Follows one mapping of target->node: that and the id are then the next ones. */
static bool follow(struct walk *walk, struct iort_target *target)
{
    const struct iort *iort = walk->iort;
    const struct iort_mapping *mapping = &iort->mappings[target->node->mapping_first];
    const struct iort_mapping *end = mapping + target->node->mapping_count;
    const uint32_t id = target->id;
    bool is_found = false, is_tentative = false;

    for (; mapping < end && *walk->steps; mapping++) {
        --*walk->steps;
        if (!target->is_constant && !mapping->is_single) {
            limit(&target->count, id, mapping->input_first);
            limit(&target->count, id, mapping->input_last);
            limit(&target->count, id, (uint64_t)mapping->input_last + 1);
        }
        if ((is_found && !is_tentative) || !hits(mapping, id, is_tentative))
            continue;
        is_found = true;
        is_tentative = !mapping->is_single && mapping->input_last > mapping->input_first &&
                       id == mapping->input_last;
        target->node = &iort->nodes[mapping->target];
        target->id = mapping->is_single ? mapping->output_first
                                        : mapping->output_first + (id - mapping->input_first);
        target->is_constant |= mapping->is_single;
    }
    return is_found;
}

static bool is_wanted(const struct walk *walk, const struct iort_node *node)
{
    return walk->wanted == IORT_ITS_GROUP ? node->type == IORT_TYPE_ITS_GROUP
                                          : iort_is_smmu(node) || iort_is_viommu(node);
}

static enum iort_outcome walk_from(struct walk *walk, const struct iort_node *node,
                                   struct iort_target *target)
{
    const struct iort_node *visited[MAX_REFERENCES + 1];

    target->node = node;
    for (unsigned hops = 0;; hops++) {
        if (is_wanted(walk, target->node))
            return IORT_MAPPED;
        visited[hops] = target->node;
        if (!follow(walk, target))
            return *walk->steps ? IORT_UNMAPPED : IORT_TOO_LONG;
        for (unsigned i = 0; i <= hops; i++)
            if (visited[i] == target->node)
                return IORT_LOOP;
        if (hops == MAX_REFERENCES)
            return IORT_TOO_DEEP;
    }
}

/* A comparison of names takes as long as they are. */
static bool has_name(struct walk *walk, const struct iort_node *node, const char *path)
{
    uint32_t steps = (uint32_t)strlen(path) / STEP_BYTES;

    if (node->type != IORT_TYPE_COMPONENT)
        return false;
    *walk->steps -= steps < *walk->steps ? steps : *walk->steps;
    return !strcmp(iort_name(walk->iort, node), path);
}

/* Where the walk of an id may begin: `path` NULL: at a root complex of the segment. */
static bool is_start(struct walk *walk, const struct iort_node *node, const char *path,
                     uint16_t segment)
{
    if (path)
        return has_name(walk, node, path);
    return node->type == IORT_TYPE_ROOT && iort_segment(walk->iort, node) == segment;
}

/* Of several root complexes of a segment the first that maps the id has it. */
static enum iort_outcome map(struct walk *walk, const char *path, uint16_t segment, uint32_t id,
                             struct iort_target *target)
{
    const struct iort *iort = walk->iort;
    enum iort_outcome outcome = IORT_UNMAPPED;
    uint64_t count = UINT64_MAX;

    *target = (struct iort_target){0};
    for (unsigned i = 0; i < iort->node_count && *walk->steps; i++) {
        struct iort_target next = {.id = id, .count = count};

        --*walk->steps;
        if (!is_start(walk, &iort->nodes[i], path, segment))
            continue;

        enum iort_outcome result = walk_from(walk, &iort->nodes[i], &next);

        count = next.count;
        if (result != IORT_UNMAPPED) {
            outcome = result;
            *target = next;
        }
        if (result == IORT_MAPPED)
            break;
    }
    target->count = count;
    return *walk->steps ? outcome : IORT_TOO_LONG;
}

enum iort_outcome iort_map_pci(const struct iort *iort, uint16_t segment, uint16_t rid,
                               enum iort_wanted wanted, uint32_t *steps, struct iort_target *target)
{
    struct walk walk = {iort, wanted, steps};

    return map(&walk, NULL, segment, rid, target);
}

enum iort_outcome iort_map_component(const struct iort *iort, const char *path, uint32_t id,
                                     enum iort_wanted wanted, uint32_t *steps,
                                     struct iort_target *target)
{
    struct walk walk = {iort, wanted, steps};

    return map(&walk, path, 0, id, target);
}

static void report(const struct iort *iort, const struct sink *sink, uint32_t rid,
                   enum iort_outcome outcome, const struct iort_target *target)
{
    uint32_t at = iort->base + (target->node ? target->node->offset : 0);

    if (outcome == IORT_LOOP)
        sink_field(sink, iort->label, at, "requester id that comes here", rid,
                   "no node twice on its way (left out)");
    else /* limits of ours */
        sink_note(sink, "%s byte %" PRIu32 ": requester id 0x%" PRIx32 " comes here by %s",
                  iort->label, at, rid,
                  outcome == IORT_TOO_DEEP ? "more than 8 references (left out)"
                                           : "too many mappings to look at (table left out)");
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

bool iort_ranges(const struct iort *iort, uint16_t segment, uint16_t rid_first, uint16_t rid_last,
                 enum iort_wanted wanted, uint32_t *steps, iort_taker take, void *context,
                 const struct sink *sink)
{
    struct ranges ranges = {.take = take, .context = context};
    unsigned reported = 1u << IORT_UNMAPPED;
    uint32_t count;

    for (uint32_t rid = rid_first; rid <= rid_last; rid += count) {
        struct iort_target target;
        enum iort_outcome outcome =
            iort_map_pci(iort, segment, (uint16_t)rid, wanted, steps, &target);

        count = rid_last - rid + 1u;
        if (target.count < count)
            count = (uint32_t)target.count;
        if (outcome == IORT_MAPPED) {
            add_run(&ranges, rid, count, &target);
            continue;
        }
        end_range(&ranges);
        if (!(reported >> outcome & 1))
            report(iort, sink, rid, outcome, &target);
        reported |= 1u << outcome;
        if (outcome == IORT_TOO_LONG)
            return false;
    }
    end_range(&ranges);
    return true;
}

bool iort_has_its(const struct iort *iort)
{
    for (unsigned i = 0; i < iort->node_count; i++)
        if (iort->nodes[i].type == IORT_TYPE_ITS_GROUP)
            return true;
    return false;
}
