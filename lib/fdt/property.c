// SPDX-License-Identifier: BSD-2-Clause
/* What the properties of a node say, and its addresses as the CPU sees them. */
#include <string.h>

#include "lib/fdt/token.h"

/* The property behind the token at *at, which becomes its own token. False: there are no more. */
static bool next_property(const struct fdt *fdt, uint32_t *at, struct fdt_property *property)
{
    struct fdt_token token;

    if (!fdt_take_token(fdt, *at, &token))
        return false;
    do {
        *at = token.end;
        if (!fdt_take_token(fdt, *at, &token))
            return false;
    } while (token.type == FDT_NOP);
    *property = (struct fdt_property){token.name, token.value, token.length};
    return token.type == FDT_PROPERTY;
}

bool fdt_find_property(const struct fdt *fdt, uint32_t node, const char *name,
                       struct fdt_property *property)
{
    while (next_property(fdt, &node, property))
        if (!strcmp(property->name, name))
            return fdt_spend(fdt, property->length); /* who finds it may look at all of it */
    return false;
}

uint32_t fdt_u32(const struct fdt *fdt, uint32_t node, const char *name, uint32_t otherwise)
{
    struct fdt_property property;

    return fdt_find_property(fdt, node, name, &property) && property.length == 4
               ? fdt_be32(property.value)
               : otherwise;
}

const char *fdt_text(const struct fdt *fdt, uint32_t node, const char *name)
{
    struct fdt_property property;

    return fdt_find_property(fdt, node, name, &property) &&
                   memchr(property.value, 0, property.length)
               ? (const char *)property.value
               : NULL;
}

bool fdt_is_compatible(const struct fdt *fdt, uint32_t node, const char *text)
{
    struct fdt_property property;
    size_t length = strlen(text) + 1;

    if (!fdt_find_property(fdt, node, "compatible", &property))
        return false;
    for (uint32_t at = 0; at < property.length && fdt_spend(fdt, 0);) {
        const uint8_t *string = property.value + at;
        const uint8_t *end = memchr(string, 0, property.length - at);

        if (!end)
            return false;
        if ((size_t)(end - string) + 1 == length && !memcmp(string, text, length))
            return true;
        at += (uint32_t)(end - string) + 1;
    }
    return false;
}

bool fdt_is_okay(const struct fdt *fdt, uint32_t node)
{
    struct fdt_property status;

    if (!fdt_find_property(fdt, node, "status", &status))
        return true;
    return memchr(status.value, 0, status.length) && (!strcmp((const char *)status.value, "okay") ||
                                                      !strcmp((const char *)status.value, "ok"));
}

uint64_t fdt_cells(const struct fdt_property *property, uint32_t index, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++)
        value = value << 32 | fdt_be32(property->value + 4 * (index + i));
    return value;
}

uint32_t fdt_address_cells(const struct fdt *fdt, uint32_t node)
{
    return fdt_u32(fdt, node, "#address-cells", 2);
}

uint32_t fdt_size_cells(const struct fdt *fdt, uint32_t node)
{
    return fdt_u32(fdt, node, "#size-cells", 1);
}

/* Takes *range of the bus `node` one bus up. False: the bus does not pass it on. */
static bool translate(const struct fdt *fdt, uint32_t node, uint32_t parent,
                      struct fdt_range *range)
{
    uint32_t own = fdt_address_cells(fdt, node), size = fdt_size_cells(fdt, node);
    uint32_t above = fdt_address_cells(fdt, parent);
    struct fdt_property ranges;

    if (!fdt_find_property(fdt, node, "ranges", &ranges))
        return false;
    if (!ranges.length)
        return true;
    if (!own || own > 2 || size > 2 || above > 2)
        return false;
    for (uint32_t i = 0; i + own + above + size <= fdt_cell_count(&ranges);
         i += own + above + size) {
        uint64_t base = fdt_cells(&ranges, i, own);
        uint64_t cpu = fdt_cells(&ranges, i + own, above);
        uint64_t length = fdt_cells(&ranges, i + own + above, size);

        if (range->base < base || range->base - base >= length ||
            range->size > length - (range->base - base))
            continue;
        if (range->base - base > UINT64_MAX - cpu)
            return false;
        range->base = cpu + (range->base - base);
        return true;
    }
    return false;
}

bool fdt_to_cpu(const struct fdt *fdt, uint32_t node, struct fdt_range *range)
{
    uint32_t bus = fdt_parent(fdt, node);

    for (uint32_t above; bus != FDT_NONE && (above = fdt_parent(fdt, bus)) != FDT_NONE; bus = above)
        if (!translate(fdt, bus, above, range))
            return false;
    return !range->size || range->size - 1 <= UINT64_MAX - range->base;
}

/* The cells of an entry of the node's reg, and how many entries there are. */
static uint32_t reg_entries(const struct fdt *fdt, uint32_t node, struct fdt_property *reg,
                            uint32_t *address, uint32_t *size)
{
    uint32_t bus = fdt_parent(fdt, node);

    if (bus == FDT_NONE || !fdt_find_property(fdt, node, "reg", reg))
        return 0;
    *address = fdt_address_cells(fdt, bus);
    *size = fdt_size_cells(fdt, bus);
    return !*address || *address > 2 || *size > 2 ? 0 : fdt_cell_count(reg) / (*address + *size);
}

uint32_t fdt_reg_count(const struct fdt *fdt, uint32_t node)
{
    struct fdt_property reg;
    uint32_t address, size;

    return reg_entries(fdt, node, &reg, &address, &size);
}

bool fdt_reg(const struct fdt *fdt, uint32_t node, unsigned index, struct fdt_range *range)
{
    struct fdt_property reg;
    uint32_t address, size;

    if (index >= reg_entries(fdt, node, &reg, &address, &size))
        return false;
    range->base = fdt_cells(&reg, index * (address + size), address);
    range->size = fdt_cells(&reg, index * (address + size) + address, size);
    return fdt_to_cpu(fdt, node, range);
}
