// SPDX-License-Identifier: BSD-2-Clause
#include "lib/fdt/pci_host.h"

#define ECAM           "pci-host-ecam-generic"
#define CAM            "pci-host-cam-generic"
#define ECAM_BUS_SHIFT 20
#define CAM_BUS_SHIFT  16

uint32_t fdt_find_pci_host(const struct fdt *fdt, uint32_t previous)
{
    uint32_t node = previous == FDT_NONE ? fdt_first_enabled(fdt) : fdt_next_enabled(fdt, previous);

    while (node != FDT_NONE && !fdt_is_pci_host(fdt, node))
        node = fdt_next_enabled(fdt, node);
    return node;
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

/* Whether the bridge has a number of its own; one that is odd is none. */
static bool own_domain(const struct fdt *fdt, uint32_t node, uint32_t *domain)
{
    *domain = UINT32_MAX;
    return read_cells(fdt, node, "linux,pci-domain", 1, domain) && *domain <= UINT16_MAX;
}

/* Whether a bridge of the tree has this number for its own. */
static bool is_taken(const struct fdt *fdt, uint32_t domain)
{
    uint32_t node = FDT_NONE, own;

    while ((node = fdt_find_pci_host(fdt, node)) != FDT_NONE)
        if (own_domain(fdt, node, &own) && own == domain)
            return true;
    return false;
}

/*
 * Bridges that have no number each get one that no other bridge has (pci.txt): as for Linux, the
 * lowest that is free, in the order of the tree.
 */
static uint32_t assigned_domain(const struct fdt *fdt, uint32_t node)
{
    uint32_t domain = 0, own;

    for (uint32_t at = fdt_find_pci_host(fdt, FDT_NONE); at != FDT_NONE;
         at = fdt_find_pci_host(fdt, at)) {
        if (own_domain(fdt, at, &own))
            continue;
        while (domain <= UINT16_MAX && is_taken(fdt, domain))
            domain++;
        if (at == node)
            break;
        domain++;
    }
    return domain;
}

static bool read_buses(const struct fdt *fdt, uint32_t node, uint32_t buses[2])
{
    buses[0] = 0;
    buses[1] = UINT8_MAX;
    return read_cells(fdt, node, "bus-range", 2, buses) && buses[0] <= buses[1] &&
           buses[1] <= UINT8_MAX;
}

/* Whether an earlier bridge that has the same number for its own has one of the buses. */
static bool overlaps(const struct fdt *fdt, uint32_t node, uint32_t domain, const uint32_t buses[2])
{
    uint32_t earlier = FDT_NONE, own, its[2];

    while ((earlier = fdt_find_pci_host(fdt, earlier)) != FDT_NONE && earlier < node)
        if (own_domain(fdt, earlier, &own) && own == domain && read_buses(fdt, earlier, its) &&
            its[0] <= buses[1] && buses[0] <= its[1])
            return true;
    return false;
}

/* What of a bridge's domain or buses should be otherwise; NULL: nothing. */
static const char *read_place(const struct fdt *fdt, uint32_t node, uint32_t *domain,
                              uint32_t buses[2])
{
    struct fdt_property property;
    bool is_own = own_domain(fdt, node, domain);

    if (!is_own && fdt_find_property(fdt, node, "linux,pci-domain", &property))
        return "a linux,pci-domain of one cell up to 0xffff";
    if (!read_buses(fdt, node, buses))
        return "a bus-range of two cells, rising, up to 255";
    if (is_own && overlaps(fdt, node, *domain, buses))
        return "buses that no earlier host bridge of its domain has";
    if (!is_own && (*domain = assigned_domain(fdt, node)) > UINT16_MAX)
        return "fewer host bridges";
    return NULL;
}

/* reg is configuration space from the first bus of bus-range on, as long as it lasts. */
bool fdt_read_pci_host(const struct fdt *fdt, uint32_t node, struct fdt_pci_host *host,
                       const struct sink *sink)
{
    uint32_t buses[2], domain;
    const char *expected = read_place(fdt, node, &domain, buses);
    bool is_cam = !fdt_is_compatible(fdt, node, ECAM);
    unsigned shift = is_cam ? CAM_BUS_SHIFT : ECAM_BUS_SHIFT;
    struct fdt_range reg;

    if (expected)
        return refuse(fdt, node, expected, sink);
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
