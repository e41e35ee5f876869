// SPDX-License-Identifier: BSD-2-Clause
/* The two maps of a host bridge: interrupt lines and the senders of messages. */
#include "lib/machine/machine.h"

#define PINS         4
#define DEVICE_SHIFT 3 /* in a requester id */

uint32_t machine_host_line(const struct machine_host *host, uint16_t bdf, uint8_t pin,
                           bool *is_edge)
{
    bdf &= host->line_mask_bdf;
    pin &= host->line_mask_pin;
    for (unsigned i = 0; i < host->line_count; i++) {
        const struct machine_line *line = &host->lines[i];

        if (line->bdf != bdf || line->pin != pin)
            continue;
        *is_edge = line->is_edge;
        return line->line;
    }
    return UINT32_MAX;
}

void machine_host_set_lines(struct machine_host *host, uint32_t first)
{
    host->line_mask_bdf = (PINS - 1) << DEVICE_SHIFT;
    host->line_mask_pin = UINT8_MAX;
    host->line_count = 0;
    for (unsigned device = 0; device < PINS; device++)
        for (unsigned pin = 1; pin <= PINS; pin++)
            host->lines[host->line_count++] = (struct machine_line){
                .bdf = (uint16_t)(device << DEVICE_SHIFT),
                .pin = (uint8_t)pin,
                .line = first + (device + pin - 1) % PINS,
            };
}

uint32_t machine_host_msi(const struct machine_host *host, uint16_t rid)
{
    uint32_t masked = rid & host->msi_mask;

    if (!host->has_msi_map)
        return rid;
    for (unsigned i = 0; i < host->msi_count; i++) {
        const struct machine_msi *range = &host->msi[i];

        if (masked >= range->rid_first && masked - range->rid_first < range->count)
            return range->id_first + (masked - range->rid_first);
    }
    return UINT32_MAX;
}
