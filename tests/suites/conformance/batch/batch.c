// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests of several types in one notification: virtio 1.4 section 5.13.6. Every pair and every
 * triple of types, to be accepted and to be refused, in every order. Those of one batch concern
 * different endpoints, domains and addresses: a device may handle them in any order (2.7.8).
 */
#include <string.h>

#include "tests/framework/addresses.h"
#include "tests/framework/ledger.h"
#include "tests/framework/properties.h"
#include "tests/framework/state.h"
#include "tests/suites/conformance/batch/entries.h"

#define SUITE "conformance.batch"
#define NEEDS (NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)

#define PADDING     12u /* bytes behind the tail, or before it */
#define PROOF_EVERY 32  /* batches */

/* Where the tail is: of what is longer than it has to be, nothing says at which end. */
static uint32_t tail_at(const struct batch_item *item, const struct entry *entry)
{
    const uint8_t *last = item->out + item->writable - TAIL;

    return item->written == item->writable ||
                   (last[0] != VIOMMU_POISON && item->out[entry->payload] == VIOMMU_POISON)
               ? item->writable - TAIL
               : entry->payload;
}

static bool is_untouched(const uint8_t *bytes, uint32_t count, bool may_be_zero)
{
    for (uint32_t i = 0; i < count; i++)
        if (bytes[i] != VIOMMU_POISON && !(may_be_zero && !bytes[i]))
            return false;
    return true;
}

/* An unknown type comes back as it was, or is refused. */
static void judge_unknown(const struct bench *bench, const struct batch_item *item,
                          const char *text)
{
    expect(bench->test, IOMMU_OP_P05,
           is_untouched(item->out, item->writable, true)
               ? item->out[0] == VIOMMU_POISON
               : item->out[tail_at(item, &(struct entry){0})] != VIRTIO_IOMMU_S_OK,
           "%s: succeeds", text);
}

static void judge_payload(const struct bench *bench, const struct batch_item *item,
                          const struct entry *entry, const char *text)
{
    if (entry->kind == PROBE_ABSENT && entry->status == VIRTIO_IOMMU_S_OK)
        return; /* of what nothing is said */
    if (entry->status != VIRTIO_IOMMU_S_OK || !bench->properties)
        expect(bench->test, IOMMU_OP_P05, is_untouched(item->out, entry->payload, true),
               "%s: there is something before the tail of a request that was refused", text);
    else
        expect(bench->test, IOMMU_OP_P05, !memcmp(item->out, bench->properties, entry->payload),
               "%s: other properties than alone", text);
}

static void judge_length(const struct bench *bench, const struct batch_item *item,
                         const struct entry *entry, const char *text)
{
    uint32_t least = entry->payload + TAIL;
    bool is_packed = viommu_has(fixture_iommu(bench->test), VIRTIO_F_RING_PACKED);

    if (bench->says_no_length && entry->status != VIRTIO_IOMMU_S_OK)
        return;
    expect(bench->test, is_packed ? PACKED_P03 : VQ_USED_P02,
           item->written == item->writable || item->written == least,
           "%s: used length %u of %u writable bytes, expected %u", text, (unsigned)item->written,
           (unsigned)item->writable, (unsigned)least);
}

