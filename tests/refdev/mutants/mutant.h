/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bugs that the reference device can be given, one at a time, as mutants.def lists them. A bug is
 * made where the conforming code decides, by MUTANT(NAME), or in one of the hooks below, which
 * change nothing without a mutant.
 */
#pragma once

#include "tests/refdev/device/iommu.h"
#include "tests/refdev/device/rules.h"

enum ref_mutant {
    MUTANT_NONE,
#define REF_MUTANT(name, variant, text, ...) MUTANT_##name,
#include "tests/refdev/mutants/hostile.def"
#include "tests/refdev/mutants/mutants.def"
#undef REF_MUTANT
};

/* Set once at the start. File scope, because every function of the device may ask. */
extern enum ref_mutant ref_mutant;

#define MUTANT(name) (ref_mutant == MUTANT_##name && ref_mutant_meet())

/* Whether the code that makes the bug was reached since this was last set to false. */
extern bool ref_mutant_is_met;

static inline bool ref_mutant_meet(void)
{
    return ref_mutant_is_met = true;
}

/* False: no mutant is called that. */
bool ref_choose_mutant(const char *name);
/* A line for each: name, variant of device, clauses with commas between them, what it does. */
void ref_list_mutants(void);

/* With a reset of the device: what caches hold is gone. */
void mutate_tlb_reset(void);
/* Before a request or an access is judged: a delayed DETACH may be due. */
void mutate_late_detach(struct ref_iommu *iommu, bool is_access);
/* Before a request is judged. */
void mutate_request(struct ref_iommu *iommu, void *request);
/* Before it is carried out. */
void mutate_answer(const void *request, struct ref_answer *answer);
/* Carries a valid request out in a wrong way; false: no mutant of this, do it correctly. */
bool mutate_effect(struct ref_iommu *iommu, const void *request);
/* After it has been carried out. */
void mutate_state(struct ref_iommu *iommu, const void *request);
/* After it has been refused; returns the status that it gets. */
uint8_t mutate_refused(struct ref_iommu *iommu, const void *request, uint8_t status);
/* Whether a request of this type breaks the device. */
bool mutate_is_stuck(uint8_t type);
/* After a PROBE. */
void mutate_probe(struct ref_iommu *iommu, const void *request);
/* A reset, by true in a wrong way. */
bool mutate_tables_reset(struct ref_tables *tables);
/* Of several requests in one notification: whether this one has no effect; its status; its reply. */
bool mutate_batched_effect(struct ref_iommu *iommu, const void *request);
uint8_t mutate_batched_status(struct ref_iommu *iommu, const void *request, uint8_t status);
int64_t mutate_batched_reply(struct ref_iommu *iommu, const struct ref_chain *chain, uint8_t type,
                             int64_t written);
/* The `size` bytes that PROBE returns. */
void mutate_properties(const struct ref_iommu *iommu, uint8_t *area, uint32_t size);
void mutate_config(const struct ref_iommu *iommu, struct virtio_iommu_config *fields);
void mutate_fault(struct virtio_iommu_fault *fault);
/* Registers of virtio-mmio: the value of a read; and a write, which is dropped by true. */
void mutate_mmio_read(struct ref_virtio *virtio, uint32_t offset, uint32_t *value);
bool mutate_mmio_write(struct ref_virtio *virtio, uint32_t offset, unsigned width, uint32_t value);
/* Where an access goes, after the rules have said so. */
void mutate_translation(struct ref_iommu *iommu, uint32_t endpoint, uint64_t address,
                        uint32_t length, bool is_write, struct ref_route *to,
                        struct ref_piece *pieces);
/* How many bytes of a piece of an access are moved. */
uint64_t mutate_size(uint64_t size, bool is_write);
/* Whether a fault is reported that comes before DRIVER_OK. */
bool mutate_early_fault(const struct ref_virtio *virtio);
/* What a driver writes to queue_select. */
void mutate_queue_select(const struct ref_virtio *virtio, uint64_t *value);
/*
 * Queues: when one is enabled; after a reset, with its state before; while a reset is in progress;
 * when one is notified.
 */
void mutate_enable(struct ref_virtio *virtio, struct ref_queue *queue);
void mutate_queue_reset(struct ref_virtio *virtio, unsigned index, const struct ref_queue *before);
void mutate_resetting(const struct ref_virtio *virtio, unsigned index, bool *is_resetting);
void mutate_doorbell(struct ref_virtio *virtio, const struct ref_queue *queue, uint32_t value);
