// SPDX-License-Identifier: BSD-2-Clause
/*
 * What our driver does with a used ring that violates virtio 1.4 section 2.7.8. The test writes the
 * ring itself; no device is involved. A wrong answer is an ERROR: it is our own fault.
 */
#include <string.h>

#include "lib/array/array.h"
#include "tests/framework/fixture.h"

#define SUITE "selftest.used_ring"

#define SIZE     8 /* entries */
#define WRITABLE sizeof(struct virtio_iommu_req_tail)

/* The used ring after the chain 0 -> 1 is made available: 4 bytes to read, 4 to write. */
struct used_case {
    const char *name;
    uint16_t index;
    struct virtq_used_element element;
    enum virtq_pop result;
    const char *text; /* part of the error message */
};

static const struct used_case used_cases[] = {
    {"an index one too far", 2, {0, WRITABLE}, VIRTQ_BAD_INDEX, "used ring runs ahead"},
    {"an index that went back", 0xffff, {0, WRITABLE}, VIRTQ_BAD_INDEX, "used ring runs ahead"},
    {"the first id out of range", 1, {SIZE, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"the highest id", 1, {UINT32_MAX, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"an id with bits 15:0 of a good one", 1, {0x10000, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"the second descriptor of the chain", 1, {1, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"a descriptor that is free", 1, {2, WRITABLE}, VIRTQ_BAD_ID, "used id is not"},
    {"a byte too many", 1, {0, WRITABLE + 1}, VIRTQ_BAD_LENGTH, "used length exceeds"},
    {"the largest length", 1, {0, UINT32_MAX}, VIRTQ_BAD_LENGTH, "used length exceeds"},
    {"a good entry", 1, {0, WRITABLE}, VIRTQ_POPPED, "a used entry"},
    {"nothing yet", 0, {0, WRITABLE}, VIRTQ_EMPTY, "no used entry"},
};

static void check(struct test *test, bool fine, const char *name, const char *what)
{
    test->checks++;
    if (!fine)
        error(test, "the used ring has %s: %s", name, what);
}

/* A queue of no device, which asks for no notification. */
static struct virtq scratch(struct test *test)
{
    struct virtq queue;

    if (!virtq_init(&queue, &virtq_split, 0, SIZE, false, false, &test->fixture->pages))
        error(test, "no memory for a queue of %u entries", SIZE);
    queue.used->flags = VIRTQ_USED_F_NO_NOTIFY;
    return queue;
}

static void write_used(struct virtq *queue, const struct used_case *used_case)
{
    queue->used->ring[0] = used_case->element;
    queue->used->index = used_case->index;
}

static uint16_t add(struct test *test, struct virtq *queue)
{
    const struct virtq_segment segments[] = {{0x1000, 4, false}, {0x2000, WRITABLE, true}};
    uint16_t head;

    if (!virtq_add(queue, segments, 2, &head))
        error(test, "an empty queue takes no chain");
    return head;
}

/* Each kind of bad entry has its own result, message and effect on the free descriptors. */
TEST(bad_entries_are_recognised)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(used_cases); i++) {
        const struct used_case *used_case = &used_cases[i];
        bool is_back = used_case->result == VIRTQ_POPPED || used_case->result == VIRTQ_BAD_LENGTH;
        struct virtq queue = scratch(test);
        struct virtq_used_element used;

        add(test, &queue);
        write_used(&queue, used_case);

        enum virtq_pop result = virtq_pop(&queue, &used);

        check(test, result == used_case->result, used_case->name, virtq_pop_text(result));
        check(test, strstr(virtq_pop_text(result), used_case->text), used_case->name,
              "another message");
        check(test, queue.free_count == (is_back ? SIZE : SIZE - 2), used_case->name,
              "free descriptors");
        check(test, queue.used_index == (is_back ? 1 : 0), used_case->name, "entries taken");
    }
}

/* The second entry of the same chain must not free descriptors that are in use again. */
TEST(chain_comes_back_once)
{
    struct virtq queue = scratch(test);
    struct virtq_used_element used;
    uint16_t first = add(test, &queue);

    add(test, &queue);
    queue.used->ring[0] = queue.used->ring[1] = (struct virtq_used_element){first, WRITABLE};
    queue.used->index = 2;
    check(test, virtq_pop(&queue, &used) == VIRTQ_POPPED, "a chain", "not taken");
    check(test, virtq_pop(&queue, &used) == VIRTQ_BAD_ID, "the same chain again", "taken");
    check(test, queue.free_count == SIZE - 2, "the same chain again", "free descriptors");
}

/* The bad entry is there before the request, so viommu_submit() does not wait. */
TEST(request_with_a_bad_entry)
{
    const struct viommu_request request = viommu_detach(1, 2);

    for (unsigned i = 0; i < ARRAY_LENGTH(used_cases); i++) {
        const struct used_case *used_case = &used_cases[i];
        struct viommu viommu = {.requests = scratch(test), .slots = fixture_pages(test, 1)};

        if (used_case->result == VIRTQ_EMPTY)
            continue;
        memset(viommu.slots, VIOMMU_POISON, SIZE * sizeof(*viommu.slots));
        write_used(&viommu.requests, used_case);

        struct viommu_reply reply = viommu_submit(&viommu, &request);

        if (used_case->result == VIRTQ_POPPED) {
            check(test, reply.outcome == VIOMMU_ANSWERED, used_case->name,
                  "the request is not answered");
            continue;
        }
        check(test, reply.outcome == VIOMMU_BAD_USED_RING, used_case->name,
              "the request is answered");
        check(test, viommu.ring_error == used_case->result, used_case->name,
              virtq_pop_text(viommu.ring_error));
        check(test, reply.status == VIOMMU_POISON && !reply.written, used_case->name,
              "there is a status");
    }
}
