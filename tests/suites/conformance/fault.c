// SPDX-License-Identifier: BSD-2-Clause
/* Fault reports: virtio 1.4 section 5.13.6.9. They are optional; those that arrive are judged. */
#include <string.h>

#include "drivers/viommu/event.h"
#include "lib/array/array.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.fault"

#define READ  VIRTIO_IOMMU_MAP_F_READ
#define NEEDS (NEEDS_DMA | NEEDS_MAP_UNMAP)

#define FAULT_FLAGS                                                                                \
    (VIRTIO_IOMMU_FAULT_F_READ | VIRTIO_IOMMU_FAULT_F_WRITE | VIRTIO_IOMMU_FAULT_F_ADDRESS)
#define EVENT_WAIT_NS 50000000ull

/* What the report of a denied transfer has to say. */
struct cause {
    const struct dma_engine *engine;
    uint8_t reason;
    uint32_t direction; /* the FAULT_F bit of the access */
    uint64_t first, last;
};

static void judge_event(struct test *test, const struct viommu_event *event,
                        const struct cause *cause)
{
    const struct virtio_iommu_fault *fault = &event->fault;
    uint64_t granule = viommu_granule(fixture_iommu(test));

    expect(test, IOMMU_FAULT_P03, event->written >= sizeof(*fault),
           "used length of the report is %u, expected at least 24", event->written);
    expect(test, IOMMU_FAULT_D01, !fault->reserved[0] && !fault->reserved[1] && !fault->reserved[2],
           "fault.reserved is %02x %02x %02x, expected zeroes", fault->reserved[0],
           fault->reserved[1], fault->reserved[2]);
    expect(test, IOMMU_FAULT_D02, !fault->reserved1, "fault.reserved1 is 0x%x, expected 0",
           (unsigned)fault->reserved1);
    expect(test, IOMMU_FAULT_D03, !(fault->flags & ~FAULT_FLAGS),
           "fault.flags is 0x%x, expected none but bits 0, 1, 8", (unsigned)fault->flags);
    expect(test, IOMMU_FAULT_D04, fault->endpoint == cause->engine->endpoint,
           "fault.endpoint is 0x%x, expected 0x%x", (unsigned)fault->endpoint,
           (unsigned)cause->engine->endpoint);
    /* UNKNOWN conforms always: a device need not find out the reason. */
    expect(test, cause->reason == VIRTIO_IOMMU_FAULT_R_DOMAIN ? IOMMU_FAULT_P04 : IOMMU_FAULT_P05,
           fault->reason == cause->reason || fault->reason == VIRTIO_IOMMU_FAULT_R_UNKNOWN,
           "fault.reason is %u, expected %u", fault->reason, cause->reason);
    expect(test, IOMMU_FAULT_P06,
           !(fault->flags & (VIRTIO_IOMMU_FAULT_F_READ | VIRTIO_IOMMU_FAULT_F_WRITE)) ||
               fault->flags & cause->direction,
           "fault.flags is 0x%x, expected the access 0x%x in it", (unsigned)fault->flags,
           (unsigned)cause->direction);
    if (fault->flags & VIRTIO_IOMMU_FAULT_F_ADDRESS)
        expect(test, IOMMU_FAULT_P07,
               fault->address >= (cause->first & -granule) && fault->address <= cause->last,
               "fault.address is 0x%llx, expected within [0x%llx, 0x%llx]",
               (unsigned long long)fault->address, (unsigned long long)cause->first,
               (unsigned long long)cause->last);
}

/*
 * Whether it is of another engine, which may have faulted late, and of an address that this cause has not:
 * with the address of the cause the endpoint is wrong.
 */
static bool is_of_another(struct test *test, const struct viommu_event *event,
                          const struct cause *cause)
{
    const struct virtio_iommu_fault *fault = &event->fault;
    const struct fixture *fixture = test->fixture;
    bool is_there = fault->flags & VIRTIO_IOMMU_FAULT_F_ADDRESS && fault->address >= cause->first &&
                    fault->address <= cause->last;

    for (unsigned i = 0; i < fixture->engine_count && !is_there; i++)
        if (fixture->engines[i].endpoint == fault->endpoint &&
            fault->endpoint != cause->engine->endpoint && fixture->engines[i].is_managed)
            return true;
    return false;
}

/* Judges every report that is there; returns how many were. */
static unsigned judge_events(struct test *test, const struct cause *cause)
{
    struct viommu_event event;
    enum virtq_pop result;
    unsigned count = 0;

    while ((result = viommu_next_event(fixture_iommu(test), count ? 0 : EVENT_WAIT_NS, &event)) ==
           VIRTQ_POPPED) {
        if (event.written >= sizeof(event.fault) && is_of_another(test, &event, cause)) {
            note(test, "a report of endpoint 0x%x is not of this test",
                 (unsigned)event.fault.endpoint);
            continue;
        }
        judge_event(test, &event, cause);
        count++;
    }
    expect(test, IOMMU_FAULT_P03, result == VIRTQ_EMPTY, "event queue: %s", virtq_pop_text(result));
    note(test, "%u reports", count);
    return count;
}

