// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device from several CPUs at once: another CPU starts transfers while this one sends requests.
 * A queue and an engine are always used by one CPU only. Virtio 1.4 sections 5.13.6.5, 5.13.6.6 and
 * 5.13.6.9.
 */
#include "drivers/viommu/event.h"
#include "tests/framework/cpu.h"
#include "tests/framework/report.h"
#include "tests/framework/transfer.h"

#define SUITE "conformance.cpus"
#define NEEDS (NEEDS_CPUS | NEEDS_MAP_UNMAP)

#define ROUND_NS  1000000000ull
#define ROUNDS    20
#define REQUESTS  500
#define TRANSFERS 20
#define WORKERS   2

/*
 * What is true of the mapping while the other CPU transfers. A transfer is judged only if the phase
 * was the same before and after it.
 */
enum phase { PHASE_MAPPED, PHASE_UNMAPPING, PHASE_UNMAPPED, PHASE_MAPPING, PHASE_COUNT };

/* The other CPU reads the phase and is_over, and writes the numbers. */
struct traffic {
    struct dma_engine *engine;
    struct target target;
    uint32_t domain;
    uint64_t at;
    unsigned phase; /* modulo PHASE_COUNT; counts on, so that no two are taken for one */
    bool is_over;
    unsigned transfers, lost, late;
    unsigned judged[PHASE_COUNT]; /* transfers that began and ended in one phase */
};

static void transfer_until_over(void *context)
{
    struct traffic *traffic = context;

    while (!__atomic_load_n(&traffic->is_over, __ATOMIC_ACQUIRE)) {
        unsigned phase = __atomic_load_n(&traffic->phase, __ATOMIC_ACQUIRE);

        target_poison(&traffic->target);
        dma_write(traffic->engine, traffic->at, transfer_length(traffic->engine),
                  transfer_timeout(traffic->engine, phase % PHASE_COUNT != PHASE_MAPPED));

        bool landed = target_is_touched(&traffic->target);

        if (phase == __atomic_load_n(&traffic->phase, __ATOMIC_ACQUIRE)) {
            traffic->judged[phase % PHASE_COUNT]++;
            traffic->lost += phase % PHASE_COUNT == PHASE_MAPPED && !landed;
            traffic->late += phase % PHASE_COUNT == PHASE_UNMAPPED && landed;
        }
        __atomic_store_n(&traffic->transfers, traffic->transfers + 1, __ATOMIC_RELEASE);
    }
}

static void next_phase(struct traffic *traffic)
{
    __atomic_store_n(&traffic->phase, traffic->phase + 1, __ATOMIC_RELEASE);
}

/*
 * Until a transfer has begun and ended after the call: the first that ends may have begun before.
 */
static void wait_for_transfers(const struct traffic *traffic)
{
    struct wait wait = arch_wait_begin(ROUND_NS);
    unsigned first = __atomic_load_n(&traffic->transfers, __ATOMIC_ACQUIRE);

    while (__atomic_load_n(&traffic->transfers, __ATOMIC_ACQUIRE) - first < 2 &&
           arch_wait_goes_on(&wait))
        ;
}

static struct viommu_request map_of(const struct traffic *traffic)
{
    return viommu_map(traffic->domain, traffic->at, traffic->at + traffic->target.unit - 1,
                      target_physical(&traffic->target), READ_WRITE);
}

static void open_traffic(struct test *test, struct traffic *traffic, struct dma_engine *engine,
                         unsigned n)
{
    *traffic = (struct traffic){.engine = engine,
                                .target = target_new(test, 1),
                                .domain = fixture_domain(test, n),
                                .at = free_iova(test)};
    prepare_engine(test, engine);
    attach_engine(test, traffic->domain, engine);
    require_ok(test, map_of(traffic));
}

