// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a device says of a request and what it has done: virtio 1.4 section 5.13.6. A scene of two
 * endpoints with mappings meets every request that is to be refused or that may be; submit() proves
 * after each that the scene is what the answer says.
 */
#include "tests/framework/state.h"
#include "lib/array/array.h"
#include "tests/framework/ledger.h"
#include "tests/framework/properties.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.state"
#define NEEDS (NEEDS_TWO_ENDPOINTS | NEEDS_MAP_UNMAP)

#define PAGES     16 /* of memory, in which mappings end */
#define SLOW_ROWS 6  /* where a transfer takes 100 ms */

/* Two domains: mappings of granules 4 to 5, 6, and 9 to 10 in the first, 4 to 5 in the second. */
struct set {
    struct test *test;
    uint32_t
        domains[4]; /* of the first endpoint, of the second; of none; a bypass domain or none */
    uint32_t endpoints[4]; /* in the first, in the second, in none or absent, absent */
    uint64_t at, granule, memory;
    bool has_bypass;
    uint64_t turn; /* of the rows that there is time for, from a random one on */
};

enum { FIRST, SECOND, NOBODYS, BYPASS, DOMAINS };
enum { LOOSE = 2, ABSENT, ENDPOINTS };

static uint64_t first_of(const struct set *set, unsigned granule)
{
    return set->at + granule * set->granule;
}

static struct viommu_request map(const struct set *set, unsigned domain, unsigned first,
                                 unsigned last, unsigned page)
{
    return viommu_map(set->domains[domain], first_of(set, first), first_of(set, last + 1) - 1,
                      set->memory + page * set->granule, READ_WRITE);
}

static struct viommu_request unmap(const struct set *set, unsigned domain, unsigned first,
                                   unsigned last)
{
    return viommu_unmap(set->domains[domain], first_of(set, first), first_of(set, last + 1) - 1);
}

/* Memory that is aligned to the granule, where there is enough of it; else where nothing is. */
static uint64_t take_memory(struct test *test, uint64_t granule)
{
    uint64_t size = granule > PAGE_SIZE ? granule : PAGE_SIZE, room;

    if (size > 0x10000)
        return free_iova(test);
    room = (uintptr_t)fixture_pages(test, (unsigned)((PAGES + 1) * size / PAGE_SIZE));
    return (room + size - 1) & -size;
}

static void attach(const struct set *set, unsigned domain, unsigned endpoint, uint32_t flags)
{
    require_ok(set->test, viommu_attach(set->domains[domain], set->endpoints[endpoint], flags));
}

/* From a device that was reset. */
static void build(const struct set *set)
{
    attach(set, FIRST, FIRST, 0);
    attach(set, SECOND, SECOND, 0);
    require_ok(set->test, map(set, FIRST, 4, 5, 0));
    require_ok(set->test, map(set, FIRST, 6, 6, 2));
    require_ok(set->test, map(set, FIRST, 9, 10, 4));
    require_ok(set->test, map(set, SECOND, 4, 5, 8));
    if (set->has_bypass)
        attach(set, BYPASS, LOOSE, VIRTIO_IOMMU_ATTACH_F_BYPASS);
}

static struct set set_up(struct test *test)
{
    bool has_third = test->fixture->endpoint_count > 2;
    struct set set = {
        .test = test,
        .at = free_iova(test),
        .granule = viommu_granule(fixture_iommu(test)),
        .has_bypass = has_third && viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG),
        .turn = rng_below(&test->rng, UINT32_MAX),
    };

    for (unsigned i = 0; i < DOMAINS; i++)
        set.domains[i] = fixture_domain(test, i);
    for (unsigned i = 0; i < ENDPOINTS; i++)
        set.endpoints[i] = fixture_absent_endpoint(test);
    for (unsigned i = 0; i < (has_third ? 3 : 2); i++)
        set.endpoints[i] = fixture_endpoint_id(test, i);
    for (unsigned i = 0; fixture_writer(test, i); i++)
        if (!fixture_writer(test, i)->is_slow)
            prepare_engine(test, fixture_writer(test, i));
    set.memory = take_memory(test, set.granule);
    state_be_thorough();
    build(&set);
    return set;
}

