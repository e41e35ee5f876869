// SPDX-License-Identifier: BSD-2-Clause
/* The memory map by any sequence of additions, compared with the list of them. */
#include "tests/unit/fuzz/boot.h"

#define ADDITION_SIZE 6
#define ADDITIONS_MAX 600

static struct boot_region added[ADDITIONS_MAX];
static unsigned added_count;

static bool is_in(const struct boot_region *region, uint64_t address)
{
    return region->first <= address && address <= region->last;
}

/* The kind of one address, -1 for none: firmware counts before what is usable. */
static int kind_at(const struct boot_region *regions, unsigned count, uint64_t address)
{
    int kind = -1;

    for (unsigned i = 0; i < count; i++)
        if (is_in(&regions[i], address) && (int)regions[i].kind > kind)
            kind = (int)regions[i].kind;
    return kind;
}

/* A kind, a shift that moves both numbers, a base and a size of 16 bits. */
static void add(struct boot_info *info, const uint8_t *bytes)
{
    uint64_t base = (uint64_t)bytes_le16(bytes + 2) << (bytes[1] & 0x30);
    uint64_t size = (uint64_t)bytes_le16(bytes + 4) << (bytes[1] & 0x30);
    enum boot_memory kind = bytes[0] & 1 ? BOOT_FIRMWARE : BOOT_USABLE;
    bool is_added = FUZZ_READ(boot_add_memory(info, base, size, kind));

    FUZZ_CHECK(is_added == (!size || size - 1 <= UINT64_MAX - base));
    if (is_added && size)
        added[added_count++] = (struct boot_region){base, base + (size - 1), kind};
}

static void check_at(const struct boot_info *info, uint64_t address)
{
    FUZZ_CHECK(kind_at(info->memory, info->memory_count, address) ==
               kind_at(added, added_count, address));
}

static void check_questions(struct boot_info *info)
{
    struct boot_region region;

    if (FUZZ_READ(boot_largest_usable(info, 1ull << 32, 0x100000, 0x200000, &region))) {
        FUZZ_CHECK(region.first >= 4096 && region.first <= region.last);
        FUZZ_CHECK(region.last < 1ull << 32);
        FUZZ_CHECK(region.last < 0x100000 || region.first >= 0x200000);
        FUZZ_CHECK(kind_at(info->memory, info->memory_count, region.first) == BOOT_USABLE);
    }
    fuzz_is_reading = true;
    uint64_t page = boot_take_page(info, 1 << 20);
    fuzz_is_reading = false;

    FUZZ_CHECK(page % 4096 == 0 && page < 1 << 20);
    FUZZ_CHECK(!page || kind_at(info->memory, info->memory_count, page) == BOOT_FIRMWARE);
    fuzz_check_map(info);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    static struct boot_info info;

    memset(&info, 0, sizeof(info));
    added_count = 0;
    for (; size >= ADDITION_SIZE && added_count < ADDITIONS_MAX; size -= ADDITION_SIZE) {
        add(&info, bytes);
        bytes += ADDITION_SIZE;
    }
    fuzz_check_map(&info);
    /* A full map loses memory, and says so. */
    for (unsigned i = 0; i < added_count && !info.diagnostic_count; i++) {
        check_at(&info, added[i].first);
        check_at(&info, added[i].last);
        check_at(&info, added[i].first - 1);
        check_at(&info, added[i].last + 1);
    }
    check_questions(&info);
}
