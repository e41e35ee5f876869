// SPDX-License-Identifier: BSD-2-Clause
/* What a mapping does to real accesses: virtio 1.4 sections 5.13.6 and 5.13.6.5. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/suites/conformance/scene.h"

#define SUITE "conformance.translation"

#define READ  VIRTIO_IOMMU_MAP_F_READ
#define WRITE VIRTIO_IOMMU_MAP_F_WRITE
#define NEEDS (NEEDS_DMA | NEEDS_MAP_UNMAP)

/*
 * Offsets inside a page, at its edges and in later pages: catches a lost offset, and a mapping that
 * ends after one page.
 */
TEST(reads_and_writes_follow_the_formula, .clauses = CLAUSES(IOMMU_MAP_P03, IOMMU_MAP_P11),
     .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 4);
    uint32_t length = transfer_length(s.engine);
    const uint32_t offsets[] = {
        0, 1, 7, PAGE_SIZE - length, PAGE_SIZE, 2 * PAGE_SIZE + 3, 4 * PAGE_SIZE - length};

    scene_map(test, &s, 0, 3, READ_WRITE);
    for (unsigned i = 0; i < ARRAY_LENGTH(offsets); i++) {
        expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + offsets[i], &s.target, offsets[i],
                           length);
        expect_read_sees(test, IOMMU_MAP_P11, s.engine, s.at + offsets[i], &s.target, offsets[i],
                         length);
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
 * The last page that can be mapped: catches addresses cut to 32, 40 or 48 bits, and sign extension.
 */
TEST(far_virtual_address, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);

    s.at = scene_last(test, &s) - PAGE_SIZE + 1;
    scene_map(test, &s, 0, 0, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at, &s.target, 0,
                       transfer_length(s.engine));
    scene_skip_beyond_reach(test, &s);
}

/* Addresses that differ from the mapped one in a single high bit are not mapped. */
TEST(high_bits_of_the_address_count, .clauses = CLAUSES(IOMMU_MAP_P04), .needs = NEEDS,
     .limit_s = 20)
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

/* What a scatter list looks like to a driver: physical order is not virtual order. */
TEST(reordered_pages_of_one_buffer, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 4);

    for (unsigned page = 0; page < 4; page++)
        require_ok(test,
                   viommu_map(s.domain, s.at + page * PAGE_SIZE, s.at + (page + 1) * PAGE_SIZE - 1,
                              target_physical(&s.target) + (3 - page) * PAGE_SIZE, READ_WRITE));
    for (unsigned page = 0; page < 4; page++)
        expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + page * PAGE_SIZE, &s.target,
                           (3 - page) * PAGE_SIZE, transfer_length(s.engine));
}

/* A device that looks mappings up by physical address loses one of them. */
TEST(one_page_seen_at_two_addresses, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);

    for (unsigned page = 0; page < 2; page++)
        require_ok(test,
                   viommu_map(s.domain, s.at + page * PAGE_SIZE, s.at + (page + 1) * PAGE_SIZE - 1,
                              target_physical(&s.target), READ_WRITE));
    for (unsigned page = 0; page < 2; page++)
        expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + page * PAGE_SIZE + 64, &s.target,
                           64, transfer_length(s.engine));
}

/* A transfer does not know where mappings end; half of it is in each. */
TEST(transfer_over_two_adjacent_mappings, .clauses = CLAUSES(IOMMU_MAP_P05), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 2);
    uint32_t length = transfer_length(s.engine);

    scene_map(test, &s, 0, 0, READ_WRITE);
    scene_map(test, &s, 1, 1, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P05, s.engine, s.at + PAGE_SIZE - length / 2, &s.target,
                       PAGE_SIZE - length / 2, length);
    expect_read_sees(test, IOMMU_MAP_P05, s.engine, s.at + PAGE_SIZE - length / 2, &s.target,
                     PAGE_SIZE - length / 2, length);
}

