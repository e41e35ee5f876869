// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/transfer.h"

#include <string.h>

#include "lib/spec/wire.h"
#include "tests/framework/control.h"

#define POISON DMA_POISON

/* Long enough that 8 bytes in a row are recognised anywhere in it, and a sector. */
#define USUAL_LENGTH 512u
#define WORD         8u

/* A completed transfer answers within microseconds, edu's after 100 ms of virtual time. */
#define TIMEOUT_NS        2000000000ull
#define DENIED_TIMEOUT_NS 20000000ull

uint32_t transfer_length(const struct dma_engine *engine)
{
    uint32_t length = USUAL_LENGTH > engine->min_length ? USUAL_LENGTH : engine->min_length;

    length += (engine->step - length % engine->step) % engine->step;
    return length < engine->max_length ? length : engine->max_length;
}

uint64_t transfer_timeout(const struct dma_engine *engine, bool is_denied)
{
    return is_denied && !engine->is_slow ? DENIED_TIMEOUT_NS : TIMEOUT_NS;
}

struct target target_new(struct test *test, unsigned units)
{
    uint8_t *guard = memory_units(test, units + 2);
    uint32_t unit = (uint32_t)memory_unit(test);
    const struct target target = {.bytes = guard + unit, .size = units * unit, .unit = unit};

    target_poison(&target);
    return target;
}

static void require_footprint_can_be_mapped(struct test *test, const struct dma_engine *engine)
{
    if (!footprint_can_be_mapped(test, engine))
        skip(test, "%s: its buffers at 0x%llx can't be mapped at their own address",
             engine->ops->name, (unsigned long long)engine->footprint);
}

void attach_engine(struct test *test, uint32_t domain, struct dma_engine *engine)
{
    require_footprint_can_be_mapped(test, engine);
    require_ok(test, viommu_attach(domain, engine->endpoint, 0));
    require_ok(test, footprint_map(test, domain, engine));
}

/* Only where there was too little memory to give each engine its own granules. */
static void require_footprint_of_its_own(struct test *test, const struct dma_engine *engine)
{
    struct fixture_range own = footprint_range(test, engine);

    for (unsigned i = 0; i < test->fixture->engine_count; i++) {
        const struct dma_engine *other = &test->fixture->engines[i];

        if (other != engine && !is_apart_from_footprint(test, other, own.first, own.last))
            skip(test, "too little memory: buffers of %s and of %s are in one granule",
                 engine->ops->name, other->ops->name);
    }
}

void join_engine(struct test *test, uint32_t domain, struct dma_engine *engine)
{
    const struct viommu_request join = viommu_attach(domain, engine->endpoint, 0);

    require_footprint_can_be_mapped(test, engine);
    require_footprint_of_its_own(test, engine);
    if (submit(test, &join).status != VIRTIO_IOMMU_S_OK)
        skip(test, "the device does not share a domain between endpoints");
    require_ok(test, footprint_map(test, domain, engine));
}

void detach_engine(struct test *test, uint32_t domain, struct dma_engine *engine)
{
    require_ok(test, viommu_detach(domain, engine->endpoint));
    require_unattached(test, engine->endpoint);
}

/* An endpoint that is attached to nothing reaches memory. */
static bool is_open(struct viommu *viommu)
{
    return viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG) && viommu_bypass(viommu);
}

void prepare_engine(struct test *test, struct dma_engine *engine)
{
    struct viommu *viommu = fixture_iommu(test);
    bool by_mapping = !is_open(viommu) && viommu_has(viommu, VIRTIO_IOMMU_F_MAP_UNMAP);
    uint32_t domain = fixture_spare_domain(test);

    if (by_mapping)
        attach_engine(test, domain, engine);

    enum dma_result result = dma_prepare(engine, TIMEOUT_NS);

    if (result == DMA_CANNOT)
        error(test, "%s can't be started", engine->ops->name);
    if (result != DMA_COMPLETED && !by_mapping)
        require_unattached(test, engine->endpoint);
    require(test, by_mapping ? IOMMU_MAP_P11 : IOMMU_BYP_P06, result == DMA_COMPLETED,
            "%s: cannot load its content %s: %s", engine->ops->name,
            by_mapping ? "through a mapping" : "in bypass", dma_result_text(result));
    if (by_mapping)
        require_ok(test, viommu_detach(domain, engine->endpoint));
}

static bool is_word_of_poison(const uint8_t *bytes)
{
    const uint64_t poison = 0x0101010101010101ull * POISON;

    return !memcmp(bytes, &poison, sizeof(poison));
}

