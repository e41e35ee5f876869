// SPDX-License-Identifier: BSD-2-Clause
/* The GIC's structures of MADT: ACPI 6.5 sections 5.2.12.14 to 5.2.12.18. */
#include "lib/acpi/madt.h"
#include "lib/bytes/bytes.h"

#define CPU_LENGTH_MPIDR   76 /* with the redistributor's base and MPIDR; ACPI 5.0 has 40 */
#define VERSION_LAST       4
#define REDISTRIBUTOR      0x20000 /* bytes of one, without what GICv4 adds */
#define FRAME_IS_DESCRIBED 1       /* the flag that its SPIs are */
#define AFFINITY_OF_MPIDR  0xff00ffffffull

/* Those that are side by side become one range. */
static void add_redistributor(struct acpi_madt *out, uint64_t base)
{
    struct acpi_gic *gic = &out->gic;
    struct acpi_range *last =
        gic->redistributor_count ? &gic->redistributors[gic->redistributor_count - 1] : NULL;

    if (last && last->base + last->size == base)
        last->size += REDISTRIBUTOR;
    else if (madt_has_room(out, gic->redistributor_count, ACPI_MAX_GIC))
        gic->redistributors[gic->redistributor_count++] =
            (struct acpi_range){.base = base, .size = REDISTRIBUTOR};
}

static void read_cpu(struct acpi_madt *out, uint32_t offset, const uint8_t *at,
                     const struct sink *sink)
{
    uint64_t base = bytes_le64(at + 32);

    if (!out->gic.cpu_interface)
        out->gic.cpu_interface = base;
    if (at[1] < CPU_LENGTH_MPIDR) {
        sink_field(sink, "MADT", offset + 1, "length", at[1],
                   "at least %d, for MPIDR (CPU left out)", CPU_LENGTH_MPIDR);
        return;
    }
    madt_add_cpu(out, bytes_le64(at + 68) & AFFINITY_OF_MPIDR, bytes_le32(at + 12));
    if (!out->gic.has_ranges && bytes_le64(at + 60))
        add_redistributor(out, bytes_le64(at + 60));
}

static void read_distributor(struct acpi_madt *out, uint32_t offset, const uint8_t *at,
                             const struct sink *sink)
{
    uint64_t base = bytes_le64(at + 8);

    if (out->gic.distributor || !base) {
        sink_field(sink, "MADT", offset + 8, "distributor base", base,
                   "one distributor, not at 0 (structure left out)");
        return;
    }
    if (at[20] > VERSION_LAST)
        sink_field(sink, "MADT", offset + 20, "GIC version", at[20], "0 to %d (taken as 0)",
                   VERSION_LAST);
    out->gic.distributor = base;
    out->gic.version = at[20] > VERSION_LAST ? 0 : at[20];
}

static void read_frame(struct acpi_madt *out, const uint8_t *at)
{
    struct acpi_gic *gic = &out->gic;
    bool is_described = bytes_le32(at + 16) & FRAME_IS_DESCRIBED;

    if (madt_has_room(out, gic->v2m_count, ACPI_MAX_GIC))
        gic->v2m[gic->v2m_count++] = (struct acpi_v2m){
            .base = bytes_le64(at + 8),
            .spi_first = is_described ? bytes_le16(at + 22) : 0,
            .spi_count = is_described ? bytes_le16(at + 20) : 0,
        };
}

static void read_range(struct acpi_madt *out, uint32_t offset, const uint8_t *at,
                       const struct sink *sink)
{
    struct acpi_gic *gic = &out->gic;
    uint64_t base = bytes_le64(at + 4);
    uint32_t size = bytes_le32(at + 12);

    if (!size || size - 1 > UINT64_MAX - base) {
        sink_field(sink, "MADT", offset + 12, "length of the range", size,
                   "a range that does not wrap (structure left out)");
        return;
    }
    if (!gic->has_ranges)
        gic->redistributor_count = 0;
    gic->has_ranges = true;
    if (madt_has_room(out, gic->redistributor_count, ACPI_MAX_GIC))
        gic->redistributors[gic->redistributor_count++] =
            (struct acpi_range){.base = base, .size = size};
}

static void read_its(struct acpi_madt *out, const uint8_t *at)
{
    struct acpi_gic *gic = &out->gic;

    if (madt_has_room(out, gic->its_count, ACPI_MAX_GIC))
        gic->its[gic->its_count++] =
            (struct acpi_its){.id = bytes_le32(at + 4), .base = bytes_le64(at + 8)};
}

void madt_read_gic(struct acpi_madt *out, uint32_t offset, const uint8_t *at,
                   const struct sink *sink)
{
    switch (at[0]) {
    case MADT_GIC_CPU:
        read_cpu(out, offset, at, sink);
        break;
    case MADT_GIC_DISTRIBUTOR:
        read_distributor(out, offset, at, sink);
        break;
    case MADT_GIC_MSI_FRAME:
        read_frame(out, at);
        break;
    case MADT_GIC_REDISTRIBUTOR:
        read_range(out, offset, at, sink);
        break;
    case MADT_GIC_ITS:
        read_its(out, at);
        break;
    }
}
