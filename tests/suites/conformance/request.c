// SPDX-License-Identifier: BSD-2-Clause
/* The framing of requests: virtio 1.4 sections 5.13.6 and 2.7.4. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/framework/request.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.request"

TEST(reserved_bytes_of_the_head_are_ignored, .clauses = CLAUSES(IOMMU_OP_D04),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint32_t domain = fixture_domain(test, 0), endpoint = fixture_endpoint_id(test, 0);
    uint64_t first = free_iova(test), last = first + viommu_granule(fixture_iommu(test)) - 1;
    struct viommu_request requests[] = {
        viommu_attach(domain, endpoint, 0),
        viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE),
        viommu_unmap(domain, first, last),
        viommu_detach(domain, endpoint),
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(requests); i++) {
        memset(requests[i].head.reserved, 0xff, sizeof(requests[i].head.reserved));
        expect_status(test, IOMMU_OP_D04, requests[i], VIRTIO_IOMMU_S_OK);
    }
}

/* submit() judges them. */
TEST(answers_are_four_bytes,
     .clauses = CLAUSES(IOMMU_OP_P02, IOMMU_OP_D05, VQ_USED_P02, PACKED_P03, IOMMU_MAP_D07),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    uint32_t domain = fixture_domain(test, 0), endpoint = fixture_endpoint_id(test, 0);
    uint64_t first = free_iova(test), last = first + viommu_granule(fixture_iommu(test)) - 1;
    const struct viommu_request absent = viommu_detach(domain, fixture_absent_endpoint(test));

    require_ok(test, viommu_attach(domain, endpoint, 0));
    require_ok(test, viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE));
    expect_refused(test, IOMMU_MAP_D07,
                   viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE));
    require_ok(test, viommu_unmap(domain, first, last));
    require_ok(test, viommu_detach(domain, endpoint));
    submit(test, &absent);
    waive(test, VQ_USED_P02, "rings are packed");
    waive(test, PACKED_P03, "rings are split");
}

TEST(unknown_types_are_left_unwritten,
     .clauses = CLAUSES(IOMMU_OP_D02, IOMMU_OP_D03, VQ_USED_D02, IOMMU_OP_P01, IOMMU_OP_P04),
     .needs = NEEDS_IOMMU, .provokes = true)
{
    static const uint8_t types[] = {0, 0x7f, 0xff};

    for (unsigned i = 0; i < sizeof(types); i++) {
        struct viommu_request request = {.head.type = types[i], .length = 20};
        struct viommu_reply reply = viommu_submit(fixture_iommu(test), &request);

        require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN,
                "a request of type %u does not come back", types[i]);
        expect(test, IOMMU_OP_P04, reply.status != VIRTIO_IOMMU_S_OK,
               "a request of type %u succeeds", types[i]);
        expect(test, IOMMU_OP_D02, !reply.has_status,
               "type %u: the status %u was written, expected nothing", types[i], reply.status);
        expect(test, VQ_USED_D02, !reply.written || reply.has_status,
               "type %u: used length %u, and nothing was written", types[i], reply.written);
        expect(test, IOMMU_OP_D03, reply.written == 0, "type %u: used length %u, expected 0",
               types[i], reply.written);
    }

    /* What is written for a type that the device knows is seen. */
    const struct viommu_request known =
        viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
    struct viommu_reply reply = viommu_submit(fixture_iommu(test), &known);

    if (!reply.has_status || !reply.written)
        error(test, "control: nothing is written for a DETACH either");
}

