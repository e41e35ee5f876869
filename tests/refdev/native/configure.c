// SPDX-License-Identifier: BSD-2-Clause
/* What a variant of the IOMMU is like in a composition. */
#include <string.h>

#include "tests/refdev/native/composition.h"

#define BIT(name)     REF_BIT(VIRTIO_IOMMU_F_##name)
#define PROPERTY_SIZE sizeof(struct virtio_iommu_probe_resv_mem)
#define ODD_SIZE      32u     /* of a property that nobody knows, at most */
#define FAR_STEP      0x10000 /* bytes between two of the regions that are many */

/* Bytes of all properties, at most. */
static uint32_t properties_of(const struct ref_iommu_config *config)
{
    return config->region_count * (uint32_t)PROPERTY_SIZE + config->odd_properties * ODD_SIZE;
}

/*
 * The composition's regions instead of the variant's, and room for them in a reply to PROBE; or
 * those that there is room for.
 */
static void place_regions(const struct composition *composition, struct ref_iommu_config *config)
{
    uint64_t granule = config->page_size_mask & -config->page_size_mask;
    uint64_t step = granule > FAR_STEP ? granule : FAR_STEP;

    if (composition->region_count || composition->more_regions) {
        config->region_count = composition->region_count;
        memcpy(config->regions, composition->regions, sizeof(composition->regions));
    }
    for (unsigned i = 0; i < composition->more_regions; i++) {
        uint64_t first = FAR_REGIONS + i * 2 * step;

        config->regions[config->region_count++] =
            (struct ref_region){first, first + (granule - 1), VIRTIO_IOMMU_RESV_MEM_T_RESERVED};
    }
    if (composition->has_probe_size) {
        uint32_t room = composition->probe_size / (uint32_t)PROPERTY_SIZE;

        config->probe_size = composition->probe_size;
        config->region_count = config->region_count < room ? config->region_count : room;
        if (config->probe_size < properties_of(config))
            config->odd_properties = 0;
    } else if (config->probe_size < properties_of(config)) {
        config->probe_size = properties_of(config);
    }
    if (!(config->features & BIT(PROBE)))
        config->region_count = 0; /* PROBE could not report them */
}

struct ref_iommu_config composition_config(const struct composition *composition,
                                           const struct ref_iommu_config *variant)
{
    struct ref_iommu_config config = *variant;

    config.features &= ~composition->without;
    config.withheld |= composition->without;
    if (composition->page_size_mask)
        config.page_size_mask = composition->page_size_mask;
    if (composition->input_last) {
        config.features |= BIT(INPUT_RANGE);
        config.input_first = composition->input_first;
        config.input_last = composition->input_last;
    }
    if (composition->has_domains) {
        config.features |= BIT(DOMAIN_RANGE);
        config.domain_first = composition->domain_first;
        config.domain_last = composition->domain_last;
    }
    if (composition->queue_size)
        config.queue_size = composition->queue_size;
    if (composition->event_queue_size)
        config.event_queue_size = composition->event_queue_size;
    if (composition->config_length && !(config.features & BIT(BYPASS_CONFIG)))
        config.config_length = composition->config_length;
    if (composition->vector_count)
        config.vector_count = composition->vector_count;
    config.odd_properties = composition->odd_properties;
    place_regions(composition, &config);
    config.is_silent |= composition->is_silent;
    config.has_no_msix |= composition->has_no_msix;
    config.has_no_pin |= composition->has_no_pin;
    return config;
}
