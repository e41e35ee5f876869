/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the device answers, and where it lets an access go: virtio 1.4 section 5.13.6, read once more
 * and apart from lib/model. Where several things are wrong with a request the device names one of
 * them, and not always the one that the model would name; where the text leaves it a choice, it
 * refuses.
 */
#pragma once

#include "lib/spec/clause.h"
#include "tests/refdev/device/iommu.h"

/* The status, and the clause that it is for. */
struct ref_answer {
    uint8_t status;
    enum clause clause;
    bool is_unwritten; /* no status: the request comes back as it was */
};

/* Of a request whose device-readable part is `length` bytes, aligned to 8. Changes nothing. */
struct ref_answer ref_answer_to(struct ref_iommu *iommu, const void *request, size_t length);

/* A stretch of physical memory. */
struct ref_piece {
    uint64_t address, length;
};

/* Where an access goes, or why it goes nowhere. */
struct ref_route {
    bool is_allowed;
    uint8_t reason;   /* VIRTIO_IOMMU_FAULT_R_*, if not */
    uint64_t address; /* the first byte that is not allowed */
    unsigned count;   /* of pieces before that one, or of all */
};

#define REF_PIECES_MAX                                                                             \
    4096 /* as many as an endpoint moves bytes at once, of which each may be mapped alone */

/*
 * Of `length` bytes, at least one: a piece for each mapping. `pieces` has room for REF_PIECES_MAX;
 * an access that needs more of them is denied where they end.
 */
struct ref_route ref_route_of(struct ref_iommu *iommu, uint32_t endpoint, uint64_t address,
                              uint64_t length, bool is_write, struct ref_piece *pieces);