static void judge(const struct bench *bench, const struct batch_item *items, struct entry *entries,
                  unsigned count, unsigned n)
{
    const struct batch_item *item = &items[n];
    struct entry *entry = &entries[n];
    struct test *test = bench->test;
    uint32_t tail = tail_at(item, entry);
    const uint8_t *bytes = item->out + tail;
    char text[ENTRY_TEXT];

    entry_text(entries, count, n, text);
    require(test, IOMMU_OP_P01, item->is_back && !item->is_back_twice, "%s: %s", text,
            item->is_back ? "came back twice" : "did not come back");
    expect(test, IOMMU_OP_P02, !item->has_strayed, "%s: a byte outside the reply was changed",
           text);
    if (entry->kind == UNKNOWN) {
        judge_unknown(bench, item, text);
        return;
    }
    entry->status = bytes[0];
    judge_length(bench, item, entry, text);
    expect(test, IOMMU_OP_P05, bytes[0] <= VIRTIO_IOMMU_S_NOMEM && entry->permitted >> bytes[0] & 1,
           "%s: %s", text, viommu_status_text(bytes[0]));
    expect(test, IOMMU_OP_D05, !bytes[1] && !bytes[2] && !bytes[3],
           "%s: tail.reserved is %02x %02x %02x, expected zeroes", text, bytes[1], bytes[2],
           bytes[3]);
    expect(test, IOMMU_OP_P02,
           is_untouched(item->out + entry->payload, tail - entry->payload, true) &&
               is_untouched(bytes + TAIL, item->writable - tail - TAIL, true),
           "%s: something is written beside the tail", text);
    judge_payload(bench, item, entry, text);
}

static void undo(const struct bench *bench, const struct entry *entry)
{
    struct viommu_request request = entry->request;

    if (entry->status != VIRTIO_IOMMU_S_OK)
        return;
    if (entry->kind == MAP_GOOD)
        require_ok(bench->test,
                   viommu_unmap(request.map.domain, request.map.virt_start, request.map.virt_end));
    else if (entry->kind == UNMAP_GOOD)
        require_ok(bench->test,
                   viommu_map(request.unmap.domain, request.unmap.virt_start,
                              request.unmap.virt_end, request.unmap.virt_start, READ_WRITE));
}

static void build(struct bench *bench)
{
    require_attach(bench->test, 0, 0);
    require_attach(bench->test, 1, 1);
    require_ok(bench->test, batch_map(bench, OVERLAPS_AT, OVERLAPS_AT + 3));
    for (unsigned i = 0; i < BATCH_MAX; i++)
        require_ok(bench->test, batch_map(bench, UNMAPS_FROM + 2 * i, UNMAPS_FROM + 2 * i));
}

/* What is wrong already is not told twice: then the scene is built again. */
static void restore(struct bench *bench, const struct entry *entries, unsigned count)
{
    if (ledger_state(bench->test) && rng_chance(&bench->test->rng, 1, PROOF_EVERY))
        state_expect(bench->test, NULL, IOMMU_OP_P05, "several requests in one notification");
    for (unsigned i = 0; i < count; i++)
        undo(bench, &entries[i]);
    if (ledger_state(bench->test))
        return;
    fixture_restart_detached(bench->test);
    build(bench);
}

static void run(struct bench *bench, const enum kind *kinds, unsigned count,
                enum batch_layout layout, uint32_t padding)
{
    struct batch_item items[BATCH_MAX];
    struct entry entries[BATCH_MAX];

    if (layout == BATCH_PIECES && bench->wants_whole)
        layout = BATCH_DIRECT;
    for (unsigned i = 0; i < count; i++) {
        entries[i] = entry_of(bench, kinds[i], i);
        items[i] = item_of(&entries[i], layout, padding);
    }
    if (!batch_submit(&bench->batch, items, count))
        skip(bench->test, "the request queue has no room for %u requests", count);
    for (unsigned i = 0; i < count; i++)
        judge(bench, items, entries, count, i);
    for (unsigned i = 0; i < count; i++)
        if (entries[i].kind == UNKNOWN || entries[i].payload)
            ledger_skip(1);
        else
            fixture_remember(bench->test, &entries[i].request, entries[i].status);
    restore(bench, entries, count);
}

/* A device that wants both parts whole is told of by request_in_many_pieces. */
static bool wants_whole(struct bench *bench)
{
    struct entry entry = entry_of(bench, DETACH_BAD, 0);
    struct batch_item item = item_of(&entry, BATCH_PIECES, 0);

    if (!batch_submit(&bench->batch, &item, 1) || !item.is_back)
        return false;
    fixture_remember(bench->test, &entry.request, item.out[0]);
    if (item.out[0] != VIOMMU_POISON)
        return false;
    note(bench->test, "a request in pieces is not taken alone, either: each part is whole");
    return true;
}