/* Whether the scene is as it was built: after what was accepted it is built again. */
static void restore(const struct set *set, const struct viommu_reply *reply)
{
    bool is_bypass = viommu_has(fixture_iommu(set->test), VIRTIO_IOMMU_F_BYPASS_CONFIG);
    uint8_t bypass = is_bypass ? viommu_bypass(fixture_iommu(set->test)) : 0;

    if (reply->status != VIRTIO_IOMMU_S_OK && ledger_state(set->test))
        return;
    fixture_restart_detached(set->test);
    if (is_bypass)
        viommu_set_bypass(fixture_iommu(set->test), bypass);
    build(set);
}

/* Whether this row is one of those that there is time for: so many of all, at equal distances. */
static bool has_time(struct set *set, unsigned rows)
{
    const struct dma_engine *engine = fixture_writer(set->test, 0);

    set->turn += SLOW_ROWS;
    return !engine || !engine->is_slow || set->turn % rows < SLOW_ROWS;
}

/* Sends it unless there is nothing in it to prove: it must succeed. `rows`: of the test. */
static void meet(struct set *set, enum clause clause, struct viommu_request request, unsigned rows)
{
    const struct model *model = ledger_require(set->test);
    struct model_answer answer;
    struct viommu_reply reply;

    answer = model_judge(model, request.bytes, request.length);
    if ((answer.permitted & ~MODEL_STATUS(NOMEM)) == MODEL_STATUS(OK) || !has_time(set, rows))
        return;
    reply = submit(set->test, &request);
    if (ledger_state(set->test))
        expect(set->test, clause, true, "%s", "as it says");
    restore(set, &reply);
}

static void spoil(struct viommu_request *attach, unsigned how)
{
    static const uint32_t flags[] = {0, VIRTIO_IOMMU_ATTACH_F_BYPASS, 0, 1u << 31,
                                     2, VIRTIO_IOMMU_ATTACH_F_BYPASS};

    attach->attach.flags = flags[how];
    attach->attach.reserved[1] = how == 2 || how == 5;
}

#define SPOILED 6

