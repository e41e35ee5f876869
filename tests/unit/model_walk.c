// SPDX-License-Identifier: BSD-2-Clause
/*
 * The model beside a second one that was written another way: a table with an entry for each page
 * of a window of 64 pages. Both see the same random requests, and a device that chooses any of the
 * permitted answers; statuses and translations must agree throughout.
 */
#include "lib/array/array.h"
#include "tests/unit/fixtures/unit.h"

#include <string.h>

#include "lib/model/model.h"
#include "lib/rng/rng.h"

#define PAGES     64
#define ENDPOINTS 4 /* ids 0 .. 3; 4 does not exist */
#define DOMAINS   3 /* ids 0 .. 2; 3 is never attached to */
#define REQUESTS  100000

#define STATUS_BIT(name) (1u << VIRTIO_IOMMU_S_##name)
#define ERRORS           0x1feu

union request {
    struct virtio_iommu_req_head head;
    struct virtio_iommu_req_attach attach;
    struct virtio_iommu_req_detach detach;
    struct virtio_iommu_req_map map;
    struct virtio_iommu_req_unmap unmap;
};

/* serial: which MAP it belongs to, 0 for none. */
struct page {
    unsigned serial;
    uint32_t flags;
    uint64_t frame;
};

struct tables {
    uint64_t window, page_size;
    bool bypass;
    unsigned serial;
    int domain_of[ENDPOINTS]; /* -1: none */
    bool is_bypass[DOMAINS + 1];
    struct page pages[DOMAINS + 1][PAGES];
};

static struct model model; /* too large for a stack frame */
static struct tables tables;
static struct rng rng;

static uint64_t below(uint64_t n)
{
    return rng_below(&rng, n);
}

static int count_in(uint32_t domain)
{
    int count = 0;

    for (int e = 0; e < ENDPOINTS; e++)
        count += tables.domain_of[e] == (int)domain;
    return count;
}

static uint64_t page_of(uint64_t address)
{
    return (address - tables.window) / tables.page_size;
}

static uint32_t permitted_for_attach(const struct virtio_iommu_req_attach *r)
{
    bool exists = r->endpoint < ENDPOINTS, attached = exists && tables.domain_of[r->endpoint] >= 0;
    uint32_t permitted = 0;

    if (r->reserved[0] || r->flags > 1)
        permitted |= STATUS_BIT(INVAL);
    if (!exists)
        permitted |= STATUS_BIT(NOENT);
    if (count_in(r->domain) && tables.is_bypass[r->domain] != (r->flags & 1))
        permitted |= STATUS_BIT(INVAL) | STATUS_BIT(UNSUPP);
    if (!permitted)
        permitted = STATUS_BIT(OK) | STATUS_BIT(NOMEM);
    if (count_in(r->domain) || attached)
        permitted |= STATUS_BIT(UNSUPP);
    return permitted;
}

static uint32_t permitted_for_detach(const struct virtio_iommu_req_detach *r)
{
    bool exists = r->endpoint < ENDPOINTS;

    if (exists && tables.domain_of[r->endpoint] == (int)r->domain)
        return STATUS_BIT(OK);
    if (exists)
        return STATUS_BIT(OK) | ERRORS;
    return count_in(r->domain) ? STATUS_BIT(NOENT) : ERRORS;
}

static uint32_t permitted_for_map(const struct virtio_iommu_req_map *r)
{
    uint32_t permitted = 0;
    bool mapped = false;

    if (r->flags > 7)
        permitted |= STATUS_BIT(INVAL);
    if (!count_in(r->domain))
        permitted |= STATUS_BIT(NOENT);
    else if (tables.is_bypass[r->domain])
        permitted |= STATUS_BIT(INVAL);
    if (r->virt_start % tables.page_size || r->phys_start % tables.page_size ||
        (r->virt_end - tables.window + 1) % tables.page_size)
        permitted |= STATUS_BIT(RANGE);
    for (uint64_t p = page_of(r->virt_start); p <= page_of(r->virt_end); p++)
        mapped |= tables.pages[r->domain][p].serial != 0;
    if (mapped && count_in(r->domain))
        permitted |= STATUS_BIT(INVAL);
    if (!permitted)
        permitted = STATUS_BIT(OK) | STATUS_BIT(NOMEM);
    if (!(r->flags & VIRTIO_IOMMU_MAP_F_READ) || r->virt_start == r->virt_end)
        permitted |= ERRORS;
    return permitted;
}

