/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which addresses tests may map: inside the input range (5.13.5), in no region that PROBE says is
 * reserved for an endpoint (5.13.6.8), and where every engine reaches.
 */
#pragma once

#include "tests/framework/test.h"

/* Asks the IOMMU, once a run; leaves requests behind, so the IOMMU has to be renewed. */
void addresses_find(struct test *test);

/* Whether the device may be asked to map [first, last], inclusive, for any of the endpoints. */
bool addresses_can_be_mapped(struct test *test, uint64_t first, uint64_t last);
/* Whether a write there may be taken for a message: an interrupt that nobody has asked for. */
bool addresses_have_doorbell(struct test *test, uint64_t first, uint64_t last);

/*
 * An address far from the engines' footprints and from RAM, which can be mapped, and 4 MiB and 64
 * granules from there on, too: page aligned. Skips the test if there is none.
 */
uint64_t free_iova(struct test *test);
/* The same for `size` bytes, of which a test needs more than 64 granules or 4 MiB. */
uint64_t free_iova_of(struct test *test, uint64_t size);
/* How many bytes from free_iova() on can be mapped at least. */
uint64_t addresses_least(struct test *test);
/* The same as free_iova(); false where there is none. */
bool addresses_free(struct test *test, uint64_t *at);
