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

struct target target_new(struct test *test, unsigned pages)
{
    uint8_t *guard = fixture_pages(test, pages + 2);

    memset(guard, POISON, (pages + 2u) * PAGE_SIZE);
    return (struct target){.bytes = guard + PAGE_SIZE, .size = pages * PAGE_SIZE};
}

void attach_engine(struct test *test, uint32_t domain, struct dma_engine *engine)
{
    if (viommu_granule(fixture_iommu(test)) > PAGE_SIZE)
        skip(test, "the granule is larger than a page of the engine's");
    if (!addresses_can_be_mapped(test, engine->footprint,
                                 engine->footprint + engine->footprint_size - 1))
        skip(test, "%s: its buffers at 0x%llx can't be mapped at their own address",
             engine->ops->name, (unsigned long long)engine->footprint);
    require_ok(test, viommu_attach(domain, engine->endpoint, 0));
    require_ok(test,
               viommu_map(domain, engine->footprint, engine->footprint + engine->footprint_size - 1,
                          engine->footprint, READ_WRITE));
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
    uint32_t domain = fixture_domain(test, FIXTURE_SPARE_DOMAIN);

    if (by_mapping)
        attach_engine(test, domain, engine);

    enum dma_result result = dma_prepare(engine, TIMEOUT_NS);

    require(test, by_mapping ? IOMMU_MAP_P11 : IOMMU_BYP_P06, result == DMA_COMPLETED,
            "%s: cannot load its content %s: %s", engine->ops->name,
            by_mapping ? "through a mapping" : "in bypass", dma_result_text(result));
    if (by_mapping)
        require_ok(test, viommu_detach(domain, engine->endpoint));
}

/* Offset of the first byte of target and guards that is not poison; -1 when all are. */
static long first_change(const struct target *target, const uint8_t *from, const uint8_t *end)
{
    for (const uint8_t *byte = from; byte < end; byte++)
        if (*byte != POISON)
            return byte - target->bytes;
    return -1;
}

static const uint8_t *room_begin(const struct target *target)
{
    return target->bytes - PAGE_SIZE;
}

static const uint8_t *room_end(const struct target *target)
{
    return target->bytes + target->size + PAGE_SIZE;
}

void target_poison(const struct target *target)
{
    memset(target->bytes - PAGE_SIZE, POISON, target->size + 2 * PAGE_SIZE);
}

/* Random content can't be predicted, but 8 bytes of poison in a row are not random. */
static bool arrived(const struct dma_engine *engine, const uint8_t *bytes, uint32_t length)
{
    static const uint8_t untouched[8] = {POISON, POISON, POISON, POISON,
                                         POISON, POISON, POISON, POISON};

    if (engine->content)
        return !memcmp(bytes, engine->content, length);
    return length >= 8 && memcmp(bytes, untouched, 8) && memcmp(bytes + length - 8, untouched, 8);
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

    return expect_landed(test, clause, engine, address, target, offset, length, result);
}

bool expect_write_denied(struct test *test, enum clause clause, struct dma_engine *engine,
                         uint64_t address, const struct target *target, uint32_t length)
{
    target_poison(target);
    dma_write(engine, address, length, transfer_timeout(engine, true));
    return expect_untouched(test, clause, engine, address, target, length);
}

static void fill_secret(struct test *test, const struct target *target)
{
    for (uint32_t i = 0; i < target->size; i += 8) {
        uint64_t word = rng_next64(&test->rng);

        memcpy(target->bytes + i, &word, sizeof(word));
    }
}

bool expect_read_sees(struct test *test, enum clause clause, struct dma_engine *engine,
                      uint64_t address, const struct target *target, uint32_t offset,
                      uint32_t length)
{
    uint8_t *seen = fixture_pages(test, (length + PAGE_SIZE - 1) / PAGE_SIZE);

    fill_secret(test, target);

    enum dma_result read = dma_read(engine, address, length, TIMEOUT_NS);
    enum dma_result report = dma_report(engine, seen, length, TIMEOUT_NS);
    bool has_seen = !memcmp(seen, target->bytes + offset, length);

    if (has_seen)
        control_arrived(engine, CONTROL_READ, address, length);
    return expect_impact(
        test, clause, IMPACT_DATA, has_seen,
        "%s reads %u bytes at 0x%llx: it did not see offset 0x%x of the target (read: "
        "%s, report: %s)",
        engine->ops->name, length, (unsigned long long)address, offset, dma_result_text(read),
        dma_result_text(report));
}