/* Each is too short for the device to find the tail, or for a request to be in it. */
TEST(truncated_requests_come_back_unwritten,
     .clauses = CLAUSES(IOMMU_OP_P03, IOMMU_OP_P01, IOMMU_OP_P02), .needs = NEEDS_ENDPOINT,
     .limit_s = 60, .provokes = true)
{
    static const struct {
        const char *what;
        uint32_t readable, writable;
    } shapes[] = {
        {"a head of 2 bytes", 2, 4},
        {"a tail of 2 bytes", 20, 2},
        {"no tail", 20, 0},
        {"nothing but a tail", 0, 4},
    };
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);

    for (unsigned i = 0; i < ARRAY_LENGTH(shapes); i++) {
        uint8_t tail[4];

        fixture_restart(test, test->fixture->features);

        struct viommu_reply reply = viommu_submit_malformed(
            fixture_iommu(test), attach.bytes, shapes[i].readable, tail, shapes[i].writable);

        /* A broken driver may be answered with NEEDS_RESET; then the buffer is not due. */
        bool reset_wanted =
            reply.outcome > VIOMMU_UNWRITTEN && viommu_needs_reset(fixture_iommu(test));

        fixture_remember(test, &attach, reply.status);
        if (reset_wanted)
            note(test, "%s: the device asks for a reset", shapes[i].what);
        expect(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN || reset_wanted,
               "%s: does not come back", shapes[i].what);
        for (uint32_t byte = 0; shapes[i].writable < 4 && byte < shapes[i].writable; byte++)
            expect(test, IOMMU_OP_P03, tail[byte] == VIOMMU_POISON, "%s: byte %u of it was written",
                   shapes[i].what, byte);
        expect(test, IOMMU_OP_P03, reply.status != VIRTIO_IOMMU_S_OK, "%s: succeeds",
               shapes[i].what);
        expect(test, IOMMU_OP_P02, !reply.out_of_bounds, "%s: a byte outside the reply was changed",
               shapes[i].what);
        fixture_restart(test, test->fixture->features);
        require_attach(test, 0, 0);
    }
}

/*
 * Every length of the readable part: never a success of what is not all there, never a stray byte.
 */
TEST(short_readable_parts_do_not_succeed,
     .clauses = CLAUSES(IOMMU_OP_P03, IOMMU_OP_P01, IOMMU_OP_P02),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP, .limit_s = 60, .provokes = true)
{
    uint32_t domain = fixture_domain(test, 0);
    uint64_t first = free_iova(test), last = first + viommu_granule(fixture_iommu(test)) - 1;
    const struct viommu_request requests[] = {
        viommu_attach(domain, fixture_endpoint_id(test, 0), 0),
        viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE),
        viommu_unmap(domain, first, last),
        viommu_detach(domain, fixture_endpoint_id(test, 0)),
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(requests); i++) {
        for (uint32_t length = 4; length < requests[i].length; length += 4) {
            uint8_t tail[4];
            struct viommu_reply reply = viommu_submit_malformed(
                fixture_iommu(test), requests[i].bytes, length, tail, sizeof(tail));

            if (reply.outcome > VIOMMU_UNWRITTEN) {
                expect(test, IOMMU_OP_P01, viommu_needs_reset(fixture_iommu(test)),
                       "request type %u of %u bytes does not come back", requests[i].head.type,
                       length);
                return;
            }
            fixture_remember(test, &requests[i], reply.status);
            expect(test, IOMMU_OP_P02, !reply.out_of_bounds,
                   "request type %u of %u bytes: a byte outside the reply was changed",
                   requests[i].head.type, length);
            expect(test, IOMMU_OP_P03, reply.status != VIRTIO_IOMMU_S_OK,
                   "request type %u succeeds with %u of its %u bytes", requests[i].head.type,
                   length, requests[i].length);
        }
        require_ok(test, requests[i]);
    }
}

TEST(batch_is_answered_one_by_one, .clauses = CLAUSES(IOMMU_OP_P05, IOMMU_OP_P01),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    enum { COUNT = 64 };
    struct viommu_request requests[COUNT];
    struct viommu_reply replies[COUNT];
    uint32_t domain = fixture_domain(test, 0);
    uint64_t granule = viommu_granule(fixture_iommu(test)), at = free_iova(test);

    require_attach(test, 0, 0);
    for (unsigned i = 0; i < COUNT; i++) /* every third one is unaligned and must fail alone */
        requests[i] = viommu_map(domain, at + 2 * i * granule, at + (2 * i + 1) * granule - 1,
                                 memory_unused(test, i, 1), i % 3 == 2 ? 0x80000000 : READ_WRITE);
    require(test, IOMMU_OP_P01, submit_batch(test, requests, COUNT, replies) == COUNT,
            "not every request of a batch of %u was answered", COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t expected = i % 3 == 2 ? VIRTIO_IOMMU_S_INVAL : VIRTIO_IOMMU_S_OK;

        expect(test, IOMMU_OP_P05, replies[i].status == expected && !replies[i].out_of_bounds,
               "request %u of the batch: %s%s, expected %s", i, viommu_reply_text(&replies[i]),
               replies[i].out_of_bounds ? ", stray bytes" : "", viommu_status_text(expected));
    }
}

