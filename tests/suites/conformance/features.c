// SPDX-License-Identifier: BSD-2-Clause
/* Device id, features and configuration: virtio 1.4 sections 5.13.1 to 5.13.4, 2.2, 2.5, 6. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/framework/request.h"

#define SUITE "conformance.features"

#define BIT(n)  VIRTIO_BIT(n)
#define F(name) VIRTIO_BIT(VIRTIO_IOMMU_F_##name)

/* Read without starting the device: a wrong id may be why it does not start. */
TEST(device_id_is_23, .clauses = CLAUSES(PCI_ID_D02, PCI_ID_D03, PCI_ID_D05),
     .needs = NEEDS_PCI | NEEDS_NO_START)
{
    const struct pci_function *function = test->fixture->iommu_location.function;

    expect(test, PCI_ID_D02, function->vendor == 0x1af4, "vendor id 0x%04x, expected 0x1af4",
           function->vendor);
    expect(test, PCI_ID_D03, function->device == VIRTIO_PCI_DEVICE(VIRTIO_ID_IOMMU),
           "device id 0x%04x, expected 0x1057", function->device);
    expect(test, PCI_ID_D05, function->revision >= 1, "revision id %u, expected at least 1",
           function->revision);
}

/* In reset, where queue_size shows the maximum. A queue after the last one must have size 0. */
TEST(request_and_event_queue_exist,
     .clauses = CLAUSES(IOMMU_ID_P02, PCI_COM_D14, PCI_COM_D15, MMIO_REG_P03), .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    uint16_t count = transport->ops->queue_count(transport);

    fixture_negotiate(test, test->fixture->features);
    expect(test, IOMMU_ID_P02, count >= 2, "num_queues is %u, expected at least 2", count);
    for (uint16_t queue = 0; queue < 2; queue++) {
        uint32_t size = transport->ops->queue_size(transport, queue);

        expect(test, IOMMU_ID_P02, size, "queue %u has no entries", queue);
        if (test->fixture->iommu_location.function)
            expect(test, PCI_COM_D15, !(size & (size - 1)),
                   "queue %u: size %u, expected a power of two", queue, size);
    }
    expect(test, fixture_clause(test, PCI_COM_D14, MMIO_REG_P03),
           !transport->ops->queue_size(transport, count),
           "queue %u, which does not exist, has size %u, expected 0", count,
           transport->ops->queue_size(transport, count));
}

/*
 * A set that contradicts itself, or has bits from a later draft, makes drivers misbehave silently.
 */
TEST(offered_set_is_sound,
     .clauses = CLAUSES(IOMMU_FEAT_P01, IOMMU_FEAT_D01, IOMMU_FEAT_D02, IOMMU_FEAT_D03,
                        DEV_RSV_D01),
     .needs = NEEDS_IOMMU)
{
    uint64_t offered = fixture_iommu(test)->offered;
    uint64_t undefined = offered & 0x00ffff80; /* 5.13.3 defines 0..6 of the device's 0..23 */

    expect(test, IOMMU_FEAT_P01, !undefined, "undefined feature bits 0x%llx are offered",
           (unsigned long long)undefined);
    expect(test, IOMMU_FEAT_D01, offered & F(MAP_UNMAP), "MAP_UNMAP is not offered");
    expect(test, IOMMU_FEAT_D02, !(offered & F(BYPASS)), "the superseded BYPASS is offered");
    expect(test, IOMMU_FEAT_D03, !(offered & F(BYPASS)) || !(offered & F(BYPASS_CONFIG)),
           "BYPASS and BYPASS_CONFIG are both offered");
    expect(test, DEV_RSV_D01, offered & BIT(VIRTIO_F_VERSION_1), "VERSION_1 is not offered");
}

/*
 * Drivers decline what they do not know. Each set must still bring the device up, and the full set
 * again at the end (DEV-FEAT-D05).
 */
TEST(every_single_feature_can_be_declined, .clauses = CLAUSES(DEV_FEAT_D02, DEV_FEAT_D05),
     .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = fixture_iommu(test);
    uint64_t all = test->fixture->features;

    for (unsigned bit = 0; bit < 32; bit++) {
        if (!(all >> bit & 1))
            continue;
        expect(test, DEV_FEAT_D02, viommu_start(viommu, all & ~BIT(bit)) == VIRTIO_OK,
               "the device does not come up without feature bit %u", bit);
    }
    expect(test, DEV_FEAT_D02, viommu_start(viommu, 0) == VIRTIO_OK,
           "the device does not come up with VERSION_1 alone");
    expect(test, DEV_FEAT_D05, viommu_start(viommu, all) == VIRTIO_OK,
           "the device refuses a set of features that it accepted before");
}

/*
 * A driver must not accept them (2.2.1). Where the device takes a bit that it did not offer, the
 * two sides disagree on what was negotiated.
 */