static void end_traffic(struct test *test, struct traffic *traffic, unsigned cpu)
{
    __atomic_store_n(&traffic->is_over, true, __ATOMIC_RELEASE);
    finish_on(test, cpu);
    note(test, "%u transfers by %s, started by CPU %u", traffic->transfers,
         traffic->engine->ops->name, cpu);
    expect(test, IOMMU_MAP_P01, !traffic->lost, "%u of them are lost, with a mapping all the time",
           traffic->lost);
}

/* Where no transfer was tried while nothing was mapped, or none while something was. */
static void require_both_phases(struct test *test, const struct traffic *traffic)
{
    if (!traffic->judged[PHASE_MAPPED] || !traffic->judged[PHASE_UNMAPPED])
        error(test, "control: %u transfers while mapped, %u while not, expected some of both",
              traffic->judged[PHASE_MAPPED], traffic->judged[PHASE_UNMAPPED]);
}

/* Starts traffic i on CPU i + 1; where one CPU does not start, the others are stopped first. */
static void start_traffic(struct test *test, struct traffic *traffic, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (arch_start_on(i + 1, transfer_until_over, &traffic[i]))
            continue;
        for (unsigned started = 0; started < i; started++)
            end_traffic(test, &traffic[started], started + 1);
        cpu_does_not_start(test, i + 1);
    }
    for (unsigned i = 0; i < count; i++)
        wait_for_transfers(&traffic[i]);
}

/*
 * A transfer that begins after UNMAP came back must not land, one inside the mapped phase must.
 * Catches a device whose invalidation does not wait for transfers on another thread.
 */
TEST(unmap_while_another_cpu_transfers,
     .clauses = CLAUSES(IOMMU_UNMAP_P02, IOMMU_MAP_P01, IOMMU_OP_D01), .needs = NEEDS | NEEDS_DMA,
     .limit_s = 60, .requests = ROUNDS * REQUESTS)
{
    struct viommu *viommu = fixture_iommu(test);
    struct traffic traffic;
    unsigned refused = 0;

    open_traffic(test, &traffic, fixture_engine(test), 0);

    const struct viommu_request map = map_of(&traffic);
    const struct viommu_request unmap =
        viommu_unmap(traffic.domain, map.map.virt_start, map.map.virt_end);

    start_traffic(test, &traffic, 1);
    for (unsigned i = 0; i < (traffic.engine->is_slow ? 1 : ROUNDS); i++) {
        wait_for_transfers(&traffic);
        next_phase(&traffic);
        report_life();
        refused += viommu_submit(viommu, &unmap).status != VIRTIO_IOMMU_S_OK;
        next_phase(&traffic);
        wait_for_transfers(&traffic);
        next_phase(&traffic);
        refused += viommu_submit(viommu, &map).status != VIRTIO_IOMMU_S_OK;
        next_phase(&traffic);
    }
    end_traffic(test, &traffic, 1);
    require_both_phases(test, &traffic);
    expect(test, IOMMU_OP_D01, !refused, "%u requests are refused", refused);
    expect(test, IOMMU_UNMAP_P02, !traffic.late,
           "%u transfers reach memory that was unmapped before they began", traffic.late);
}

/*
 * MAP and UNMAP of the page after the one that is in use; returns how many were not answered by
 * OK.
 */
static unsigned disturb(struct viommu *viommu, const struct traffic *traffic)
{
    uint64_t unit = traffic->target.unit, first = traffic->at + unit, last = first + unit - 1;
    const struct viommu_request map = viommu_map(
        traffic->domain, first, last, target_physical(&traffic->target) + unit, READ_WRITE);
    const struct viommu_request unmap = viommu_unmap(traffic->domain, first, last);
    unsigned refused = viommu_submit(viommu, &map).status != VIRTIO_IOMMU_S_OK;

    report_life();
    return refused + (viommu_submit(viommu, &unmap).status != VIRTIO_IOMMU_S_OK);
}

/* Whether to send an i-th disturbance: enough requests, and enough transfers meanwhile. */
static bool is_going_on(const struct traffic *traffic, unsigned i, struct wait *wait)
{
    return i < REQUESTS || (__atomic_load_n(&traffic->transfers, __ATOMIC_ACQUIRE) < TRANSFERS &&
                            arch_wait_goes_on(wait));
}

