// SPDX-License-Identifier: BSD-2-Clause
#include "boot/boot_info.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void boot_complain(struct boot_info *info, const char *format, ...)
{
    va_list args;

    if (info->complaint_count == BOOT_COMPLAINTS)
        return;
    va_start(args, format);
    vsnprintf(info->complaints[info->complaint_count++], BOOT_COMPLAINT_MAX, format, args);
    va_end(args);
}

void boot_add_memory(struct boot_info *info, uint64_t base, uint64_t size, enum boot_memory kind)
{
    if (!size)
        return;
    if (base + (size - 1) < base) {
        boot_complain(info, "memory map: 0x%llx + 0x%llx wraps, left out", (unsigned long long)base,
                      (unsigned long long)size);
        return;
    }
    if (info->memory_count == BOOT_MEMORY_MAX) {
        boot_complain(info, "memory map: more than %d regions, the rest is left out",
                      BOOT_MEMORY_MAX);
        return;
    }
    info->memory[info->memory_count++] =
        (struct boot_region){.first = base, .last = base + (size - 1), .kind = kind};
}

void boot_set_cmdline(struct boot_info *info, const char *text, uint64_t length)
{
    const char *end = memchr(text, 0, length);

    if (end)
        length = (uint64_t)(end - text);
    if (length >= BOOT_CMDLINE_MAX) {
        boot_complain(info, "command line: longer than %d bytes, cut", BOOT_CMDLINE_MAX - 1);
        length = BOOT_CMDLINE_MAX - 1;
    }
    memcpy(info->cmdline, text, length);
    info->cmdline[length] = 0;
}

/* Cuts `from` so that it does not touch [first, last]: keeps the larger side. */
static bool cut(struct boot_region *from, uint64_t first, uint64_t last)
{
    if (first > from->last || last < from->first)
        return true;
    uint64_t before = first > from->first ? first - from->first : 0;
    uint64_t after = last < from->last ? from->last - last : 0;

    if (!before && !after)
        return false;
    if (before >= after)
        from->last = first - 1;
    else
        from->first = last + 1;
    return true;
}

static bool usable_part(const struct boot_info *info, unsigned index, uint64_t limit,
                        uint64_t hole_base, uint64_t hole_end, struct boot_region *part)
{
    *part = info->memory[index];
    if (part->kind != BOOT_USABLE || part->first >= limit)
        return false;
    if (part->last >= limit)
        part->last = limit - 1;
    if (hole_end > hole_base && !cut(part, hole_base, hole_end - 1))
        return false;
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_region *other = &info->memory[i];

        if (other->kind != BOOT_USABLE && !cut(part, other->first, other->last))
            return false;
    }
    return true;
}

bool boot_largest_usable(const struct boot_info *info, uint64_t limit, uint64_t hole_base,
                         uint64_t hole_end, struct boot_region *region)
{
    bool found = false;

    for (unsigned i = 0; i < info->memory_count; i++) {
        struct boot_region part;

        if (!usable_part(info, i, limit, hole_base, hole_end, &part))
            continue;
        if (!found || part.last - part.first > region->last - region->first)
            *region = part;
        found = true;
    }
    return found;
}
