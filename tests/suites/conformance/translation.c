// SPDX-License-Identifier: BSD-2-Clause
/* What a mapping does to real accesses: virtio 1.4 sections 5.13.6 and 5.13.6.5. */
#include "lib/array/array.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.translation"

#define READ  VIRTIO_IOMMU_MAP_F_READ
#define WRITE VIRTIO_IOMMU_MAP_F_WRITE
#define NEEDS (NEEDS_DMA | NEEDS_MAP_UNMAP)

/*
 * Offsets inside a granule, at its edges and in later ones: catches a lost offset, and a mapping that
 * ends after one granule.
 */
TEST(reads_and_writes_follow_the_formula, .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_P11),
     .needs = NEEDS_WRITER | NEEDS_MAP_UNMAP, .limit_s = 60)
{
    waive(test, IOMMU_MAP_P11, "no DMA engine reads");
    for (unsigned n = 0; fixture_kind(test, n); n++) {
        struct scene s = scene_new(test, fixture_kind(test, n), 4);
        uint32_t length = transfer_length(s.engine);
        const uint32_t offsets[] = {
            0, 1, 7, s.unit - length, s.unit, 2 * s.unit + 3, 4 * s.unit - length};

        scene_map(test, &s, 0, 3, READ_WRITE);
        for (unsigned i = 0; i < ARRAY_LENGTH(offsets); i++) {
            expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + offsets[i], &s.target,
                               offsets[i], length);
            if (s.engine->can_read)
                expect_read_sees(test, IOMMU_MAP_P11, s.engine, s.at + offsets[i], &s.target,
                                 offsets[i], length);
        }
        scene_end(test, &s);
    }
}

/* A denied access first: the device must not remember that there was nothing. */
TEST(mapping_is_used_at_once, .clauses = CLAUSES(IOMMU_MAP_P01, IOMMU_MAP_P04), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);

    expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at, &s.target, transfer_length(s.engine));
    scene_map(test, &s, 0, 0, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P01, s.engine, s.at, &s.target, 0,
                       transfer_length(s.engine));
}

/*
 * The last granules that can be mapped: catches addresses cut to 32, 40 or 48 bits, and sign extension.
 */
TEST(far_virtual_address, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 2);
    uint64_t last = scene_last(test, &s);
    unsigned units = addresses_can_be_mapped(test, last - 2 * s.unit + 1, last) ? 2 : 1;

    s.at = last - units * s.unit + 1;
    scene_map(test, &s, 0, units - 1, READ_WRITE);
    for (uint32_t offset = 0; offset < units * s.unit; offset += s.unit)
        expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + offset, &s.target, offset,
                           transfer_length(s.engine));
    scene_skip_beyond_reach(test, &s);
}

/* Addresses that differ from the mapped one in a single high bit are not mapped. */
TEST(high_bits_of_the_address_count, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    uint64_t last = scene_last(test, &s);

    scene_map(test, &s, 0, 0, READ_WRITE);
    for (unsigned bit = 35; bit < 64 && 1ull << bit < last; bit += 4)
        if ((s.at ^ 1ull << bit) <= last)
            expect_write_denied(test, IOMMU_MAP_P04, s.engine, s.at ^ 1ull << bit, &s.target,
                                transfer_length(s.engine));
    if (last < 1ull << 36)
        skip(test, "no address that can be mapped has high bits");
    scene_skip_beyond_reach(test, &s);
}

/* Mappings of two units, from 2 * `at` on to 2 * `to` on: a device may treat the first page apart. */
static void map_pair(struct test *test, const struct scene *s, unsigned at, unsigned to)
{
    uint64_t size = 2 * s->unit, first = s->at + at * size;

    require_ok(test, viommu_map(s->domain, first, first + size - 1,
                                target_physical(&s->target) + to * size, READ_WRITE));
}

/* Into either unit of a pair. */
static void expect_pair(struct test *test, const struct scene *s, unsigned at, unsigned to)
{
    for (uint32_t inside = 64; inside < 2 * s->unit; inside += s->unit)
        expect_write_lands(test, IOMMU_MAP_P03, s->engine, s->at + at * 2 * s->unit + inside,
                           &s->target, to * 2 * s->unit + inside, transfer_length(s->engine));
}

/* What a scatter list looks like to a driver: physical order is not virtual order. */
TEST(reordered_pages_of_one_buffer, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 8);

    for (unsigned pair = 0; pair < 4; pair++)
        map_pair(test, &s, pair, 3 - pair);
    for (unsigned pair = 0; pair < 4; pair++)
        expect_pair(test, &s, pair, 3 - pair);
}

/* A device that looks mappings up by physical address loses one of them. */
TEST(one_page_seen_at_two_addresses, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 2);

    for (unsigned pair = 0; pair < 2; pair++)
        map_pair(test, &s, pair, 0);
    for (unsigned pair = 0; pair < 2; pair++)
        expect_pair(test, &s, pair, 0);
}

/* A transfer does not know where mappings end; half of it is in each. */
TEST(transfer_over_two_adjacent_mappings, .clauses = CLAUSES(IOMMU_MAP_P05), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 2);
    uint32_t length = transfer_length(s.engine);

    scene_map(test, &s, 0, 0, READ_WRITE);
    scene_map(test, &s, 1, 1, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P05, s.engine, s.at + s.unit - length / 2, &s.target,
                       s.unit - length / 2, length);
    expect_read_sees(test, IOMMU_MAP_P05, s.engine, s.at + s.unit - length / 2, &s.target,
                     s.unit - length / 2, length);
}

