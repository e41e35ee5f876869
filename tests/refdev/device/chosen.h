/* SPDX-License-Identifier: BSD-2-Clause */
/* What the environment asks for: $REFDEV is a variant of device, $REFDEV_MUTANT its bug. */
#pragma once

#include "tests/refdev/device/variants.h"

/*
 * The variant, the usual one if none is asked for, and its bug set. "list" prints what there is and
 * ends the process with 0, a name that does not exist with 2.
 */
const struct ref_variant *ref_chosen(void);
