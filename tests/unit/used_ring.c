// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the driver makes of a used ring (virtio 1.4 section 2.7.8), written here in place of a
 * device, that may be wrong in every way.
 */
#include <string.h>

#include "drivers/viommu/device.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/arch.h"
#include "tests/unit/fixtures/unit.h"

#define SIZE     8 /* entries */
#define WRITABLE sizeof(struct virtio_iommu_req_tail)

/* The ring once the chain 0 -> 1 is handed over: 4 bytes to read, 4 to write. */
static const struct ring_case {
    const char *name;
    uint16_t index;
    struct virtq_used_element element;
    enum virtq_pop result;
    const char *text; /* part of the diagnostic */
} cases[] = {
    {"an index one too far", 2, {0, WRITABLE}, VIRTQ_BAD_INDEX, "used ring runs ahead"},
    {"an index that went back", 0xffff, {0, WRITABLE}, VIRTQ_BAD_INDEX, "used ring runs ahead"},
    {"the first id that there is not", 1, {SIZE, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"the highest id", 1, {UINT32_MAX, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"an id with bits 15:0 of a true one", 1, {0x10000, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"the second descriptor of the chain", 1, {1, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"a descriptor that is free", 1, {2, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"a byte too many", 1, {0, WRITABLE + 1}, VIRTQ_BAD_LENGTH, "used length exceeds"},
    {"the largest length", 1, {0, UINT32_MAX}, VIRTQ_BAD_LENGTH, "used length exceeds"},
    {"an element that is right", 1, {0, WRITABLE}, VIRTQ_POPPED, "a used entry"},
    {"nothing yet", 0, {0, WRITABLE}, VIRTQ_EMPTY, "no used entry"},
};

static void check(bool is_fine, const char *name, const char *what)
{
    if (!is_fine)
        unit_fail(__FILE__, __LINE__, "%s: %s", name, what);
}

/* A queue of no device, which asks for no notification. */
static struct virtq scratch(bool is_indirect, struct pages *pages)
{
    struct virtq queue;

    CHECK(virtq_init(&queue, false, 0, SIZE, is_indirect, false, pages));
    queue.used->flags = VIRTQ_USED_F_NO_NOTIFY;
    return queue;
}

static void put(struct virtq *queue, const struct ring_case *ring)
{
    queue->used->ring[0] = ring->element;
    queue->used->index = ring->index;
}

static uint16_t add(struct virtq *queue)
{
    const struct virtq_segment segments[] = {{0x1000, 4, false}, {0x2000, WRITABLE, true}};
    uint16_t head = (uint16_t)virtq_next(queue);

    CHECK(virtq_add(queue, segments, 2));
    return head;
}

/* The device answers the chain of that head. */
static enum virtq_pop answer(struct virtq *queue, uint16_t head, struct virtq_used_element *used)
{
    queue->used->ring[queue->used->index++ % SIZE] = (struct virtq_used_element){head, WRITABLE};
    return virtq_pop(queue, used);
}

static void elements_are_judged(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct ring_case *ring = &cases[i];
        bool is_back = ring->result == VIRTQ_POPPED || ring->result == VIRTQ_BAD_LENGTH;
        struct pages pages = arch_memory();
        struct virtq queue = scratch(false, &pages);
        struct virtq_used_element used;

        add(&queue);
        put(&queue, ring);

        enum virtq_pop result = virtq_pop(&queue, &used);

        check(result == ring->result, ring->name, virtq_pop_text(result));
        check(strstr(virtq_pop_text(result), ring->text), ring->name, "another diagnostic");
        check(queue.free_count == (is_back ? SIZE : SIZE - 2), ring->name, "free descriptors");
        check(queue.used_index == (is_back ? 1 : 0), ring->name, "entries taken");
    }
}

static void chain_comes_back_once(void)
{
    struct pages pages = arch_memory();
    struct virtq queue = scratch(false, &pages);
    struct virtq_used_element used;
    uint16_t first = add(&queue);

    add(&queue);
    queue.used->ring[0] = queue.used->ring[1] = (struct virtq_used_element){first, WRITABLE};
    queue.used->index = 2;
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_POPPED);
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_BAD_ID);
    CHECK_EQ(queue.free_count, SIZE - 2);
}

/* The index is read once for all that it covers, and judged once more when that is taken. */
static void index_is_judged_when_it_is_read_again(void)
{
    struct pages pages = arch_memory();
    struct virtq queue = scratch(false, &pages);
    struct virtq_used_element used;

    for (unsigned i = 0; i < 3; i++)
        queue.used->ring[i] = (struct virtq_used_element){add(&queue), WRITABLE};
    queue.used->index = 2;
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_POPPED);
    queue.used->index = 4;
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_POPPED);
    CHECK_EQ(virtq_pop(&queue, &used), VIRTQ_BAD_INDEX);
    CHECK_EQ(virtq_outstanding(&queue), 1);
}

/* Every descriptor is free again, whatever the order in which chains come back. */
static void descriptors_are_not_lost(void)
{
    struct pages pages = arch_memory();
    struct virtq queue = scratch(false, &pages);
    struct virtq_used_element used;

    for (unsigned round = 0; round < 100; round++) {
        uint16_t heads[SIZE / 2];

        for (unsigned i = 0; i < SIZE / 2; i++)
            heads[i] = add(&queue);
        CHECK(virtq_is_full(&queue));
        for (unsigned i = 0; i < SIZE / 2; i++)
            CHECK_EQ(answer(&queue, heads[(i * 3 + round) % (SIZE / 2)], &used), VIRTQ_POPPED);
        CHECK_EQ(queue.free_count, SIZE);
    }
}