/* Any aligned word of the target, wherever it is. */
static bool shares_a_word(const uint8_t *seen, uint32_t length, const struct target *target)
{
    for (uint32_t at = 0; at + 8 <= length; at++)
        for (uint32_t i = 0; i < target->size; i += 8)
            if (!memcmp(seen + at, target->bytes + i, 8))
                return true;
    return false;
}

bool expect_read_denied(struct test *test, enum clause clause, struct dma_engine *engine,
                        uint64_t address, const struct target *target, uint32_t length,
                        void (*make_reachable)(struct test *test, struct dma_engine *engine))
{
    uint8_t *seen = fixture_pages(test, (length + PAGE_SIZE - 1) / PAGE_SIZE);

    if (length < 2 * WORD)
        error(test, "a read of %u bytes can't show 8 of the target in a row", length);
    fill_secret(test, target);
    dma_read(engine, address, length, transfer_timeout(engine, true));
    if (make_reachable)
        make_reachable(test, engine);

    enum dma_result report = dma_report(engine, seen, length, TIMEOUT_NS);

    if (report != DMA_COMPLETED)
        error(test, "%s: cannot report what it read: %s", engine->ops->name,
              dma_result_text(report));
    control_denied(test, engine, CONTROL_READ, address, length);
    return expect_impact(
        test, clause, IMPACT_ISOLATION, !shares_a_word(seen, length, target),
        "%s reads %u bytes at 0x%llx, which must be denied: it saw bytes of the target",
        engine->ops->name, length, (unsigned long long)address);
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

/* Reads once, with what is in the target now; adds to `leaks` what was not seen before. */
static void read_cut(struct test *test, struct dma_engine *engine, uint64_t address,
                     const uint8_t *source, uint8_t *seen, bool *leaks, uint32_t length)
{
    dma_read(engine, address, length, transfer_timeout(engine, true));

    enum dma_result report = dma_report(engine, seen, length, TIMEOUT_NS);

    if (report != DMA_COMPLETED)
        error(test, "%s: cannot report what it read: %s", engine->ops->name,
              dma_result_text(report));
    for (uint32_t i = 0; i < length; i++)
        leaks[i] &= seen[i] == source[i];
}

/*
 * Twice, with the complement of each byte: what the engine had kept before, or anything else that is
 * not the target's, is the same as one of them at the most.
 */
bool expect_read_cut(struct test *test, enum clause clause, struct dma_engine *engine,
                     uint64_t address, const struct target *target, uint32_t offset,
                     const struct target_part *allowed, uint32_t length)
{
    uint32_t pages = (length + PAGE_SIZE - 1) / PAGE_SIZE, i = 0;
    uint8_t *seen = fixture_pages(test, pages);
    bool *leaks = fixture_pages(test, pages);

    memset(leaks, true, length);
    fill_secret(test, target);
    read_cut(test, engine, address, target->bytes + offset, seen, leaks, length);
    for (uint32_t byte = 0; byte < target->size; byte++)
        target->bytes[byte] = (uint8_t)~target->bytes[byte];
    read_cut(test, engine, address, target->bytes + offset, seen, leaks, length);
    control_denied(test, engine, CONTROL_READ, address, length);
    while (i < length && (!leaks[i] || offset + i - allowed->offset < allowed->size))
        i++;
    return expect_impact(
        test, clause, IMPACT_ISOLATION, i == length,
        "%s reads %u bytes at 0x%llx: it saw offset 0x%x of the target, expected none but "
        "0x%x to 0x%x",
        engine->ops->name, length, (unsigned long long)address, offset + i, allowed->offset,
        allowed->offset + allowed->size - 1);
}