TEST(unoffered_feature_is_not_accepted, .clauses = CLAUSES(DEV_FEAT_D03), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    uint64_t unoffered = ~viommu->offered & 0x00ffff80;

    if (!transport->ops->driver_features)
        skip(test, "what the device keeps of the features can't be read on this transport");
    virtio_reset(transport);
    virtio_acknowledge(transport);

    enum virtio_result result =
        virtio_negotiate(transport, unoffered | BIT(VIRTIO_F_VERSION_1) |
                                        (virtio_offered(transport) & VIRTIO_PLATFORM));
    uint64_t kept = transport->ops->driver_features(transport, 0);

    /* A device may refuse the set or drop the bits. Which of the two, the text leaves open. */
    expect_should(test, DEV_FEAT_D03, result == VIRTIO_FEATURES_REFUSED || !(kept & unoffered),
                  "FEATURES_OK stays set with bits 0x%llx that were not offered",
                  (unsigned long long)unoffered);
}

/*
 * A driver must not write them after FEATURES_OK (3.1.1), so this is a WARN at most: a device that
 * takes the write changes its behaviour under a running driver.
 */
TEST(accepted_features_stay, .clauses = CLAUSES(DEV_FEAT_P01), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;

    if (!transport->ops->driver_features)
        skip(test, "what the device keeps of the features can't be read on this transport");
    for (uint32_t word = 0; word < 2; word++) {
        uint32_t accepted = (uint32_t)(viommu->features >> 32 * word);

        if (transport->ops->driver_features(transport, word) != accepted)
            skip(test, "driver_feature does not read back what was accepted");
        transport->ops->set_driver_features(transport, word, 0);

        uint32_t kept = transport->ops->driver_features(transport, word);

        expect_should(
            test, DEV_FEAT_P01, kept == accepted,
            "word %u of the features reads 0x%x after a write after FEATURES_OK, expected 0x%x",
            (unsigned)word, (unsigned)kept, (unsigned)accepted);
    }
}

/*
 * Fields of offered features only: the others are undefined. The bypass byte is left out where a
 * built-in topology of an old draft uses its place.
 */
TEST(configuration_is_sound, .clauses = CLAUSES(IOMMU_CFG_D01, IOMMU_CFG_P02, IOMMU_CFG_D06),
     .needs = NEEDS_IOMMU)
{
    const struct viommu *viommu = fixture_iommu(test);
    const struct virtio_iommu_config *config = &viommu->config;

    expect(test, IOMMU_CFG_D01, config->page_size_mask, "page_size_mask is 0");
    if (viommu->offered & F(INPUT_RANGE))
        expect(test, IOMMU_CFG_P02, config->input_range.start <= config->input_range.end,
               "input_range [0x%llx, 0x%llx] is inverted",
               (unsigned long long)config->input_range.start,
               (unsigned long long)config->input_range.end);
    if (viommu->offered & F(DOMAIN_RANGE))
        expect(test, IOMMU_CFG_P02, config->domain_range.start <= config->domain_range.end,
               "domain_range [%u, %u] is inverted", (unsigned)config->domain_range.start,
               (unsigned)config->domain_range.end);
    if ((viommu->offered & F(BYPASS_CONFIG)) &&
        !platform_has_builtin_topology(test->fixture->platform, &test->fixture->iommu_location))
        expect(test, IOMMU_CFG_D06, config->bypass <= 1, "bypass is %u, expected 0 or 1",
               config->bypass);
    waive(test, IOMMU_CFG_P02, "the device has no optional field");
    waive(test, IOMMU_CFG_D06, "the device has no bypass field");
}

/*
 * Drivers of different systems read the same field with 1, 2 or 4 bytes, and 64-bit fields as
 * halves.
 */
TEST(configuration_reads_alike_at_every_width, .clauses = CLAUSES(PCI_LAY_D01, DEV_CFG_P01),
     .needs = NEEDS_IOMMU, .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    const uint8_t *expected = (const uint8_t *)&viommu->config;

    for (unsigned width = 1; width <= 4; width *= 2)
        for (uint32_t offset = 0; offset < 36; offset += width) {
            uint32_t value = transport->ops->config_read(transport, offset, width);

            expect(test, width == 2 ? DEV_CFG_P01 : fixture_clause(test, PCI_LAY_D01, DEV_CFG_P01),
                   !memcmp(&value, expected + offset, width),
                   "config offset %u read with %u bytes gives 0x%x, not what 4 bytes give", offset,
                   width, value);
        }
}

/*
 * A driver may read the configuration before it chooses features, with every field of a feature
 * that is offered.
 */
TEST(configuration_before_features_ok, .clauses = CLAUSES(DEV_CFG_D01, DEV_CFG_D02, IOMMU_CFG_P01),
     .needs = NEEDS_IOMMU)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_iommu_config early;

    virtio_reset(viommu->transport);
    virtio_acknowledge(viommu->transport);
    virtio_read_config(viommu->transport, 0, 4, &early, 36);
    expect(test, DEV_CFG_D01, early.page_size_mask == viommu->config.page_size_mask,
           "the configuration reads differently before and after FEATURES_OK");
    expect(test, DEV_CFG_D02,
           !memcmp(&early.input_range, &viommu->config.input_range,
                   36 - offsetof(struct virtio_iommu_config, input_range)),
           "a field of an offered feature reads differently before and after FEATURES_OK");
    fixture_restart(test, 0);
    expect(test, IOMMU_CFG_P01, viommu->config.page_size_mask == early.page_size_mask,
           "page_size_mask depends on the accepted features");
}

