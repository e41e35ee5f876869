// SPDX-License-Identifier: BSD-2-Clause
#include <stddef.h>

#include "lib/array/array.h"
#include "lib/cmdline/machine.h"

#define BUS_SHIFT 20 /* of ECAM */

bool cmdline_pci_ecam(struct scan *scan, struct machine_host *out)
{
    uint64_t base, buses = 256;
    struct scan start = *scan;

    if (!scan_number(scan, SCAN_PLAIN, 1, UINT64_MAX, &base, "a base of 64 bits, not 0"))
        return false;
    if (base % (1 << BUS_SHIFT)) {
        *scan = start;
        return scan_fail(scan, "a base that is a multiple of 0x100000");
    }
    if (*scan->at && (!scan_literal(scan, ",", ", and a number of buses, or the end") ||
                      !scan_number(scan, SCAN_PLAIN, 1, 256, &buses, "from 1 to 256 buses")))
        return false;
    if (!scan_end(scan))
        return false;
    if ((buses << BUS_SHIFT) - 1 > UINT64_MAX - base) {
        *scan = start;
        return scan_fail(scan, "a base from which the buses do not wrap");
    }
    if (out->ecam)
        return scan_fail(scan, "no second host bridge");
    *out = (struct machine_host){.bus_last = (uint8_t)(buses - 1), .ecam = base};
    return true;
}

static bool scan_kind(struct scan *scan, struct machine_window *window)
{
    static const struct {
        const char *name;
        enum machine_window_kind kind;
        bool is_prefetchable;
    } kinds[] = {
        {"io:", MACHINE_WINDOW_IO, false},    {"mem32:", MACHINE_WINDOW_32, false},
        {"pref32:", MACHINE_WINDOW_32, true}, {"mem64:", MACHINE_WINDOW_64, false},
        {"pref64:", MACHINE_WINDOW_64, true},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        struct scan attempt = *scan;

        if (!scan_literal(&attempt, kinds[i].name, ""))
            continue;
        *scan = attempt;
        window->kind = kinds[i].kind;
        window->is_prefetchable = kinds[i].is_prefetchable;
        return true;
    }
    return scan_fail(scan, "io:, mem32:, pref32:, mem64: or pref64:");
}

static bool overlaps(const struct machine_host *host, const struct machine_window *window)
{
    for (unsigned i = 0; i < host->window_count; i++) {
        const struct machine_window *other = &host->windows[i];

        if ((other->kind == MACHINE_WINDOW_IO) == (window->kind == MACHINE_WINDOW_IO) &&
            other->bus <= window->bus + (window->size - 1) &&
            window->bus <= other->bus + (other->size - 1))
            return true;
    }
    return false;
}

bool cmdline_pci_window(struct scan *scan, struct machine_host *out)
{
    struct machine_window window;

    if (!scan_kind(scan, &window))
        return false;

    const uint64_t last = window.kind == MACHINE_WINDOW_64 ? UINT64_MAX - 1 : UINT32_MAX;
    const struct scan start = *scan;

    if (!scan_number(scan, SCAN_PLAIN, 0, last, &window.bus, "a base that fits the kind") ||
        !scan_literal(scan, ":", ": and the size") ||
        !scan_number(scan, SCAN_PLAIN, 1, last - window.bus + 1, &window.size,
                     "a size, not 0, that the kind has room for"))
        return false;
    window.cpu = window.bus;
    if (*scan->at && (!scan_literal(scan, ":", ": and the CPU's address, or the end") ||
                      !scan_number(scan, SCAN_PLAIN, 0, UINT64_MAX - window.size, &window.cpu,
                                   "an address from which the size does not wrap")))
        return false;
    if (!scan_end(scan))
        return false;
    if (!out->ecam)
        return scan_fail(scan, "pci.ecam= to come before it");
    if (out->window_count == MACHINE_MAX_WINDOWS)
        return scan_fail(scan, "no more than 8 windows");
    if (overlaps(out, &window)) {
        *scan = start;
        return scan_fail(scan, "no overlap with another window");
    }
    out->windows[out->window_count++] = window;
    return true;
}
