// SPDX-License-Identifier: BSD-2-Clause
/* The packed virtqueue as the device uses it: virtio 1.4 sections 2.8.1 to 2.8.9 and 2.8.15. */
#include "lib/array/array.h"
#include "tests/framework/packed.h"

#include <string.h>

#include "tests/framework/request.h"

#define SUITE "conformance.packed"
#define NEEDS NEEDS_ENDPOINT

#define INDIRECT VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC)

#define SIZE       16 /* entries: a lap is short */
#define LISTS      (3 * SIZE)
#define FOREVER_NS 2000000000ull

/* A table of a request in two descriptors, and what points to it. */
static struct virtq_packed_desc in_table(struct packed_request *request, uint16_t id)
{
    packed_cut(request, request->table, 2, 0x5a5a);
    request->table[0].flags = 0;
    return (struct virtq_packed_desc){(uintptr_t)request->table, 2 * sizeof(request->table[0]), id,
                                      VIRTQ_DESC_F_INDIRECT};
}

/* A list has at most as many descriptors as the ring, a table included (2.8.7). */
static unsigned at_most(const struct packed_ring *ring, unsigned count)
{
    return count < ring->size ? count : ring->size;
}

static void need_tables(struct test *test)
{
    if (!(test->fixture->features & INDIRECT))
        skip(test, "INDIRECT_DESC is not offered");
}

/* packed_send() waits for flags that both are what the wrap counter is. */
TEST(used_flags_follow_the_wrap_counter, .clauses = CLAUSES(PACKED_P01, PACKED_P03), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct virtq_packed_desc list[2], used = {0};

    for (unsigned i = 0; i < LISTS; i++) {
        packed_cut(request, list, 2, (uint16_t)(i % SIZE));
        require(test, PACKED_P01, packed_send(test, &ring, list, 2, &used),
                "list %u does not come back with AVAIL and USED as the wrap counter is", i);
        expect(test, PACKED_P03, used.length == sizeof(request->tail), "used length %u, expected 4",
               used.length);
    }
}

/* Also of a request whose type nobody knows, which devices leave unwritten or answer. */
TEST(used_descriptor_tells_of_writes, .clauses = CLAUSES(PACKED_P02, PACKED_P01), .needs = NEEDS,
     .provokes = true)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct virtq_packed_desc list[2], used = {0};

    for (unsigned i = 0; i < SIZE; i++) {
        request->request.head.type = i % 2 ? 0xff : VIRTIO_IOMMU_T_ATTACH;
        packed_cut(request, list, 2, 3);
        require(test, PACKED_P01, packed_send(test, &ring, list, 2, &used),
                "a list does not come back");

        bool is_written = request->tail.status != VIOMMU_POISON;

        expect(test, PACKED_P02, !(used.flags & VIRTQ_DESC_F_WRITE) == !is_written,
               "WRITE is %u in the used descriptor of a request whose tail was %swritten",
               !!(used.flags & VIRTQ_DESC_F_WRITE), is_written ? "" : "not ");
    }
}

/* Ids in an order of their own, and nonsense where none is read. */
TEST(lists_of_any_length, .clauses = CLAUSES(PACKED_P04, PACKED_D08), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct virtq_packed_desc list[8];

    for (unsigned i = 0; i < LISTS; i++) {
        unsigned count = at_most(&ring, 2 + i * 5 % 7);

        packed_cut(request, list, count, (uint16_t)(i * 7 % ring.size));
        for (unsigned k = 0; k + 1 < count; k++)
            list[k].id = (uint16_t)~list[k].id;
        packed_expect(test, count > 2 ? PACKED_D08 : PACKED_P04, &ring, request, list, count);
        expect(test, PACKED_P04, request->behind[0] == VIOMMU_POISON,
               "a byte behind the tail was written");
    }
    waive(test, PACKED_D08, "the ring has room for no list of three");
}

