// SPDX-License-Identifier: BSD-2-Clause
#include "lib/pciplan/pciplan.h"

static bool has(const struct pciplan_buses *buses, unsigned bus)
{
    return buses->bits[bus >> 6] >> (bus & 63) & 1;
}

void pciplan_buses_add(struct pciplan_buses *buses, unsigned first, unsigned last)
{
    for (unsigned bus = first; bus <= last; bus++)
        buses->bits[bus >> 6] |= 1ull << (bus & 63);
}

void pciplan_buses_join(struct pciplan_buses *buses, const struct pciplan_buses *others)
{
    for (unsigned i = 0; i < 4; i++)
        buses->bits[i] |= others->bits[i];
}

bool pciplan_buses_any(const struct pciplan_buses *buses, unsigned first, unsigned last)
{
    for (unsigned bus = first; bus <= last; bus++)
        if (has(buses, bus))
            return true;
    return false;
}

bool pciplan_buses_free(const struct pciplan_buses *buses, unsigned first, unsigned last,
                        uint8_t *free_first, uint8_t *free_last)
{
    while (first <= last && has(buses, first))
        first++;
    if (first > last)
        return false;
    *free_first = *free_last = (uint8_t)first;
    for (unsigned bus = first + 1; bus <= last && !has(buses, bus); bus++)
        *free_last = (uint8_t)bus;
    return true;
}
