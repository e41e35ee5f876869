/* SPDX-License-Identifier: BSD-2-Clause */
/* The variant and the mutant that the environment names: $REFDEV and $REFDEV_MUTANT. */
#pragma once

#include "tests/refdev/device/variants.h"

/*
 * Returns the variant, "usual" where none is named, and sets the mutant. "list" for either prints
 * all names and ends the process with 0; an unknown name ends it with 2.
 */
const struct ref_variant *ref_chosen(void);