/* Reports are optional (5.13.6.9): where none comes what is said of them is not judged. */
static void judge_events_if_any(struct test *test, const struct cause *cause)
{
    if (!judge_events(test, cause))
        skip(test, "the device reports no fault");
}

/* An engine whose rings were out of reach for a while may have faulted by itself. */
static void drain_events(struct test *test)
{
    require(test, IOMMU_FAULT_P03, viommu_drain_events(fixture_iommu(test)),
            "the event queue is in disorder before the fault");
}

static struct dma_engine *attached_engine(struct test *test)
{
    struct dma_engine *engine = fixture_engine(test);

    prepare_engine(test, engine);
    attach_engine(test, fixture_domain(test, 0), engine);
    drain_events(test);
    return engine;
}

/*
 * The address has bits in both halves, so that one that is 4 bytes early, as in an older layout,
 * cannot look right.
 */
TEST(unmapped_write,
     .clauses = CLAUSES(IOMMU_FAULT_P05, IOMMU_FAULT_P07, IOMMU_FAULT_D02, IOMMU_MAP_P04),
     .needs = NEEDS)
{
    struct dma_engine *engine = attached_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test) + target.unit; /* bits in both halves */
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_MAPPING, VIRTIO_IOMMU_FAULT_F_WRITE,
                                at, at + transfer_length(engine) - 1};

    expect_write_denied(test, IOMMU_MAP_P04, engine, at, &target, transfer_length(engine));
    judge_events_if_any(test, &cause);
}

/* The direction is reported apart from the address: flag READ, not WRITE. */
TEST(unmapped_read, .clauses = CLAUSES(IOMMU_FAULT_P05, IOMMU_FAULT_P06, IOMMU_MAP_P04),
     .needs = NEEDS)
{
    struct dma_engine *engine = attached_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_MAPPING, VIRTIO_IOMMU_FAULT_F_READ, at,
                                at + transfer_length(engine) - 1};

    expect_read_denied(test, IOMMU_MAP_P04, engine, at, &target, transfer_length(engine), NULL);
    judge_events_if_any(test, &cause);
}

/* A missing permission has reason MAPPING like a missing mapping (P05). */
TEST(write_to_a_read_only_mapping, .clauses = CLAUSES(IOMMU_FAULT_P05, IOMMU_MAP_D15),
     .needs = NEEDS)
{
    struct dma_engine *engine = attached_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);
    struct viommu_request map = viommu_map(fixture_domain(test, 0), at, at + target.unit - 1,
                                           target_physical(&target), READ);
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_MAPPING, VIRTIO_IOMMU_FAULT_F_WRITE,
                                at, at + transfer_length(engine) - 1};

    if (submit(test, &map).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device refuses read-only mappings");
    expect_write_denied(test, IOMMU_MAP_D15, engine, at, &target, transfer_length(engine));
    judge_events_if_any(test, &cause);
}

/*
 * Only an engine without rings of its own: a virtio device would fault on its ring first, at an
 * address that is not the transfer's.
 */
TEST(unattached_endpoint, .clauses = CLAUSES(IOMMU_FAULT_P04, IOMMU_OP_D06),
     .needs = NEEDS_EXACT_DMA | NEEDS_BYPASS_CONFIG)
{
    struct dma_engine *engine = fixture_exact_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = target_physical(&target);
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_DOMAIN, VIRTIO_IOMMU_FAULT_F_WRITE, at,
                                at + 63};

    prepare_engine(test, engine);
    viommu_set_bypass(fixture_iommu(test), 0);
    drain_events(test);
    expect_write_denied(test, IOMMU_OP_D06, engine, at, &target, 64);
    judge_events_if_any(test, &cause);
}

/*
 * Faults without a buffer may be kept or dropped (P02). They must not stop the request queue, break
 * the device, or make later mappings fail.
 */
TEST(without_a_buffer_requests_go_on, .clauses = CLAUSES(IOMMU_FAULT_P02, IOMMU_MAP_P04),
     .needs = NEEDS, .provokes = true)
{
    fixture_use_events(test, 0, 0);

    struct viommu *viommu = fixture_iommu(test);
    struct dma_engine *engine = attached_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_MAPPING, VIRTIO_IOMMU_FAULT_F_WRITE,
                                at, at + transfer_length(engine) - 1};

    for (unsigned i = 0; i < 4; i++)
        expect_write_denied(test, IOMMU_MAP_P04, engine, at, &target, transfer_length(engine));
    require(test, IOMMU_FAULT_P02, !viommu_needs_reset(fixture_iommu(test)),
            "the device asks for a reset after faults that found no buffer");
    expect_status(test, IOMMU_FAULT_P02,
                  viommu_map(fixture_domain(test, 0), at, at + target.unit - 1,
                             target_physical(&target), READ_WRITE),
                  VIRTIO_IOMMU_S_OK);
    expect_write_lands(test, IOMMU_FAULT_P02, engine, at, &target, 0, transfer_length(engine));
    if (!viommu_post_events(viommu, viommu_events_at_most(viommu, 8), VIOMMU_EVENT_LENGTH))
        error(test, "the event queue takes no buffers");
    judge_events(test, &cause);
}