/* The bypass byte takes turns: an endpoint that is in no domain shows it. */
static void turn_bypass(const struct set *set, unsigned row)
{
    if (viommu_has(fixture_iommu(set->test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(fixture_iommu(set->test), row & 1);
}

/*
 * Each endpoint, attached to this domain, to another or to none, to each domain: catches a device that
 * detaches first and looks at the request afterwards, or that makes the domain before it refuses.
 */
TEST(refused_attach_changes_nothing, .clauses = CLAUSES(IOMMU_ATTACH_D19), .needs = NEEDS,
     .limit_s = 60)
{
    struct set set = set_up(test);
    const unsigned rows = ENDPOINTS * DOMAINS * SPOILED;

    for (unsigned row = 0; row < rows; row++) {
        struct viommu_request attach = viommu_attach(set.domains[row / SPOILED % DOMAINS],
                                                     set.endpoints[row / SPOILED / DOMAINS], 0);

        spoil(&attach, row % SPOILED);
        turn_bypass(&set, row);
        meet(&set, IOMMU_ATTACH_D19, attach, rows);
    }
}

/* Whatever the answer is, it is true: of every endpoint, from every domain but its own. */
TEST(detach_does_what_it_says, .clauses = CLAUSES(IOMMU_DETACH_D06), .needs = NEEDS, .limit_s = 60)
{
    static const uint32_t differs[] = {0, 1u << 8, 1u << 16, 1u << 31};
    struct set set = set_up(test);
    const unsigned rows = ENDPOINTS * DOMAINS * ARRAY_LENGTH(differs);

    for (unsigned row = 0; row < rows; row++) {
        turn_bypass(&set, row);
        meet(&set, IOMMU_DETACH_D06,
             viommu_detach(set.domains[row / ENDPOINTS % DOMAINS] ^
                               differs[row / ENDPOINTS / DOMAINS],
                           set.endpoints[row % ENDPOINTS]),
             rows);
    }
}

/* A MAP that is wrong in one thing; false: this granule is too small for that. */
static bool spoil_map(const struct set *set, struct viommu_request *request, unsigned how)
{
    struct virtio_iommu_req_map *map = &request->map;
    uint64_t half = set->granule / 2, start = map->virt_start;

    switch (how) {
    case 0:
        break;
    case 1:
        map->flags |= 1u << 3;
        break;
    case 2:
        map->flags |= 1u << 31;
        break;
    case 3:
        map->virt_start += half;
        break;
    case 4:
        map->phys_start += half;
        break;
    case 5:
        map->virt_end -= half;
        break;
    case 6: /* whole granules in the wrong order */
        map->virt_start = map->virt_end + 1;
        map->virt_end = start + set->granule - 1;
        map->virt_start += set->granule;
        break;
    case 7:
        map->flags = VIRTIO_IOMMU_MAP_F_WRITE;
        break;
    default:
        map->flags = 0;
    }
    return half || how < 3 || how > 5;
}

#define SPOILED_MAPS 9

/*
 * Over, in, around and across mappings, and where nothing is mapped; each in every domain, and wrong in
 * other things as well. What is accepted all the same leads exactly to where it says.
 */
TEST(refused_map_changes_nothing, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS, .limit_s = 60)
{
    static const struct {
        unsigned first, last;
    } ranges[] = {{7, 8}, {5, 5}, {4, 5}, {5, 6}, {3, 4}, {6, 7}, {0, 12}, {10, 11}, {11, 12}};
    struct set set = set_up(test);
    const unsigned rows = ARRAY_LENGTH(ranges) * DOMAINS * SPOILED_MAPS;

    for (unsigned row = 0; row < rows; row++) {
        unsigned range = row / DOMAINS / SPOILED_MAPS, how = row % SPOILED_MAPS;
        struct viommu_request request =
            map(&set, row / SPOILED_MAPS % DOMAINS, ranges[range].first, ranges[range].last, 12);

        /* Over mappings, one of the ways to be wrong is enough. */
        if (range > 1 && how && how != 1 + range % (SPOILED_MAPS - 1))
            continue;
        if (spoil_map(&set, &request, how))
            meet(&set, IOMMU_MAP_P04, request, rows);
    }
}

/* Parts of mappings, alone and with others before and behind them; backwards; in every domain. */
TEST(refused_unmap_changes_nothing, .clauses = CLAUSES(IOMMU_UNMAP_P04), .needs = NEEDS,
     .limit_s = 60)
{
    static const struct {
        unsigned first, last;
    } ranges[] = {{4, 4}, {5, 5}, {5, 6}, {3, 4}, {4, 9}, {10, 12}, {5, 9}, {0, 9}, {12, 3}};
    struct set set = set_up(test);
    const unsigned rows = ARRAY_LENGTH(ranges) * DOMAINS;

    for (unsigned row = 0; row < rows; row++) {
        struct viommu_request request =
            unmap(&set, row % DOMAINS, ranges[row / DOMAINS].first, ranges[row / DOMAINS].last);

        meet(&set, IOMMU_UNMAP_P04, request, rows);
    }
}

/* 5.13.6.7: it only asks, of an endpoint that is attached and of one that does not exist. */
TEST(probe_changes_nothing, .clauses = CLAUSES(IOMMU_PROBE_P03, IOMMU_OP_P01),
     .needs = NEEDS | NEEDS_PROBE, .limit_s = 60)
{
    struct set set = set_up(test);
    uint8_t *properties = properties_area(test);

    for (unsigned i = 0; i < ENDPOINTS; i++) {
        struct viommu_reply reply =
            viommu_probe(fixture_iommu(test), set.endpoints[i], NULL, properties);

        if (reply.outcome == VIOMMU_FULL)
            skip(test, "the request queue has no room for a PROBE");
        require(test, IOMMU_OP_P01, reply.outcome <= VIOMMU_UNWRITTEN, "PROBE is not answered");
        ledger_skip(1);
        if (state_expect(test, NULL, IOMMU_PROBE_P03, "PROBE"))
            expect(test, IOMMU_PROBE_P03, true, "%s", "as it was");
    }
}

/* 5.13.5: by transfers, with each value of the bypass byte, and by requests. */
TEST(reset_leaves_nothing_attached, .clauses = CLAUSES(IOMMU_INIT_P01), .needs = NEEDS,
     .limit_s = 60)
{
    struct set set = set_up(test);
    struct model *before = fixture_pages(test, sizeof(*before) / PAGE_SIZE + 1);

    for (unsigned round = 0; round < 2; round++) {
        model_copy(before, ledger_require(test));
        fixture_restart(test, test->fixture->features);
        ledger_begin(test); /* also where the device is known for what this is about */
        turn_bypass(&set, round);
        if (state_expect(test, before, IOMMU_INIT_P01, "a reset of the device"))
            expect(test, IOMMU_INIT_P01, true, "%s", "nothing is attached");
        fixture_restart_detached(test);
        build(&set);
    }
}
