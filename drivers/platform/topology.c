// SPDX-License-Identifier: BSD-2-Clause
/* From what describes a topology, source by source, to the one that is worked with. */
#include "drivers/platform/internal.h"

#include <stdio.h>

#include "lib/acpi/dmar.h"
#include "lib/acpi/iort.h"
#include "lib/acpi/viot.h"
#include "lib/topology/devicetree.h"

#define NO_LAYOUT TOPOLOGY_SOURCES

/* Three layouts have one signature. */
static enum topology_source layout_of(const struct acpi_table *table)
{
    if (viot_is_draft(table->bytes, table->length))
        return TOPOLOGY_VIOT_DRAFT;
    return viot_is_v8(table->bytes, table->length) ? TOPOLOGY_VIOT_V8 : TOPOLOGY_VIOT;
}

/* The one layout that was told to count; NO_LAYOUT: several, or none. */
static enum topology_source forced_layout(const struct topology_choice *choice)
{
    for (int layout = TOPOLOGY_VIOT_DRAFT; layout <= TOPOLOGY_VIOT; layout++)
        if (choice->sources == 1u << layout)
            return (enum topology_source)layout;
    return NO_LAYOUT;
}

static bool has_layout(const struct acpi *acpi, enum topology_source layout)
{
    for (const struct acpi_table *table = acpi_find(acpi, "VIOT"); table;
         table = acpi_find_next(acpi, table))
        if (layout_of(table) == layout)
            return true;
    return false;
}

static void read_layout(const struct acpi_table *table, enum topology_source layout,
                        struct topology *out, struct topology *others,
                        const struct sink *diagnostics)
{
    if (layout == TOPOLOGY_VIOT_V8)
        viot_read_v8(table->bytes, table->length, out, diagnostics);
    else if (layout == TOPOLOGY_VIOT_DRAFT)
        viot_read_draft(table->bytes, table->length, out, others, diagnostics);
    else
        viot_read(table->bytes, table->length, out, diagnostics);
}

/* Another table of a layout that has been read is a source of its own. */
static void read_second(const struct acpi_table *table, enum topology_source layout,
                        struct topology *out, const struct sink *diagnostics)
{
    read_layout(table, layout, out, NULL, diagnostics);
    for (unsigned i = 0; i < out->iommu_count; i++)
        out->iommus[i].source = TOPOLOGY_VIOT_SECOND;
    for (unsigned i = 0; i < out->range_count; i++)
        out->ranges[i].source = TOPOLOGY_VIOT_SECOND;
}

/*
 * What was told decides how a table is read that looks like something else, if none looks like
 * that; revision v8 is only for those who were told so.
 */
static void read_viots(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi *acpi = &platform->machine->acpi;
    enum topology_source forced = forced_layout(&platform->choice);
    bool is_forced = forced != NO_LAYOUT && !has_layout(acpi, forced);
    bool is_read[TOPOLOGY_SOURCES] = {false};

    for (const struct acpi_table *table = acpi_find(acpi, "VIOT"); table;
         table = acpi_find_next(acpi, table)) {
        enum topology_source layout = is_forced ? forced : layout_of(table);

        if (layout == TOPOLOGY_VIOT_V8 && forced != TOPOLOGY_VIOT_V8)
            layout = TOPOLOGY_VIOT;
        if (!is_read[layout]) {
            read_layout(table, layout, &platform->sources[layout], &platform->others, diagnostics);
        } else if (!is_read[TOPOLOGY_VIOT_SECOND]) {
            read_second(table, layout, &platform->sources[TOPOLOGY_VIOT_SECOND], diagnostics);
            layout = TOPOLOGY_VIOT_SECOND;
        } else {
            sink_printf(diagnostics, "VIOT at 0x%llx: left out, expected two at most",
                        (unsigned long long)table->address);
        }
        is_read[layout] = true;
        is_forced = false;
    }
}

static void read_iort(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "IORT");
    struct iort iort;

    if (table && iort_open(&iort, table->bytes, table->length, diagnostics))
        iort_topology(&iort, &platform->sources[TOPOLOGY_IORT], &platform->others, diagnostics);
}

static void read_others(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi *acpi = &platform->machine->acpi;
    const struct acpi_table *dmar = acpi_find(acpi, "DMAR"), *ivrs = acpi_find(acpi, "IVRS");

    if (dmar)
        dmar_read(dmar->bytes, dmar->length, &platform->others, diagnostics);
    if (ivrs)
        ivrs_read(ivrs->bytes, ivrs->length, &platform->others, diagnostics);
}

/* What is said of the descriptions is kept for the audit, too. */
struct witness {
    struct platform_diagnostics *kept;
    const struct sink *sink;
};

static void keep(void *context, const char *text)
{
    struct witness *witness = context;
    struct platform_diagnostics *kept = witness->kept;

    if (kept->count < PLATFORM_MAX_DIAGNOSTICS)
        snprintf(kept->lines[kept->count], sizeof(kept->lines[0]), "%s", text);
    kept->count++;
    sink_printf(witness->sink, "%s", text);
}

void platform_use_source(struct platform *platform, enum topology_source source,
                         const struct sink *diagnostics)
{
    platform->choice.sources |= 1u << source;
    topology_append(&platform->topology, &platform->sources[source], diagnostics);
}

static void read_sources(struct platform *platform, const struct topology *by_options,
                         const struct sink *diagnostics)
{
    read_viots(platform, diagnostics);
    read_iort(platform, diagnostics);
    read_others(platform, diagnostics);
    if (platform->machine->fdt.bytes)
        devicetree_topology(&platform->machine->fdt, &platform->sources[TOPOLOGY_DEVICE_TREE],
                            diagnostics);
    platform->sources[TOPOLOGY_OPTIONS] = *by_options;
    /* From the highest priority down: what there is no room for is of the lowest. */
    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--)
        if (topology_counts(&platform->choice, (enum topology_source)source))
            platform_use_source(platform, (enum topology_source)source, diagnostics);
}

void platform_read_topology(struct platform *platform, const struct topology *by_options,
                            const struct sink *diagnostics)
{
    struct witness witness = {&platform->diagnostics, diagnostics};
    const struct sink sink = {.line = keep, .context = &witness};

    read_sources(platform, by_options, &sink);
    topology_check(&platform->topology, diagnostics);
}
