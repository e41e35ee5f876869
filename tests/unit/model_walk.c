// SPDX-License-Identifier: BSD-2-Clause
/*
 * The model beside a second one: both see the same random requests, and a device that chooses any of the
 * permitted answers; statuses and translations must agree throughout.
 */
#include <string.h>

#include "lib/array/array.h"
#include "lib/model/model.h"
#include "lib/rng/rng.h"
#include "tests/unit/fixtures/paged.h"
#include "tests/unit/fixtures/unit.h"

#define REQUESTS 100000

static struct model model; /* too large for a stack frame */
static struct rng rng;

static uint64_t below(uint64_t n)
{
    return rng_below(&rng, n);
}

/* Mostly whole pages and few of them; sometimes a byte too many or too few at either end. */
static void any_range(uint64_t *first, uint64_t *last)
{
    uint64_t page = below(PAGED_PAGES), count = 1 + below(below(6) ? 6 : PAGED_PAGES);

    if (count > PAGED_PAGES - page)
        count = PAGED_PAGES - page;
    *first = paged_start(page);
    *last = paged_start(page) + (count * paged.page_size - 1);
    if (below(16) == 0 && *first != *last)
        *first += 1;
    if (below(16) == 0 && *first != *last)
        *last -= 1;
}

static union paged_request any_request(void)
{
    union paged_request r = {.attach = {.domain = (uint32_t)below(PAGED_DOMAINS)}};
    uint64_t choice = below(100), first, last;

    any_range(&first, &last);
    r.head.reserved[0] = (uint8_t)below(2);
    if (choice < 12) {
        r.head.type = VIRTIO_IOMMU_T_ATTACH;
        r.attach.endpoint = (uint32_t)below(PAGED_ENDPOINTS + (below(4) == 0));
        r.attach.flags = below(5) == 0 ? 1 + (uint32_t)below(3) : 0;
        r.attach.reserved[0] = below(20) == 0;
    } else if (choice < 18) {
        r.head.type = VIRTIO_IOMMU_T_DETACH;
        r.detach.endpoint = (uint32_t)below(PAGED_ENDPOINTS + (below(4) == 0));
        r.detach.domain += (uint32_t)below(2);
    } else if (choice < 60) {
        r.map = (struct virtio_iommu_req_map){.head.type = VIRTIO_IOMMU_T_MAP,
                                              .domain = r.attach.domain + (below(20) == 0),
                                              .virt_start = first,
                                              .virt_end = last,
                                              .phys_start = below(1000) * paged.page_size,
                                              .flags = (uint32_t)below(below(10) ? 8 : 16)};
        r.map.phys_start += below(20) == 0;
    } else {
        r.unmap = (struct virtio_iommu_req_unmap){.head.type = VIRTIO_IOMMU_T_UNMAP,
                                                  .domain = r.attach.domain + (below(20) == 0),
                                                  .virt_start = first,
                                                  .virt_end = last,
                                                  .reserved = {below(20) == 0}};
    }
    return r;
}

static uint8_t any_of(uint32_t permitted)
{
    uint8_t status;

    do
        status = (uint8_t)below(9);
    while (!(permitted >> status & 1));
    return status;
}

static void restart(void)
{
    model_reset(&model);
    paged_reset();
}

/* The first byte behind `i` that is the last or the first of a page, or the access's last. */
static uint64_t next_edge(uint64_t address, uint64_t i, uint64_t length)
{
    uint64_t left = paged.page_size - 1 - (address + i) % paged.page_size;

    if (left == 0 || i == length - 1)
        return i + 1;
    return i + left < length ? i + left : length - 1;
}

static void check_translation(void)
{
    enum model_access access = below(2) ? MODEL_READ : MODEL_WRITE;
    unsigned endpoint = (unsigned)below(PAGED_ENDPOINTS), piece = 0;
    uint64_t address = paged_start(below(PAGED_PAGES)) + below(paged.page_size);
    uint64_t room = paged.window + (PAGED_PAGES * paged.page_size - 1) - address + 1, done = 0, to;
    uint64_t length = 1 + below(room < 4 * paged.page_size ? room : 4 * paged.page_size);
    struct model_piece pieces[8];
    struct model_translation t =
        model_translate(&model, endpoint, address, length, access, pieces, 8);

    /* The first and the last byte of every page. */
    for (uint64_t i = 0; i < length; i = next_edge(address, i, length)) {
        bool goes = paged_translate(endpoint, address + i, access, &to);

        while (piece < t.count && i - done >= pieces[piece].length)
            done += pieces[piece++].length;
        if (!goes) {
            CHECK(!t.allowed && t.address == address + i && i == done && piece == t.count);
            CHECK_EQ(t.reason, paged.domain_of[endpoint] < 0 ? VIRTIO_IOMMU_FAULT_R_DOMAIN
                                                             : VIRTIO_IOMMU_FAULT_R_MAPPING);
            return;
        }
        if (piece == t.count || pieces[piece].address + (i - done) != to) {
            CHECK(!"the byte goes where the tables say");
            return;
        }
    }
    CHECK(t.allowed);
}

static void walk(uint64_t seed, uint64_t window, uint64_t page_size, bool bypass)
{
    const struct model_config config = {.granule = page_size,
                                        .input_last = UINT64_MAX,
                                        .domain_last = UINT32_MAX,
                                        .bypass_config = true,
                                        .mmio = true};
    unsigned accepted = 0;

    rng_seed(&rng, seed);
    memset(&paged, 0, sizeof(paged));
    paged.window = window;
    paged.page_size = page_size;
    paged.bypass = bypass;
    model_init(&model, &config, bypass);
    for (uint32_t e = 0; e < PAGED_ENDPOINTS; e++)
        model_add_endpoint(&model, e);
    restart();
    for (unsigned i = 0; i < REQUESTS; i++) {
        union paged_request r = any_request();
        struct model_answer answer = model_judge(&model, &r, model_request_size(r.head.type));
        uint32_t permitted = paged_permitted(&r);
        uint8_t status = below(8) ? answer.status : any_of(permitted);

        CHECK_EQ(answer.permitted, permitted);
        CHECK(permitted >> answer.status & 1);
        if (answer.permitted != permitted)
            return;
        accepted += status == VIRTIO_IOMMU_S_OK;
        if (!model_apply(&model, &r, model_request_size(r.head.type), status))
            restart();
        else if (status == VIRTIO_IOMMU_S_OK)
            paged_change(&r);
        check_translation();
    }
    /* Enough has happened for the comparison to mean something. */
    CHECK(accepted > REQUESTS / 4 && accepted < REQUESTS - REQUESTS / 4);
}

static void bytes_from_zero(void)
{
    walk(1, 0, 1, false);
}

static void pages_from_zero(void)
{
    walk(2, 0, 16, true);
}

static void pages_at_the_end(void)
{
    walk(3, 0 - PAGED_PAGES * 4096ull, 4096, false);
}

static void large_pages_in_the_middle(void)
{
    walk(4, 1ull << 63, 2 << 20, true);
}

int main(void)
{
    static const struct unit units[] = {
        {"bytes_from_zero", bytes_from_zero},
        {"pages_from_zero", pages_from_zero},
        {"pages_at_the_end", pages_at_the_end},
        {"large_pages_in_the_middle", large_pages_in_the_middle},
    };

    return unit_main("model_walk", units, ARRAY_LENGTH(units));
}
