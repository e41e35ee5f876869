// SPDX-License-Identifier: BSD-2-Clause
/* Reads every description of the topology, by precedence, into the records that are used. */
#include "drivers/platform/internal.h"

#include <stdio.h>

#include "lib/acpi/dmar.h"
#include "lib/acpi/iort_topology.h"
#include "lib/acpi/viot.h"
#include "lib/array/array.h"
#include "lib/topology/devicetree.h"

struct topology *platform_records(struct platform *platform, enum topology_source source)
{
    return topology_counts(&platform->choice, source) ? &platform->topology : &platform->unused;
}

/* Three layouts have one signature. */
static enum topology_source layout_of(const struct acpi_table *table)
{
    if (viot_is_draft(table->bytes, table->length))
        return TOPOLOGY_VIOT_DRAFT;
    return viot_is_v8(table->bytes, table->length) ? TOPOLOGY_VIOT_V8 : TOPOLOGY_VIOT;
}

/* Whether the table is the one that was requested; the first one, where none was. */
static bool is_wanted(const struct topology_choice *choice, const struct acpi_table *table)
{
    bool is_one = !(choice->sources & (choice->sources - 1)); /* else the looks cost time */

    return is_one && choice->sources == 1u << layout_of(table);
}

/* The VIOT that counts: a machine has one, so the first, or the first of the requested layout. */
static const struct acpi_table *choose_viot(const struct platform *platform)
{
    const struct acpi *acpi = &platform->machine->acpi;
    const struct acpi_table *first = acpi_find(acpi, "VIOT"), *table = first;

    while (table && !is_wanted(&platform->choice, table))
        table = acpi_find_next(acpi, table);
    return table ? table : first;
}

/*
 * How a table is read: the one that counts as requested, if it was; others by their looks, but as
 * v8 only on request.
 */
static enum topology_source layout_to_read(const struct topology_choice *choice,
                                           const struct acpi_table *table, bool counts)
{
    enum topology_source layout = layout_of(table);

    for (int source = TOPOLOGY_VIOT_DRAFT; source <= TOPOLOGY_VIOT && counts; source++)
        if (choice->sources == 1u << source)
            return (enum topology_source)source;
    return layout == TOPOLOGY_VIOT_V8 ? TOPOLOGY_VIOT : layout;
}

static void name_other_viots(const struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi *acpi = &platform->machine->acpi;
    const struct acpi_table *chosen = choose_viot(platform);

    for (const struct acpi_table *table = acpi_find(acpi, "VIOT"); table;
         table = acpi_find_next(acpi, table))
        if (table != chosen)
            sink_printf(diagnostics, "VIOT at 0x%llx: not used, the one at 0x%llx counts",
                        (unsigned long long)table->address, (unsigned long long)chosen->address);
}

static void read_viot(struct platform *platform, const struct acpi_table *table, bool counts,
                      const struct sink *diagnostics)
{
    enum topology_source layout = layout_to_read(&platform->choice, table, counts);
    struct topology *out = counts ? platform_records(platform, layout) : &platform->unused;
    struct sink_share share;
    const struct sink *sink = sink_begin(&share, diagnostics, "VIOT");

    if (layout == TOPOLOGY_VIOT_V8)
        viot_read_v8(table->bytes, table->length, out, sink);
    else if (layout == TOPOLOGY_VIOT_DRAFT)
        viot_read_draft(table->bytes, table->length, &platform->iort, out,
                        counts ? &platform->others : NULL, sink);
    else
        viot_read(table->bytes, table->length, out, sink);
    sink_end(&share);
}

/* All of them, as what is wrong with one is to be heard. */
static void read_viots(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi *acpi = &platform->machine->acpi;
    const struct acpi_table *chosen = choose_viot(platform);

    for (const struct acpi_table *table = acpi_find(acpi, "VIOT"); table;
         table = acpi_find_next(acpi, table))
        read_viot(platform, table, table == chosen, diagnostics);
}

static void read_iort(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "IORT");

    platform->has_iort =
        table && iort_open(&platform->iort, table->bytes, table->length, diagnostics);
    if (platform->has_iort)
        iort_topology(&platform->iort, platform_records(platform, TOPOLOGY_IORT), &platform->others,
                      diagnostics);
}

static void read_dmar(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "DMAR");

    if (table)
        dmar_read(table->bytes, table->length, &platform->others, diagnostics);
}

static void read_ivrs(struct platform *platform, const struct sink *diagnostics)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "IVRS");

    if (table)
        ivrs_read(table->bytes, table->length, &platform->others, diagnostics);
}

static void read_tree(struct platform *platform, const struct sink *diagnostics)
{
    if (platform->machine->fdt.bytes)
        devicetree_topology(&platform->machine->fdt,
                            platform_records(platform, TOPOLOGY_DEVICE_TREE), &platform->others,
                            diagnostics);
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

/* From the highest priority down: what there is no room for is of the lowest. */
static void read_sources(struct platform *platform, const struct topology *by_options,
                         const struct sink *diagnostics)
{
    static const struct {
        const char *label;
        void (*read)(struct platform *platform, const struct sink *diagnostics);
    } readers[] = {{"device tree", read_tree},
                   {"every VIOT", read_viots}, /* which have a share each */
                   {"IORT", read_iort},
                   {"DMAR", read_dmar},
                   {"IVRS", read_ivrs}};

    topology_append(platform_records(platform, TOPOLOGY_OPTIONS), by_options, diagnostics);
    for (size_t i = 0; i < ARRAY_LENGTH(readers); i++) {
        struct sink_share share;

        readers[i].read(platform, sink_begin(&share, diagnostics, readers[i].label));
        sink_end(&share);
    }
}

static void print_note(void *context, const char *text)
{
    const struct witness *witness = context;

    sink_printf(witness->sink, "%s", text);
}

void platform_read_topology(struct platform *platform, const struct topology *by_options,
                            const struct sink *diagnostics)
{
    struct witness witness = {&platform->diagnostics, diagnostics};
    const struct sink sink = {.line = keep, .context = &witness, .note = print_note};

    name_other_viots(platform, diagnostics);
    read_sources(platform, by_options, &sink);
}

void platform_check_topology(const struct platform *platform, const struct sink *diagnostics)
{
    struct sink_share share;

    topology_check(&platform->topology, sink_begin(&share, diagnostics, "overlaps"));
    sink_end(&share);
}
