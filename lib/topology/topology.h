/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which endpoints which virtio-iommu manages: the one form that every description of the topology
 * is read into. Indices, not pointers, so that a topology can be copied and compared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text/sink.h"

#define TOPOLOGY_MAX_IOMMUS 16
#define TOPOLOGY_MAX_RANGES 256
#define TOPOLOGY_MAX_SCANS  4

/* In rising priority. */
enum topology_source {
    TOPOLOGY_IVRS,
    TOPOLOGY_DMAR,
    TOPOLOGY_BUILTIN, /* in the virtio-iommu's own configuration */
    TOPOLOGY_IORT,
    TOPOLOGY_VIOT_DRAFT, /* of November 2019, around an IORT */
    TOPOLOGY_VIOT_V8,    /* document revision v8, one segment per range */
    TOPOLOGY_VIOT,
    TOPOLOGY_DEVICE_TREE,
    TOPOLOGY_OPTIONS,
    TOPOLOGY_SCAN, /* the IOMMU itself was asked */
    TOPOLOGY_SOURCES
};

enum topology_kind {
    TOPOLOGY_VIRTIO_IOMMU,
    TOPOLOGY_SMMU,
    TOPOLOGY_SMMU_V3,
    TOPOLOGY_INTEL_IOMMU,
    TOPOLOGY_AMD_IOMMU,
    TOPOLOGY_RISCV,
    TOPOLOGY_UNKNOWN_IOMMU, /* known to be another one */
    TOPOLOGY_KINDS
};

enum topology_bus { TOPOLOGY_PCI, TOPOLOGY_MMIO };

/* What names a device: a PCI function by its requester id, a register block by its base. */
struct topology_device {
    enum topology_bus bus;
    uint16_t segment;
    uint16_t bdf;  /* bus << 8 | device << 3 | function */
    uint64_t base; /* of a function's registers where a table gives it; it identifies nothing */
};

static inline struct topology_device topology_function(uint16_t segment, uint16_t bdf)
{
    return (struct topology_device){.bus = TOPOLOGY_PCI, .segment = segment, .bdf = bdf};
}

static inline struct topology_device topology_block(uint64_t base)
{
    return (struct topology_device){.bus = TOPOLOGY_MMIO, .base = base};
}

bool topology_same_device(const struct topology_device *a, const struct topology_device *b);

struct topology_iommu {
    enum topology_source source;
    enum topology_kind kind;
    struct topology_device device;
};

/*
 * Endpoints and the identifiers they have in ATTACH and PROBE. PCI: every function in segments
 * segment_first..segment_last and, in each of them, bdf_first..bdf_last, where the bits of
 * bdf_ignored are taken for 0. MMIO: the one at base.
 */
struct topology_range {
    enum topology_source source;
    enum topology_bus bus;
    uint16_t segment_first, segment_last;
    uint16_t bdf_first, bdf_last, bdf_ignored;
    bool has_buses; /* only functions of bus_first..bus_last */
    uint8_t bus_first, bus_last;
    bool has_below; /* the one function is a bridge; the range has all that is below it, too */
    uint64_t base;
    uint32_t id_first;
    unsigned iommu; /* index into iommus[] */
};

/* Ids, both included, that the IOMMU is to be asked about. */
struct topology_scan {
    uint32_t first, last;
};

struct topology {
    struct topology_iommu iommus[TOPOLOGY_MAX_IOMMUS];
    struct topology_range ranges[TOPOLOGY_MAX_RANGES];
    struct topology_scan scans[TOPOLOGY_MAX_SCANS];
    unsigned iommu_count, range_count, scan_count;
    bool has_maps; /* a tree says who is behind which IOMMU, be it legible or not */
};

/* Whose descriptions are worked with. */
struct topology_choice {
    uint32_t sources; /* 1 << source for each that counts */
    unsigned builtin; /* version of a built-in topology; BUILTIN_AUTO */
};

static inline bool topology_counts(const struct topology_choice *choice,
                                   enum topology_source source)
{
    return choice->sources >> source & 1;
}

struct topology_match {
    unsigned iommu, range; /* indices into iommus[] and ranges[] */
    uint32_t id;
    enum topology_source source;
};

/* Whether the range has the device. */
bool topology_covers(const struct topology_range *range, const struct topology_device *device);
/* The id of the last endpoint of a range; those of its segments are 0x10000 apart. */
uint64_t topology_last_id(const struct topology_range *range);

/*
 * False, *match untouched: no description covers the device, or the device is the very IOMMU that
 * the description names for it. Where two ranges cover it, the source of higher priority counts,
 * and of one source the later range.
 */
bool topology_find(const struct topology *topology, const struct topology_device *device,
                   struct topology_match *match);
/* The same, as if `source` alone had said anything. */
bool topology_find_by(const struct topology *topology, enum topology_source source,
                      const struct topology_device *device, struct topology_match *match);

/* Numbers of records: of a source, or of all that there are at a moment. */
struct topology_mark {
    unsigned iommu_count, range_count;
};

struct topology_mark topology_count(const struct topology *topology, enum topology_source source);

/* False: there is no room, and nothing was added. */
bool topology_add_iommu(struct topology *topology, const struct topology_iommu *iommu);
bool topology_add_range(struct topology *topology, const struct topology_range *range);

/* Of NULL, nothing. */
struct topology_mark topology_mark(const struct topology *topology);
/* Takes back all that was added since. */
void topology_reset(struct topology *topology, const struct topology_mark *mark);
/*
 * At the end of a source that began at *mark: if `left_out` of its records found no room, none of
 * them stays, as the one that decides may be among the missing. False then, with a report.
 */
bool topology_settle(struct topology *topology, const struct topology_mark *mark, unsigned left_out,
                     const char *label, const struct sink *sink);

/*
 * Adds the IOMMUs of *more, with their ranges, all of one source; or nothing, with a report, if
 * there is no room for all.
 */
void topology_append(struct topology *topology, const struct topology *more,
                     const struct sink *sink);

/* Whether both have the same records in the same order. */
bool topology_equal(const struct topology *a, const struct topology *b);

/* Reports every pair of ranges of one source that cover the same endpoint; returns how many. */
unsigned topology_check(const struct topology *topology, const struct sink *sink);

const char *topology_source_name(enum topology_source source);
const char *topology_kind_name(enum topology_kind kind);