static struct bench bench_new(struct test *test)
{
    struct bench bench = {.test = test,
                          .at = free_iova(test),
                          .granule = viommu_granule(fixture_iommu(test)),
                          .domain = fixture_domain(test, 0),
                          .empty = fixture_domain(test, 1)};
    bool has_probe = viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_PROBE);

    if (has_probe && fixture_iommu(test)->config.probe_size + TAIL <= PAGE_SIZE)
        bench.properties = probe(test, fixture_endpoint_id(test, 0)).bytes;
    bench.batch = batch_new(test);
    entries_ask_alone(&bench);
    bench.wants_whole = wants_whole(&bench);
    build(&bench);
    return bench;
}

static bool can_send(const struct bench *bench, enum kind kind)
{
    return bench->properties || (kind != PROBE_GOOD && kind != PROBE_ABSENT);
}

/* Every pair in both orders, at every size and in every way to lay it out. */
static void send_pairs(struct test *test)
{
    struct bench bench = bench_new(test);

    for (unsigned n = 0; n < KINDS * KINDS * BATCH_LAYOUTS * 2; n++) {
        unsigned pair = n / BATCH_LAYOUTS / 2;
        const enum kind kinds[] = {(enum kind)(pair / KINDS), (enum kind)(pair % KINDS)};

        if (can_send(&bench, kinds[0]) && can_send(&bench, kinds[1]))
            run(&bench, kinds, 2, (enum batch_layout)(n % BATCH_LAYOUTS),
                n / BATCH_LAYOUTS % 2 ? PADDING : 0);
    }
}

/* Every triple in every order, each in one of the ways. */
static void send_triples(struct test *test)
{
    struct bench bench = bench_new(test);

    for (unsigned n = 0; n < KINDS * KINDS * KINDS; n++) {
        const enum kind kinds[] = {(enum kind)(n / KINDS / KINDS), (enum kind)(n / KINDS % KINDS),
                                   (enum kind)(n % KINDS)};

        if (can_send(&bench, kinds[0]) && can_send(&bench, kinds[1]) && can_send(&bench, kinds[2]))
            run(&bench, kinds, 3, (enum batch_layout)rng_below(&test->rng, BATCH_LAYOUTS),
                rng_chance(&test->rng, 1, 4) ? PADDING : 0);
    }
}

TEST(every_pair_of_types,
     .clauses = CLAUSES(IOMMU_OP_P05, IOMMU_OP_P01, IOMMU_OP_P02, IOMMU_OP_D05), .needs = NEEDS,
     .limit_s = 60, .provokes = true)
{
    send_pairs(test);
}

TEST(every_triple_of_types,
     .clauses = CLAUSES(IOMMU_OP_P05, IOMMU_OP_P01, IOMMU_OP_P02, IOMMU_OP_D05), .needs = NEEDS,
     .limit_s = 60, .provokes = true)
{
    send_triples(test);
}

/* The other format of rings, where the run has split ones. */
static void use_packed_rings(struct test *test)
{
    if (viommu_has(fixture_iommu(test), VIRTIO_F_RING_PACKED))
        skip(test, "rings are packed in every test");
    fixture_use_packed_rings(test);
}

TEST(every_pair_of_types_in_packed_rings,
     .clauses = CLAUSES(IOMMU_OP_P05, IOMMU_OP_P01, IOMMU_OP_P02, IOMMU_OP_D05), .needs = NEEDS,
     .limit_s = 60, .provokes = true)
{
    use_packed_rings(test);
    send_pairs(test);
}

TEST(every_triple_of_types_in_packed_rings,
     .clauses = CLAUSES(IOMMU_OP_P05, IOMMU_OP_P01, IOMMU_OP_P02, IOMMU_OP_D05), .needs = NEEDS,
     .limit_s = 60, .provokes = true)
{
    use_packed_rings(test);
    send_triples(test);
}