/* What short buffers keep a device from does happen with buffers of the usual length. */
static void require_report(struct test *test, struct dma_engine *engine,
                           const struct target *target)
{
    uint64_t at = free_iova(test);
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_MAPPING, VIRTIO_IOMMU_FAULT_F_WRITE,
                                at, at + transfer_length(engine) - 1};

    fixture_use_events(test, 4, VIOMMU_EVENT_LENGTH);
    if (viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(fixture_iommu(test), 1);
    attached_engine(test);
    expect_write_denied(test, IOMMU_MAP_P04, engine, at, target, transfer_length(engine));
    judge_events_if_any(test, &cause);
}

/*
 * A driver should not post them, so a device may report nothing or ask for a reset. What it does
 * write must stay in one buffer: 8 bytes is less than any layout, 23 one less than this one.
 */
TEST(short_buffers,
     .clauses = CLAUSES(IOMMU_FAULT_D06, IOMMU_FAULT_D07, IOMMU_FAULT_P02, IOMMU_MAP_P04),
     .needs = NEEDS, .provokes = true)
{
    static const uint32_t lengths[] = {8, 23};
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    struct viommu *viommu = fixture_iommu(test);

    for (unsigned i = 0; i < ARRAY_LENGTH(lengths); i++) {
        struct viommu_event event;
        unsigned count = 0;

        /* No buffer is there for a fault of the set-up, as of a late notification. */
        fixture_use_events(test, 0, 0);
        prepare_engine(test, engine);
        attach_engine(test, fixture_domain(test, 0), engine);
        if (!viommu_post_events(viommu, viommu_events_at_most(viommu, 4), lengths[i]))
            error(test, "the event queue takes no buffers");
        expect_write_denied(test, IOMMU_MAP_P04, engine, free_iova(test), &target,
                            transfer_length(engine));
        enum virtq_pop result;

        while ((result = viommu_next_event(viommu, EVENT_WAIT_NS, &event)) == VIRTQ_POPPED) {
            count++;
            expect(test, IOMMU_FAULT_D06, event.written <= lengths[i],
                   "used length %u for a buffer of %u bytes", event.written, lengths[i]);
            for (uint32_t byte = lengths[i]; byte < VIOMMU_EVENT_ROOM; byte++)
                if (event.bytes[byte] != VIOMMU_POISON) {
                    expect(test, IOMMU_FAULT_D06, false,
                           "byte %u after a buffer of %u bytes was written", byte, lengths[i]);
                    break;
                }
        }
        expect(test, IOMMU_FAULT_D06, result == VIRTQ_EMPTY, "a buffer of %u bytes: %s", lengths[i],
               virtq_pop_text(result));
        expect(test, IOMMU_FAULT_D06, count <= 1, "one fault took %u buffers of %u bytes", count,
               lengths[i]);
        expect(test, IOMMU_FAULT_D07, !count, "a report came in a buffer of %u bytes", lengths[i]);
        /* A short buffer is an error of the driver: a device may ask for a reset, not stop. */
        if (viommu_needs_reset(viommu)) {
            note(test, "the device asks for a reset after a buffer of %u bytes", lengths[i]);
            fixture_restart(test, test->fixture->features);
            attach_engine(test, fixture_domain(test, 0), engine);
        }
    }
    expect_status(
        test, IOMMU_FAULT_P02,
        viommu_unmap(fixture_domain(test, 0), free_iova(test), free_iova(test) + target.unit - 1),
        VIRTIO_IOMMU_S_OK);
    require_report(test, engine, &target);
    if (viommu->events.size == 1)
        skip(test, "an event queue of one entry can't show that a report is in one buffer only");
}

/* A report is 24 bytes, whatever the buffer has room for; the used length says so. */
TEST(long_buffer_gets_one_report, .clauses = CLAUSES(IOMMU_FAULT_P03, IOMMU_MAP_P04),
     .needs = NEEDS)
{
    fixture_use_events(test, 4, VIOMMU_EVENT_ROOM);

    struct dma_engine *engine = attached_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = free_iova(test);
    const struct cause cause = {engine, VIRTIO_IOMMU_FAULT_R_MAPPING, VIRTIO_IOMMU_FAULT_F_WRITE,
                                at, at + transfer_length(engine) - 1};

    expect_write_denied(test, IOMMU_MAP_P04, engine, at, &target, transfer_length(engine));
    judge_events_if_any(test, &cause);
}
