// SPDX-License-Identifier: BSD-2-Clause
/*
 * The root system description pointer: one candidate, and the places where a PC BIOS leaves it
 * (ACPI 6.5 sections 5.2.5.1 and 5.2.5.3). On UEFI it comes from the boot protocol, unaligned at
 * times.
 */
#include "lib/acpi/acpi.h"

#include <inttypes.h>
#include <string.h>

#include "lib/bytes/bytes.h"

#define V1_SIZE    20
#define V2_SIZE    36
#define LENGTH_MAX 4096
#define ALIGNMENT  16

#define EBDA_SEGMENT 0x40E /* a real-mode segment: address >> 4 */
#define EBDA_SIZE    1024
#define BIOS_BASE    0xE0000
#define BIOS_SIZE    0x20000

static const char signature[8] = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '};

/* The XSDT's address; 0 if the part of the structure that revision 2 added is damaged. */
static uint64_t read_extended(const uint8_t *rsdp, size_t size, const struct sink *sink)
{
    if (size < V2_SIZE) {
        sink_field(sink, "RSDP", 15, "revision", rsdp[15],
                   "%d readable bytes with it (only the first %d count)", V2_SIZE, V1_SIZE);
        return 0;
    }
    uint32_t length = bytes_le32(rsdp + 20);
    if (length < V2_SIZE || length > LENGTH_MAX || length > size) {
        sink_field(sink, "RSDP", 20, "length", length,
                   "%d to %d, readable (only the first %d bytes count)", V2_SIZE, LENGTH_MAX,
                   V1_SIZE);
        return 0;
    }
    uint8_t sum = bytes_sum(rsdp, length);
    if (sum != 0) {
        sink_field(sink, "RSDP", 32, "extended checksum", rsdp[32],
                   "0x%x (only the first %d bytes count)", (uint8_t)(rsdp[32] - sum), V1_SIZE);
        return 0;
    }
    return bytes_le64(rsdp + 24);
}

bool acpi_rsdp_check(const void *bytes, size_t size, struct acpi_rsdp *out, const struct sink *sink)
{
    const uint8_t *rsdp = bytes;

    if (size < V1_SIZE) {
        sink_field(sink, "RSDP", 0, "the size", size, "%d bytes or more", V1_SIZE);
        return false;
    }
    if (memcmp(rsdp, signature, sizeof(signature)) != 0) {
        sink_field(sink, "RSDP", 0, "signature", bytes_le64(rsdp), "0x%" PRIx64,
                   bytes_le64(signature));
        return false;
    }
    uint8_t sum = bytes_sum(rsdp, V1_SIZE);
    if (sum != 0) {
        sink_field(sink, "RSDP", 8, "checksum", rsdp[8], "0x%x", (uint8_t)(rsdp[8] - sum));
        return false;
    }
    out->revision = rsdp[15];
    out->rsdt = bytes_le32(rsdp + 16);
    out->xsdt = out->revision >= 2 ? read_extended(rsdp, size, sink) : 0;
    if (out->rsdt == 0 && out->xsdt == 0) {
        sink_field(sink, "RSDP", 16, "RSDT address", 0, "an address here or a good one at byte 24");
        return false;
    }
    return true;
}

/* Takes as much as the revision and the length ask for and memory gives; the check judges. */
bool acpi_rsdp_at(const struct mem_view *memory, uint64_t address, struct acpi_rsdp *out,
                  const struct sink *sink)
{
    const uint8_t *rsdp = mem_map(memory, address, V1_SIZE);
    uint32_t size = V1_SIZE;

    if (!rsdp) {
        sink_printf(sink, "RSDP at 0x%" PRIx64 ": not in readable memory", address);
        return false;
    }
    const uint8_t *extended = rsdp[15] >= 2 ? mem_map(memory, address, V2_SIZE) : NULL;
    if (extended) {
        uint32_t length = bytes_le32(extended + 20);
        rsdp = extended;
        size = V2_SIZE;
        extended = length <= LENGTH_MAX ? mem_map(memory, address, length) : NULL;
        if (extended && length > V2_SIZE) {
            rsdp = extended;
            size = length;
        }
    }
    return acpi_rsdp_check(rsdp, size, out, sink);
}

static bool scan(const struct mem_view *memory, uint64_t base, uint64_t size, struct acpi_rsdp *out,
                 const struct sink *sink)
{
    const uint8_t *area = mem_map(memory, base, size);

    for (uint64_t offset = 0; area && offset < size; offset += ALIGNMENT) {
        if (memcmp(area + offset, signature, sizeof(signature)) == 0 &&
            acpi_rsdp_at(memory, base + offset, out, sink))
            return true;
    }
    return false;
}

bool acpi_rsdp_scan(const struct mem_view *memory, struct acpi_rsdp *out, const struct sink *sink)
{
    const uint8_t *segment = mem_map(memory, EBDA_SEGMENT, 2);
    uint64_t ebda = segment ? (uint64_t)bytes_le16(segment) << 4 : 0;

    return (ebda != 0 && scan(memory, ebda, EBDA_SIZE, out, sink)) ||
           scan(memory, BIOS_BASE, BIOS_SIZE, out, sink);
}
