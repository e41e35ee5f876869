/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The specification as executable C: virtio 1.4 section 5.13.6, written from lib/spec/clauses.def.
 * It knows domains, endpoints and mappings, says which statuses a request may get and why, and
 * where an access goes. Nothing here knows a device or a driver. Whether a request may be sent at
 * all (MAP_UNMAP, PROBE) is the caller's business; so is what PROBE returns.
 *
 * Judging and applying are apart, because a device may choose: model_judge() gives every status
 * that the text permits, model_apply() then follows the one that the device chose.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/spec/clause.h"
#include "lib/spec/wire.h"

#define MODEL_DOMAINS   16
#define MODEL_MAPPINGS  1280 /* of one domain */
#define MODEL_ENDPOINTS 128
#define MODEL_RESERVED  2048 /* regions, of all endpoints together */

/* Addresses are inclusive; a mapping is what one MAP request made. */
struct model_mapping {
    uint64_t first, last, physical;
    uint32_t flags;
};

struct model_domain {
    bool exists; /* while an endpoint is attached */
    bool bypass;
    uint32_t id;
    unsigned count;
    struct model_mapping mappings[MODEL_MAPPINGS]; /* in order of address, none overlapping */
};

struct model_endpoint {
    uint32_t id;
    struct model_domain *domain; /* NULL: attached to none */
};

struct model_reserved {
    uint32_t endpoint;
    uint64_t first, last;
};

/* What the device and the driver agreed on. */
struct model_config {
    uint64_t granule;                   /* lowest bit of page_size_mask */
    uint64_t input_first, input_last;   /* the whole space when INPUT_RANGE is not offered */
    uint32_t domain_first, domain_last; /* likewise */
    bool bypass_config;                 /* BYPASS_CONFIG is negotiated */
    bool mmio;                          /* MMIO is negotiated */
};

struct model {
    struct model_config config;
    bool bypass; /* the configuration's byte: unattached endpoints reach memory */
    struct model_domain domains[MODEL_DOMAINS];
    struct model_endpoint endpoints[MODEL_ENDPOINTS];
    struct model_reserved reserved[MODEL_RESERVED];
    unsigned endpoint_count, reserved_count;
};

/* An empty model: no endpoint, no domain. */
void model_init(struct model *model, const struct model_config *config, bool bypass);
/* False: no room, an id that is there already, or first > last. */
bool model_add_endpoint(struct model *model, uint32_t id);
bool model_add_reserved(struct model *model, uint32_t endpoint, uint64_t first, uint64_t last);
/* 5.13.5: no endpoint belongs to a domain any more; bypass stays. */
void model_reset(struct model *model);

#define MODEL_STATUS(name) (1u << VIRTIO_IOMMU_S_##name)
#define MODEL_ANY_ERROR    (0x1ffu & ~MODEL_STATUS(OK))

struct model_answer {
    uint8_t status;     /* the one that the text requires */
    uint32_t permitted; /* every status that the text permits, a bit each */
    enum clause clause; /* the clause that requires `status` */
    /* The buffer must come back unwritten: the request can't be parsed or its type is unknown. */
    bool is_unwritten;
    /*
     * The text leaves the case open: what the request means, or the state after it. A test of it
     * uses expect_should() (tests/framework/test.h), and the stress walk does not send it.
     */
    bool is_open;
};

/* Bytes of a request's device-readable part; 0: there is no such type. */
size_t model_request_size(uint8_t type);

/*
 * Which statuses the text permits for this request; `bytes` is its device-readable part, aligned to
 * 4. Bytes after the request's own structure are ignored. Changes nothing.
 */
struct model_answer model_judge(const struct model *model, const void *bytes, size_t length);

/*
 * Follows the device: the request was answered with `status`. Only OK changes anything: an endpoint
 * that is attached to its own domain once more keeps its mappings.
 *
 * False, with nothing changed: the model may disagree with the device from here on, and both have
 * to be reset. After OK: the model is full (a device of the same size answers NOMEM), or the
 * request must not succeed (it overlaps, splits, names what does not exist). After an error: the
 * text leaves the state open (a refused ATTACH of an attached endpoint, an UNMAP whose reserved
 * bytes got INVAL).
 */
bool model_apply(struct model *model, const void *bytes, size_t length, uint8_t status);

/* What a request may have done to the state. */
enum model_effect {
    MODEL_EFFECT_NONE = 1 << 0,
    MODEL_EFFECT_DONE = 1 << 1,   /* what it asks for */
    MODEL_EFFECT_LEFT = 1 << 2,   /* its endpoint is in no domain any more */
    MODEL_EFFECT_RENEWED = 1 << 3 /* its endpoint left, and is in a domain without mappings */
};

/* Sets of effects, a bit each. With neither, no state is the right one after the answer. */
struct model_effects {
    uint32_t conform;   /* what the text permits */
    uint32_t tolerable; /* open, and not what a driver expects: expect_should() at most */
};

/*
 * What a request that was answered with `status` may have done: only that which the answer says.
 * The status itself is model_judge()'s business, so that of a MAP that is accepted although it
 * should be refused the effect is what it asks for. Changes nothing.
 */
struct model_effects model_effects(const struct model *model, const void *bytes, size_t length,
                                   uint8_t status);
/* Has the request do it; false: that can't be, and the model may be anything now. */
bool model_follow(struct model *model, const void *bytes, size_t length, enum model_effect effect);
/* `from` as it is, in other memory. */
void model_copy(struct model *to, const struct model *from);

enum model_access { MODEL_READ = VIRTIO_IOMMU_MAP_F_READ, MODEL_WRITE = VIRTIO_IOMMU_MAP_F_WRITE };

/* A stretch of physical memory that an access reaches. */
struct model_piece {
    uint64_t address, length;
};

struct model_translation {
    bool allowed;
    uint8_t reason;   /* VIRTIO_IOMMU_FAULT_R_*, when not allowed */
    uint64_t address; /* the first byte that is not, when not allowed */
    unsigned count;   /* of pieces, those before `address`; no more than the array holds */
};

/*
 * Where an access of `length` bytes (at least 1) at `address` goes, a piece for each mapping. One
 * that would run past 2^64 - 1 is denied as a whole. A read through a mapping without READ counts
 * as denied, though 5.13.6.5.2 permits a device to allow it for WRITE. Reserved regions are
 * ignored: the text does not say what an access to one does.
 */
struct model_translation model_translate(const struct model *model, uint32_t endpoint,
                                         uint64_t address, uint64_t length,
                                         enum model_access access, struct model_piece *pieces,
                                         unsigned max_pieces);

/* How many endpoints are attached to the domain. */
unsigned model_members(const struct model *model, const struct model_domain *domain);
struct model_domain *model_find_domain(const struct model *model, uint32_t id);
struct model_endpoint *model_find_endpoint(const struct model *model, uint32_t id);
/* The mapping that contains the address; else NULL. */
const struct model_mapping *model_find_mapping(const struct model_domain *domain, uint64_t address);