TEST(entries_of_a_table_are_consecutive, .clauses = CLAUSES(PACKED_P05), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 1, 0);
    struct packed_request *request = packed_request(test);

    need_tables(test);
    for (unsigned count = 2; count == 2 || count <= at_most(&ring, 8); count++) {
        struct virtq_packed_desc list = in_table(request, (uint16_t)(SIZE - count));

        packed_cut(request, request->table, count, (uint16_t)(0xfff0 + count));
        for (unsigned i = 0; i < count; i++)
            request->table[i].flags &= VIRTQ_DESC_F_WRITE;
        list.length = count * (uint32_t)sizeof(list);
        packed_expect(test, PACKED_P05, &ring, request, &list, 1);
    }
}

TEST(write_flag_of_an_indirect_descriptor_is_ignored, .clauses = CLAUSES(PACKED_P06),
     .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 1, 0);
    struct packed_request *request = packed_request(test);
    struct virtq_packed_desc list = in_table(request, 1);

    need_tables(test);
    list.flags |= VIRTQ_DESC_F_WRITE;
    packed_expect(test, PACKED_P06, &ring, request, &list, 1);
}

TEST(lists_and_tables_may_be_mixed, .clauses = CLAUSES(PACKED_P07), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct virtq_packed_desc list[3];

    need_tables(test);
    for (unsigned i = 0; i < LISTS; i++) {
        unsigned count = i % 2 ? at_most(&ring, 3) : 1;

        if (count == 1)
            list[0] = in_table(request, (uint16_t)(i % SIZE));
        else
            packed_cut(request, list, count, (uint16_t)(i % SIZE));
        packed_expect(test, PACKED_P07, &ring, request, list, count);
    }
}

/* Through the driver, as many at once as there is room for. */
TEST(any_number_of_entries, .clauses = CLAUSES(PACKED_P10), .needs = NEEDS, .limit_s = 60,
     .requests = 1280)
{
    static const uint16_t sizes[] = {2, 3, 5, 12, 100};
    enum { BATCH = 128 };
    struct viommu_request *requests =
        fixture_pages(test, BATCH * sizeof(*requests) / PAGE_SIZE + 1);
    struct viommu_reply *replies = fixture_pages(test, BATCH * sizeof(*replies) / PAGE_SIZE + 1);
    uint8_t alone;

    for (unsigned i = 0; i < BATCH; i++)
        requests[i] = viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
    alone = submit(test, &requests[0]).status; /* which one is right is judged elsewhere */
    for (unsigned i = 0; i < 2 * ARRAY_LENGTH(sizes); i++) {
        uint16_t size = sizes[i / 2];
        struct packed_ring ring = packed_open(test, size, 1, i % 2 ? INDIRECT : 0);

        if (ring.size != size) {
            note(test, "a queue of %u entries has %u", size, ring.size);
            continue;
        }
        require(test, PACKED_P10, submit_batch(test, requests, BATCH, replies) == BATCH,
                "a queue of %u entries: not every request of a batch came back", size);
        for (unsigned k = 0; k < BATCH; k++)
            expect(test, PACKED_P10,
                   replies[k].outcome == VIOMMU_ANSWERED && replies[k].status == alone &&
                       !replies[k].out_of_bounds,
                   "a queue of %u entries: %s, alone %s", size, viommu_reply_text(&replies[k]),
                   viommu_status_text(alone));
    }
}

TEST(what_is_for_reading_is_not_written, .clauses = CLAUSES(PACKED_D04, PACKED_P11), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct viommu_request before = request->request;
    const volatile struct virtq_packed_event *event = ring.queue->packed.driver;
    struct virtq_packed_desc list[3];
    unsigned count = at_most(&ring, 3);

    ring.queue->packed.driver->position = 0x7fff;
    ring.queue->packed.driver->flags = VIRTQ_EVENT_DISABLE;
    for (unsigned i = 0; i < LISTS; i++) {
        packed_cut(request, list, count, (uint16_t)(i % SIZE));
        packed_expect(test, PACKED_P04, &ring, request, list, count);
        expect(test, PACKED_D04, !memcmp(before.bytes, request->request.bytes, before.length),
               "the request, which is for reading, was written");
        expect(test, PACKED_P11, event->position == 0x7fff && event->flags == VIRTQ_EVENT_DISABLE,
               "the driver's event suppression structure was written: 0x%04x 0x%04x",
               event->position, event->flags);
    }
}

