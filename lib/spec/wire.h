/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structures and constants of virtio 1.4 section 5.13 (IOMMU device), byte exact, under the
 * specification's own names. Multi-byte fields are little endian, as every CPU this kernel runs on.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define VIRTIO_ID_IOMMU 23

/* 5.13.2 Virtqueues */
#define VIRTIO_IOMMU_REQUESTQ 0
#define VIRTIO_IOMMU_EVENTQ   1

/* 5.13.3 Feature bits */
#define VIRTIO_IOMMU_F_INPUT_RANGE   0
#define VIRTIO_IOMMU_F_DOMAIN_RANGE  1
#define VIRTIO_IOMMU_F_MAP_UNMAP     2
#define VIRTIO_IOMMU_F_BYPASS        3
#define VIRTIO_IOMMU_F_PROBE         4
#define VIRTIO_IOMMU_F_MMIO          5
#define VIRTIO_IOMMU_F_BYPASS_CONFIG 6

/* 5.13.4 Device configuration layout */
struct virtio_iommu_config {
    uint64_t page_size_mask;
    struct {
        uint64_t start, end;
    } input_range;
    struct {
        uint32_t start, end;
    } domain_range;
    uint32_t probe_size;
    uint8_t bypass;
    uint8_t reserved[3];
};

/* 5.13.6 Device operations */
#define VIRTIO_IOMMU_T_ATTACH 1
#define VIRTIO_IOMMU_T_DETACH 2
#define VIRTIO_IOMMU_T_MAP    3
#define VIRTIO_IOMMU_T_UNMAP  4
#define VIRTIO_IOMMU_T_PROBE  5

#define VIRTIO_IOMMU_S_OK     0
#define VIRTIO_IOMMU_S_IOERR  1
#define VIRTIO_IOMMU_S_UNSUPP 2
#define VIRTIO_IOMMU_S_DEVERR 3
#define VIRTIO_IOMMU_S_INVAL  4
#define VIRTIO_IOMMU_S_RANGE  5
#define VIRTIO_IOMMU_S_NOENT  6
#define VIRTIO_IOMMU_S_FAULT  7
#define VIRTIO_IOMMU_S_NOMEM  8

struct virtio_iommu_req_head {
    uint8_t type;
    uint8_t reserved[3];
};

struct virtio_iommu_req_tail {
    uint8_t status;
    uint8_t reserved[3];
};

/* 5.13.6.3 */
#define VIRTIO_IOMMU_ATTACH_F_BYPASS (1u << 0)

struct virtio_iommu_req_attach {
    struct virtio_iommu_req_head head;
    uint32_t domain;
    uint32_t endpoint;
    uint32_t flags;
    uint8_t reserved[4];
};

/* 5.13.6.4 */
struct virtio_iommu_req_detach {
    struct virtio_iommu_req_head head;
    uint32_t domain;
    uint32_t endpoint;
    uint8_t reserved[8];
};

/* 5.13.6.5 */
#define VIRTIO_IOMMU_MAP_F_READ  (1u << 0)
#define VIRTIO_IOMMU_MAP_F_WRITE (1u << 1)
#define VIRTIO_IOMMU_MAP_F_MMIO  (1u << 2)

struct virtio_iommu_req_map {
    struct virtio_iommu_req_head head;
    uint32_t domain;
    uint64_t virt_start;
    uint64_t virt_end;
    uint64_t phys_start;
    uint32_t flags;
} __attribute__((packed));

/* 5.13.6.6 */
struct virtio_iommu_req_unmap {
    struct virtio_iommu_req_head head;
    uint32_t domain;
    uint64_t virt_start;
    uint64_t virt_end;
    uint8_t reserved[4];
} __attribute__((packed));

/* 5.13.6.7: followed by probe_size bytes of properties and the tail, all writable */
struct virtio_iommu_req_probe {
    struct virtio_iommu_req_head head;
    uint32_t endpoint;
    uint8_t reserved[64];
};

#define VIRTIO_IOMMU_PROBE_T_NONE     0
#define VIRTIO_IOMMU_PROBE_T_RESV_MEM 1
#define VIRTIO_IOMMU_PROBE_T_MASK     0xfff

struct virtio_iommu_probe_property {
    uint16_t type; /* bits 11:0; 15:12 reserved */
    uint16_t length;
};

/* 5.13.6.8.1 */
#define VIRTIO_IOMMU_RESV_MEM_T_RESERVED 0
#define VIRTIO_IOMMU_RESV_MEM_T_MSI      1

struct virtio_iommu_probe_resv_mem {
    struct virtio_iommu_probe_property head;
    uint8_t subtype;
    uint8_t reserved[3];
    uint64_t start;
    uint64_t end;
} __attribute__((packed));

/* 5.13.6.9 */
#define VIRTIO_IOMMU_FAULT_R_UNKNOWN 0
#define VIRTIO_IOMMU_FAULT_R_DOMAIN  1
#define VIRTIO_IOMMU_FAULT_R_MAPPING 2

#define VIRTIO_IOMMU_FAULT_F_READ    (1u << 0)
#define VIRTIO_IOMMU_FAULT_F_WRITE   (1u << 1)
#define VIRTIO_IOMMU_FAULT_F_ADDRESS (1u << 8)

struct virtio_iommu_fault {
    uint8_t reason;
    uint8_t reserved[3];
    uint32_t flags;
    uint32_t endpoint;
    uint32_t reserved1;
    uint64_t address;
};

_Static_assert(sizeof(struct virtio_iommu_config) == 40, "5.13.4");
_Static_assert(sizeof(struct virtio_iommu_req_tail) == 4, "5.13.6");
_Static_assert(sizeof(struct virtio_iommu_req_attach) == 20, "5.13.6.3");
_Static_assert(sizeof(struct virtio_iommu_req_detach) == 20, "5.13.6.4");
_Static_assert(sizeof(struct virtio_iommu_req_map) == 36, "5.13.6.5");
_Static_assert(sizeof(struct virtio_iommu_req_unmap) == 28, "5.13.6.6");
_Static_assert(sizeof(struct virtio_iommu_req_probe) == 72, "5.13.6.7");
_Static_assert(sizeof(struct virtio_iommu_probe_resv_mem) == 24, "5.13.6.8.1");
_Static_assert(sizeof(struct virtio_iommu_fault) == 24, "5.13.6.9");
