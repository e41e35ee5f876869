// SPDX-License-Identifier: BSD-2-Clause
/*
 * IOMMUs remember translations: for a page, an endpoint, a domain, and for reads and writes apart. What
 * a request changes must be gone from wherever it is remembered when the request comes back. Virtio 1.4
 * sections 5.13.6.3 to 5.13.6.6. What the bypass byte changes (5.13.4) must be gone, too.
 */
#include "lib/array/array.h"
#include "tests/framework/addresses.h"
#include "tests/framework/memory.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.cache"
#define NEEDS (NEEDS_DMA | NEEDS_MAP_UNMAP)

/* Unit n is used for writes and for reads, so that both are remembered. */
static void use_unit(struct test *test, enum clause clause, const struct scene *s, unsigned n)
{
    uint32_t offset = n * s->unit, length = transfer_length(s->engine);

    expect_write_lands(test, clause, s->engine, s->at + offset, &s->target, offset, length);
    expect_read_sees(test, clause, s->engine, s->at + offset, &s->target, offset, length);
}

static void expect_unit_denied(struct test *test, enum clause clause, const struct scene *s,
                               unsigned n)
{
    uint64_t at = s->at + n * s->unit;
    uint32_t length = transfer_length(s->engine);

    expect_write_denied(test, clause, s->engine, at, &s->target, length);
    expect_read_denied(test, clause, s->engine, at, &s->target, length, NULL);
}

/* One UNMAP over three of five mappings: each of the three is gone, and only they. */
TEST(unmap_of_several_is_for_each, .clauses = CLAUSES(IOMMU_UNMAP_P02), .needs = NEEDS,
     .limit_s = 30)
{
    struct scene s = scene_new(test, fixture_engine(test), 5);

    for (unsigned n = 0; n < 5; n++)
        scene_map(test, &s, n, n, READ_WRITE);
    for (unsigned n = 0; n < 5; n++)
        use_unit(test, IOMMU_MAP_P01, &s, n);
    require_ok(test, viommu_unmap(s.domain, s.at + s.unit, s.at + 4 * s.unit - 1));
    for (unsigned n = 1; n < 4; n++)
        expect_unit_denied(test, IOMMU_UNMAP_P02, &s, n);
    use_unit(test, IOMMU_MAP_P01, &s, 0);
    use_unit(test, IOMMU_MAP_P01, &s, 4);
}

/* One mapping of several units, each of which is remembered by itself. */
TEST(unmap_is_for_every_part, .clauses = CLAUSES(IOMMU_UNMAP_P02), .needs = NEEDS, .limit_s = 60)
{
    struct scene s = scene_new(test, fixture_engine(test), 4);

    scene_map(test, &s, 0, 3, READ_WRITE);
    for (unsigned n = 0; n < 4; n++)
        use_unit(test, IOMMU_MAP_P01, &s, n);
    require_ok(test, viommu_unmap(s.domain, s.at, s.at + 4 * s.unit - 1));
    for (unsigned n = 0; n < 4; n++)
        expect_unit_denied(test, IOMMU_UNMAP_P02, &s, n);
}

/* Whether an access there has to be denied, and nothing but a mapping would let it through. */
static bool is_elsewhere(struct test *test, const struct scene *s, uint64_t at)
{
    uint64_t last = at + s->unit - 1;

    return last > at && last <= s->engine->reach && addresses_can_be_mapped(test, at, last) &&
           !addresses_have_doorbell(test, at, last) &&
           is_apart_from_footprint(test, s->engine, at, last);
}

/* A page that is remembered is no other, whichever bit of the address it is that differs. */
TEST(every_bit_of_an_address_counts, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 30)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    uint32_t length = transfer_length(s.engine);
    unsigned tried = 0;

    scene_map(test, &s, 0, 0, READ_WRITE);
    for (uint64_t bit = s.unit; bit; bit <<= 1) {
        uint64_t at = s.at ^ bit;

        if (!is_elsewhere(test, &s, at))
            continue;
        use_unit(test, IOMMU_MAP_P01, &s, 0);
        expect_write_denied(test, IOMMU_MAP_P04, s.engine, at, &s.target, length);
        expect_read_denied(test, IOMMU_MAP_P04, s.engine, at, &s.target, length, NULL);
        tried++;
    }
    if (!tried)
        skip(test, "no other address can be mapped that differs in one bit");
}

