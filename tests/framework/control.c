// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/control.h"

#include <string.h>

#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"
#include "tests/framework/report.h"
#include "tests/framework/transfer.h"

#define MAX_TRANSFERS 256
#define ENOUGH        8
#define TIMEOUT_NS    2000000000ull

static struct transfer {
    const struct dma_engine *engine;
    enum control_kind kind;
    uint64_t address;
    uint32_t length;
    bool is_denied, has_arrived;
} transfers[MAX_TRANSFERS];

static unsigned transfer_count;

void controls_begin(void)
{
    transfer_count = 0;
}

/* The entry of that transfer, maybe a new one; NULL: there is no room. */
static struct transfer *transfer_of(const struct dma_engine *engine, enum control_kind kind,
                                    uint64_t address, uint32_t length)
{
    for (struct transfer *one = transfers; one < transfers + transfer_count; one++)
        if (one->engine == engine && one->kind == kind && one->address == address &&
            one->length == length)
            return one;
    if (transfer_count == MAX_TRANSFERS)
        return NULL;
    transfers[transfer_count] = (struct transfer){engine, kind, address, length, false, false};
    return &transfers[transfer_count++];
}

/* One of these stands for all that differ in nothing but the address; a few, as some may arrive. */
static bool are_enough(const struct dma_engine *engine, enum control_kind kind, uint32_t length)
{
    unsigned count = 0;

    for (const struct transfer *one = transfers; one < transfers + transfer_count; one++)
        count += one->engine == engine && one->kind == kind && one->length == length &&
                 one->is_denied && !one->has_arrived;
    return count >= ENOUGH;
}

void control_denied(struct test *test, const struct dma_engine *engine, enum control_kind kind,
                    uint64_t address, uint32_t length)
{
    struct transfer *one;

    if (are_enough(engine, kind, length))
        return;
    one = transfer_of(engine, kind, address, length);
    if (!one)
        error(test, "more than %d transfers are to be controlled", MAX_TRANSFERS);
    one->is_denied = true;
}

void control_arrived(const struct dma_engine *engine, enum control_kind kind, uint64_t address,
                     uint32_t length)
{
    struct transfer *one = transfer_of(engine, kind, address, length);

    if (one)
        one->has_arrived = true;
}

/* One of the same engine, kind and length that comes first stands for it. */
static bool is_represented(const struct transfer *one)
{
    for (const struct transfer *other = transfers; other < one; other++)
        if (other->is_denied && !other->has_arrived && other->engine == one->engine &&
            other->kind == one->kind && other->length == one->length)
            return true;
    return false;
}

/* What a control maps: whole units around a transfer, and memory of that size behind them. */
struct stage {
    struct dma_engine *engine;
    uint32_t domain;
    uint64_t unit;
    uint64_t base, size, at;
    uint8_t *memory;
};

static void place(struct stage *stage, uint64_t address, uint32_t length)
{
    stage->at = address;
    stage->base = address & -stage->unit;
    stage->size = ((address + (length - 1)) | (stage->unit - 1)) - stage->base + 1;
}

/* Bypass is the other way to let a transfer through. */
static bool can_map(struct test *test, const struct stage *stage)
{
    return viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_MAP_UNMAP) &&
           footprint_can_be_mapped(test, stage->engine);
}

static bool can_be_mapped(struct test *test, const struct stage *stage)
{
    uint64_t end = stage->base + (stage->size - 1);

    return stage->base <= end && end <= stage->engine->reach &&
           is_apart_from_footprint(test, stage->engine, stage->base, end) &&
           addresses_can_be_mapped(test, stage->base, end);
}

/* The address of the transfer if it can be mapped, or else one that tests map. */
static void choose_address(struct test *test, struct stage *stage, const struct transfer *one)
{
    place(stage, one->address, one->length);
    if (can_be_mapped(test, stage))
        return;
    place(stage, free_iova(test) + (one->address & (stage->unit - 1)), one->length);
    note(test, "control: 0x%llx can't be mapped for %s, 0x%llx stands for it",
         (unsigned long long)one->address, stage->engine->ops->name, (unsigned long long)stage->at);
}

static void take_memory(struct test *test, struct stage *stage)
{
    stage->memory = memory_units(test, (unsigned)(stage->size / stage->unit));
}

