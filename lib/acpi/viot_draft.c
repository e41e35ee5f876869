// SPDX-License-Identifier: BSD-2-Clause
/* The draft of November 2019: a header, twelve reserved bytes, and another table as a whole. */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/acpi/iort_topology.h"
#include "lib/acpi/viot_family.h"
#include "lib/bytes/bytes.h"

#define MINIMUM (VIOT_EMBEDDED_TABLE + ACPI_HEADER_SIZE)

static bool is_embedded(const uint8_t *table, const char *signature)
{
    return !memcmp(table + VIOT_EMBEDDED_TABLE, signature, 4);
}

/* What follows a header with neither nodes nor a node offset is perhaps the draft. */
enum viot_verdict viot_check_family(const uint8_t *table, uint32_t length, const struct sink *sink)
{
    if (bytes_le32(table + 36) != 0 || length < VIOT_EMBEDDED_TABLE + 4)
        return VIOT_ACCEPTED;

    bool blank = bytes_first_set(table + 40, 8) == 8;

    if (is_embedded(table, "IORT")) {
        if (blank && length >= MINIMUM)
            return VIOT_IS_DRAFT_2019;
        sink_field(sink, "VIOT", VIOT_EMBEDDED_TABLE, "an embedded IORT in a table of length",
                   length, "0x%x or more and bytes 40 to 47 zero", MINIMUM);
        return VIOT_REJECTED;
    }
    if (blank && (is_embedded(table, "DMAR") || is_embedded(table, "IVRS"))) {
        sink_printf(sink,
                    "VIOT byte %d: an embedded %.4s, which even the draft of November "
                    "2019 did not support; expected no table there",
                    VIOT_EMBEDDED_TABLE, (const char *)table + VIOT_EMBEDDED_TABLE);
        return VIOT_REJECTED;
    }
    return VIOT_ACCEPTED;
}

bool viot_is_draft(const void *table, size_t size)
{
    return size >= MINIMUM && size <= UINT32_MAX &&
           viot_check_family(table, (uint32_t)size, NULL) == VIOT_IS_DRAFT_2019;
}

enum viot_verdict viot_read_draft(const void *table, size_t size, struct iort *iort,
                                  struct topology *out, struct topology *others,
                                  const struct sink *sink)
{
    uint32_t length;

    if (!acpi_table_check(table, size, "VIOT", MINIMUM, "VIOT", &length, sink))
        return VIOT_REJECTED;

    enum viot_verdict family = viot_check_family(table, length, sink);

    if (family == VIOT_ACCEPTED)
        sink_field(sink, "VIOT", VIOT_EMBEDDED_TABLE, "signature of the embedded table",
                   bytes_le32((const uint8_t *)table + VIOT_EMBEDDED_TABLE), "IORT");
    if (family != VIOT_IS_DRAFT_2019 || !iort_open_in_viot(iort, table, length, sink))
        return VIOT_REJECTED;
    iort_topology(iort, out, others, sink);
    return VIOT_ACCEPTED;
}
