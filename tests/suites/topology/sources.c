// SPDX-License-Identifier: BSD-2-Clause
/* The descriptions of the topology against each other. */
#include "lib/topology/view.h"
#include "tests/framework/request.h"

#define SUITE "topology.sources"

/* One device as two descriptions have it. */
struct opinion {
    const struct topology *view;
    const char *source;
    bool is_known;
    struct topology_match match;
};

/* Boot options and a scan of ids may leave devices out; what the machine tells must not. */
static bool is_whole(const struct opinion *opinion)
{
    enum topology_source source = opinion->view->ranges[0].source;

    return source != TOPOLOGY_OPTIONS && source != TOPOLOGY_SCAN;
}

static bool is_iommu(const struct topology *topology, const struct device_location *place)
{
    for (unsigned i = 0; i < topology->iommu_count; i++) {
        const struct topology_iommu *iommu = &topology->iommus[i];

        if (place->function
                ? iommu->bus == TOPOLOGY_PCI && iommu->bdf == place->function->bdf &&
                      iommu->segment == place->function->host->segment
                : iommu->bus == TOPOLOGY_MMIO && iommu->base == place->block->machine->base)
            return true;
    }
    return false;
}

static void compare(struct test *test, struct opinion *a, struct opinion *b,
                    struct device_location place)
{
    const struct topology_iommu *iommus = a->view->iommus;
    char text[LOCATION_TEXT];

    if (is_iommu(a->view, &place))
        return;
    a->is_known = location_find_endpoint(&place, a->view, &a->match);
    b->is_known = location_find_endpoint(&place, b->view, &b->match);
    location_text(&place, text);
    if (a->is_known && b->is_known)
        expect(test, TOPO_AGREE_D01,
               a->match.id == b->match.id &&
                   topology_same_iommu(&iommus[a->match.iommu], &iommus[b->match.iommu]),
               "%s is id 0x%x of IOMMU %u by %s, id 0x%x of IOMMU %u by %s", text,
               (unsigned)a->match.id, a->match.iommu, a->source, (unsigned)b->match.id,
               b->match.iommu, b->source);
    else if (is_whole(a) && is_whole(b))
        expect(test, TOPO_AGREE_D02, a->is_known == b->is_known,
               "%s is behind an IOMMU by %s and behind none by %s", text,
               a->is_known ? a->source : b->source, a->is_known ? b->source : a->source);
}

static void compare_all(struct test *test, struct opinion *a, struct opinion *b)
{
    const struct platform *platform = test->fixture->platform;

    for (unsigned i = 0; i < platform->pci.function_count; i++)
        compare(test, a, b, (struct device_location){.function = &platform->pci.functions[i]});
    for (unsigned i = 0; i < platform->block_count; i++)
        compare(test, a, b, (struct device_location){.block = &platform->blocks[i]});
}

/* The sources that have ranges; returns how many. */
static unsigned list_sources(const struct topology *topology,
                             enum topology_source sources[TOPOLOGY_MAX_RANGES])
{
    unsigned count = 0;

    for (unsigned i = 0; i < topology->range_count; i++) {
        unsigned n = 0;

        while (n < count && sources[n] != topology->ranges[i].source)
            n++;
        if (n == count)
            sources[count++] = topology->ranges[i].source;
    }
    return count;
}

/* What would have been a description in a virtio-iommu's own configuration. */
static void judge_builtins(struct test *test, const struct platform *platform)
{
    char text[LOCATION_TEXT];

    for (unsigned i = 0; i < platform->builtin_count; i++)
        if (platform->builtins[i].is_offered &&
            platform->builtins[i].result.verdict == BUILTIN_REJECTED)
            expect(test, TOPO_FORM_D01, false, "the built-in topology of %s is malformed",
                   location_text(&platform->builtins[i].place, text));
}

/* The lines were printed before the first test, too, where the machine is introduced. */
TEST(descriptions_are_well_formed, .clauses = CLAUSES(TOPO_FORM_D01), .needs = 0)
{
    const struct platform *platform = test->fixture->platform;
    const struct platform_diagnostics *diagnostics = &platform->diagnostics;

    judge_builtins(test, platform);
    if (!platform->topology.iommu_count && !platform->others.iommu_count && !diagnostics->count &&
        !test->checks)
        skip(test, "nothing describes a topology");
    for (unsigned i = 0; i < diagnostics->count && i < PLATFORM_MAX_DIAGNOSTICS; i++)
        expect(test, TOPO_FORM_D01, false, "%s", diagnostics->lines[i]);
    expect(test, TOPO_FORM_D01, diagnostics->count <= PLATFORM_MAX_DIAGNOSTICS,
           "%u more diagnostics about descriptions", diagnostics->count - PLATFORM_MAX_DIAGNOSTICS);
}

TEST(descriptions_agree, .clauses = CLAUSES(TOPO_AGREE_D01, TOPO_AGREE_D02), .needs = 0)
{
    const struct topology *all = &test->fixture->platform->topology;
    enum topology_source sources[TOPOLOGY_MAX_RANGES];
    unsigned count = list_sources(all, sources);
    /* Large for a stack; the one test that has them runs on one CPU. */
    static struct topology views[2];

    if (count < 2)
        skip(test, count ? "there is only one description of the topology"
                         : "nothing describes a topology");
    for (unsigned a = 0; a < count; a++)
        for (unsigned b = a + 1; b < count; b++) {
            struct opinion first = {&views[0], topology_source_name(sources[a]), false, {0}};
            struct opinion second = {&views[1], topology_source_name(sources[b]), false, {0}};

            topology_view(all, sources[a], &views[0]);
            topology_view(all, sources[b], &views[1]);
            compare_all(test, &first, &second);
        }
    if (!test->checks)
        skip(test, "no device is in two descriptions");
    waive(test, TOPO_AGREE_D01, "no device is in two descriptions");
    waive(test, TOPO_AGREE_D02, "no two descriptions are whole");
}

/* What manages a device beside a virtio-iommu; nothing here drives it. */
TEST(other_iommus_have_other_devices, .clauses = CLAUSES(TOPO_AGREE_D02), .needs = 0)
{
    const struct platform *platform = test->fixture->platform;
    const struct topology_iommu *others = platform->others.iommus;

    if (!platform->others.iommu_count)
        skip(test, "nothing describes an IOMMU of another kind");
    for (unsigned i = 0; i < platform->pci.function_count; i++) {
        const struct device_location place = {.function = &platform->pci.functions[i]};
        struct topology_match match = {0}, other = {0};
        char text[LOCATION_TEXT];

        expect(test, TOPO_AGREE_D02,
               !platform_find_endpoint(platform, &place, &match) ||
                   !platform_find_other(platform, place.function, &other),
               "%s is behind a virtio-iommu by %s and behind an %s by %s",
               location_text(&place, text), topology_source_name(match.source),
               topology_kind_name(others[other.iommu].kind), topology_source_name(other.source));
    }
}
