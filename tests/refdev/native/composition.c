// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/native/composition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "tests/refdev/device/virtio.h"

#define SOME(name, number) .kind = ENDPOINT_##name, .count = number
#define ONE(name)          SOME(name, 1)

#define BIT(name)   REF_BIT(VIRTIO_IOMMU_F_##name)
#define RESERVED    VIRTIO_IOMMU_RESV_MEM_T_RESERVED
#define MSI         VIRTIO_IOMMU_RESV_MEM_T_MSI
#define BITS(count) ((1ull << (count)) - 1)

#define RANDOM "random:"
#define LIST   "list:"

#define FIRST_SLOT           2    /* of the endpoints */
#define FIRST_ID             0x10 /* of device 2, where ids are BDFs */
#define ONLY(...)            .first_id = FIRST_ID, .endpoints = {__VA_ARGS__}
#define DOMAINS(first, last) .has_domains = true, .domain_first = (first), .domain_last = (last)
#define PROBE_SIZE(size)     .has_probe_size = true, .probe_size = (size)
#define CONFIG_OF_DRAFTS     36 /* bytes: without `bypass` */
#define RINGS                                                                                      \
    (REF_BIT(REF_F_INDIRECT_DESC) | REF_BIT(REF_F_EVENT_IDX) | REF_BIT(REF_F_RING_PACKED) |        \
     REF_BIT(REF_F_RING_RESET))
/* The endpoints of every machine in which they are not the point. */
#define USUAL .first_id = FIRST_ID, .endpoints = {{SOME(EDU, 2)}, {ONE(BLK)}, {ONE(RNG)}}