/* Twice what was denied can be done: reads and writes, by MAP right after. */
TEST(denials_end_with_map, .clauses = CLAUSES(IOMMU_MAP_P01, IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 30)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);

    for (unsigned round = 0; round < 2; round++) {
        expect_unit_denied(test, IOMMU_MAP_P04, &s, 0);
        scene_map(test, &s, 0, 0, READ_WRITE);
        use_unit(test, IOMMU_MAP_P01, &s, 0);
        require_ok(test, viommu_unmap(s.domain, s.at, s.at + s.unit - 1));
    }
}

/* A read-only mapping that is remembered says nothing about the one that follows at its address. */
TEST(permissions_end_with_the_mapping, .clauses = CLAUSES(IOMMU_MAP_D15, IOMMU_MAP_P11),
     .needs = NEEDS, .limit_s = 60)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    const struct viommu_request read_only = viommu_map(
        s.domain, s.at, s.at + s.unit - 1, target_physical(&s.target), VIRTIO_IOMMU_MAP_F_READ);
    const struct viommu_request unmap = viommu_unmap(s.domain, s.at, s.at + s.unit - 1);
    uint32_t length = transfer_length(s.engine);

    for (unsigned round = 0; round < 2; round++) {
        scene_map(test, &s, 0, 0, READ_WRITE);
        use_unit(test, IOMMU_MAP_P11, &s, 0);
        require_ok(test, unmap);
        if (submit(test, &read_only).status != VIRTIO_IOMMU_S_OK)
            skip(test, "the device refuses read-only mappings");
        expect_read_sees(test, IOMMU_MAP_P11, s.engine, s.at, &s.target, 0, length);
        expect_write_denied(test, IOMMU_MAP_D15, s.engine, s.at, &s.target, length);
        require_ok(test, unmap);
    }
}

/* The engine's domain and then another one, in which the same address leads to other memory. */
struct two_domains {
    struct dma_engine *engine;
    struct target targets[2];
    uint32_t domains[2];
    uint64_t at;
};

static struct two_domains two_domains(struct test *test, unsigned second)
{
    struct two_domains two = {.engine = fixture_engine(test),
                              .targets = {target_new(test, 1), target_new(test, 1)},
                              .domains = {fixture_domain(test, 0), fixture_domain(test, second)},
                              .at = free_iova(test)};

    prepare_engine(test, two.engine);
    return two;
}

/* What was done in domain i is remembered. */
static void use_domain(struct test *test, enum clause clause, const struct two_domains *two,
                       unsigned i)
{
    const struct target *target = &two->targets[i];
    uint32_t length = transfer_length(two->engine);

    require_ok(test, viommu_map(two->domains[i], two->at, two->at + target->unit - 1,
                                target_physical(target), READ_WRITE));
    expect_write_lands(test, clause, two->engine, two->at, target, 0, length);
    expect_read_sees(test, clause, two->engine, two->at, target, 0, length);
}

static void expect_first_denied(struct test *test, enum clause clause,
                                const struct two_domains *two)
{
    uint32_t length = transfer_length(two->engine);

    expect_write_denied(test, clause, two->engine, two->at, &two->targets[0], length);
    expect_read_denied(test, clause, two->engine, two->at, &two->targets[0], length, NULL);
}

