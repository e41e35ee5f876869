// SPDX-License-Identifier: BSD-2-Clause
#include "lib/fdt/pci_host.h"

#define ECAM           "pci-host-ecam-generic"
#define CAM            "pci-host-cam-generic"
#define ECAM_BUS_SHIFT 20
#define CAM_BUS_SHIFT  16

uint32_t fdt_find_pci_host(const struct fdt *fdt, uint32_t previous)
{
    uint32_t ecam = fdt_find_compatible(fdt, previous, ECAM);
    uint32_t cam = fdt_find_compatible(fdt, previous, CAM);

    return cam < ecam ? cam : ecam; /* FDT_NONE is above every node */
}

bool fdt_is_pci_host(const struct fdt *fdt, uint32_t node)
{
    return fdt_is_compatible(fdt, node, ECAM) || fdt_is_compatible(fdt, node, CAM);
}

/* `count` cells of a property that may be absent; false: it has another number of them. */
static bool read_cells(const struct fdt *fdt, uint32_t node, const char *name, unsigned count,
                       uint32_t *cells)
{
    struct fdt_property property;

    if (!fdt_find_property(fdt, node, name, &property))
        return true;
    if (property.length != 4 * count)
        return false;
    for (unsigned i = 0; i < count; i++)
        cells[i] = (uint32_t)fdt_cells(&property, i, 1);
    return true;
}

static bool refuse(const struct fdt *fdt, uint32_t node, const char *expected,
                   const struct sink *sink)
{
    sink_printf(sink, "device tree: %s: expected %s; left out", fdt_name(fdt, node), expected);
    return false;
}

/* reg is configuration space from the first bus of bus-range on, as long as it lasts. */
bool fdt_read_pci_host(const struct fdt *fdt, uint32_t node, struct fdt_pci_host *host,
                       const struct sink *sink)
{
    uint32_t buses[2] = {0, UINT8_MAX}, domain = 0;
    bool is_cam = !fdt_is_compatible(fdt, node, ECAM);
    unsigned shift = is_cam ? CAM_BUS_SHIFT : ECAM_BUS_SHIFT;
    struct fdt_range reg;

    if (!read_cells(fdt, node, "linux,pci-domain", 1, &domain) || domain > UINT16_MAX)
        return refuse(fdt, node, "a linux,pci-domain of one cell up to 0xffff", sink);
    if (!read_cells(fdt, node, "bus-range", 2, buses) || buses[0] > buses[1] ||
        buses[1] > UINT8_MAX)
        return refuse(fdt, node, "a bus-range of two cells, rising, up to 255", sink);
    if (!fdt_reg(fdt, node, 0, &reg) || reg.size >> shift == 0)
        return refuse(fdt, node, "a reg with configuration space of a bus at least", sink);

    uint64_t mapped = reg.size >> shift;
    bool is_unusable = is_cam && reg.size == (uint64_t)(buses[1] - buses[0] + 1) << ECAM_BUS_SHIFT;

    if (is_unusable)
        sink_printf(sink,
                    "device tree: %s is CAM by its compatible and has 1 MiB a bus in its reg, as "
                    "ECAM has, expected 64 KiB; not driven",
                    fdt_name(fdt, node));

    *host = (struct fdt_pci_host){
        .segment = (uint16_t)domain,
        .bus_first = (uint8_t)buses[0],
        .bus_last = (uint8_t)(buses[1] - buses[0] < mapped ? buses[1] : buses[0] + mapped - 1),
        .ecam = reg.base,
        .is_cam = is_cam,
        .is_unusable = is_unusable,
    };
    return true;
}