static const struct composition compositions[] = {
    {"usual", USUAL},
    /* Engines, each alone and in pairs. */
    {"edu", ONLY({ONE(EDU)})},
    {"blk", ONLY({ONE(BLK)})},
    {"rng", ONLY({ONE(RNG)})},
    {"testdev", ONLY({ONE(TESTDEV)})},
    {"edu-edu", ONLY({SOME(EDU, 2)})},
    {"edu-blk", ONLY({ONE(EDU)}, {ONE(BLK)})},
    {"edu-rng", ONLY({ONE(EDU)}, {ONE(RNG)})},
    {"edu-testdev", ONLY({ONE(EDU)}, {ONE(TESTDEV)})},
    {"blk-blk", ONLY({SOME(BLK, 2)})},
    {"blk-rng", ONLY({ONE(BLK)}, {ONE(RNG)})},
    {"blk-testdev", ONLY({ONE(BLK)}, {ONE(TESTDEV)})},
    {"rng-rng", ONLY({SOME(RNG, 2)})},
    {"rng-testdev", ONLY({ONE(RNG)}, {ONE(TESTDEV)})},
    {"testdev-testdev", ONLY({SOME(TESTDEV, 2)})},
    /* How many endpoints there are, and of which none is an engine. */
    {.name = "no-endpoint"},
    {"no-engine", ONLY({SOME(PLAIN, 2)})},
    {"one-plain", ONLY({ONE(PLAIN)})},
    {"plain-first", ONLY({SOME(PLAIN, 2)}, {ONE(EDU)}, {ONE(BLK)}, {ONE(RNG)})},
    {"many-64", ONLY({SOME(EDU, 2)}, {ONE(BLK)}, {SOME(RNG, 61)})},
    {"many-100", ONLY({SOME(RNG, 97)}, {ONE(BLK)}, {SOME(EDU, 2)})},
    /* What is not offered. */
    {"no-probe", USUAL, .without = BIT(PROBE)},
    {"no-bypass-config", USUAL, .without = BIT(BYPASS_CONFIG)},
    {"no-map-unmap", USUAL, .without = BIT(MAP_UNMAP),
     .warns = "a device should offer MAP_UNMAP (5.13.3.2)"},
    {"no-mmio-flag", USUAL, .without = BIT(MMIO)},
    {"no-event-idx", USUAL, .without = REF_BIT(REF_F_EVENT_IDX)},
    {"no-indirect", USUAL, .without = REF_BIT(REF_F_INDIRECT_DESC)},
    {"no-msix", USUAL, .has_no_msix = true},
    {"no-pin", USUAL, .has_no_pin = true},
    {"edu-no-msi", ONLY({SOME(EDU, 2), .has_no_msi = true}, {ONE(BLK)}, {ONE(RNG)})},
    {"edu-alone-no-msi", ONLY({SOME(EDU, 1), .has_no_msi = true})},
    {"silent", USUAL, .is_silent = true},
    {"silent-edu", ONLY({ONE(EDU)}), .is_silent = true},
    /*
     * Edus that do not reach every address, which takes 30 bits for memory. Those of virtio have
     * 64.
     */
    {"edu-28", ONLY({SOME(EDU, 2), .address_bits = 28})},
    {"edu-28-and-blk", ONLY({SOME(EDU, 1), .address_bits = 28}, {ONE(BLK)}, {ONE(RNG)})},
    {"edu-32", ONLY({SOME(EDU, 2), .address_bits = 32})},
    {"edu-32-drops", ONLY({SOME(EDU, 2), .address_bits = 32, .drops = true})},
    {"edu-32-and-blk", ONLY({SOME(EDU, 1), .address_bits = 32}, {ONE(BLK)}, {ONE(RNG)})},
    {"edu-40", ONLY({SOME(EDU, 2), .address_bits = 40})},
/* ... and those that reach only a window. */
#define WINDOW(from, to) .first = (from), .last = (to)
    {"edu-to-768m", ONLY({SOME(EDU, 2), WINDOW(0, 0x2fffffff)})},
    {"edu-to-768m-and-blk", ONLY({ONE(EDU), WINDOW(0, 0x2fffffff)}, {ONE(BLK)}, {ONE(RNG)})},
    {"edu-512m-to-1g", ONLY({ONE(EDU), WINDOW(0x20000000, 0x3fffffff)}, {ONE(BLK)}, {ONE(RNG)})},
    {"edu-from-512m", ONLY({ONE(EDU), WINDOW(0x20000000, UINT64_MAX)}, {ONE(BLK)}, {ONE(RNG)})},
    {"edu-from-64k", ONLY({ONE(EDU), WINDOW(0x10000, UINT64_MAX)}, {ONE(BLK)}, {ONE(RNG)})},
    {"blk-to-1g", ONLY({ONE(EDU)}, {ONE(BLK), WINDOW(0, 0x3fffffff)}, {ONE(RNG)})},
    {"blk-from-512m", ONLY({ONE(EDU)}, {ONE(BLK), WINDOW(0x20000000, UINT64_MAX)}, {ONE(RNG)})},
    {"rng-512m-to-1g", ONLY({ONE(EDU)}, {ONE(BLK)}, {ONE(RNG), WINDOW(0x20000000, 0x3fffffff)})},
/* Engines with a flaw, beside sound ones of other kinds: the IOMMU is not to blame. */
#define FLAWED(name, what, ...) ONLY({SOME(name, 1), .flaw = REF_##what}, __VA_ARGS__)
    {"flaw-edu-low-bits", FLAWED(EDU, LOW_BITS_DROPPED, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-offset", FLAWED(EDU, OFFSET_SMALL, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-offset-1t", FLAWED(EDU, OFFSET_LARGE, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-blk-low-bits", FLAWED(BLK, LOW_BITS_DROPPED, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-blk-offset", FLAWED(BLK, OFFSET_SMALL, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-blk-offset-1t", FLAWED(BLK, OFFSET_LARGE, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-rng-low-bits", FLAWED(RNG, LOW_BITS_DROPPED, {SOME(EDU, 2)}, {ONE(BLK)})},
    {"flaw-rng-offset", FLAWED(RNG, OFFSET_SMALL, {SOME(EDU, 2)}, {ONE(BLK)})},
    {"flaw-rng-offset-1t", FLAWED(RNG, OFFSET_LARGE, {SOME(EDU, 2)}, {ONE(BLK)})},
    {"flaw-testdev-low-bits", FLAWED(TESTDEV, LOW_BITS_DROPPED, {ONE(EDU)}, {ONE(RNG)})},
    {"flaw-testdev-offset", FLAWED(TESTDEV, OFFSET_SMALL, {ONE(EDU)}, {ONE(RNG)})},
    {"flaw-testdev-offset-1t", FLAWED(TESTDEV, OFFSET_LARGE, {ONE(EDU)}, {ONE(RNG)})},
    {"flaw-edu-writes-less", FLAWED(EDU, WRITES_LESS, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-writes-more", FLAWED(EDU, WRITES_MORE, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-reads-zeroes", FLAWED(EDU, READS_ZEROES, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-stuck", FLAWED(EDU, STUCK, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-stuck-by-denial", FLAWED(EDU, STUCK_BY_DENIAL, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-msi-lost", FLAWED(EDU, MSI_LOST, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-edu-line-dead", FLAWED(EDU, LINE_DEAD, {ONE(BLK)}, {ONE(RNG)})},
    {"flaw-blk-stuck", FLAWED(BLK, STUCK, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-blk-stuck-by-denial", FLAWED(BLK, STUCK_BY_DENIAL, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-blk-resets-never", FLAWED(BLK, RESETS_NEVER, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-blk-read-only", FLAWED(BLK, READ_ONLY, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-blk-empty", FLAWED(BLK, DISK_EMPTY, {SOME(EDU, 2)}, {ONE(RNG)})},
    {"flaw-rng-gives-half", FLAWED(RNG, GIVES_HALF, {SOME(EDU, 2)}, {ONE(BLK)})},
    {"flaw-rng-gives-nothing", FLAWED(RNG, GIVES_NOTHING, {SOME(EDU, 2)}, {ONE(BLK)})},
    {"flaw-rng-stuck", FLAWED(RNG, STUCK, {SOME(EDU, 2)}, {ONE(BLK)})},
    /* ... and alone, where it can't be told whether it is the IOMMU that does it. */
    {"flaw-edu-alone", ONLY({ONE(EDU), .flaw = REF_WRITES_LESS}), .errs = "edu at"},
    {"flaw-edu-alone-offset", ONLY({ONE(EDU), .flaw = REF_OFFSET_LARGE}), .errs = "edu at"},
    {"flaw-rng-alone-offset", ONLY({ONE(RNG), .flaw = REF_OFFSET_LARGE}), .errs = "virtio-rng at"},
    {"flaw-blk-alone", ONLY({ONE(BLK), .flaw = REF_STUCK}), .errs = "virtio-blk at"},
    {"flaw-blk-alone-stuck-by-denial", ONLY({ONE(BLK), .flaw = REF_STUCK_BY_DENIAL})},
    {"flaw-rng-alone", ONLY({ONE(RNG), .flaw = REF_GIVES_NOTHING}), .errs = "virtio-rng at"},
    /* Granules. */
    {"granule-1", USUAL, .page_size_mask = UINT64_MAX},
    {"granule-4", USUAL, .page_size_mask = ~3ull},
    {"granule-4k", USUAL, .page_size_mask = ~0xfffull},
    {"granule-16k", USUAL, .page_size_mask = ~0x3fffull},
    {"granule-64k", USUAL, .page_size_mask = ~0xffffull},
    {"granule-2m", USUAL, .page_size_mask = ~0x1fffffull},
    /* Input ranges. */
    {"input-32", USUAL, .input_last = BITS(32)},
    {"input-36", USUAL, .input_last = BITS(36)},
    {"input-39", USUAL, .input_last = BITS(39)},
    {"input-48", USUAL, .input_last = BITS(48)},
    {"input-52", USUAL, .input_last = BITS(52)},
    {"input-64", USUAL, .input_last = UINT64_MAX},
    {"input-from-1m", USUAL, .input_first = 0x100000, .input_last = BITS(48)},
    {"input-256m-to-1g", USUAL, .input_first = 0x10000000, .input_last = 0x3fffffff},
    {"input-from-4g", USUAL, .input_first = 1ull << 32, .input_last = BITS(39)},
    {"input-from-64g", USUAL, .input_first = 1ull << 36, .input_last = UINT64_MAX},
    /* Queues. */
    {"queue-1", USUAL, .queue_size = 1},
    {"queue-2", USUAL, .queue_size = 2},
    {"queue-4", USUAL, .queue_size = 4},
    {"queue-8", USUAL, .queue_size = 8},
    {"queue-16", USUAL, .queue_size = 16},
    {"queue-64", USUAL, .queue_size = 64},
    {"queue-1024", USUAL, .queue_size = 1024},
    {"queue-32768", USUAL, .queue_size = 32768},
    {"queue-2-no-event-idx", USUAL, .queue_size = 2, .without = REF_BIT(REF_F_EVENT_IDX)},
    {"queue-4-no-indirect", USUAL, .queue_size = 4, .without = REF_BIT(REF_F_INDIRECT_DESC)},
    {"queue-4-plain", USUAL, .queue_size = 4, .without = RINGS},
    {"queue-64-events-1", USUAL, .queue_size = 64, .event_queue_size = 1},
    {"queue-64-events-2", USUAL, .queue_size = 64, .event_queue_size = 2},
    {"queue-2-events-256", USUAL, .queue_size = 2, .event_queue_size = 256},
    {"queue-256-events-32768", USUAL, .event_queue_size = 32768},
    /* Engines' own queues. */
    {"engine-queues-2", ONLY({ONE(EDU)}, {ONE(BLK), .queue_size = 2}, {ONE(RNG), .queue_size = 1})},
    {"engine-queues-4", ONLY({ONE(BLK), .queue_size = 4}, {ONE(RNG), .queue_size = 4})},
    {"queue-2-no-indirect", USUAL, .queue_size = 2, .without = REF_BIT(REF_F_INDIRECT_DESC)},
    /* Domains: one, two, all of 31 bits, those above. */
    {"domains-0", USUAL, DOMAINS(0, 0)},
    {"domains-1", USUAL, DOMAINS(1, 1)},
    {"domains-0-to-1", USUAL, DOMAINS(0, 1)},
    {"domains-0-to-3", USUAL, DOMAINS(0, 3)},
    {"domains-of-31-bits", USUAL, DOMAINS(0, 0x7fffffff)},
    {"domains-from-2g", USUAL, DOMAINS(0x80000000, UINT32_MAX)},
    {"domains-last", USUAL, DOMAINS(UINT32_MAX, UINT32_MAX)},
    /* Room for properties. A PROBE is sent for 64 KiB at most. */
    {"probe-1", USUAL, PROBE_SIZE(1)},
    {"probe-3", USUAL, PROBE_SIZE(3)},
    {"probe-4", USUAL, PROBE_SIZE(4)},
    {"probe-5", USUAL, PROBE_SIZE(5)},
    {"probe-511", USUAL, PROBE_SIZE(511)},
    {"probe-8188", USUAL, PROBE_SIZE(8188)},
    {"probe-8189", USUAL, PROBE_SIZE(8189)},
    {"probe-65535", USUAL, PROBE_SIZE(65535)},
    {"probe-65536", USUAL, PROBE_SIZE(65536)},
    {"probe-65537", USUAL, PROBE_SIZE(65537)},
    {"probe-1m", USUAL, PROBE_SIZE(1 << 20)},
    {"probe-4g", USUAL, PROBE_SIZE(UINT32_MAX)},
    {"probe-64k-queue-1", USUAL, PROBE_SIZE(65536), .queue_size = 1},
    {"odd-properties", USUAL, .odd_properties = 16},
    {"odd-properties-and-regions", USUAL, .odd_properties = 3, .more_regions = 20},
    /* What older or smaller devices have less of. */
    {"no-ranges", USUAL, .without = BIT(INPUT_RANGE) | BIT(DOMAIN_RANGE)},
    {"map-unmap-only", USUAL,
     .without =
         BIT(INPUT_RANGE) | BIT(DOMAIN_RANGE) | BIT(PROBE) | BIT(MMIO) | BIT(BYPASS_CONFIG) | RINGS,
     .config_length = CONFIG_OF_DRAFTS},
    {"config-of-36-bytes", USUAL, .without = BIT(BYPASS_CONFIG), .config_length = CONFIG_OF_DRAFTS},
    {"no-packed", USUAL, .without = REF_BIT(REF_F_RING_PACKED)},
    {"no-ring-reset", USUAL, .without = REF_BIT(REF_F_RING_RESET)},
    {"one-vector", USUAL, .vector_count = 1,
     .warns = "a device should have two vectors of MSI-X (4.1.5.1.2)"},
    {"two-vectors", USUAL, .vector_count = 2},
    {"engines-no-msix", ONLY({ONE(BLK), .has_no_msix = true}, {ONE(RNG), .has_no_msix = true})},
    {"rng-of-bytes", ONLY({SOME(RNG, 2), .chunk = 1})},
    {"rng-of-100", ONLY({SOME(RNG, 2), .chunk = 100})},
    {"blk-of-a-sector", ONLY({ONE(EDU)}, {ONE(BLK), .sectors = 1})},
    {"blk-of-256-sectors", ONLY({ONE(BLK), .sectors = 256})},
    {"edu-24", ONLY({SOME(EDU, 2), .address_bits = 24})},
    {"edu-24-drops", ONLY({SOME(EDU, 1), .address_bits = 24, .drops = true}, {ONE(BLK)})},
    /* Regions over what a test would take first. */
    {"reserved-usual", USUAL,
     .regions = {{0, 0, MSI},
                 {0, 0xfff, RESERVED},
                 {0x200000, 0x3fffff, RESERVED},
                 {0x600000000, 0x6ffffffff, RESERVED}},
     .region_count = 4},
    {"reserved-pc", USUAL,
     .regions = {{0, 0, MSI},
                 {0, 0xfffff, RESERVED},
                 {0xfee00000, 0xfeefffff, RESERVED},
                 {0xfd00000000, 0xffffffffff, RESERVED}},
     .region_count = 4},
    {"reserved-high", USUAL, .regions = {{0, 0, MSI}, {0x100000000, BITS(48), RESERVED}},
     .region_count = 2},
    {"reserved-msi-only", USUAL, .regions = {{0, 0, MSI}}, .region_count = 1},
    {"reserved-100", USUAL, .regions = {{0, 0, MSI}}, .region_count = 1, .more_regions = 100},
    {"reserved-all-but-1g", USUAL, .input_last = BITS(48),
     .regions = {{0x80000000, BITS(48), RESERVED}}, .region_count = 1},
    {"reserved-all-but-the-top", USUAL, .regions = {{0, ~BITS(32) - 1, RESERVED}},
     .region_count = 1, .without = BIT(INPUT_RANGE)},
    /* Ids that are no BDFs. */
    {"ids-from-0", .endpoints = {{SOME(EDU, 2)}, {ONE(BLK)}, {ONE(RNG)}}},
    {"ids-high", .endpoints = {{SOME(EDU, 2)}, {ONE(BLK)}, {ONE(RNG)}}, .first_id = 0xabc00010},
    {"ids-last", .endpoints = {{SOME(EDU, 2)}, {ONE(BLK)}, {ONE(RNG)}}, .first_id = 0xffffff10},
/* Two IOMMUs, of which the first is driven. */
#define SECOND(name)                                                                               \
    {                                                                                              \
        SOME(name, 1), .is_behind_second = true                                                    \
    }
    {"two-iommus", ONLY({SOME(EDU, 2)}, {ONE(BLK)}, {ONE(RNG)}, SECOND(EDU)), .second_id = 0x30},
    {"two-iommus-same-ids", ONLY({ONE(EDU)}, {ONE(BLK)}, SECOND(EDU), SECOND(BLK), SECOND(RNG)),
     .second_id = FIRST_ID},
    {"two-iommus-nothing-behind-first", ONLY(SECOND(EDU), SECOND(BLK)), .second_id = FIRST_ID},
};

unsigned composition_count(const struct composition *it, bool with_second)
{
    unsigned count = 0;

    for (const struct composition_endpoints *some = it->endpoints; some->kind; some++)
        count += with_second || !some->is_behind_second ? some->count : 0;
    return count;
}

bool composition_has_second(const struct composition *it)
{
    return composition_count(it, true) > composition_count(it, false);
}

/* The boot options that describe the endpoints behind the first IOMMU, and the second IOMMU. */
static void print_options(const struct composition *it)
{
    unsigned slot = FIRST_SLOT + composition_count(it, false);

    if (!it->endpoints[0].kind)
        return;
    if (composition_has_second(it) && slot > FIRST_SLOT)
        printf("viommu.ep=00:02.0-00:%02x.7:0x%x ", slot - 1, it->first_id);
    if (composition_has_second(it))
        printf("viommu=pci:00:01.1 viommu.ep=00:%02x.0-00:1f.7:0x%x", slot, it->second_id);
    else if (it->first_id == FIRST_ID)
        printf("viommu.ep=00:00.0-00:1f.7:0");
    else
        printf("viommu.ep=00:02.0-00:1f.7:0x%x", it->first_id);
}

static void list(const struct composition *it)
{
    printf("%s\t", it->name);
    print_options(it);
    printf("\t%s\t%s\n", it->warns ? it->warns : "", it->errs ? it->errs : "");
}

/* NULL: there is none. */
static const struct composition *find(const char *name)
{
    static struct composition drawn;
    char *end = NULL;

    for (unsigned i = 0; i < ARRAY_LENGTH(compositions); i++)
        if (!strcmp(compositions[i].name, name))
            return &compositions[i];
    if (strncmp(name, RANDOM, strlen(RANDOM)))
        return NULL;
    composition_draw(&drawn, strtoull(name + strlen(RANDOM), &end, 10));
    drawn.name = name;
    return *end ? NULL : &drawn;
}

const struct composition *composition_chosen(void)
{
    const char *name = getenv("COMPOSITION");
    bool is_list = name && !strncmp(name, LIST, strlen(LIST));
    const struct composition *found;

    if (!name || !*name)
        return &compositions[0];
    if (!strcmp(name, "list")) {
        for (unsigned i = 0; i < ARRAY_LENGTH(compositions); i++)
            list(&compositions[i]);
        exit(0);
    }
    found = find(is_list ? name + strlen(LIST) : name);
    if (!found) {
        fprintf(stderr, "COMPOSITION: there is no '%s'; 'list' lists them\n", name);
        exit(2);
    }
    if (!is_list)
        return found;
    list(found);
    exit(0);
}
