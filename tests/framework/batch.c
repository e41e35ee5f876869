// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/batch.h"

#include <string.h>

/* Of an item: the readable part at the end of a page, the writable one in the middle of the rest. */
#define ROOM_PAGES 5
#define ROOM       (ROOM_PAGES * PAGE_SIZE)
#define OUT_PAGE   3 /* the writable part ends with this page */
#define CUT        7 /* bytes of a piece */
#define PIECES     4 /* of each part at most: the last has the rest */
#define POISON     VIOMMU_POISON

struct batch batch_new(struct test *test)
{
    struct batch batch = {.test = test};

    for (unsigned i = 0; i < BATCH_MAX; i++) {
        batch.rooms[i] = fixture_pages(test, ROOM_PAGES);
        batch.tables[i] = fixture_pages(test, 1);
    }
    return batch;
}

static unsigned cut(struct virtq_segment *segments, const uint8_t *bytes, uint32_t length,
                    bool writable, bool in_pieces)
{
    unsigned count = 0;

    while (length) {
        uint32_t piece = in_pieces && count < PIECES - 1 && length > CUT ? CUT : length;

        segments[count++] = (struct virtq_segment){(uintptr_t)bytes, piece, writable};
        bytes += piece;
        length -= piece;
    }
    return count;
}

static bool stage(struct batch *batch, unsigned n, struct batch_item *item)
{
    struct virtq *queue = &fixture_iommu(batch->test)->requests;
    struct virtq_segment segments[2 * PIECES];
    uint8_t *room = batch->rooms[n];
    bool in_pieces = item->layout == BATCH_PIECES;
    unsigned count;

    memset(room, POISON, ROOM);
    item->in = room + PAGE_SIZE - item->readable;
    item->out = room + (OUT_PAGE + 1) * PAGE_SIZE - item->writable;
    item->is_back = item->is_back_twice = item->has_strayed = false;
    item->written = 0;
    memcpy(item->in, item->request, item->readable);
    count = cut(segments, item->in, item->readable, false, in_pieces);
    count += cut(segments + count, item->out, item->writable, true, in_pieces);
    if (virtq_is_full(queue))
        return false;
    item->head = (uint16_t)virtq_next(queue);
    if (item->layout != BATCH_INDIRECT || !queue->indirect)
        return virtq_add(queue, segments, count);
    virtq_describe(queue, batch->tables[n], segments, count);
    queue->pending[item->head].table = NULL; /* its sizes are others each time */
    return virtq_add_table(queue, item->head, batch->tables[n], count, item->writable);
}

static bool is_poison(const uint8_t *bytes, const uint8_t *end)
{
    while (bytes < end && *bytes == POISON)
        bytes++;
    return bytes == end;
}

static bool has_strayed(const struct batch_item *item, const uint8_t *room)
{
    return memcmp(item->in, item->request, item->readable) || !is_poison(room, item->in) ||
           !is_poison(item->in + item->readable, item->out) ||
           !is_poison(item->out + item->writable, room + ROOM);
}

static void collect(struct batch *batch, struct batch_item *items, unsigned count)
{
    struct viommu *viommu = fixture_iommu(batch->test);
    struct virtq_used_element used;

    for (unsigned back = 0; back < count; back++) {
        if (viommu_wait(viommu, &used) != VIRTQ_POPPED)
            return;
        for (unsigned i = 0; i < count; i++)
            if (items[i].head == used.id) {
                items[i].is_back_twice = items[i].is_back;
                items[i].is_back = true;
                items[i].written = used.length;
            }
    }
}

bool batch_submit(struct batch *batch, struct batch_item *items, unsigned count)
{
    struct viommu *viommu = fixture_iommu(batch->test);

    for (unsigned i = 0; i < count; i++)
        if (!stage(batch, i, &items[i])) {
            viommu_notify(viommu); /* those that are there already */
            collect(batch, items, i);
            return false;
        }
    viommu_notify(viommu);
    collect(batch, items, count);
    for (unsigned i = 0; i < count; i++)
        items[i].has_strayed = has_strayed(&items[i], batch->rooms[i]);
    return true;
}
