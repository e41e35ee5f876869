// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who sends messages to an ITS under which id, by IORT. Where a tree describes
 * the machine, fdt_hosts.c reads it with the host bridge.
 */
#include "lib/machine/machine.h"

static uint16_t first_rid(const struct machine_host *host)
{
    return (uint16_t)(host->bus_first << 8);
}

static uint16_t last_rid(const struct machine_host *host)
{
    return (uint16_t)(host->bus_last << 8 | UINT8_MAX);
}

/* A host bridge whose map of messages is being read. */
struct msi_reader {
    struct machine_host *host;
    const struct sink *diagnostics;
};

static void add_msi(void *context, const struct iort_range *range)
{
    const struct msi_reader *reader = context;
    struct machine_host *host = reader->host;
    uint32_t count = range->rid_last - range->rid_first + 1u;

    /* One id for all that may be there is what a mask is for; one for some of them has no form. */
    if (range->is_constant) {
        bool is_whole = first_rid(host) == range->rid_first && last_rid(host) == range->rid_last;

        host->msi_mask = is_whole ? 0 : host->msi_mask;
        count = is_whole;
    }
    if (count && host->msi_count < MACHINE_MAX_MSI)
        host->msi[host->msi_count++] =
            (struct machine_msi){.rid_first = range->rid_first & host->msi_mask,
                                 .count = count,
                                 .id_first = range->id_first};
    else
        sink_note(reader->diagnostics,
                  "IORT: messages of requesters 0x%04x-0x%04x left out, room is for %d ranges "
                  "whose ids count up",
                  range->rid_first, range->rid_last, MACHINE_MAX_MSI);
}

void machine_read_messages(struct machine *machine, const struct iort *iort,
                           const struct sink *diagnostics)
{
    uint32_t steps = IORT_MAX_STEPS;

    /* A machine without an ITS asks nobody under which id he sends. */
    if (!machine->is_by_acpi || !iort_has_its(iort))
        return;
    for (unsigned i = 0; i < machine->host_count; i++) {
        struct msi_reader reader = {&machine->hosts[i], diagnostics};

        reader.host->msi_mask = UINT16_MAX;
        reader.host->has_msi_map = true;
        iort_ranges(iort, reader.host->segment, first_rid(reader.host), last_rid(reader.host),
                    IORT_ITS_GROUP, &steps, add_msi, &reader, diagnostics);
    }
}
