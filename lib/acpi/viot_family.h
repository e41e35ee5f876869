/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of its layouts a VIOT has, for the files that read them. */
#pragma once

#include <stdint.h>

#include "lib/acpi/viot.h"

#define VIOT_EMBEDDED_TABLE 48 /* of the draft of 2019 */

/*
 * VIOT_IS_DRAFT_2019, or VIOT_ACCEPTED for a table of nodes (perhaps without any). VIOT_REJECTED,
 * with a report: around something that no draft knows. The header has been checked.
 */
enum viot_verdict viot_check_family(const uint8_t *table, uint32_t length, const struct sink *sink);
