// SPDX-License-Identifier: BSD-2-Clause
/* The descriptions of the topology against each other. */
#include "lib/topology/view.h"
#include "tests/request.h"

#define SUITE "topology.sources"

/* One device as two descriptions have it. */
struct opinion {
    const struct topology *view;
    const char *source;
    bool is_known;
    struct topology_match match;
};

static void ask(struct opinion *opinion, const struct place *place)
{
    const struct pci_function *function = place->function;

    opinion->is_known =
        function ? topology_find_pci(opinion->view, function->host->segment, function->requester_id,
                                     &opinion->match)
                 : topology_find_mmio(opinion->view, place->block->machine->base, &opinion->match);
}

/* Boot options and a scan of ids may leave devices out; what the machine tells must not. */
static bool is_whole(const struct opinion *opinion)
{
    enum topology_source source = opinion->view->ranges[0].source;

    return source != TOPOLOGY_OPTIONS && source != TOPOLOGY_SCAN;
}

static bool is_iommu(const struct topology *topology, const struct place *place)
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

static void compare(struct test *test, struct opinion *a, struct opinion *b, struct place place)
{
    const struct topology_iommu *iommus = a->view->iommus;
    char text[PLACE_TEXT];

    if (is_iommu(a->view, &place))
        return;
    ask(a, &place);
    ask(b, &place);
    place_text(&place, text);
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
    const struct platform *platform = test->lab->platform;

    for (unsigned i = 0; i < platform->pci.function_count; i++)
        compare(test, a, b, (struct place){.function = &platform->pci.functions[i]});
    for (unsigned i = 0; i < platform->block_count; i++)
        compare(test, a, b, (struct place){.block = &platform->blocks[i]});
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

TEST(descriptions_agree, .clauses = CLAUSES(TOPO_AGREE_D01, TOPO_AGREE_D02), .needs = 0)
{
    const struct topology *all = &test->lab->platform->topology;
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
    excuse(test, TOPO_AGREE_D01, "no device is in two descriptions");
    excuse(test, TOPO_AGREE_D02, "no two descriptions are whole");
}
