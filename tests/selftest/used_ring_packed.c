// SPDX-License-Identifier: BSD-2-Clause
/*
 * What our driver does with used descriptors that violate virtio 1.4 sections 2.8.1 and 2.8.3: for
 * packed rings what used_ring.c is for split ones.
 */
#include "lib/array/array.h"
#include "tests/framework/fixture.h"

#define SUITE "selftest.used_ring_packed"

#define SIZE     8 /* entries */
#define WRITABLE sizeof(struct virtio_iommu_req_tail)
#define USED     (VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED)
#define WRITTEN  (USED | VIRTQ_DESC_F_WRITE)

/* What slot 0 holds after the list in slots 0 and 1, with the id 0, is made available. */
static const struct used_case {
    const char *name;
    uint16_t id, flags;
    uint32_t length;
    enum virtq_pop result;
    uint32_t used_length; /* what the driver returns */
} used_cases[] = {
    {"a good descriptor", 0, WRITTEN, WRITABLE, VIRTQ_POPPED, WRITABLE},
    {"flags of the driver", 0, VIRTQ_PACKED_F_AVAIL, WRITABLE, VIRTQ_EMPTY, 0},
    {"USED without AVAIL", 0, VIRTQ_PACKED_F_USED, WRITABLE, VIRTQ_EMPTY, 0},
    {"flags of the next lap", 0, 0, WRITABLE, VIRTQ_EMPTY, 0},
    {"the first id out of range", SIZE, WRITTEN, WRITABLE, VIRTQ_BAD_ID, WRITABLE},
    {"the highest id", UINT16_MAX, WRITTEN, WRITABLE, VIRTQ_BAD_ID, WRITABLE},
    {"an id that is free", 1, WRITTEN, WRITABLE, VIRTQ_BAD_ID, WRITABLE},
    {"a byte too many", 0, WRITTEN, WRITABLE + 1, VIRTQ_BAD_LENGTH, WRITABLE + 1},
    {"the largest length", 0, WRITTEN, UINT32_MAX, VIRTQ_BAD_LENGTH, UINT32_MAX},
    {"a length and never WRITE", 0, USED, WRITABLE, VIRTQ_POPPED, WRITABLE},
};

static void check(struct test *test, bool fine, const char *name, const char *what)
{
    test->checks++;
    if (!fine)
        error(test, "the packed ring has %s: %s", name, what);
}

/* A queue of no device. */
static struct virtq scratch(struct test *test)
{
    struct virtq queue;

    if (!virtq_init(&queue, &virtq_packed, 0, SIZE, false, false, &test->fixture->pages))
        error(test, "no memory for a queue of %u entries", SIZE);
    return queue;
}

static void add(struct test *test, struct virtq *queue)
{
    const struct virtq_segment segments[] = {{0x1000, 4, false}, {0x2000, WRITABLE, true}};
    uint16_t head;

    if (!virtq_add(queue, segments, 2, &head))
        error(test, "an empty queue takes no list");
    virtq_publish(queue);
}

static void write_used(struct virtq *queue, unsigned slot, const struct used_case *used_case)
{
    struct virtq_packed_desc *desc = &queue->packed.ring[slot];

    desc->id = used_case->id;
    desc->length = used_case->length;
    desc->flags = used_case->flags;
}

/* Each kind of bad descriptor has its own result and effect on the slots. */
TEST(bad_entries_are_recognised)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(used_cases); i++) {
        const struct used_case *used_case = &used_cases[i];
        bool is_back = used_case->result == VIRTQ_POPPED || used_case->result == VIRTQ_BAD_LENGTH;
        struct virtq queue = scratch(test);
        struct virtq_used_element used = {0};

        add(test, &queue);
        write_used(&queue, 0, used_case);

        enum virtq_pop result = virtq_pop(&queue, &used);

        check(test, result == used_case->result, used_case->name, virtq_pop_text(result));
        check(test, used.length == used_case->used_length, used_case->name, "another length");
        check(test, queue.free_count == (is_back ? SIZE : SIZE - 2), used_case->name,
              "free descriptors");
        check(test, queue.packed.next_used == (is_back ? 2 : 0), used_case->name, "slots taken");
        check(test, virtq_outstanding(&queue) == !is_back, used_case->name, "lists outstanding");
    }
}

/* Without WRITE a length means nothing, once the device has shown that it sets WRITE. */
TEST(length_counts_with_write_only)
{
    const struct used_case unwritten = {.flags = USED, .length = UINT32_MAX};
    struct virtq queue = scratch(test);
    struct virtq_used_element used;

    for (unsigned i = 0; i < 2; i++) {
        add(test, &queue);
        write_used(&queue, 2 * i, i ? &unwritten : &used_cases[0]);
        check(test, virtq_pop(&queue, &used) == VIRTQ_POPPED, "a list", "not taken");
        check(test, used.length == (i ? 0 : WRITABLE), "a list", "another length");
    }
}

/* A device that uses more than it was given must not make the driver free other lists. */
TEST(more_is_used_than_was_available)
{
    struct virtq queue = scratch(test);
    struct virtq_used_element used;

    write_used(&queue, 0, &used_cases[0]);
    check(test, virtq_pop(&queue, &used) == VIRTQ_BAD_INDEX, "a list that does not exist", "taken");
    add(test, &queue);
    write_used(&queue, 0, &used_cases[0]);
    check(test, virtq_pop(&queue, &used) == VIRTQ_POPPED, "a list", "not taken");
    write_used(&queue, 2, &used_cases[0]);
    check(test, virtq_pop(&queue, &used) == VIRTQ_BAD_INDEX, "the same list again", "taken");
}
