// SPDX-License-Identifier: BSD-2-Clause
/*
 * The virtio-iommu as a virtio device: configuration, features and reset. Virtio 1.4 sections
 * 5.13.3 to 5.13.5.
 */
#include "tests/refdev/device/iommu.h"

#include <string.h>

#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/mutants/mutant.h"

#define CONFIG_BYPASS offsetof(struct virtio_iommu_config, bypass)

/* Bit 6 is that of the built-in topology where the device has one. */
static bool offers(const struct ref_iommu *iommu, unsigned feature)
{
    if (feature == VIRTIO_IOMMU_F_BYPASS_CONFIG && iommu->config.topology)
        return false;
    return iommu->config.features >> feature & 1;
}

bool ref_negotiates(const struct ref_iommu *iommu, unsigned feature)
{
    return offers(iommu, feature) && ref_has(&iommu->virtio, feature);
}

/* 5.13.4. With a built-in topology the bytes from REF_TOPOLOGY_FIRST on are its own. */
static uint8_t config_read(struct ref_virtio *virtio, uint32_t offset)
{
    const struct ref_iommu *iommu = ref_iommu_of(virtio);
    const struct ref_iommu_config *config = &iommu->config;
    struct virtio_iommu_config fields = {
        .page_size_mask = config->page_size_mask,
        .input_range = {config->input_first, config->input_last},
        .domain_range = {config->domain_first, config->domain_last},
        .probe_size = config->probe_size,
        .bypass = iommu->bypass,
    };

    if (config->topology && offset >= REF_TOPOLOGY_FIRST)
        return iommu->described[offset];
    mutate_config(iommu, &fields);
    return ((const uint8_t *)&fields)[offset < sizeof(fields) ? offset : 0];
}

/* 5.13.4.2: nothing but 0 and 1 ever reads back. */
static void config_write(struct ref_virtio *virtio, uint32_t offset, uint8_t value)
{
    struct ref_iommu *iommu = ref_iommu_of(virtio);

    if (MUTANT(CONFIG_MASK_WRITABLE) && offset < 8)
        ((uint8_t *)&iommu->config.page_size_mask)[offset] = value;
    if (MUTANT(BYPASS_STUCK))
        return;
    if (MUTANT(BYPASS_ANY_VALUE) && offset == CONFIG_BYPASS)
        iommu->odd_bypass = value;
    if (offset == CONFIG_BYPASS && value <= 1 &&
        ref_negotiates(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        iommu->bypass = value;
}

/* The older bit, where there is no byte. */
static void negotiated(struct ref_virtio *virtio)
{
    struct ref_iommu *iommu = ref_iommu_of(virtio);

    if (!offers(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        iommu->bypass = ref_has(virtio, VIRTIO_IOMMU_F_BYPASS);
}

/* 5.13.5; the byte `bypass` survives a reset of the device. */
static void reset(struct ref_virtio *virtio)
{
    struct ref_iommu *iommu = ref_iommu_of(virtio);

    if (MUTANT(RESET_CLEARS_BYPASS) || MUTANT(RESET_SETS_BYPASS))
        iommu->bypass = MUTANT(RESET_SETS_BYPASS);
    iommu->was_attached = false;
    mutate_forget();
    if (!MUTANT(RESET_KEEPS_DOMAINS) && !MUTANT(RESET_IS_IGNORED) && !MUTANT(ENDPOINTS_STAY))
        ref_tables_reset(&iommu->tables);
    if (!offers(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        iommu->bypass = false;
}

static int64_t handle(struct ref_virtio *virtio, unsigned queue, const struct ref_chain *chain)
{
    /* Buffers for events wait until there is one. */
    return queue == VIRTIO_IOMMU_REQUESTQ ? ref_handle_request(ref_iommu_of(virtio), chain)
                                          : REF_KEEP;
}

static const struct ref_virtio_ops ops = {
    .dma = ref_dma_direct,
    .config_read = config_read,
    .config_write = config_write,
    .negotiated = negotiated,
    .handle = handle,
    .reset = reset,
};

/* Fills in where the machine has its MSI doorbells. */
static void place_messages(struct ref_iommu_config *config, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < config->region_count; i++)
        if (config->regions[i].subtype == VIRTIO_IOMMU_RESV_MEM_T_MSI) {
            config->regions[i].first = first;
            config->regions[i].last = last;
        }
}

void ref_iommu_init(struct ref_iommu *iommu, const struct ref_iommu_config *config,
                    uint64_t message_first, uint64_t message_last)
{
    uint64_t rings = REF_BIT(REF_F_INDIRECT_DESC) | REF_BIT(REF_F_EVENT_IDX) |
                     REF_BIT(REF_F_RING_PACKED) | REF_BIT(REF_F_RING_RESET);
    uint64_t features = config->features | (rings & ~config->withheld);

    memset(iommu, 0, sizeof(*iommu));
    iommu->config = *config;
    place_messages(&iommu->config, message_first, message_last);
    ref_tables_init(&iommu->tables);
    iommu->bypass = config->bypass;
    if (config->topology)
        features |= REF_BIT(VIRTIO_IOMMU_F_BYPASS_CONFIG);
    iommu->virtio.has_decoys = config->has_decoys;
    ref_virtio_init(&iommu->virtio, &ops, VIRTIO_ID_IOMMU, features, 2,
                    config->topology        ? REF_TOPOLOGY_MAX
                    : config->config_length ? config->config_length
                                            : sizeof(struct virtio_iommu_config));
    if (config->vector_count)
        ref_limit_vectors(&iommu->virtio.function, config->vector_count);
    if (config->has_no_msix)
        ref_remove_msix(&iommu->virtio.function);
    if (config->has_no_pin && !config->is_on_mmio)
        ref_remove_pin(&iommu->virtio.function);
    iommu->virtio.is_lazy = config->is_lazy || config->is_slow;
    iommu->virtio.is_slow = config->is_slow;
    iommu->virtio.required = config->required;
    iommu->virtio.is_strict = config->is_strict;
    for (unsigned i = 0; config->queue_size && i < 2; i++)
        iommu->virtio.queues[i].size_max = config->queue_size;
    if (config->event_queue_size)
        iommu->virtio.queues[VIRTIO_IOMMU_EVENTQ].size_max = config->event_queue_size;
}

static void describe(struct ref_iommu *iommu)
{
    const struct ref_tables *tables = &iommu->tables;
    uint32_t ids[REF_ENDPOINTS];

    for (unsigned i = 0; i < tables->endpoint_count; i++)
        ids[i] = tables->endpoints[i].id;
    memset(iommu->described, 0, sizeof(iommu->described));
    ref_topology_write(iommu->config.topology, ids, tables->endpoint_count, iommu->described);
}

bool ref_iommu_add(struct ref_iommu *iommu, uint32_t endpoint)
{
    if (endpoint == 0x28 && MUTANT(ENDPOINT_UNKNOWN))
        return true;
    if (MUTANT(UNDESCRIBED_ID_KNOWN))
        ref_add_endpoint(&iommu->tables, 0x100);
    if (!ref_add_endpoint(&iommu->tables, endpoint))
        return false;
    describe(iommu);
    return true;
}
