// SPDX-License-Identifier: BSD-2-Clause
/* Where an access goes: virtio 1.4 sections 5.13.6 (bypass mode), 5.13.6.5 (MAP), 5.13.6.9. */
#include "lib/model/mappings.h"

/* In bypass mode every access is allowed, at its own address. */
static bool in_bypass(const struct model *model, const struct model_endpoint *endpoint)
{
    return endpoint->domain ? endpoint->domain->bypass : model->bypass;
}

static struct model_translation denied(uint8_t reason, uint64_t address)
{
    return (struct model_translation){.reason = reason, .address = address};
}

static void add_piece(struct model_translation *translation, struct model_piece *pieces,
                      unsigned max_pieces, uint64_t address, uint64_t length)
{
    if (translation->count < max_pieces)
        pieces[translation->count++] = (struct model_piece){address, length};
}

static struct model_translation through_mappings(const struct model_domain *domain,
                                                 uint64_t address, uint64_t last,
                                                 enum model_access access,
                                                 struct model_piece *pieces, unsigned max_pieces)
{
    struct model_translation translation = {.allowed = true};

    for (;;) {
        const struct model_mapping *mapping = model_find_mapping(domain, address);

        if (!mapping || !(mapping->flags & (uint32_t)access))
            break;

        uint64_t end = mapping->last < last ? mapping->last : last;

        add_piece(&translation, pieces, max_pieces, mapping->physical + (address - mapping->first),
                  end - address + 1);
        if (end == last)
            return translation;
        address = end + 1;
    }
    translation.allowed = false;
    translation.reason = VIRTIO_IOMMU_FAULT_R_MAPPING;
    translation.address = address;
    return translation;
}

struct model_translation model_translate(const struct model *model, uint32_t endpoint_id,
                                         uint64_t address, uint64_t length,
                                         enum model_access access, struct model_piece *pieces,
                                         unsigned max_pieces)
{
    const struct model_endpoint *endpoint = model_find_endpoint(model, endpoint_id);
    struct model_translation translation = {.allowed = true};
    uint64_t last = address + (length - 1);

    if (!endpoint)
        return denied(VIRTIO_IOMMU_FAULT_R_UNKNOWN, address);
    if (last < address)
        return denied(VIRTIO_IOMMU_FAULT_R_MAPPING, address);
    if (in_bypass(model, endpoint)) {
        add_piece(&translation, pieces, max_pieces, address, length);
        return translation;
    }
    if (!endpoint->domain)
        return denied(VIRTIO_IOMMU_FAULT_R_DOMAIN, address);
    return through_mappings(endpoint->domain, address, last, access, pieces, max_pieces);
}
