// SPDX-License-Identifier: BSD-2-Clause
/*
 * Descriptions name bus numbers, and those are the guest's to choose: whoever renumbers a bridge
 * moves the endpoints behind it to other ids, and an IOMMU that remembers the old ones isolates the
 * wrong device.
 */
#include "tests/framework/transfer.h"

#define SUITE "topology.renumber"

#define PRIMARY_BUS 0x18 /* primary, secondary, subordinate: a byte each */

/* An engine directly behind a bridge of the root bus, and the bus number that the bridge gets. */
struct move {
    struct dma_engine *engine;
    const struct pci_function *bridge;
    uint8_t bus;
    uint32_t id; /* of the engine's endpoint there */
};

static bool has_bridge_behind(const struct pci *pci, const struct pci_function *bridge)
{
    for (unsigned i = 0; i < pci->function_count; i++)
        if (pci->functions[i].bridge == bridge && pci->functions[i].header_type == 1)
            return true;
    return false;
}

/* The n-th number from the top that no root bus and no bridge of the host has; 0: there is none. */
static uint8_t free_bus(const struct pci *pci, const struct pci_host *host, unsigned n)
{
    bool is_taken[256] = {false};

    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *function = &pci->functions[i];

        if (function->host->segment != host->segment)
            continue;
        is_taken[PCI_BUS(function->bdf)] = true;
        for (unsigned bus = function->secondary_bus; bus <= function->subordinate_bus; bus++)
            is_taken[bus] = true;
    }
    for (unsigned bus = host->bus_last; bus > host->bus_first; bus--)
        if (!is_taken[bus] && !n--)
            return (uint8_t)bus;
    return 0;
}

/* False: the engine is no candidate, or nothing describes what it would be on the n-th free bus. */
static bool plan_move(struct test *test, struct dma_engine *engine, unsigned n, struct move *move)
{
    const struct platform *platform = test->fixture->platform;
    const struct pci_function *function = engine->place.function;
    struct topology_match match;
    uint16_t requester_id;

    if (!engine->is_managed || !engine->can_write || !function || !function->bridge ||
        function->bridge->bridge || has_bridge_behind(&platform->pci, function->bridge))
        return false;
    *move = (struct move){.engine = engine, .bridge = function->bridge};
    move->bus = free_bus(&platform->pci, function->host, n);
    requester_id = function->requester_id; /* that of the bridge stays */
    if (PCI_BUS(requester_id) == function->bridge->secondary_bus)
        requester_id = (uint16_t)(move->bus << 8 | (requester_id & 0xff));

    const struct topology_device device = topology_function(function->host->segment, requester_id);

    if (!move->bus || !topology_find(&platform->topology, &device, &match))
        return false;
    move->id = match.id;
    return true;
}

static void set_bus(const struct pci_function *bridge, uint8_t secondary, uint8_t subordinate)
{
    pci_write8(bridge, PRIMARY_BUS + 1, secondary);
    pci_write8(bridge, PRIMARY_BUS + 2, subordinate);
}

/* The endpoint can be isolated and mapped under the id; nothing here ends the test early. */
static void judge_dma(struct test *test, struct dma_engine *engine, uint32_t id,
                      const struct target *target, uint64_t iova)
{
    uint32_t domain = fixture_domain(test, 0);

    if (!expect_status(test, TOPO_DMA_D03, viommu_attach(domain, id, 0), VIRTIO_IOMMU_S_OK))
        return;
    if (engine->footprint_size)
        expect_status(test, TOPO_DMA_D03, footprint_map(test, domain, engine), VIRTIO_IOMMU_S_OK);
    expect_write_denied(test, TOPO_DMA_D03, engine, iova, target, transfer_length(engine));
    expect_write_denied(test, TOPO_DMA_D03, engine, target_physical(target), target,
                        transfer_length(engine));
    expect_status(
        test, TOPO_DMA_D03,
        viommu_map(domain, iova, iova + target->unit - 1, target_physical(target), READ_WRITE),
        VIRTIO_IOMMU_S_OK);
    expect_write_lands(test, TOPO_DMA_D03, engine, iova, target, 0, transfer_length(engine));
    expect_status(test, TOPO_DMA_D03, viommu_detach(domain, id), VIRTIO_IOMMU_S_OK);
}

/* The function answers on its new bus. */
static void judge_place(struct test *test, const struct move *move)
{
    const struct pci_function *function = move->engine->place.function;
    uint16_t bdf = (uint16_t)(move->bus << 8 | (function->bdf & 0xff));

    expect(test, PCI_ID_D01, pci_host_read(function->host, bdf, 0, 2) == function->vendor,
           "function 0x%04x does not answer at 0x%04x after its bridge was renumbered",
           function->bdf, bdf);
}

/* There, and back. */
static void judge_move(struct test *test, const struct move *move, const struct target *target)
{
    uint64_t iova = free_iova(test);

    prepare_engine(test, move->engine);
    note(test, "the bus behind bridge 0x%04x goes from 0x%02x to 0x%02x, id 0x%x becomes 0x%x",
         move->bridge->bdf, move->bridge->secondary_bus, move->bus,
         (unsigned)move->engine->endpoint, (unsigned)move->id);
    set_bus(move->bridge, move->bus, move->bus);
    judge_place(test, move);
    judge_dma(test, move->engine, move->id, target, iova);
    set_bus(move->bridge, move->bridge->secondary_bus, move->bridge->subordinate_bus);
    judge_dma(test, move->engine, move->engine->endpoint, target, iova);
}

TEST(endpoints_move_with_their_bus, .clauses = CLAUSES(TOPO_DMA_D03),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    struct target target = target_new(test, 1);
    unsigned judged = 0;
    struct move move;

    for (unsigned i = 0; i < test->fixture->engine_count; i++)
        if (plan_move(test, &test->fixture->engines[i], judged, &move)) {
            judge_move(test, &move, &target);
            judged++;
        }
    if (!judged)
        skip(test, "no DMA engine is behind a bridge that can have another, described bus number");
}

/* Two buses have the same number, one after the other. */
TEST(number_goes_to_another_bus, .clauses = CLAUSES(TOPO_DMA_D03),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    struct target target = target_new(test, 1);
    struct move moves[2];
    unsigned count = 0;

    /* A number that the test before did not use. */
    for (unsigned i = 0; i < test->fixture->engine_count && count < 2; i++)
        if (plan_move(test, &test->fixture->engines[i], DMA_MAX_ENGINES, &moves[count]) &&
            moves[count].id != moves[count].engine->endpoint &&
            (!count || moves[1].bridge != moves[0].bridge))
            count++;
    if (count < 2)
        skip(test, "no two bridges with DMA engines can have another, described bus number");
    for (unsigned n = 0; n < 2; n++)
        judge_move(test, &moves[n], &target);
}