/* Whether some page of a mapping is in the range, and some byte of it isn't. */
static bool would_split(const struct virtio_iommu_req_unmap *r)
{
    const struct page *pages = tables.pages[r->domain];

    for (unsigned p = 0; p < PAGES; p++) {
        uint64_t start = tables.window + p * tables.page_size;
        uint64_t end = start + (tables.page_size - 1);
        bool whole = start >= r->virt_start && end <= r->virt_end;

        if (!pages[p].serial || start > r->virt_end || end < r->virt_start)
            continue;
        if (!whole)
            return true;
        for (unsigned q = 0; q < PAGES; q++) {
            uint64_t other = tables.window + q * tables.page_size;

            if (pages[q].serial == pages[p].serial &&
                (other < r->virt_start || other > r->virt_end))
                return true;
        }
    }
    return false;
}

static uint32_t permitted_for_unmap(const struct virtio_iommu_req_unmap *r)
{
    uint32_t permitted = STATUS_BIT(OK);

    if (!count_in(r->domain))
        permitted = STATUS_BIT(NOENT);
    else if (tables.is_bypass[r->domain])
        permitted = STATUS_BIT(INVAL);
    else if (would_split(r))
        permitted = STATUS_BIT(RANGE);
    return r->reserved[0] ? permitted | STATUS_BIT(INVAL) : permitted;
}

static uint32_t permitted_for(const union request *r)
{
    switch (r->head.type) {
    case VIRTIO_IOMMU_T_ATTACH:
        return permitted_for_attach(&r->attach);
    case VIRTIO_IOMMU_T_DETACH:
        return permitted_for_detach(&r->detach);
    case VIRTIO_IOMMU_T_MAP:
        return permitted_for_map(&r->map);
    default:
        return permitted_for_unmap(&r->unmap);
    }
}

static void move(uint32_t endpoint, int domain)
{
    int old = tables.domain_of[endpoint];

    tables.domain_of[endpoint] = domain;
    if (old >= 0 && !count_in((uint32_t)old))
        memset(tables.pages[old], 0, sizeof(tables.pages[old]));
}

/* A success; whatever it is that the model can't follow was sorted out before. */
static void change(const union request *r)
{
    struct page *pages = tables.pages[r->map.domain];

    switch (r->head.type) {
    case VIRTIO_IOMMU_T_ATTACH:
        move(r->attach.endpoint, (int)r->attach.domain);
        tables.is_bypass[r->attach.domain] = r->attach.flags;
        return;
    case VIRTIO_IOMMU_T_DETACH:
        if (tables.domain_of[r->detach.endpoint] == (int)r->detach.domain)
            move(r->detach.endpoint, -1);
        return;
    case VIRTIO_IOMMU_T_MAP:
        tables.serial++;
        for (uint64_t p = page_of(r->map.virt_start); p <= page_of(r->map.virt_end); p++)
            pages[p] = (struct page){tables.serial, r->map.flags,
                                     r->map.phys_start / tables.page_size +
                                         (p - page_of(r->map.virt_start))};
        return;
    default:
        for (unsigned p = 0; p < PAGES; p++)
            if (tables.window + p * tables.page_size >= r->unmap.virt_start &&
                tables.window + p * tables.page_size <= r->unmap.virt_end)
                pages[p].serial = 0;
    }
}

/* Where one byte goes; false: it is not translated. */
static bool byte_goes(unsigned endpoint, uint64_t address, uint32_t access, uint64_t *to)
{
    int domain = tables.domain_of[endpoint];
    const struct page *page;

    *to = address;
    if (domain < 0)
        return tables.bypass;
    if (tables.is_bypass[domain])
        return true;
    page = &tables.pages[domain][page_of(address)];
    *to = page->frame * tables.page_size + (address - tables.window) % tables.page_size;
    return page->serial && (page->flags & access);
}

static uint64_t page_start(uint64_t page)
{
    return tables.window + page * tables.page_size;
}