/* Catches a device that falls back to identity where nothing is mapped. */
TEST(physical_address_is_not_a_way_in, .clauses = CLAUSES(IOMMU_BYP_P07), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);

    scene_map(test, &s, 0, 0, READ_WRITE);
    expect_write_denied(test, IOMMU_BYP_P07, s.engine, target_physical(&s.target), &s.target,
                        transfer_length(s.engine));
    expect_read_denied(test, IOMMU_BYP_P07, s.engine, target_physical(&s.target), &s.target,
                       transfer_length(s.engine), NULL);
}

/*
 * A device may refuse such mappings. Where it does not, reads work and writes do not, and reads
 * still work after the denied write.
 */
TEST(read_only_mapping_is_not_written, .clauses = CLAUSES(IOMMU_MAP_D15, IOMMU_MAP_P11),
     .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    struct viommu_request request =
        viommu_map(s.domain, s.at, s.at + s.unit - 1, target_physical(&s.target), READ);

    if (submit(test, &request).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device refuses read-only mappings");
    expect_read_sees(test, IOMMU_MAP_P11, s.engine, s.at, &s.target, 0, transfer_length(s.engine));
    expect_write_denied(test, IOMMU_MAP_D15, s.engine, s.at, &s.target, transfer_length(s.engine));
    expect_read_sees(test, IOMMU_MAP_P11, s.engine, s.at, &s.target, 0, transfer_length(s.engine));
}

/* Whether a device accepts it is open; that nothing writes through it is not. */
TEST(mapping_without_flags_is_not_written, .clauses = CLAUSES(IOMMU_MAP_D15), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    struct viommu_request request =
        viommu_map(s.domain, s.at, s.at + s.unit - 1, target_physical(&s.target), 0);

    if (submit(test, &request).status != VIRTIO_IOMMU_S_OK)
        note(test, "the device refuses mappings without READ and WRITE");
    expect_write_denied(test, IOMMU_MAP_D15, s.engine, s.at, &s.target, transfer_length(s.engine));
}

/* Only the write is judged: reads through it may be allowed (5.13.6.5.2). */
TEST(write_only_mapping_is_written, .clauses = CLAUSES(IOMMU_MAP_P11), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    struct viommu_request request =
        viommu_map(s.domain, s.at, s.at + s.unit - 1, target_physical(&s.target), WRITE);

    if (submit(test, &request).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device refuses write-only mappings");
    expect_write_lands(test, IOMMU_MAP_P11, s.engine, s.at, &s.target, 0,
                       transfer_length(s.engine));
}

#define LARGE 0x200000u

/*
 * More than 2 MiB and no power of two: devices with page tables split it into pages of several
 * sizes, the large ones only where the physical address is a multiple of theirs, which it isn't here.
 */
TEST(large_mapping_translates_at_both_ends, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    unsigned units = (unsigned)(LARGE / memory_unit(test)) + 3;
    struct scene s = scene_new(test, fixture_engine(test), units + 1);
    uint32_t length = transfer_length(s.engine), size = units * s.unit;
    uint32_t skipped = target_physical(&s.target) % LARGE ? 0 : s.unit;
    const uint32_t offsets[] = {0,     s.unit,         size / 2,      LARGE - s.unit,
                                LARGE, LARGE - 0x100u, size - s.unit, size - length};

    require_ok(test, viommu_map(s.domain, s.at, s.at + size - 1,
                                target_physical(&s.target) + skipped, READ_WRITE));
    for (unsigned i = 0; i < ARRAY_LENGTH(offsets); i++)
        expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + offsets[i], &s.target,
                           skipped + offsets[i], length);
}

/*
 * More than 2 MiB, from a unit behind a multiple of 2 MiB on: a device that makes whole pages of 2 MiB
 * of it, or remembers one, lets through what is before the first byte or behind the last.
 */
TEST(large_mapping_has_two_ends, .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_P04), .needs = NEEDS)
{
    unsigned units = (unsigned)(LARGE / memory_unit(test)) + 1;
    struct scene s = scene_new(test, fixture_engine(test), units + 2);
    uint32_t length = transfer_length(s.engine), size = units * s.unit;
    uint64_t from = free_iova_of(test, size + 2ull * s.unit + LARGE);
    uint64_t before = (from + LARGE - 1) & -(uint64_t)LARGE, first = before + s.unit;

    require_ok(test, viommu_map(s.domain, first, first + size - 1,
                                target_physical(&s.target) + s.unit, READ_WRITE));
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, first, &s.target, s.unit, length);
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, first + size - length, &s.target,
                       s.unit + size - length, length);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = i ? first + size : first - length;

        expect_write_denied(test, IOMMU_MAP_P04, s.engine, at, &s.target, length);
        expect_read_denied(test, IOMMU_MAP_P04, s.engine, at, &s.target, length, NULL);
    }
}

/* One transfer through eight mappings, or as many as the engine is capable of. */
TEST(long_transfer_over_many_mappings, .clauses = CLAUSES(IOMMU_MAP_P05), .needs = NEEDS)
{
    uint32_t most = fixture_engine(test)->max_length;
    unsigned units = (unsigned)(most / memory_unit(test) < 8 ? most / memory_unit(test) : 8);

    if (units < 2)
        skip(test, "the engine transfers at most %u bytes, less than two granules", most);

    struct scene s = scene_new(test, fixture_engine(test), units);

    for (unsigned unit = 0; unit < units; unit++)
        scene_map(test, &s, unit, unit, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P05, s.engine, s.at, &s.target, 0, units * s.unit);
    expect_read_sees(test, IOMMU_MAP_P05, s.engine, s.at, &s.target, 0, units * s.unit);
}
