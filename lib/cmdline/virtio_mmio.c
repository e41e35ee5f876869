// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cmdline/machine.h"

#include <string.h>

#define REGISTERS 0x100 /* bytes of a block before the device's configuration */

/* A number, times the power of 1024 that the letter behind it stands for. */
static bool scan_size(struct scan *scan, uint64_t *size, const char *expected)
{
    static const char letters[] = "kmgtpe";
    struct scan start = *scan;

    if (!scan_number(scan, SCAN_C, 1, UINT64_MAX, size, expected))
        return false;

    const char *letter = *scan->at ? strchr(letters, *scan->at | ('a' ^ 'A')) : NULL;

    if (letter) {
        unsigned shift = 10 * (unsigned)(letter - letters + 1);

        scan->at++;
        if (*size > UINT64_MAX >> shift)
            *size = 0; /* too large for 64 bits */
        *size <<= shift;
    }
    if (*size >= REGISTERS)
        return true;
    *scan = start;
    return scan_fail(scan, expected);
}

/* "@BASE", for `count` blocks of `size` bytes. */
static bool scan_base(struct scan *scan, uint64_t count, uint64_t size, uint64_t *base)
{
    struct scan start;
    uint64_t bytes;

    if (!scan_literal(scan, "@", "@ and the base"))
        return false;
    start = *scan;
    if (!scan_number(scan, SCAN_C, 0, UINT64_MAX, base, "a base of 64 bits"))
        return false;
    if (*base % 4 == 0 && !__builtin_mul_overflow(count, size, &bytes) &&
        bytes - 1 <= UINT64_MAX - *base)
        return true;
    *scan = start;
    return scan_fail(scan, *base % 4 ? "a base that is a multiple of 4"
                                     : "a base from which the size does not wrap");
}

bool cmdline_virtio_mmio_device(struct scan *scan, struct cmdline_blocks *out)
{
    uint64_t size, base, line, id;

    if (!scan_size(scan, &size, "a size of 0x100 or more") || !scan_base(scan, 1, size, &base) ||
        !scan_literal(scan, ":", ": and the interrupt") ||
        !scan_number(scan, SCAN_DECIMAL, 1, UINT32_MAX, &line,
                     "an interrupt, decimal, from 1 to 4294967295"))
        return false;
    if (*scan->at && (!scan_literal(scan, ":", ": and an id, or the end") ||
                      !scan_number(scan, SCAN_DECIMAL, 0, INT32_MAX, &id,
                                   "an id, decimal, from 0 to 2147483647")))
        return false;
    if (!scan_end(scan))
        return false;
    if (out->count == MACHINE_MAX_MMIO)
        return scan_fail(scan, "no more than 64 blocks in all");
    out->blocks[out->count++] =
        (struct machine_mmio){.base = base, .size = size, .line = (uint32_t)line};
    return true;
}

bool cmdline_virtio_mmio_slots(struct scan *scan, struct cmdline_blocks *out)
{
    uint64_t count, stride, base, line = 0;

    if (!scan_number(scan, SCAN_C, 1, MACHINE_MAX_MMIO, &count, "a count from 1 to 64") ||
        !scan_literal(scan, ":", ": and the stride") ||
        !scan_size(scan, &stride, "a stride of 0x100 or more") ||
        !scan_base(scan, count, stride, &base))
        return false;
    if (*scan->at && (!scan_literal(scan, ":", ": and the first interrupt, or the end") ||
                      !scan_number(scan, SCAN_DECIMAL, 1, UINT32_MAX - MACHINE_MAX_MMIO, &line,
                                   "an interrupt, decimal, from 1 to 4294967231")))
        return false;
    if (!scan_end(scan))
        return false;
    if (count > MACHINE_MAX_MMIO - out->count)
        return scan_fail(scan, "no more than 64 blocks in all");
    for (uint32_t i = 0; i < count; i++)
        out->blocks[out->count++] = (struct machine_mmio){.base = base + i * stride,
                                                          .size = stride,
                                                          .line = line ? (uint32_t)line + i : 0,
                                                          .is_guess = true};
    return true;
}