static void require_answer(struct test *test, struct viommu_request request)
{
    struct viommu_reply reply = viommu_submit(fixture_iommu(test), &request);
    char text[VIOMMU_REQUEST_TEXT];

    fixture_remember(test, &request, reply.status);
    if (reply.outcome <= VIOMMU_UNWRITTEN && reply.status == VIRTIO_IOMMU_S_OK)
        return;
    viommu_request_text(&request, text);
    error(test, "control: %s: %s, expected OK", text,
          reply.outcome <= VIOMMU_UNWRITTEN ? viommu_reply_text(&reply) : "no answer");
}

static void map_stage(struct test *test, struct stage *stage, const struct transfer *one)
{
    choose_address(test, stage, one);
    take_memory(test, stage);
    require_answer(test, viommu_attach(stage->domain, stage->engine->endpoint, 0));
    if (stage->engine->footprint_size)
        require_answer(test, footprint_map(test, stage->domain, stage->engine));
    require_answer(test, viommu_map(stage->domain, stage->base, stage->base + (stage->size - 1),
                                    (uintptr_t)stage->memory, READ_WRITE));
}

/* Without mappings, be it of its own buffers, the only address that leads to memory is its own. */
static void bypass_stage(struct test *test, struct stage *stage, const struct transfer *one)
{
    if (!viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        skip(test, "control: neither mappings nor bypass let %s through", stage->engine->ops->name);
    place(stage, one->address & (stage->unit - 1), one->length);
    take_memory(test, stage);
    stage->base = (uintptr_t)stage->memory;
    stage->at += stage->base;
}

static bool writes(const struct stage *stage, uint32_t length, enum dma_result *result)
{
    uint8_t *landing = stage->memory + (stage->at - stage->base);
    bool has_arrived = false;

    memset(stage->memory, DMA_POISON, stage->size);
    *result = dma_write(stage->engine, stage->at, length, TIMEOUT_NS);
    if (stage->engine->content)
        return !memcmp(landing, stage->engine->content, length);
    for (uint32_t i = 0; i < length; i++)
        has_arrived |= landing[i] != DMA_POISON;
    return has_arrived;
}

static bool reads(struct test *test, const struct stage *stage, uint32_t length,
                  enum dma_result *result)
{
    uint8_t *seen = fixture_pages(test, (length + PAGE_SIZE - 1) / PAGE_SIZE);

    for (uint32_t i = 0; i < length; i++)
        stage->memory[stage->at - stage->base + i] = (uint8_t)rng_next64(&test->rng);
    *result = dma_read(stage->engine, stage->at, length, TIMEOUT_NS);
    dma_report(stage->engine, seen, length, TIMEOUT_NS);
    return !memcmp(seen, stage->memory + (stage->at - stage->base), length);
}

/* Nothing attached, the usual features, the bypass byte as every test finds it. */
static void renew(struct test *test)
{
    fixture_end(test);
    fixture_restart_detached(test);
    if (viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_BYPASS_CONFIG))
        viommu_set_bypass(fixture_iommu(test), 1);
}

static void control(struct test *test, const struct transfer *one)
{
    struct fixture *fixture = test->fixture;
    struct stage stage = {.engine = &fixture->engines[one->engine - fixture->engines],
                          .domain = fixture_spare_domain(test),
                          .unit = memory_unit(test)};
    enum dma_result result;

    renew(test);
    if (can_map(test, &stage))
        map_stage(test, &stage, one);
    else
        bypass_stage(test, &stage, one);
    result = dma_prepare(stage.engine, TIMEOUT_NS);
    if (result != DMA_COMPLETED)
        error(test, "control: %s can't load its content: %s", stage.engine->ops->name,
              dma_result_text(result));
    if (!(one->kind == CONTROL_READ ? reads(test, &stage, one->length, &result)
                                    : writes(&stage, one->length, &result)))
        error(test, "control: %s %s %u bytes at 0x%llx, which is mapped: they did not arrive (%s)",
              stage.engine->ops->name, one->kind == CONTROL_READ ? "reads" : "writes", one->length,
              (unsigned long long)stage.at, dma_result_text(result));
}

void controls_run(struct test *test)
{
    if (test->verdict == VERDICT_SKIP || test->verdict >= VERDICT_FAIL)
        return;
    for (struct transfer *one = transfers; one < transfers + transfer_count; one++)
        if (one->is_denied && !one->has_arrived && !is_represented(one))
            control(test, one);
}
