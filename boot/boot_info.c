// SPDX-License-Identifier: BSD-2-Clause
#include "boot/boot_info.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE       4096ull
#define PAGE_0_END PAGE

void boot_diagnose(struct boot_info *info, const char *format, ...)
{
    va_list args;

    if (info->diagnostic_count == BOOT_DIAGNOSTICS) {
        info->diagnostics_lost++;
        return;
    }
    va_start(args, format);
    vsnprintf(info->diagnostics[info->diagnostic_count++], BOOT_DIAGNOSTIC_MAX, format, args);
    va_end(args);
}

static void remove_at(struct boot_info *info, unsigned index)
{
    info->memory_count--;
    memmove(&info->memory[index], &info->memory[index + 1],
            (info->memory_count - index) * sizeof(info->memory[0]));
}

/* Puts a region that overlaps no other at its place in the order. */
static void insert(struct boot_info *info, struct boot_region region)
{
    unsigned index = 0;

    if (info->memory_count == BOOT_MEMORY_MAX) {
        boot_diagnose(info, "memory map: more than %d regions, 0x%llx to 0x%llx is left out",
                      BOOT_MEMORY_MAX, (unsigned long long)region.first,
                      (unsigned long long)region.last);
        return;
    }
    while (index < info->memory_count && info->memory[index].first < region.first)
        index++;
    memmove(&info->memory[index + 1], &info->memory[index],
            (info->memory_count - index) * sizeof(info->memory[0]));
    info->memory[index] = region;
    info->memory_count++;
}

static bool touches(const struct boot_region *a, const struct boot_region *b)
{
    bool a_ends_before = a->last < b->first && b->first - a->last > 1;
    bool b_ends_before = b->last < a->first && a->first - b->last > 1;

    return !a_ends_before && !b_ends_before;
}

/* Adds a region that overlaps none of another kind; swallows those of its own that it touches. */
static void add_merged(struct boot_info *info, struct boot_region region)
{
    for (unsigned i = 0; i < info->memory_count;) {
        const struct boot_region *other = &info->memory[i];

        if (other->kind != region.kind || !touches(other, &region)) {
            i++;
            continue;
        }
        if (other->first < region.first)
            region.first = other->first;
        if (other->last > region.last)
            region.last = other->last;
        remove_at(info, i);
    }
    insert(info, region);
}

/* Makes [first, last] not usable: cuts every usable region that it overlaps. */
static void cut_usable(struct boot_info *info, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < info->memory_count;) {
        const struct boot_region whole = info->memory[i];

        if (whole.kind != BOOT_USABLE || whole.last < first || whole.first > last) {
            i++;
            continue;
        }
        remove_at(info, i);
        if (whole.first < first)
            insert(info, (struct boot_region){whole.first, first - 1, BOOT_USABLE});
        if (whole.last > last)
            insert(info, (struct boot_region){last + 1, whole.last, BOOT_USABLE});
    }
}

/* The first region of firmware that ends at `address` or later. */
static bool next_firmware(const struct boot_info *info, uint64_t address, struct boot_region *found)
{
    for (unsigned i = 0; i < info->memory_count; i++) {
        *found = info->memory[i];
        if (found->kind == BOOT_FIRMWARE && found->last >= address)
            return true;
    }
    return false;
}

/* Adds what of [first, last] no firmware occupies. */
static void add_usable(struct boot_info *info, uint64_t first, uint64_t last)
{
    struct boot_region firmware;

    while (next_firmware(info, first, &firmware) && firmware.first <= last) {
        if (firmware.first > first)
            add_merged(info, (struct boot_region){first, firmware.first - 1, BOOT_USABLE});
        if (firmware.last >= last)
            return;
        first = firmware.last + 1;
    }
    add_merged(info, (struct boot_region){first, last, BOOT_USABLE});
}

bool boot_add_memory(struct boot_info *info, uint64_t base, uint64_t size, enum boot_memory kind)
{
    if (!size)
        return true;
    uint64_t last = base + (size - 1);

    if (last < base)
        return false;
    if (kind == BOOT_USABLE) {
        add_usable(info, base, last);
    } else {
        cut_usable(info, base, last);
        add_merged(info, (struct boot_region){base, last, kind});
    }
    return true;
}

void boot_set_cmdline(struct boot_info *info, const char *text, uint64_t length)
{
    const char *end = memchr(text, 0, length);

    if (end)
        length = (uint64_t)(end - text);
    info->is_cmdline_cut = length >= BOOT_CMDLINE_MAX;
    if (info->is_cmdline_cut) {
        /* Half a word would be another option than was given. */
        length = BOOT_CMDLINE_MAX - 1;
        while (length && (unsigned char)text[length] > ' ')
            length--;
        boot_diagnose(info, "command line: longer than %d bytes, cut at byte %llu",
                      BOOT_CMDLINE_MAX - 1, (unsigned long long)length);
    }
    memcpy(info->cmdline, text, length);
    info->cmdline[length] = 0;
}

/* Replaces `best` by [first, end) if that is larger; `best` is empty while last < first. */
static void keep_larger(struct boot_region *best, uint64_t first, uint64_t end)
{
    uint64_t size = best->last < best->first ? 0 : best->last - best->first + 1;

    if (end > first && end - first > size)
        *best = (struct boot_region){first, end - 1, BOOT_USABLE};
}

bool boot_largest_usable(const struct boot_info *info, uint64_t limit, uint64_t hole_base,
                         uint64_t hole_end, struct boot_region *region)
{
    struct boot_region best = {.first = 1, .last = 0};

    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_region *part = &info->memory[i];
        uint64_t first = part->first < PAGE_0_END ? PAGE_0_END : part->first;
        uint64_t end = part->last >= limit ? limit : part->last + 1;

        if (part->kind != BOOT_USABLE)
            continue;
        if (hole_end <= first || hole_base >= end || hole_base >= hole_end) {
            keep_larger(&best, first, end);
        } else {
            keep_larger(&best, first, hole_base);
            keep_larger(&best, hole_end, end);
        }
    }
    if (best.last < best.first)
        return false;
    *region = best;
    return true;
}

uint64_t boot_take_page(struct boot_info *info, uint64_t limit)
{
    for (unsigned i = info->memory_count; i-- > 0;) {
        const struct boot_region *part = &info->memory[i];
        uint64_t end = (part->last >= limit ? limit : part->last + 1) & -PAGE;
        uint64_t first = part->first < PAGE_0_END ? PAGE_0_END : part->first;

        if (part->kind != BOOT_USABLE || end < first || end - first < PAGE)
            continue;
        boot_add_memory(info, end - PAGE, PAGE, BOOT_FIRMWARE);
        return end - PAGE;
    }
    return 0;
}