/* Behind the list that is available stands one of the lap before, as its flags say. */
TEST(descriptor_of_another_lap_is_left_alone, .clauses = CLAUSES(PACKED_D06), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 4, 0);
    struct packed_request *request = packed_request(test), *stale = packed_request(test);
    struct virtq_packed_desc list[2], old[2], used = {0};

    for (unsigned i = 0; i < LISTS; i++) {
        struct packed_ring behind = ring;

        packed_cut(request, list, 2, (uint16_t)(i % SIZE));
        packed_cut(stale, old, 2, (uint16_t)((i + 1) % SIZE));
        if (ring.at + 4u <= ring.size) {
            behind.at = ring.at + 2u;
            behind.wrap = !ring.wrap;
            packed_put(&behind, old, 2);
        }
        packed_expect(test, PACKED_P04, &ring, request, list, 2);
        virtq_notify(ring.queue);
        require(test, PACKED_D06, stale->tail.status == VIOMMU_POISON,
                "a request of a descriptor that is not available was answered: %s",
                viommu_status_text(stale->tail.status));
    }
    expect(test, PACKED_D06, !packed_wait(test, &ring, ring.at, ring.wrap, 5000000, &used),
           "a descriptor that is not available was used");
    expect(test, PACKED_D06, !viommu_needs_reset(fixture_iommu(test)),
           "the device asks for a reset");
}

TEST(used_descriptors_stay, .clauses = CLAUSES(PACKED_D07, PACKED_P01), .needs = NEEDS)
{
    struct packed_ring ring = packed_open(test, SIZE, 2, 0);
    struct packed_request *request = packed_request(test);
    struct virtq_packed_desc list[2], used[SIZE / 2];

    for (unsigned i = 0; i < ring.size / 2u; i++) {
        packed_cut(request, list, 2, (uint16_t)i);
        require(test, PACKED_P01, packed_send(test, &ring, list, 2, &used[i]),
                "a list does not come back");
    }
    for (unsigned i = 0; i < ring.size / 2u; i++)
        expect(test, PACKED_D07, !memcmp(&used[i], &ring.slots[2 * i], sizeof(used[i])),
               "the used descriptor in slot %u has changed", 2 * i);
}

/* Lists of different lengths at once; each used descriptor is as far on as the one before says. */
TEST(used_descriptors_have_no_holes, .clauses = CLAUSES(PACKED_D02, PACKED_P04), .needs = NEEDS)
{
    static const uint8_t counts[] = {2, 4, 3, 2, 5};
    enum { LIST_COUNT = sizeof(counts) };
    struct packed_ring ring = packed_open(test, SIZE, 6, 0);
    struct packed_request *requests[LIST_COUNT];
    struct virtq_packed_desc list[8], used = {0};
    unsigned list_count = 0, slots = 0;

    for (; list_count < LIST_COUNT && slots + counts[list_count] <= ring.size; list_count++) {
        requests[list_count] = packed_request(test);
        slots += counts[list_count];
    }
    for (unsigned round = 0; round < 6; round++) {
        struct packed_ring at = ring;
        bool is_back[LIST_COUNT] = {false};

        for (unsigned i = 0; i < list_count; i++) {
            packed_cut(requests[i], list, counts[i], (uint16_t)i);
            packed_put(&ring, list, counts[i]);
        }
        virtq_notify(ring.queue);
        for (unsigned i = 0; i < list_count; i++) {
            require(test, PACKED_D02,
                    packed_wait(test, &at, at.at, at.wrap, FOREVER_NS, &used) &&
                        used.id < list_count && !is_back[used.id],
                    "slot %u has not the used descriptor of a list that is outstanding", at.at);
            is_back[used.id] = true;
            packed_skip(&at, counts[used.id]);
        }
        for (unsigned i = 0; i < list_count; i++)
            expect(test, PACKED_P04, requests[i]->tail.status == VIRTIO_IOMMU_S_OK, "list %u: %s",
                   i, viommu_status_text(requests[i]->tail.status));
    }
}
