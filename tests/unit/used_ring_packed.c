// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the driver makes of used descriptors of a packed ring (virtio 1.4 sections 2.8.1 and 2.8.3),
 * as used_ring.c has it for a split one.
 */
#include "drivers/viommu/device.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/arch.h"
#include "tests/unit/fixtures/unit.h"

#define SIZE     8 /* entries */
#define WRITABLE sizeof(struct virtio_iommu_req_tail)
#define USED     VIRTQ_PACKED_F_BOTH
#define WRITTEN  (USED | VIRTQ_DESC_F_WRITE)

/* Slot 0 once the list in slots 0 and 1 is handed over, with the id 0. */
static const struct slot_case {
    const char *name;
    uint16_t id, flags;
    uint32_t length;
    enum virtq_pop result;
    uint32_t used_length; /* what is made of it */
} cases[] = {
    {"a descriptor that is right", 0, WRITTEN, WRITABLE, VIRTQ_POPPED, WRITABLE},
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

static void check(bool is_fine, const char *name, const char *what)
{
    if (!is_fine)
        unit_fail(__FILE__, __LINE__, "%s: %s", name, what);
}

/* A queue of no device. */
static struct virtq scratch(bool is_indirect, struct pages *pages)
{
    struct virtq queue;

    CHECK(virtq_init(&queue, true, 0, SIZE, is_indirect, false, pages));
    return queue;
}

static void add(struct virtq *queue)
{
    const struct virtq_segment segments[] = {{0x1000, 4, false}, {0x2000, WRITABLE, true}};

    CHECK(virtq_add(queue, segments, 2));
    virtq_publish(queue);
}

static void put(struct virtq *queue, unsigned slot, const struct slot_case *used)
{
    struct virtq_packed_desc *desc = &queue->packed.ring[slot];

    desc->id = used->id;
    desc->length = used->length;
    desc->flags = used->flags;
}

static void descriptors_are_judged(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct slot_case *slot = &cases[i];
        bool is_back = slot->result == VIRTQ_POPPED || slot->result == VIRTQ_BAD_LENGTH;
        struct pages pages = arch_memory();
        struct virtq queue = scratch(false, &pages);
        struct virtq_used_element used = {0};

        add(&queue);
        put(&queue, 0, slot);

        enum virtq_pop result = virtq_pop(&queue, &used);

        check(result == slot->result, slot->name, virtq_pop_text(result));
        check(used.length == slot->used_length, slot->name, "another length");
        check(queue.free_count == (is_back ? SIZE : SIZE - 2), slot->name, "free descriptors");
        check(queue.packed.next_used == (is_back ? 2 : 0), slot->name, "slots taken");
        check(virtq_outstanding(&queue) == !is_back, slot->name, "lists outstanding");
    }
}

/* Once a device has set WRITE, a length without it means nothing. */
static void length_counts_with_write_only(void)
{
    const struct slot_case unwritten = {.flags = USED, .length = UINT32_MAX};
    struct pages pages = arch_memory();
    struct virtq queue = scratch(false, &pages);
    struct virtq_used_element used;

    for (unsigned i = 0; i < 2; i++) {
        add(&queue);
        put(&queue, 2 * i, i ? &unwritten : &cases[0]);
        CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_POPPED);
        CHECK_EQ(used.length, i ? 0 : WRITABLE);
    }
}

static void more_is_used_than_was_available(void)
{
    struct pages pages = arch_memory();
    struct virtq queue = scratch(false, &pages);
    struct virtq_used_element used;

    put(&queue, 0, &cases[0]);
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_BAD_INDEX);
    add(&queue);
    put(&queue, 0, &cases[0]);
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_POPPED);
    put(&queue, 2, &cases[0]);
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_BAD_INDEX);
}

/* Only the first of the descriptors that are published together waits for the publication. */
static void first_descriptor_is_held_back(void)
{
    static const uint16_t counts[] = {1, 3, SIZE, 2, SIZE, SIZE - 1, 5};
    struct pages pages = arch_memory();
    struct virtq queue = scratch(true, &pages);
    struct virtq_packed_desc table[2] = {{0}};
    struct virtq_used_element used;
    unsigned at = 0;

    for (unsigned round = 0; round < ARRAY_LENGTH(counts); round++) {
        uint16_t lap = at / SIZE % 2 ? VIRTQ_PACKED_F_USED : VIRTQ_PACKED_F_AVAIL;
        const struct virtq_packed_desc *first = &queue.packed.ring[at % SIZE];

        for (unsigned i = 0; i < counts[round]; i++)
            CHECK(virtq_add_table(&queue, virtq_next(&queue), (void *)table, 2, WRITABLE));
        CHECK_EQ(virtq_is_full(&queue), counts[round] == SIZE);
        CHECK((first->flags & USED) != lap);
        virtq_publish(&queue);
        CHECK_EQ(first->flags, lap | VIRTQ_DESC_F_INDIRECT);
        CHECK_EQ(virtq_packed_position(&queue),
                 (at + counts[round]) % SIZE | ((at + counts[round]) / SIZE % 2 ? 0 : 0x8000));
        for (unsigned i = 0; i < counts[round]; i++, at++) {
            struct virtq_packed_desc *desc = &queue.packed.ring[at % SIZE];

            desc->flags = at / SIZE % 2 ? 0 : USED;
            desc->length = WRITABLE;
            CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_POPPED);
        }
        CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_EMPTY);
        CHECK_EQ(queue.free_count, SIZE);
    }
}

static const struct unit units[] = {
    {"descriptors_are_judged", descriptors_are_judged},
    {"length_counts_with_write_only", length_counts_with_write_only},
    {"more_is_used_than_was_available", more_is_used_than_was_available},
    {"first_descriptor_is_held_back", first_descriptor_is_held_back},
};

int main(void)
{
    return unit_main("used_ring_packed", units, ARRAY_LENGTH(units));
}
