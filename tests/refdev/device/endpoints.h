/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices behind the IOMMU, as far as a guest uses them to do DMA. */
#pragma once

#include "tests/refdev/device/iommu.h"

#define REF_EDU_BUFFER     4096
#define REF_DISK_SIZE      (1u << 20)
#define REF_TESTDEV_LENGTH 4096u

/* What is wrong with an endpoint, and not with the IOMMU. */
enum ref_flaw {
    REF_NO_FLAW,
    REF_LOW_BITS_DROPPED, /* the lowest three of an address */
    REF_OFFSET_SMALL,     /* half a page is added to each */
    REF_OFFSET_LARGE,     /* or a TiB */
    REF_WRITES_LESS,      /* by a byte; edu */
    REF_WRITES_MORE,      /* likewise */
    REF_READS_ZEROES,     /* edu */
    REF_STUCK,            /* nothing is ever done */
    REF_STUCK_BY_DENIAL, /* nor is what is denied; edu never comes out of that, virtio by a reset */
    REF_RESETS_NEVER,    /* virtio, once something was denied */
    REF_MSI_LOST,        /* edu */
    REF_LINE_DEAD,       /* edu */
    REF_READ_ONLY,       /* blk */
    REF_DISK_EMPTY,      /* blk */
    REF_GIVES_HALF,      /* of the bytes that it is asked for; rng */
    REF_GIVES_NOTHING,   /* rng */
};

/* Where an endpoint's accesses go, and what it is not able to do. */
struct ref_place {
    struct ref_iommu *iommu;
    uint32_t id;
    unsigned address_bits; /* of an address, below 64; 0: all of them */
    bool drops;            /* what is beyond those is dropped; else the high bits are cut off */
    uint64_t first, last;  /* what is outside is dropped; last 0: nothing */
    bool has_no_msi;       /* of edu only */
    enum ref_flaw flaw;
    bool has_no_msix;    /* of virtio only, as the rest */
    uint16_t queue_size; /* 0: the usual one */
    uint32_t sectors;    /* of a disk, at most REF_DISK_SIZE / 512; 0: those */
    uint32_t chunk;      /* bytes that a request gets from an entropy device; 0: all of them */
};

/* What such a function is like that both kinds of virtio devices have. */
void ref_place_virtio(const struct ref_place *place, struct ref_virtio *virtio);

/* QEMU's educational device, whose transfers are over at once. */
struct ref_edu {
    struct ref_function function; /* the first member */
    struct ref_place place;
    uint64_t source, destination, count;
    uint32_t interrupts;
    bool is_stuck;
    uint8_t buffer[REF_EDU_BUFFER];
};

/* QEMU's iommu-testdev, which only writes. */
struct ref_testdev {
    struct ref_function function; /* the first member */
    struct ref_place place;
    uint32_t registers[9];
};

struct ref_blk {
    struct ref_virtio virtio; /* the first member */
    struct ref_place place;
    uint8_t disk[REF_DISK_SIZE];
};

struct ref_rng {
    struct ref_virtio virtio; /* the first member */
    struct ref_place place;
    uint64_t state;
};

/* An access of the endpoint's, as ref_iommu_access() has it. */
bool ref_place_access(const struct ref_place *place, uint64_t address, void *bytes, uint32_t length,
                      bool is_write);

/* Each makes its endpoint known to the IOMMU under the id that `place` names. */
void ref_edu_init(struct ref_edu *edu, const struct ref_place *place);
void ref_testdev_init(struct ref_testdev *testdev, const struct ref_place *place);
void ref_blk_init(struct ref_blk *blk, const struct ref_place *place);
void ref_rng_init(struct ref_rng *rng, const struct ref_place *place);