/* A descriptor that points to a table is not written again, unless it was used for other things. */
static void table_is_pointed_to_again(void)
{
    const struct virtq_segment segments[] = {{0x1000, 20, false}, {0x2000, WRITABLE, true}};
    struct pages pages = arch_memory();
    struct virtq queue = scratch(true, &pages);
    struct virtq_desc table[2];
    struct virtq_used_element used;

    virtq_describe(&queue, table, segments, 2);
    for (unsigned i = 0; i < 6; i++) {
        unsigned head = virtq_next(&queue);

        if (i % 3 == 1) { /* a chain in the ring begins with the same descriptor */
            CHECK_EQ(add(&queue), head);
            CHECK_EQ(queue.desc[head].flags, VIRTQ_DESC_F_NEXT);
        } else {
            CHECK(virtq_add_table(&queue, head, table, 2, WRITABLE));
            CHECK_EQ(queue.desc[head].address, (uintptr_t)table);
            CHECK_EQ(queue.desc[head].length, sizeof(table));
            CHECK_EQ(queue.desc[head].flags, VIRTQ_DESC_F_INDIRECT);
        }
        CHECK_EQ(answer(&queue, (uint16_t)head, &used), VIRTQ_POPPED);
        CHECK_EQ(queue.free_count, SIZE);
    }
}

/* Without INDIRECT_DESC its entries become descriptors of the ring. */
static void table_becomes_a_chain(void)
{
    const struct virtq_segment segments[] = {{0x1000, 20, false}, {0x2000, WRITABLE, true}};
    struct pages pages = arch_memory();
    struct virtq queue = scratch(false, &pages);
    struct virtq_desc table[2];
    struct virtq_used_element used;

    virtq_describe(&queue, table, segments, 2);
    for (unsigned i = 0; i < SIZE / 2; i++) {
        unsigned head = virtq_next(&queue);
        const struct virtq_desc *first = &queue.desc[head];

        CHECK(virtq_add_table(&queue, head, table, 2, WRITABLE));
        CHECK_EQ(first->address, 0x1000);
        CHECK_EQ(first->flags, VIRTQ_DESC_F_NEXT);
        CHECK_EQ(queue.desc[first->next].address, 0x2000);
        CHECK_EQ(queue.desc[first->next].flags, VIRTQ_DESC_F_WRITE);
    }
    CHECK(virtq_is_full(&queue));
    for (uint16_t head = 0; head < SIZE; head += 2)
        CHECK_EQ(answer(&queue, head, &used), VIRTQ_POPPED);
    add(&queue);
    CHECK(virtq_add_table(&queue, virtq_next(&queue), table, 2, WRITABLE));
}

static struct viommu scratch_viommu(struct pages *pages)
{
    struct viommu viommu = {.requests = scratch(false, pages)};

    viommu.slots = pages_for(pages, SIZE * sizeof(*viommu.slots));
    memset(viommu.slots, VIOMMU_POISON, SIZE * sizeof(*viommu.slots));
    return viommu;
}

/* The answer is there before the request is, so nothing is waited for. */
static void request_fails_with_its_element(void)
{
    const struct viommu_request request = viommu_detach(1, 2);

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct ring_case *ring = &cases[i];
        struct pages pages = arch_memory();
        struct viommu viommu = scratch_viommu(&pages);

        if (ring->result == VIRTQ_EMPTY)
            continue;
        put(&viommu.requests, ring);

        struct viommu_reply reply = viommu_submit(&viommu, &request);

        /* A length that is wrong hides no status; here there is none. */
        if (ring->result == VIRTQ_POPPED || ring->result == VIRTQ_BAD_LENGTH) {
            check(reply.outcome == VIOMMU_UNWRITTEN, ring->name, "the request is not back");
            check(reply.written == ring->element.length, ring->name, "another used length");
            continue;
        }
        check(reply.outcome == VIOMMU_BAD_USED_RING, ring->name, "the request is answered");
        check(viommu.ring_error == ring->result, ring->name, virtq_pop_text(viommu.ring_error));
        check(!reply.has_status && reply.status > VIRTIO_IOMMU_S_NOMEM && !reply.written,
              ring->name, "there is a status");
    }
}

/* A status is distinguished from none even where it is the byte that the tail held before. */
static void status_is_told_from_none(void)
{
    static const struct {
        struct virtio_iommu_req_tail tail;
        bool has_status;
    } tails[] = {
        {{VIOMMU_POISON, {VIOMMU_POISON, VIOMMU_POISON, VIOMMU_POISON}}, false},
        {{VIOMMU_POISON, {0, 0, 0}}, true},
        {{VIRTIO_IOMMU_S_OK, {0, 0, 0}}, true},
        {{VIRTIO_IOMMU_S_OK, {VIOMMU_POISON, VIOMMU_POISON, VIOMMU_POISON}}, true},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(tails); i++) {
        struct viommu_reply reply = viommu_decode(&tails[i].tail);

        CHECK_EQ(reply.has_status, tails[i].has_status);
        CHECK_EQ(reply.status, tails[i].tail.status);
        CHECK_EQ(!strcmp(viommu_reply_text(&reply), "no status"), !reply.has_status);
    }
}

static const struct unit units[] = {
    {"elements_are_judged", elements_are_judged},
    {"chain_comes_back_once", chain_comes_back_once},
    {"index_is_judged_when_it_is_read_again", index_is_judged_when_it_is_read_again},
    {"descriptors_are_not_lost", descriptors_are_not_lost},
    {"table_is_pointed_to_again", table_is_pointed_to_again},
    {"table_becomes_a_chain", table_becomes_a_chain},
    {"request_fails_with_its_element", request_fails_with_its_element},
    {"status_is_told_from_none", status_is_told_from_none},
};

int main(void)
{
    return unit_main("used_ring", units, ARRAY_LENGTH(units));
}