/* By ATTACH alone. */
TEST(move_ends_what_was_used, .clauses = CLAUSES(IOMMU_ATTACH_P04), .needs = NEEDS, .limit_s = 60)
{
    struct two_domains two = two_domains(test, 1);
    const struct viommu_request move = viommu_attach(two.domains[1], two.engine->endpoint, 0);

    attach_engine(test, two.domains[0], two.engine);
    use_domain(test, IOMMU_MAP_P01, &two, 0);
    if (submit(test, &move).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device does not move endpoints between domains");
    require_ok(test, footprint_map(test, two.domains[1], two.engine));
    expect_first_denied(test, IOMMU_ATTACH_P04, &two);
    use_domain(test, IOMMU_ATTACH_P04, &two, 1);
}

static void judge_detach(struct test *test, enum clause clause, unsigned second)
{
    struct two_domains two = two_domains(test, second);

    attach_engine(test, two.domains[0], two.engine);
    use_domain(test, IOMMU_MAP_P01, &two, 0);
    detach_engine(test, two.domains[0], two.engine);
    attach_engine(test, two.domains[1], two.engine);
    expect_first_denied(test, clause, &two);
    use_domain(test, clause, &two, 1);
}

/* Into another domain. */
TEST(detach_ends_what_was_used, .clauses = CLAUSES(IOMMU_DETACH_D06), .needs = NEEDS, .limit_s = 60)
{
    judge_detach(test, IOMMU_DETACH_D06, 1);
}

/* Into a new domain that has the id of the one that ended. */
TEST(domain_ends_what_was_used, .clauses = CLAUSES(IOMMU_DETACH_P03), .needs = NEEDS, .limit_s = 60)
{
    judge_detach(test, IOMMU_DETACH_P03, 0);
}

/* The engine reports what it read through memory, which it reaches again by then. */
static void allow(struct test *test, struct dma_engine *engine)
{
    (void)engine;
    viommu_set_bypass(fixture_iommu(test), 1);
}

/* Twice, without any request in between: reads and writes that were let through are denied. */
TEST(bypass_byte_ends_what_was_used, .clauses = CLAUSES(IOMMU_BYP_P01, IOMMU_OP_D06),
     .needs = NEEDS_DMA | NEEDS_BYPASS_CONFIG, .limit_s = 60)
{
    struct dma_engine *engine = fixture_engine(test);
    struct target target = target_new(test, 1);
    uint64_t at = target_physical(&target);
    uint32_t length = transfer_length(engine);

    prepare_engine(test, engine);
    for (unsigned round = 0; round < 2; round++) {
        viommu_set_bypass(fixture_iommu(test), 1);
        expect_write_lands(test, IOMMU_BYP_P01, engine, at, &target, 0, length);
        expect_read_sees(test, IOMMU_BYP_P01, engine, at, &target, 0, length);
        viommu_set_bypass(fixture_iommu(test), 0);
        expect_write_denied(test, IOMMU_OP_D06, engine, at, &target, length);
        expect_read_denied(test, IOMMU_OP_D06, engine, at, &target, length, allow);
    }
}

/*
 * Two endpoints in two domains, in turn: one address, two targets. What was remembered of the one is
 * nothing to the other.
 */
TEST(endpoints_take_turns, .clauses = CLAUSES(IOMMU_ATTACH_P05),
     .needs = NEEDS_TWO_ENGINES | NEEDS_MAP_UNMAP, .limit_s = 60)
{
    struct target targets[2] = {target_new(test, 1), target_new(test, 1)};
    uint64_t at = free_iova(test);

    for (unsigned i = 0; i < 2; i++) {
        prepare_engine(test, fixture_writer(test, i));
        attach_engine(test, fixture_domain(test, i), fixture_writer(test, i));
        require_ok(test, viommu_map(fixture_domain(test, i), at, at + targets[i].unit - 1,
                                    target_physical(&targets[i]), READ_WRITE));
    }
    for (unsigned turn = 0; turn < 4; turn++) {
        struct dma_engine *engine = fixture_writer(test, turn % 2);
        const struct target *target = &targets[turn % 2];
        uint32_t length = transfer_length(engine);

        expect_write_lands(test, IOMMU_ATTACH_P05, engine, at, target, 0, length);
        if (engine->can_read)
            expect_read_sees(test, IOMMU_ATTACH_P05, engine, at, target, 0, length);
    }
}
