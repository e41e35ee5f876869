// SPDX-License-Identifier: BSD-2-Clause
/* What the descriptions of the topology name, against what the machine has. */
#include "tests/framework/request.h"

#define SUITE "topology.machine"

static const struct topology *need_topology(struct test *test)
{
    const struct topology *topology = &test->fixture->platform->topology;

    if (!topology->iommu_count)
        skip(test, "nothing describes a topology");
    return topology;
}

static const struct topology *need_ranges(struct test *test)
{
    const struct topology *topology = need_topology(test);

    if (!topology->range_count)
        skip(test, "no description names an endpoint");
    return topology;
}

/* What a scan adds for ids that no engine uses has no place in the machine. */
static bool has_place(const struct topology_range *range)
{
    return range->source != TOPOLOGY_SCAN || range->bus == TOPOLOGY_PCI || range->base;
}

/* Behind a host bridge that can't be driven, and so neither there nor missing. */
static bool is_out_of_reach(struct test *test, const struct topology_iommu *iommu)
{
    if (iommu->device.bus != TOPOLOGY_PCI ||
        !platform_is_left_out(test->fixture->platform, iommu->device.segment, iommu->device.bdf))
        return false;
    note(test, "%s names an IOMMU at %04x:%04x, behind a host bridge that is not driven",
         topology_source_name(iommu->source), iommu->device.segment, iommu->device.bdf);
    return true;
}

TEST(described_iommus_exist, .clauses = CLAUSES(TOPO_IOMMU_D01), .needs = 0)
{
    const struct topology *topology = need_topology(test);

    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];
        const char *source = topology_source_name(iommu->source);
        struct device_location place;
        char text[LOCATION_TEXT];

        if (iommu->kind != TOPOLOGY_VIRTIO_IOMMU)
            continue;
        if (is_out_of_reach(test, iommu))
            continue;
        if (!expect(test, TOPO_IOMMU_D01,
                    platform_find_device(test->fixture->platform, &iommu->device, &place),
                    "%s names an IOMMU at %04x:%04x, base 0x%llx, and there is no device", source,
                    iommu->device.segment, iommu->device.bdf,
                    (unsigned long long)iommu->device.base))
            continue;
        expect(test, TOPO_IOMMU_D01, location_is_virtio_iommu(&place),
               "%s names %s as an IOMMU, which is something else", source,
               location_text(&place, text));
    }
    if (!test->checks)
        skip(test, "no description names a virtio-iommu that can be reached");
}

static bool has_segment(const struct pci *pci, unsigned segment)
{
    for (unsigned i = 0; i < pci->host_count; i++)
        if (pci->hosts[i].segment == segment)
            return true;
    return false;
}

/* How many devices of the machine the range has; a bridge's alias needs no function of its own. */
static unsigned count_devices(const struct platform *platform, const struct topology_range *range)
{
    unsigned count = 0;

    for (unsigned i = 0; i < platform->pci.function_count; i++) {
        const struct device_location place = {.function = &platform->pci.functions[i]};
        const struct topology_device device = location_requester(&place);

        count += topology_covers(range, &device);
    }
    for (unsigned i = 0; i < platform->block_count; i++) {
        const struct device_location place = {.block = &platform->blocks[i]};
        const struct topology_device device = location_device(&place);

        count += topology_covers(range, &device);
    }
    return count;
}

/* Whether a bridge above the bus has a slot for what may still come (PCI Express 5.0, 7.5.3.9). */
static bool may_be_plugged(const struct pci *pci, unsigned segment, unsigned bus)
{
    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *bridge = &pci->functions[i];
        uint8_t express = pci_find_capability(bridge, PCI_CAPABILITY_EXPRESS, 0);

        if (bridge->header_type != 1 || bridge->host->segment != segment ||
            bus < bridge->secondary_bus || bus > bridge->subordinate_bus)
            continue;
        if (pci_find_capability(bridge, PCI_CAPABILITY_HOT_PLUG, 0) ||
            (express && pci_read16(bridge, express + 0x02u) & 1u << 8 &&
             pci_read32(bridge, express + 0x14u) & 1u << 6))
            return true;
    }
    return false;
}

/* Ranges wider than one function are for what may come, too; that they are empty is only said. */
static void judge_pci(struct test *test, const struct topology_range *range)
{
    const struct platform *platform = test->fixture->platform;
    const char *source = topology_source_name(range->source);
    bool is_found = count_devices(platform, range);

    if (platform_is_left_out(platform, range->segment_first, range->bdf_first))
        return;
    for (unsigned segment = range->segment_first; segment <= range->segment_last; segment++)
        if (!expect(test, TOPO_RANGE_D01, has_segment(&platform->pci, segment),
                    "%s names functions of segment 0x%04x, which no host bridge has", source,
                    segment))
            return;
    if (!is_found &&
        may_be_plugged(&platform->pci, range->segment_first, PCI_BUS(range->bdf_first)))
        note(test, "%s names function %04x:0x%04x, which may still be plugged in", source,
             range->segment_first, range->bdf_first);
    else if (range->bdf_first == range->bdf_last)
        expect(test, TOPO_RANGE_D01, is_found, "%s names function %04x:0x%04x, which is missing",
               source, range->segment_first, range->bdf_first);
    else if (!is_found)
        note(test, "%s names functions 0x%04x-0x%04x of segment 0x%04x, none of which exists",
             source, range->bdf_first, range->bdf_last, range->segment_first);
}

TEST(described_endpoints_exist, .clauses = CLAUSES(TOPO_RANGE_D01), .needs = 0)
{
    const struct topology *topology = need_ranges(test);

    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        if (!has_place(range))
            continue;
        if (range->bus == TOPOLOGY_PCI)
            judge_pci(test, range);
        else
            expect(test, TOPO_RANGE_D01, count_devices(test->fixture->platform, range),
                   "%s names a device at 0x%llx, which is missing",
                   topology_source_name(range->source), (unsigned long long)range->base);
    }
    if (!test->checks)
        skip(test, "what descriptions name is behind host bridges that are not driven");
}

static void report(void *context, const char *text)
{
    expect(context, TOPO_RANGE_D02, false, "%s", text);
}

TEST(ranges_are_disjoint_and_do_not_wrap, .clauses = CLAUSES(TOPO_RANGE_D02), .needs = 0)
{
    const struct topology *topology = need_ranges(test);
    const struct sink diagnostics = {.line = report, .context = test};
    struct topology placed = {0};

    for (unsigned i = 0; i < topology->range_count; i++)
        if (has_place(&topology->ranges[i]))
            topology_add_range(&placed, &topology->ranges[i]);
    expect(test, TOPO_RANGE_D02, !topology_check(&placed, &diagnostics), "ranges overlap");
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        expect(test, TOPO_RANGE_D02, topology_last_id(range) <= UINT32_MAX,
               "%s: ids of the range from function 0x%04x on, 0x%x and up, run past 0xffffffff",
               topology_source_name(range->source), range->bdf_first, (unsigned)range->id_first);
    }
}

/* QEMU's own tables have it in its range; nothing may come of it. */
TEST(iommu_is_no_endpoint_of_its_own, .clauses = CLAUSES(TOPO_ID_D01), .needs = NEEDS_IOMMU)
{
    struct topology_match match = {0};

    expect(test, TOPO_ID_D01,
           !platform_find_endpoint(test->fixture->platform, &test->fixture->iommu_location, &match),
           "the IOMMU would be endpoint 0x%x of IOMMU %u", (unsigned)match.id, match.iommu);
}