/*
 * A transfer through a mapping that does not change must not fail while the device rebuilds its
 * tables for others. One engine for each CPU that is left, at most WORKERS, each in its own domain.
 */
TEST(requests_do_not_disturb_transfers, .clauses = CLAUSES(IOMMU_MAP_P01, IOMMU_OP_D01),
     .needs = NEEDS | NEEDS_DMA, .limit_s = 60, .requests = ROUNDS * REQUESTS)
{
    struct traffic traffic[WORKERS];
    unsigned count = 0, refused = 0;
    struct wait wait;

    while (count < WORKERS && count + 1 < arch_cpu_count() && fixture_writer(test, count)) {
        open_traffic(test, &traffic[count], fixture_writer(test, count), count);
        count++;
    }
    start_traffic(test, traffic, count);
    wait = arch_wait_begin(ROUND_NS);
    for (unsigned i = 0; is_going_on(&traffic[i % count], i, &wait); i++)
        refused += disturb(fixture_iommu(test), &traffic[i % count]);
    for (unsigned i = 0; i < count; i++)
        end_traffic(test, &traffic[i], i + 1);
    expect(test, IOMMU_OP_D01, !refused, "%u requests are refused", refused);
}

struct reports {
    unsigned count, strange;
};

/* Takes a report if there is one, and posts another buffer for it. */
static void take_report(struct viommu *viommu, const struct traffic *traffic,
                        struct reports *reports)
{
    struct viommu_event event;
    enum virtq_pop result = viommu_next_event(viommu, 0, &event);

    if (result == VIRTQ_EMPTY)
        return;
    reports->count++;
    reports->strange += result != VIRTQ_POPPED || event.fault.endpoint != traffic->engine->endpoint;
    reports->strange += !viommu_post_events(viommu, 1, sizeof(event.fault));
}

/*
 * Two buffers are fewer than the faults need: the event queue runs empty again and again, and
 * requests must be answered meanwhile.
 */
TEST(requests_go_on_while_faults_are_reported,
     .clauses = CLAUSES(IOMMU_FAULT_P02, IOMMU_FAULT_P03, IOMMU_UNMAP_P02),
     .needs = NEEDS | NEEDS_DMA, .limit_s = 60, .requests = ROUNDS * REQUESTS)
{
    struct viommu *viommu = fixture_iommu(test);
    struct reports reports = {0};
    struct viommu_request unmap;
    struct traffic traffic;
    unsigned refused = 0;
    struct wait wait;

    fixture_use_events(test, 2, VIOMMU_EVENT_LENGTH);
    open_traffic(test, &traffic, fixture_engine(test), 0);
    unmap = viommu_unmap(traffic.domain, traffic.at, traffic.at + traffic.target.unit - 1);
    start_traffic(test, &traffic, 1);
    next_phase(&traffic);
    refused += viommu_submit(viommu, &unmap).status != VIRTIO_IOMMU_S_OK;
    next_phase(&traffic);
    wait_for_transfers(&traffic);
    wait = arch_wait_begin(ROUND_NS);
    for (unsigned i = 0; is_going_on(&traffic, i, &wait) && !reports.strange; i++) {
        refused += disturb(viommu, &traffic);
        take_report(viommu, &traffic, &reports);
    }
    end_traffic(test, &traffic, 1);
    note(test, "%u reports", reports.count);
    require_both_phases(test, &traffic);
    expect(test, IOMMU_UNMAP_P02, !traffic.late, "%u transfers reach memory", traffic.late);
    expect(test, IOMMU_FAULT_P02, !refused, "%u requests are refused", refused);
    expect(test, IOMMU_FAULT_P03, !reports.strange, "%u reports are not of endpoint 0x%x",
           reports.strange, (unsigned)traffic.engine->endpoint);
}
