/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference virtio-iommu: virtio 1.4 section 5.13, with everything behind it that does DMA.
 * Where the text leaves a choice it does the simplest thing that is permitted.
 */
#pragma once

#include "lib/spec/wire.h"
#include "tests/refdev/device/tables.h"
#include "tests/refdev/device/topology.h"
#include "tests/refdev/device/virtio.h"

#define REF_REGIONS_MAX 128

struct ref_region {
    uint64_t first, last;
    uint8_t subtype; /* VIRTIO_IOMMU_RESV_MEM_T_* */
};

/* The configuration of a device. */
struct ref_iommu_config {
    uint64_t features; /* of the device type (below 24), and those that few variants offer */
    uint64_t page_size_mask;
    uint64_t input_first, input_last;
    uint32_t domain_first, domain_last;
    uint32_t probe_size;
    uint8_t bypass; /* at a system reset */
    /* Reserved regions of every endpoint; the machine says where the MSI region is. */
    struct ref_region regions[REF_REGIONS_MAX];
    unsigned region_count;
    enum ref_topology topology; /* if set, feature bit 6 stands for it and there is no `bypass` */

    uint64_t withheld;         /* features of rings that are not offered */
    uint64_t required;         /* features that the driver has to accept (6.2) */
    uint16_t queue_size;       /* 0: the usual one */
    uint16_t event_queue_size; /* 0: as the request queue */
    uint32_t config_length;    /* of the device configuration in bytes; 0: all that there is */
    unsigned odd_properties;   /* properties of types that nobody knows, of all lengths */
    unsigned vector_count;     /* of MSI-X; 0: the usual number */
    unsigned max_domains;      /* 0: as many as the tables hold; more get NOMEM */
    unsigned max_mappings;     /* likewise, of all domains together */
    bool is_unshared;          /* a domain has one endpoint */
    bool is_lazy;              /* requests come back late, in reverse order */
    bool is_slow;              /* ... one at a time, in random order; resets take a while */
    bool is_silent;            /* denied accesses are not reported, which 5.13.6.9 leaves open */
    bool has_no_msix;          /* its interrupts are its line's */
    bool has_no_pin;           /* its interrupts are MSI-X's only */
    bool is_strict;  /* answers what is out of order as is_strict of struct ref_virtio says */
    bool has_decoys; /* capabilities of PCI that nobody can use, before those that one can */
    bool is_on_mmio; /* behind a register block, in machines that can have one */
};

struct ref_iommu {
    struct ref_virtio virtio; /* the first member */
    struct ref_iommu_config config;
    struct ref_tables tables;
    bool bypass; /* the byte of the configuration: endpoints without a domain reach memory */
    uint8_t described[REF_TOPOLOGY_MAX]; /* configuration with a built-in topology */
    int sticky;                          /* the status of the request before */
    unsigned sticky_since;               /* virtio.processed, then */
    bool was_attached;                   /* any endpoint, since the last reset */
    uint8_t odd_bypass;                  /* what was written to the configuration's byte */
};

/* Messages of endpoints go to [message_first, message_last], both inclusive. */
void ref_iommu_init(struct ref_iommu *iommu, const struct ref_iommu_config *config,
                    uint64_t message_first, uint64_t message_last);
/* Makes an endpoint known; false: no room, or it is known. */
bool ref_iommu_add(struct ref_iommu *iommu, uint32_t endpoint);

/*
 * An endpoint's access, all of it or nothing; what is denied is reported on the event queue. False:
 * denied, or there is no memory where it leads.
 */
bool ref_iommu_access(struct ref_iommu *iommu, uint32_t endpoint, uint64_t address, void *bytes,
                      uint32_t length, bool is_write);
