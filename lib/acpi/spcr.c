// SPDX-License-Identifier: BSD-2-Clause
/*
 * Serial Port Console Redirection Table (Microsoft, revisions 1 to 4): which UART is the console.
 * Of its generic address structure (ACPI 6.5 section 5.2.3.2) only memory and I/O space count.
 */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/bytes/bytes.h"

#define LENGTH_MIN  80
#define INTERFACE   36
#define SPACE       40
#define ACCESS_SIZE 43
#define ADDRESS     44
#define SPACE_IO    1
#define ACCESS_MAX  4 /* 8 bytes */

bool acpi_spcr_read(const void *table, size_t size, struct acpi_spcr *out, const struct sink *sink)
{
    const uint8_t *bytes = table;
    uint32_t length;

    memset(out, 0, sizeof(*out));
    if (!acpi_table_check(table, size, "SPCR", LENGTH_MIN, "SPCR", &length, sink))
        return false;
    if (bytes[SPACE] > SPACE_IO) {
        sink_field(sink, "SPCR", SPACE, "address space", bytes[SPACE], "0, memory, or %d, I/O",
                   SPACE_IO);
        return false;
    }
    if (bytes[ACCESS_SIZE] > ACCESS_MAX)
        sink_field(sink, "SPCR", ACCESS_SIZE, "access size", bytes[ACCESS_SIZE],
                   "0 to %d (taken as 0)", ACCESS_MAX);
    else if (bytes[ACCESS_SIZE])
        out->access = (uint8_t)(1 << (bytes[ACCESS_SIZE] - 1));
    out->interface = bytes[INTERFACE];
    out->is_port = bytes[SPACE] == SPACE_IO;
    out->address = bytes_le64(bytes + ADDRESS);
    return true;
}