/*
 * Each half goes where its own mapping leads. Catches a device that translates the first byte and
 * continues linearly.
 */
TEST(transfer_over_pages_in_reverse_order, .clauses = CLAUSES(IOMMU_MAP_P05), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 2);
    uint32_t half = transfer_length(s.engine) / 2;
    uint8_t *first = s.target.bytes + 2 * PAGE_SIZE - half, *second = s.target.bytes;

    if (!s.engine->content || half < 8)
        skip(test, "the engine writes nothing that is known and can be cut in two");
    for (unsigned page = 0; page < 2; page++)
        require_ok(test,
                   viommu_map(s.domain, s.at + page * PAGE_SIZE, s.at + (page + 1) * PAGE_SIZE - 1,
                              target_physical(&s.target) + (1 - page) * PAGE_SIZE, READ_WRITE));
    target_poison(&s.target);
    dma_write(s.engine, s.at + PAGE_SIZE - half, 2 * half, transfer_timeout(s.engine, false));
    expect(test, IOMMU_MAP_P05,
           !memcmp(first, s.engine->content, half) &&
               !memcmp(second, s.engine->content + half, half),
           "a transfer over two mappings did not arrive where each of them leads");
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
        viommu_map(s.domain, s.at, s.at + PAGE_SIZE - 1, target_physical(&s.target), READ);

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
        viommu_map(s.domain, s.at, s.at + PAGE_SIZE - 1, target_physical(&s.target), 0);

    if (submit(test, &request).status != VIRTIO_IOMMU_S_OK)
        note(test, "the device refuses mappings without READ and WRITE");
    expect_write_denied(test, IOMMU_MAP_D15, s.engine, s.at, &s.target, transfer_length(s.engine));
}

/* Only the write is judged: reads through it may be allowed (5.13.6.5.2). */
TEST(write_only_mapping_is_written, .clauses = CLAUSES(IOMMU_MAP_P11), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 1);
    struct viommu_request request =
        viommu_map(s.domain, s.at, s.at + PAGE_SIZE - 1, target_physical(&s.target), WRITE);

    if (submit(test, &request).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device refuses write-only mappings");
    expect_write_lands(test, IOMMU_MAP_P11, s.engine, s.at, &s.target, 0,
                       transfer_length(s.engine));
}

/*
 * More than 2 MiB and no power of two: devices with page tables split it into pages of several
 * sizes.
 */
TEST(large_mapping_translates_at_both_ends, .clauses = CLAUSES(IOMMU_MAP_P03), .needs = NEEDS)
{
    const unsigned pages = 600; /* more than 2 MiB, and no power of two */
    struct scene s = scene_new(test, fixture_engine(test), pages);
    uint32_t length = transfer_length(s.engine);
    uint32_t last = pages * PAGE_SIZE - length;

    scene_map(test, &s, 0, pages - 1, READ_WRITE);
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at, &s.target, 0, length);
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + 0x1fff00, &s.target, 0x1fff00, length);
    expect_write_lands(test, IOMMU_MAP_P03, s.engine, s.at + last, &s.target, last, length);
}

/* One transfer through eight mappings, where the engine is capable of it. */
TEST(long_transfer_over_many_mappings, .clauses = CLAUSES(IOMMU_MAP_P05), .needs = NEEDS)
{
    struct scene s = scene_new(test, fixture_engine(test), 8);

    for (unsigned page = 0; page < 8; page++)
        scene_map(test, &s, page, page, READ_WRITE);
    if (s.engine->max_length < 8 * PAGE_SIZE)
        skip(test, "the engine transfers at most %u bytes", s.engine->max_length);
    expect_write_lands(test, IOMMU_MAP_P05, s.engine, s.at, &s.target, 0, 8 * PAGE_SIZE);
    expect_read_sees(test, IOMMU_MAP_P05, s.engine, s.at, &s.target, 0, 8 * PAGE_SIZE);
}