/* Offset of the first byte of target and guards that is not poison; -1 when all are. */
static long first_change(const struct target *target, const uint8_t *from, const uint8_t *end)
{
    const uint8_t *byte = from;

    while (byte < end)
        if (end - byte >= (long)WORD && is_word_of_poison(byte))
            byte += WORD;
        else if (*byte++ != POISON)
            return byte - 1 - target->bytes;
    return -1;
}

static uint8_t *room_begin(const struct target *target)
{
    return target->bytes - target->unit;
}

static uint8_t *room_end(const struct target *target)
{
    return target->bytes + target->size + target->unit;
}

void target_poison(const struct target *target)
{
    memset(room_begin(target), POISON, (size_t)(room_end(target) - room_begin(target)));
}

/* Random content can't be predicted, but 8 bytes of poison in a row are not random. */
static bool arrived(const struct dma_engine *engine, const uint8_t *bytes, uint32_t length)
{
    if (engine->content)
        return !memcmp(bytes, engine->content, length);
    return length >= WORD && !is_word_of_poison(bytes) && !is_word_of_poison(bytes + length - WORD);
}

bool expect_only_touched(struct test *test, enum clause clause, const struct dma_engine *engine,
                         uint64_t address, const struct target *target, uint32_t offset,
                         uint32_t length)
{
    const uint8_t *allowed = target->bytes + offset;
    long before = first_change(target, room_begin(target), allowed);
    long after = first_change(target, allowed + length, room_end(target));

    return expect_impact(
        test, clause, IMPACT_ISOLATION, before < 0 && after < 0,
        "%s writes at 0x%llx: offset %ld of the target was changed, expected none but "
        "0x%x to 0x%x",
        engine->ops->name, (unsigned long long)address, before < 0 ? after : before, offset,
        offset + length - 1);
}

bool expect_landed(struct test *test, enum clause clause, const struct dma_engine *engine,
                   uint64_t address, const struct target *target, uint32_t offset, uint32_t length,
                   enum dma_result result)
{
    const uint8_t *landing = target->bytes + offset;

    if (!expect_impact(
            test, clause, IMPACT_DATA, arrived(engine, landing, length),
            "%s writes %u bytes at 0x%llx: they did not arrive at offset 0x%x of the target "
            "(engine: %s)",
            engine->ops->name, length, (unsigned long long)address, offset,
            dma_result_text(result)))
        return false;
    control_arrived(engine, CONTROL_WRITE, address, length);
    return expect_only_touched(test, clause, engine, address, target, offset, length);
}

bool expect_untouched(struct test *test, enum clause clause, const struct dma_engine *engine,
                      uint64_t address, const struct target *target, uint32_t length)
{
    long change = first_change(target, room_begin(target), room_end(target));

    control_denied(test, engine, CONTROL_WRITE, address, length);
    return expect_impact(
        test, clause, IMPACT_ISOLATION, change < 0,
        "%s writes %u bytes at 0x%llx, which must be denied: offset %ld of the target "
        "was changed",
        engine->ops->name, length, (unsigned long long)address, change);
}

bool target_is_touched(const struct target *target)
{
    return first_change(target, room_begin(target), room_end(target)) >= 0;
}

bool expect_write_lands(struct test *test, enum clause clause, struct dma_engine *engine,
                        uint64_t address, const struct target *target, uint32_t offset,
                        uint32_t length)
{
    target_poison(target);

    enum dma_result result = dma_write(engine, address, length, TIMEOUT_NS);

    if (result == DMA_CANNOT)
        error(test, "%s can't be started, or does not write %u bytes", engine->ops->name, length);
    return expect_landed(test, clause, engine, address, target, offset, length, result);
}

bool expect_write_denied(struct test *test, enum clause clause, struct dma_engine *engine,
                         uint64_t address, const struct target *target, uint32_t length)
{
    target_poison(target);
    dma_write(engine, address, length, transfer_timeout(engine, true));
    return expect_untouched(test, clause, engine, address, target, length);
}

bool expect_write_cut(struct test *test, enum clause clause, struct dma_engine *engine,
                      uint64_t address, const struct target *target,
                      const struct target_part *allowed, uint32_t length)
{
    target_poison(target);
    dma_write(engine, address, length, transfer_timeout(engine, true));
    control_denied(test, engine, CONTROL_WRITE, address, length);
    return expect_only_touched(test, clause, engine, address, target, allowed->offset,
                               allowed->size);
}
