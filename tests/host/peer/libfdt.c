// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/peer/libfdt.h"

#include <libfdt.h>

bool libfdt_accepts(const void *blob, size_t size)
{
    return fdt_check_full(blob, size) == 0;
}

static void print_property(const void *blob, int offset, FILE *out)
{
    const char *name;
    int length;
    const uint8_t *value = fdt_getprop_by_offset(blob, offset, &name, &length);

    fprintf(out, " %s:", name);
    for (int i = 0; i < length; i++)
        fprintf(out, "%02x", value[i]);
    fprintf(out, "\n");
}

void libfdt_print(const void *blob, FILE *out)
{
    int property;

    for (int node = 0; node >= 0; node = fdt_next_node(blob, node, NULL)) {
        fprintf(out, "%s\n", fdt_get_name(blob, node, NULL));
        fdt_for_each_property_offset(property, blob, node) print_property(blob, property, out);
    }
}
