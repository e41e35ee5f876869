// SPDX-License-Identifier: BSD-2-Clause
/*
 * A packed ring that lies (virtio 1.4 sections 2.8.1 and 2.8.3), as used_ring.c has it for a split
 * one.
 */
#include "lib/array/array.h"
#include "tests/framework/fixture.h"

#define SUITE "selftest.used_ring_packed"

#define SIZE     8 /* entries */
#define WRITABLE sizeof(struct virtio_iommu_req_tail)
#define USED     (VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED)
#define WRITTEN  (USED | VIRTQ_DESC_F_WRITE)

/* What stands in slot 0 once the list in slots 0 and 1 is handed over, with the id 0. */
static const struct lie {
    const char *name;
    uint16_t id, flags;
    uint32_t length;
    enum virtq_pop result;
    uint32_t used_length; /* what is made of it */
} lies[] = {
    {"the truth", 0, WRITTEN, WRITABLE, VIRTQ_POPPED, WRITABLE},
    {"flags of the driver", 0, VIRTQ_PACKED_F_AVAIL, WRITABLE, VIRTQ_EMPTY, 0},
    {"USED without AVAIL", 0, VIRTQ_PACKED_F_USED, WRITABLE, VIRTQ_EMPTY, 0},
    {"flags of the next lap", 0, 0, WRITABLE, VIRTQ_EMPTY, 0},
    {"the first id that there is not", SIZE, WRITTEN, WRITABLE, VIRTQ_BAD_ID, WRITABLE},
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
        error(test, "the packed ring tells %s: %s", name, what);
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

static void tell(struct virtq *queue, unsigned slot, const struct lie *lie)
{
    struct virtq_packed_desc *desc = &queue->packed.ring[slot];

    desc->id = lie->id;
    desc->length = lie->length;
    desc->flags = lie->flags;
}

TEST(lies_are_told_apart)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(lies); i++) {
        const struct lie *lie = &lies[i];
        bool is_back = lie->result == VIRTQ_POPPED || lie->result == VIRTQ_BAD_LENGTH;
        struct virtq queue = scratch(test);
        struct virtq_used_element used = {0};

        add(test, &queue);
        tell(&queue, 0, lie);

        enum virtq_pop result = virtq_pop(&queue, &used);

        check(test, result == lie->result, lie->name, virtq_pop_text(result));
        check(test, used.length == lie->used_length, lie->name, "another length");
        check(test, queue.free_count == (is_back ? SIZE : SIZE - 2), lie->name, "free descriptors");
        check(test, queue.packed.next_used == (is_back ? 2 : 0), lie->name, "slots taken");
        check(test, virtq_outstanding(&queue) == !is_back, lie->name, "lists outstanding");
    }
}

/* Once a device has set WRITE, a length without it means nothing. */
TEST(length_counts_with_write_only)
{
    const struct lie silent = {.flags = USED, .length = UINT32_MAX};
    struct virtq queue = scratch(test);
    struct virtq_used_element used;

    for (unsigned i = 0; i < 2; i++) {
        add(test, &queue);
        tell(&queue, 2 * i, i ? &silent : &lies[0]);
        check(test, virtq_pop(&queue, &used) == VIRTQ_POPPED, "a list", "not taken");
        check(test, used.length == (i ? 0 : WRITABLE), "a list", "another length");
    }
}

TEST(more_is_used_than_was_available)
{
    struct virtq queue = scratch(test);
    struct virtq_used_element used;

    tell(&queue, 0, &lies[0]);
    check(test, virtq_pop(&queue, &used) == VIRTQ_BAD_INDEX, "a list that there is not", "taken");
    add(test, &queue);
    tell(&queue, 0, &lies[0]);
    check(test, virtq_pop(&queue, &used) == VIRTQ_POPPED, "a list", "not taken");
    tell(&queue, 2, &lies[0]);
    check(test, virtq_pop(&queue, &used) == VIRTQ_BAD_INDEX, "the same list again", "taken");
}
