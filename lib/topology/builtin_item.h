/* SPDX-License-Identifier: BSD-2-Clause */
/* Items of a built-in topology, for the files that read its versions. */
#pragma once

#include "lib/topology/builtin.h"

#define BUILTIN_HEADER    36 /* where the drafts' part of the configuration begins */
#define BUILTIN_V3_FIRST  40
#define BUILTIN_ITEM_SIZE 16
#define BUILTIN_LABEL     "virtio-iommu configuration"

/* v1 counts them from 0. */
enum builtin_type { BUILTIN_PCI_RANGE = 1, BUILTIN_MMIO_ENDPOINT = 2 };

struct builtin_reader {
    const struct builtin_config *config;
    const struct sink *sink;
    struct topology staged;
    unsigned version; /* 3 or 4: what the items so far mean; BUILTIN_AUTO: either */
    unsigned left_out;
};

#define BUILTIN_ITEMS_MAX 1024 /* several times what there is room for; each takes accesses */

/* Whether so many items are read; if not, all are left out at the end, as some would be. */
bool builtin_takes_items(struct builtin_reader *reader, uint32_t count);
/* Says what is wrong at an offset; false, always. */
bool builtin_refuse(const struct builtin_reader *reader, uint32_t offset, const char *field,
                    uint64_t value, const char *expected);
/* 0 where the configuration does not reach. */
uint32_t builtin_read32(const struct builtin_reader *reader, uint32_t offset);
/* False, said: `size` bytes are not there, or are nothing but 0xff, as behind its true end. */
bool builtin_fetch_item(const struct builtin_reader *reader, uint32_t offset, uint8_t *item,
                        uint32_t size);

/* A range with one segment and its functions at `at` of an item; the id at `id_at`. */
struct topology_range builtin_one_segment(const uint8_t *item, unsigned at, unsigned id_at);
/* Stages what the item at `offset` says; false, said: it makes no sense. */
bool builtin_add_range(struct builtin_reader *reader, uint32_t offset,
                       const struct topology_range *range);
/* Every version has the id and the address of an endpoint at the same places of its 16 bytes. */
bool builtin_add_mmio(struct builtin_reader *reader, uint32_t offset, const uint8_t *item);

/* v3 and v4; `version` 0: whichever the items make sense in. */
bool builtin_read_v3(struct builtin_reader *reader, unsigned version);