/* Mostly whole pages and few of them; sometimes a byte too many or too few at either end. */
static void any_range(uint64_t *first, uint64_t *last)
{
    uint64_t page = below(PAGES), count = 1 + below(below(6) ? 6 : PAGES);

    if (count > PAGES - page)
        count = PAGES - page;
    *first = page_start(page);
    *last = page_start(page) + (count * tables.page_size - 1);
    if (below(16) == 0 && *first != *last)
        *first += 1;
    if (below(16) == 0 && *first != *last)
        *last -= 1;
}

static union request any_request(void)
{
    union request r = {.attach = {.domain = (uint32_t)below(DOMAINS)}};
    uint64_t choice = below(100), first, last;

    any_range(&first, &last);
    r.head.reserved[0] = (uint8_t)below(2);
    if (choice < 12) {
        r.head.type = VIRTIO_IOMMU_T_ATTACH;
        r.attach.endpoint = (uint32_t)below(ENDPOINTS + (below(4) == 0));
        r.attach.flags = below(5) == 0 ? 1 + (uint32_t)below(3) : 0;
        r.attach.reserved[0] = below(20) == 0;
    } else if (choice < 18) {
        r.head.type = VIRTIO_IOMMU_T_DETACH;
        r.detach.endpoint = (uint32_t)below(ENDPOINTS + (below(4) == 0));
        r.detach.domain += (uint32_t)below(2);
    } else if (choice < 60) {
        r.map = (struct virtio_iommu_req_map){.head.type = VIRTIO_IOMMU_T_MAP,
                                              .domain = r.attach.domain + (below(20) == 0),
                                              .virt_start = first,
                                              .virt_end = last,
                                              .phys_start = below(1000) * tables.page_size,
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
    memset(tables.pages, 0, sizeof(tables.pages));
    for (int e = 0; e < ENDPOINTS; e++)
        tables.domain_of[e] = -1;
}

/* The first byte behind `i` that is the last or the first of a page, or the access's last. */
static uint64_t next_edge(uint64_t address, uint64_t i, uint64_t length)
{
    uint64_t left = tables.page_size - 1 - (address + i) % tables.page_size;

    if (left == 0 || i == length - 1)
        return i + 1;
    return i + left < length ? i + left : length - 1;
}

static void check_translation(void)
{
    enum model_access access = below(2) ? MODEL_READ : MODEL_WRITE;
    unsigned endpoint = (unsigned)below(ENDPOINTS), piece = 0;
    uint64_t address = page_start(below(PAGES)) + below(tables.page_size);
    uint64_t room = tables.window + (PAGES * tables.page_size - 1) - address + 1, done = 0, to;
    uint64_t length = 1 + below(room < 4 * tables.page_size ? room : 4 * tables.page_size);
    struct model_piece pieces[8];
    struct model_translation t =
        model_translate(&model, endpoint, address, length, access, pieces, 8);

    /* The first and the last byte of every page. */
    for (uint64_t i = 0; i < length; i = next_edge(address, i, length)) {
        bool goes = byte_goes(endpoint, address + i, access, &to);

        while (piece < t.count && i - done >= pieces[piece].length)
            done += pieces[piece++].length;
        if (!goes) {
            CHECK(!t.allowed && t.address == address + i && i == done && piece == t.count);
            CHECK_EQ(t.reason, tables.domain_of[endpoint] < 0 ? VIRTIO_IOMMU_FAULT_R_DOMAIN
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
    memset(&tables, 0, sizeof(tables));
    tables.window = window;
    tables.page_size = page_size;
    tables.bypass = bypass;
    model_init(&model, &config, bypass);
    for (uint32_t e = 0; e < ENDPOINTS; e++)
        model_add_endpoint(&model, e);
    restart();
    for (unsigned i = 0; i < REQUESTS; i++) {
        union request r = any_request();
        struct model_answer answer = model_judge(&model, &r, model_request_size(r.head.type));
        uint32_t permitted = permitted_for(&r);
        uint8_t status = below(8) ? answer.status : any_of(permitted);

        CHECK_EQ(answer.permitted, permitted);
        CHECK(permitted >> answer.status & 1);
        if (answer.permitted != permitted)
            return;
        accepted += status == VIRTIO_IOMMU_S_OK;
        if (!model_apply(&model, &r, model_request_size(r.head.type), status))
            restart();
        else if (status == VIRTIO_IOMMU_S_OK)
            change(&r);
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
    walk(3, 0 - PAGES * 4096ull, 4096, false);
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
