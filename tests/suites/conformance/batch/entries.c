// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/conformance/batch/entries.h"

#include <stdio.h>

#include "lib/array/array.h"
#include "tests/framework/ledger.h"
#include "tests/framework/properties.h"

#define TYPE_UNKNOWN 0x7f
#define MAPS_FROM    0 /* where MAP maps, every second granule */

static uint64_t first_of(const struct bench *bench, unsigned granule)
{
    return bench->at + granule * bench->granule;
}

struct viommu_request batch_map(const struct bench *bench, unsigned first, unsigned last)
{
    uint64_t start = first_of(bench, first);

    return viommu_map(bench->domain, start, first_of(bench, last + 1) - 1, start, READ_WRITE);
}

static struct viommu_request unmap(const struct bench *bench, unsigned first, unsigned last)
{
    return viommu_unmap(bench->domain, first_of(bench, first), first_of(bench, last + 1) - 1);
}

static struct viommu_request request_of(const struct bench *bench, enum kind kind, unsigned n)
{
    struct test *test = bench->test;
    uint32_t absent = fixture_absent_endpoint(test);
    struct viommu_request request;

    switch (kind) {
    case ATTACH_GOOD: /* once more: OK, or UNSUPP */
        return viommu_attach(bench->empty, fixture_endpoint_id(test, 1), 0);
    case ATTACH_BAD:
        return viommu_attach(fixture_domain(test, 5), absent, 0);
    case DETACH_BAD:
        return viommu_detach(bench->domain, absent);
    case MAP_GOOD:
        return batch_map(bench, MAPS_FROM + 2 * n, MAPS_FROM + 2 * n);
    case MAP_FLAGS:
        request = batch_map(bench, MAPS_FROM + 2 * n, MAPS_FROM + 2 * n);
        request.map.flags |= 1u << 31;
        return request;
    case MAP_OVER:
        return batch_map(bench, OVERLAPS_AT, OVERLAPS_AT);
    case UNMAP_GOOD:
        return unmap(bench, UNMAPS_FROM + 2 * n, UNMAPS_FROM + 2 * n);
    case UNMAP_SPLIT:
        return unmap(bench, OVERLAPS_AT + 1, OVERLAPS_AT + 1);
    default:
        request = unmap(bench, 0, 0);
        request.unmap.domain = fixture_domain(test, 6);
        return request;
    }
}

void entries_ask_alone(struct bench *bench)
{
    static const enum kind kinds[] = {ATTACH_BAD, DETACH_BAD, UNMAP_NOWHERE};
    struct viommu *viommu = fixture_iommu(bench->test);
    struct viommu_reply reply;

    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++) {
        struct viommu_request request = request_of(bench, kinds[i], 0);

        reply = viommu_submit(viommu, &request);
        fixture_remember(bench->test, &request, reply.status);
        if (reply.outcome == VIOMMU_ANSWERED)
            bench->alone[kinds[i]] = 1u << (reply.status & 31);
        bench->says_no_length |= reply.has_status && reply.written < TAIL;
    }
    if (bench->properties) {
        reply = viommu_probe(viommu, fixture_absent_endpoint(bench->test), NULL,
                             properties_area(bench->test));
        if (reply.outcome == VIOMMU_ANSWERED)
            bench->alone[PROBE_ABSENT] = 1u << (reply.status & 31);
    }
    fixture_detach_all(bench->test);
}

struct entry entry_of(const struct bench *bench, enum kind kind, unsigned n)
{
    uint32_t probe_size = fixture_iommu(bench->test)->config.probe_size;
    struct entry entry = {.kind = kind};

    if (kind == UNKNOWN) {
        entry.request = (struct viommu_request){.head.type = TYPE_UNKNOWN, .length = 20};
        entry.permitted = MODEL_ANY_ERROR;
        return entry;
    }
    if (kind == PROBE_GOOD || kind == PROBE_ABSENT) {
        entry.probe.head.type = VIRTIO_IOMMU_T_PROBE;
        entry.probe.endpoint = kind == PROBE_GOOD ? fixture_endpoint_id(bench->test, 0)
                                                  : fixture_absent_endpoint(bench->test);
        entry.permitted =
            kind == PROBE_GOOD ? MODEL_STATUS(OK) : MODEL_STATUS(NOENT) | bench->alone[kind];
        entry.payload = probe_size;
        return entry;
    }
    entry.request = request_of(bench, kind, n);
    entry.permitted =
        model_judge(ledger_require(bench->test), entry.request.bytes, entry.request.length)
            .permitted |
        bench->alone[kind];
    return entry;
}

struct batch_item item_of(const struct entry *entry, enum batch_layout layout, uint32_t padding)
{
    bool is_probe = entry->kind == PROBE_GOOD || entry->kind == PROBE_ABSENT;

    return (struct batch_item){
        .request = entry->request.bytes,
        .readable = is_probe ? (uint32_t)sizeof(entry->probe) : entry->request.length,
        .writable = entry->payload + TAIL + (is_probe ? 0 : padding),
        .layout = layout,
    };
}

static const char *name_of(enum kind kind)
{
    static const char *const names[KINDS] = {
        "ATTACH once more",
        "ATTACH of nobody",
        "DETACH of nobody",
        "MAP",
        "MAP with a flag 31",
        "MAP over another",
        "UNMAP",
        "UNMAP of a part",
        "UNMAP in no domain",
        "PROBE",
        "PROBE of nobody",
        "a type 0x7f",
    };

    return names[kind];
}

void entry_text(const struct entry *entries, unsigned count, unsigned n, char text[ENTRY_TEXT])
{
    int used = snprintf(text, ENTRY_TEXT, "%s, number %u of", name_of(entries[n].kind), n + 1);

    for (unsigned i = 0; i < count && used < ENTRY_TEXT; i++)
        used += snprintf(text + used, ENTRY_TEXT - (unsigned)used, "%s %s", i ? "," : "",
                         name_of(entries[i].kind));
}
