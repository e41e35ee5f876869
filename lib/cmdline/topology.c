// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cmdline/topology.h"

#include <string.h>

#include "lib/array/array.h"
#include "lib/topology/builtin.h"

struct address {
    uint16_t segment, bdf;
};

/* "[SSSS:]BB:DD.F", a segment only where a second colon comes before the dot. */
static bool scan_address(struct scan *scan, uint16_t segment, struct address *out)
{
    const char *dot = strchr(scan->at, '.'), *colon = strchr(scan->at, ':');
    uint64_t number = segment, bus, device, function;

    if (dot && colon && memchr(colon + 1, ':', dot > colon ? (size_t)(dot - colon - 1) : 0) &&
        (!scan_number(scan, SCAN_HEX, 0, 0xffff, &number, "a segment from 0 to ffff") ||
         !scan_literal(scan, ":", ": behind the segment")))
        return false;
    if (!scan_number(scan, SCAN_HEX, 0, 0xff, &bus, "a bus from 0 to ff") ||
        !scan_literal(scan, ":", ": behind the bus") ||
        !scan_number(scan, SCAN_HEX, 0, 0x1f, &device, "a device from 0 to 1f") ||
        !scan_literal(scan, ".", ". behind the device") ||
        !scan_number(scan, SCAN_HEX, 0, 7, &function, "a function from 0 to 7"))
        return false;
    *out = (struct address){(uint16_t)number, (uint16_t)(bus << 8 | device << 3 | function)};
    return true;
}

bool cmdline_viommu(struct scan *scan, struct topology *out)
{
    struct topology_iommu iommu = {.source = TOPOLOGY_OPTIONS};
    struct address address;
    uint64_t base;

    if (!strncmp(scan->at, "pci:", 4)) {
        scan->at += 4;
        if (!scan_address(scan, 0, &address))
            return false;
        iommu.device = topology_function(address.segment, address.bdf);
    } else {
        if (!scan_literal(scan, "mmio:", "pci: or mmio:") ||
            !scan_number(scan, SCAN_PLAIN, 1, UINT64_MAX, &base, "a base of 64 bits, not 0"))
            return false;
        iommu.device = topology_block(base);
    }
    if (!scan_end(scan))
        return false;
    return topology_add_iommu(out, &iommu) || scan_fail(scan, "no more than 16 IOMMUs");
}

/* "BDF" or "BDF-BDF". */
static bool scan_functions(struct scan *scan, struct topology_range *range)
{
    struct address first, last;

    if (!scan_address(scan, 0, &first))
        return false;
    last = first;
    if (*scan->at == '-') {
        struct scan second = {.at = ++scan->at};

        if (!scan_address(scan, first.segment, &last))
            return false;
        if (last.segment != first.segment || last.bdf < first.bdf) {
            *scan = second;
            return scan_fail(scan, "a function of the same segment, not before the first one");
        }
    }
    range->bus = TOPOLOGY_PCI;
    range->segment_first = range->segment_last = first.segment;
    range->bdf_first = first.bdf;
    range->bdf_last = last.bdf;
    return true;
}

static bool scan_block(struct scan *scan, struct topology_range *range)
{
    range->bus = TOPOLOGY_MMIO;
    if (!scan_number(scan, SCAN_PLAIN, 1, UINT64_MAX, &range->base,
                     "a PCI function or a base of 64 bits, not 0"))
        return false;
    return *scan->at != '-' || scan_fail(scan, ": and the id, as a block is named by its base");
}

