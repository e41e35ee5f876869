// SPDX-License-Identifier: BSD-2-Clause
/* The descriptions of the topology against each other. */
#include "tests/framework/request.h"

#define SUITE "topology.sources"

/* One device as a description has it. */
struct opinion {
    enum topology_source source;
    bool is_known;
    struct topology_match match;
};

/* Boot options and a scan of ids may leave devices out; what the machine describes must not. */
static bool is_whole(const struct opinion *opinion)
{
    return opinion->source != TOPOLOGY_OPTIONS && opinion->source != TOPOLOGY_SCAN;
}

static bool is_iommu(const struct topology *topology, const struct topology_device *device)
{
    for (unsigned i = 0; i < topology->iommu_count; i++)
        if (topology_same_device(&topology->iommus[i].device, device))
            return true;
    return false;
}

static void compare(struct test *test, struct opinion *a, struct opinion *b,
                    struct device_location place)
{
    const struct topology *topology = &test->fixture->platform->topology;
    const struct topology_device device = location_device(&place);
    const struct topology_device requester = location_requester(&place);
    const char *source_a = topology_source_name(a->source);
    const char *source_b = topology_source_name(b->source);
    char text[LOCATION_TEXT];

    if (is_iommu(topology, &device))
        return;
    a->is_known = topology_find_by(topology, a->source, &requester, &a->match);
    b->is_known = topology_find_by(topology, b->source, &requester, &b->match);
    location_text(&place, text);
    if (a->is_known && b->is_known)
        expect(test, TOPO_AGREE_D01,
               a->match.id == b->match.id &&
                   topology_same_device(&topology->iommus[a->match.iommu].device,
                                        &topology->iommus[b->match.iommu].device),
               "%s is id 0x%x of IOMMU %u by %s, id 0x%x of IOMMU %u by %s", text,
               (unsigned)a->match.id, a->match.iommu, source_a, (unsigned)b->match.id,
               b->match.iommu, source_b);
    else if (is_whole(a) && is_whole(b))
        expect(test, TOPO_AGREE_D02, a->is_known == b->is_known,
               "%s is behind an IOMMU by %s and behind none by %s", text,
               a->is_known ? source_a : source_b, a->is_known ? source_b : source_a);
}

static void compare_all(struct test *test, struct opinion *a, struct opinion *b)
{
    const struct platform *platform = test->fixture->platform;

    for (unsigned i = 0; i < platform->pci.function_count; i++)
        compare(test, a, b, (struct device_location){.function = &platform->pci.functions[i]});
    for (unsigned i = 0; i < platform->block_count; i++)
        compare(test, a, b, (struct device_location){.block = &platform->blocks[i]});
}

/* The sources that count and have ranges; returns how many. */
static unsigned list_sources(const struct platform *platform,
                             struct opinion opinions[TOPOLOGY_SOURCES])
{
    unsigned count = 0;

    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--)
        if (topology_count(&platform->topology, (enum topology_source)source).range_count)
            opinions[count++] = (struct opinion){(enum topology_source)source, false, {0}};
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
    struct opinion opinions[TOPOLOGY_SOURCES];
    unsigned count = list_sources(test->fixture->platform, opinions);

    if (count < 2)
        skip(test, count ? "there is only one description of the topology"
                         : "nothing describes a topology");
    for (unsigned a = 0; a < count; a++)
        for (unsigned b = a + 1; b < count; b++)
            compare_all(test, &opinions[a], &opinions[b]);
    if (!test->checks)
        skip(test, "no device is in two descriptions");
    waive(test, TOPO_AGREE_D01, "no device is in two descriptions");
    waive(test, TOPO_AGREE_D02, "no two descriptions are whole");
}

static bool is_behind_virtio_iommu(const struct platform *platform,
                                   const struct device_location *place,
                                   struct topology_match *match)
{
    return platform_find_endpoint(platform, place, match) &&
           platform->topology.iommus[match->iommu].kind == TOPOLOGY_VIRTIO_IOMMU;
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
               !is_behind_virtio_iommu(platform, &place, &match) ||
                   !platform_find_other(platform, place.function, &other),
               "%s is behind a virtio-iommu by %s and behind an %s by %s",
               location_text(&place, text), topology_source_name(match.source),
               topology_kind_name(others[other.iommu].kind), topology_source_name(other.source));
    }
}