/*
 * Each of a pair undoes the other. Where there is MAP they are MAP and UNMAP: of an ATTACH and a DETACH a
 * VMM may keep what it has made for them until it is at rest, which is a quarter of a gigabyte of a thousand
 * in QEMU.
 */
static void fill_with_pairs(struct test *test, struct viommu_request *requests, unsigned count)
{
    uint32_t domain = fixture_domain(test, 0), endpoint = fixture_endpoint_id(test, 0);
    bool maps = viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MAP_UNMAP);
    uint64_t first = maps ? free_iova(test) : 0;
    uint64_t last = first + (viommu_granule(fixture_iommu(test)) - 1);

    if (maps)
        require_attach(test, 0, 0);
    for (unsigned i = 0; i < count; i++)
        if (maps)
            requests[i] =
                i % 2 ? viommu_unmap(domain, first, last)
                      : viommu_map(domain, first, last, memory_unused(test, 0, 1), READ_WRITE);
        else
            requests[i] =
                i % 2 ? viommu_detach(domain, endpoint) : viommu_attach(domain, endpoint, 0);
}

TEST(batch_beyond_the_ring, .clauses = CLAUSES(IOMMU_OP_P01), .needs = NEEDS_ENDPOINT)
{
    enum { COUNT = 1000 };
    struct viommu_request *requests =
        fixture_pages(test, COUNT * sizeof(*requests) / PAGE_SIZE + 1);
    struct viommu_reply *replies = fixture_pages(test, COUNT * sizeof(*replies) / PAGE_SIZE + 1);

    fill_with_pairs(test, requests, COUNT);
    expect(test, IOMMU_OP_P01, submit_batch(test, requests, COUNT, replies) == COUNT,
           "not every request of %u was answered", COUNT);
}

/* Adds memory in `pieces` segments, as even as can be. */
static unsigned cut(struct virtq_segment *segments, const void *bytes, uint32_t length,
                    unsigned pieces, bool is_writable)
{
    for (unsigned i = 0; i < pieces; i++) {
        uint32_t first = length * i / pieces, next = length * (i + 1) / pieces;

        segments[i] = (struct virtq_segment){(uintptr_t)bytes + first, next - first, is_writable};
    }
    return pieces;
}

/*
 * 2.7.4.1: a device makes no assumption on how a request is cut into descriptors: as many as the
 * queue has entries, up to one for two bytes of the request and one for each of the tail.
 */
TEST(request_in_many_pieces, .clauses = CLAUSES(VQ_FRAME_D01), .needs = NEEDS_ENDPOINT)
{
    struct viommu *viommu = fixture_iommu(test);
    struct viommu_request attach =
        viommu_attach(fixture_domain(test, 0), fixture_endpoint_id(test, 0), 0);
    uint8_t *bytes = fixture_pages(test, 1), *tail = bytes + 64;
    unsigned room = viommu->requests.size, of_tail = room < 14 ? room / 4 + !(room / 4) : 4;
    struct virtq_segment segments[14];
    struct virtq_used_element used = {0};
    unsigned count;

    if (room < 3)
        skip(test, "a request queue of %u entries takes no request in three pieces", room);
    memcpy(bytes, attach.bytes, attach.length);
    memset(tail, VIOMMU_POISON, 8);
    count = cut(segments, bytes, attach.length, room < 14 ? room - of_tail : 10, false);
    count += cut(segments + count, tail, sizeof(struct virtio_iommu_req_tail), of_tail, true);
    if (!virtq_add(&viommu->requests, segments, count))
        error(test, "the request queue is full");
    fixture_remember(test, &attach, VIRTIO_IOMMU_S_OK);
    viommu_notify(viommu);

    bool is_back = viommu_wait(viommu, &used) == VIRTQ_POPPED;

    expect(test, VQ_FRAME_D01, is_back && tail[0] == VIRTIO_IOMMU_S_OK,
           "ATTACH in %u descriptors: %s, status %s", count,
           is_back ? "returned" : "did not come back",
           tail[0] == VIOMMU_POISON ? "none" : viommu_status_text(tail[0]));
    expect(test, VQ_FRAME_D01, tail[4] == VIOMMU_POISON, "a byte behind the tail was written");
}