/* Every field but bypass is read-only. Nobody wants a granule that a stray write changes. */
TEST(read_only_fields_stay, .clauses = CLAUSES(IOMMU_CFG_P02), .needs = NEEDS_IOMMU,
     .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    struct virtio_iommu_config after;

    for (uint32_t offset = 0; offset < 36; offset += 4)
        transport->ops->config_write(transport, offset, 4, 0x5aa5c33c);
    virtio_read_config(transport, 0, 4, &after, 36);
    expect(test, IOMMU_CFG_P02, !memcmp(&after, &viommu->config, 36),
           "a read-only configuration field was changed by a write");
}

/* The clause that decides which domain ids are valid on this device; the other one is waived. */
static enum clause domain_clause(struct test *test)
{
    if (viommu_has(fixture_iommu(test), VIRTIO_IOMMU_F_DOMAIN_RANGE)) {
        waive(test, IOMMU_CFG_P07, "the device has a domain range");
        return IOMMU_CFG_P06;
    }
    waive(test, IOMMU_CFG_P06, "the device has no domain range");
    return IOMMU_CFG_P07;
}

/*
 * Both ends are inclusive. Catches a device that takes domain_range.end for a count, or for a
 * number of bits as the drafts had it.
 */
TEST(first_and_last_domain, .clauses = CLAUSES(IOMMU_CFG_P06, IOMMU_CFG_P07),
     .needs = NEEDS_ENDPOINT)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE);
    uint32_t first = ranged ? viommu->config.domain_range.start : 0;
    uint32_t last = ranged ? viommu->config.domain_range.end : UINT32_MAX;
    const uint32_t domains[] = {first, last, first + (last - first) / 2};

    for (unsigned i = 0; i < ARRAY_LENGTH(domains); i++) {
        if (expect_status(test, domain_clause(test),
                          viommu_attach(domains[i], fixture_endpoint_id(test, 0), 0),
                          VIRTIO_IOMMU_S_OK))
            require_ok(test, viommu_detach(domains[i], fixture_endpoint_id(test, 0)));
    }
}

/*
 * Two ids that differ in the upper half only are two domains. UNMAP shows it, because it changes
 * nothing.
 */
TEST(domain_ids_have_32_bits, .clauses = CLAUSES(IOMMU_CFG_P06, IOMMU_CFG_P07),
     .needs = NEEDS_ENDPOINT | NEEDS_MAP_UNMAP)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE);
    uint32_t last = ranged ? viommu->config.domain_range.end : UINT32_MAX;
    uint32_t other = last & 0xffff;

    if (other == last || (ranged && other < viommu->config.domain_range.start))
        skip(test, "no two domain ids differ in their upper half only");
    require_ok(test, viommu_attach(last, fixture_endpoint_id(test, 0), 0));

    struct viommu_request unmap = viommu_unmap(other, 0x100000, 0x1fffff);
    struct viommu_reply reply = submit(test, &unmap);

    expect(test, domain_clause(test),
           reply.outcome == VIOMMU_ANSWERED && reply.status == VIRTIO_IOMMU_S_NOENT,
           "UNMAP in domain 0x%x, of which 0x%x exists only: %s, expected NOENT", other, last,
           viommu_status_text(reply.status));
    require_ok(test, viommu_detach(last, fixture_endpoint_id(test, 0)));
}

/*
 * Nothing forbids a device to change its configuration all the time, but a driver that reads until
 * the generation stays (2.5.1) never has one then.
 */
TEST(generation_comes_to_rest, .clauses = CLAUSES(DEV_CFG_P02), .needs = NEEDS_IOMMU)
{
    struct virtio_iommu_config config;

    expect_should(
        test, DEV_CFG_P02,
        virtio_read_config(fixture_iommu(test)->transport, 0, 4, &config,
                           offsetof(struct virtio_iommu_config, bypass)),
        "the generation changed in each of 16 readings of the configuration, which may be "
        "torn");
}

/* Two passes over the configuration: if they differ the generation must, too. */
TEST(generation_stands_for_the_configuration, .clauses = CLAUSES(PCI_COM_D06, MMIO_CFG_D01),
     .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    uint32_t words[2][9], generations[2];

    for (unsigned i = 0; i < 2; i++) {
        generations[i] = transport->ops->generation(transport);
        for (uint32_t at = 0; at < sizeof(words[i]); at += 4)
            words[i][at / 4] = transport->ops->config_read(transport, at, 4);
    }
    expect(test, fixture_clause(test, PCI_COM_D06, MMIO_CFG_D01),
           generations[0] != generations[1] || !memcmp(words[0], words[1], sizeof(words[0])),
           "the configuration changed and its generation stayed %u", generations[0]);
}
