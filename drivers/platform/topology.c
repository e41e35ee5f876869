// SPDX-License-Identifier: BSD-2-Clause
/* From what describes a topology, source by source, to the one that is worked with. */
#include "drivers/platform/internal.h"

#include "lib/topology/devicetree.h"
#include "lib/topology/dmar.h"
#include "lib/topology/iort.h"
#include "lib/topology/viot.h"

/* Three layouts have one signature: what was told decides, else what the header looks like. */
static void read_viot(struct platform *platform, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "VIOT");
    const struct topology_choice *choice = &platform->choice;
    struct topology *sources = platform->sources;
    bool is_draft;

    if (!table)
        return;
    is_draft = viot_is_draft(table->bytes, table->length);
    if (topology_counts(choice, TOPOLOGY_VIOT) != topology_counts(choice, TOPOLOGY_VIOT_DRAFT))
        is_draft = topology_counts(choice, TOPOLOGY_VIOT_DRAFT);
    if (topology_counts(choice, TOPOLOGY_VIOT_V8))
        viot_read_v8(table->bytes, table->length, &sources[TOPOLOGY_VIOT_V8], complaints);
    else if (is_draft)
        viot_read_draft(table->bytes, table->length, &sources[TOPOLOGY_VIOT_DRAFT],
                        &platform->others, complaints);
    else
        viot_read(table->bytes, table->length, &sources[TOPOLOGY_VIOT], complaints);
}

static void read_iort(struct platform *platform, const struct sink *complaints)
{
    const struct acpi_table *table = acpi_find(&platform->machine->acpi, "IORT");
    struct iort iort;

    if (table && iort_open(&iort, table->bytes, table->length, complaints))
        iort_topology(&iort, &platform->sources[TOPOLOGY_IORT], &platform->others, complaints);
}

static void read_others(struct platform *platform, const struct sink *complaints)
{
    const struct acpi *acpi = &platform->machine->acpi;
    const struct acpi_table *dmar = acpi_find(acpi, "DMAR"), *ivrs = acpi_find(acpi, "IVRS");

    if (dmar)
        dmar_read(dmar->bytes, dmar->length, &platform->others, complaints);
    if (ivrs)
        ivrs_read(ivrs->bytes, ivrs->length, &platform->others, complaints);
}

void platform_read_topology(struct platform *platform, const struct topology *told,
                            const struct sink *complaints)
{
    read_viot(platform, complaints);
    read_iort(platform, complaints);
    read_others(platform, complaints);
    if (platform->machine->fdt.bytes)
        devicetree_topology(&platform->machine->fdt, &platform->sources[TOPOLOGY_DEVICE_TREE],
                            complaints);
    platform->sources[TOPOLOGY_OPTIONS] = *told;
    /* From the highest priority down: what there is no room for is of the lowest. */
    for (int source = TOPOLOGY_SOURCES - 1; source >= 0; source--)
        if (topology_counts(&platform->choice, (enum topology_source)source))
            topology_append(&platform->topology, &platform->sources[source], complaints);
    topology_check(&platform->topology, complaints);
}