/* Behind "scan". */
static bool read_scan(struct scan *scan, struct topology *out)
{
    static const struct topology_scan usual[] = {{0, 0xff}, {0x10000, 0x100ff}};
    uint64_t first, last;

    if (out->scan_count + 2 > TOPOLOGY_MAX_SCANS)
        return scan_fail(scan, "fewer scans");
    if (!*scan->at) {
        out->scans[out->scan_count++] = usual[0];
        out->scans[out->scan_count++] = usual[1];
        return true;
    }
    if (!scan_literal(scan, ":", ": and the first id") ||
        !scan_number(scan, SCAN_PLAIN, 0, UINT32_MAX, &first, "an id of 32 bits") ||
        !scan_literal(scan, "-", "- and the last id") ||
        !scan_number(scan, SCAN_PLAIN, first,
                     first > UINT32_MAX - 0xffff ? UINT32_MAX : first + 0xffff, &last,
                     "an id from the first one on, of 32 bits, 65536 in all") ||
        !scan_end(scan))
        return false;
    out->scans[out->scan_count++] = (struct topology_scan){(uint32_t)first, (uint32_t)last};
    return true;
}

bool cmdline_viommu_ep(struct scan *scan, struct topology *out)
{
    struct topology_range range = {.source = TOPOLOGY_OPTIONS, .iommu = out->iommu_count - 1};
    uint64_t id;

    if (!strncmp(scan->at, "scan", 4)) {
        scan->at += 4;
        return read_scan(scan, out);
    }
    if (!out->iommu_count)
        return scan_fail(scan, "viommu= to come before it");
    if (strchr(scan->at, '.') ? !scan_functions(scan, &range) : !scan_block(scan, &range))
        return false;
    if (!scan_literal(scan, ":", ": and the id") ||
        !scan_number(scan, SCAN_PLAIN, 0, UINT32_MAX - (uint32_t)(range.bdf_last - range.bdf_first),
                     &id, "an id that, for the last function too, fits in 32 bits") ||
        !scan_end(scan))
        return false;
    range.id_first = (uint32_t)id;
    return topology_add_range(out, &range) || scan_fail(scan, "no more than 256 ranges");
}

#define SOURCE(source) (1u << (source))

static const struct {
    const char *name;
    struct topology_choice choice;
} choices[] = {
    {"auto",
     {SOURCE(TOPOLOGY_BUILTIN) | SOURCE(TOPOLOGY_IORT) | SOURCE(TOPOLOGY_VIOT_DRAFT) |
          SOURCE(TOPOLOGY_VIOT) | SOURCE(TOPOLOGY_DEVICE_TREE) | SOURCE(TOPOLOGY_OPTIONS),
      BUILTIN_AUTO}},
    {"dt", {SOURCE(TOPOLOGY_DEVICE_TREE), BUILTIN_AUTO}},
    {"viot", {SOURCE(TOPOLOGY_VIOT), BUILTIN_AUTO}},
    {"viot-v8", {SOURCE(TOPOLOGY_VIOT_V8), BUILTIN_AUTO}},
    {"viot-draft", {SOURCE(TOPOLOGY_VIOT_DRAFT), BUILTIN_AUTO}},
    {"iort", {SOURCE(TOPOLOGY_IORT), BUILTIN_AUTO}},
    {"builtin", {SOURCE(TOPOLOGY_BUILTIN), BUILTIN_AUTO}},
    {"builtin-v1", {SOURCE(TOPOLOGY_BUILTIN), 1}},
    {"builtin-v2", {SOURCE(TOPOLOGY_BUILTIN), 2}},
    {"builtin-v3", {SOURCE(TOPOLOGY_BUILTIN), 3}},
    {"builtin-v4", {SOURCE(TOPOLOGY_BUILTIN), 4}},
    {"options", {SOURCE(TOPOLOGY_OPTIONS), BUILTIN_AUTO}},
    {"off", {0, BUILTIN_AUTO}},
};

struct topology_choice cmdline_topology_auto(void)
{
    return choices[0].choice;
}

bool cmdline_topology(struct scan *scan, struct topology_choice *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(choices); i++)
        if (!strcmp(scan->at, choices[i].name)) {
            *out = choices[i].choice;
            return true;
        }
    return scan_fail(scan, "auto, dt, viot, viot-v8, viot-draft, iort, builtin, builtin-v1 to "
                           "builtin-v4, options or off");
}
