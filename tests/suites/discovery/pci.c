// SPDX-License-Identifier: BSD-2-Clause
/*
 * PCI functions as the machine has them: PCI Local Bus 3.0 chapter 6, virtio 1.4 sections 4.1.1 and
 * 4.1.4. What can be read in two ways is read in both.
 */
#include "tests/framework/request.h"

#define SUITE "discovery.pci"

#define HAS_CAPABILITIES (1u << 4) /* in the PCI status */
#define CAPABILITIES     0x34      /* where the first one is */
#define HEADER_SIZE      0x40
#define SPACE_SIZE       0x100 /* of configuration space as capabilities know it */

/* A wrong ECAM base, or bus range, reads the configuration of another function. */
TEST(ecam_and_ports_agree, .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;
    static const struct pci_host ports = {.ops = &pci_ports, .bus_last = 255};
    unsigned compared = 0;

    if (!pci->function_count || pci->hosts[0].ops != &pci_ecam || !arch_has_ports() ||
        pci_host_read(&ports, pci->functions[0].bdf, 0, 4) == UINT32_MAX)
        skip(test, "the machine has only one way to configuration space");
    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *function = &pci->functions[i];

        if (function->host->segment)
            continue;
        for (uint16_t offset = 0; offset < 64; offset += 4, compared++) {
            uint32_t by_ecam = pci_read32(function, offset);
            uint32_t by_ports = pci_host_read(&ports, function->bdf, offset, 4);

            if (!expect(test, PCI_ID_D01, by_ecam == by_ports,
                        "function 0x%04x offset 0x%02x: ECAM reads 0x%08x, ports read 0x%08x",
                        function->bdf, offset, by_ecam, by_ports))
                return;
        }
    }
    expect(test, PCI_ID_D01, compared, "no function to compare");
}

/* A VMM handles each width in code of its own. */
TEST(narrow_reads_agree_with_wide_ones, .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;

    if (!pci->function_count)
        skip(test, "there is no PCI function");
    for (unsigned i = 0; i < pci->function_count; i++)
        for (uint16_t offset = 0; offset < 64; offset++) {
            const struct pci_function *function = &pci->functions[i];
            uint32_t wide = pci_read32(function, offset & ~3u);
            uint8_t narrow = pci_read8(function, offset);

            expect(test, PCI_ID_D01, narrow == (uint8_t)(wide >> 8 * (offset & 3)),
                   "function 0x%04x offset 0x%02x reads 0x%02x as a byte, 0x%08x as a word",
                   function->bdf, offset, narrow, wide);
        }
}

/* Sizing writes all ones to a BAR; afterwards it must be where it was, aligned to its size. */
TEST(bars_are_where_they_were_found, .clauses = CLAUSES(PCI_ID_D01), .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;

    for (unsigned i = 0; i < pci->function_count; i++)
        for (unsigned n = 0; n < PCI_BARS; n++) {
            const struct pci_function *function = &pci->functions[i];
            const struct pci_bar *bar = &function->bars[n];
            uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * n);

            if (!bar->size)
                continue;

            uint64_t value = pci_read32(function, offset) & (bar->is_io ? ~3u : ~15u);

            if (bar->is_64bit)
                value |= (uint64_t)pci_read32(function, offset + 4u) << 32;
            expect(test, PCI_ID_D01, value == bar->base,
                   "function 0x%04x BAR %u reads 0x%llx, expected 0x%llx", function->bdf, n,
                   (unsigned long long)value, (unsigned long long)bar->base);
            expect(test, PCI_ID_D01, !(bar->size & (bar->size - 1)),
                   "function 0x%04x BAR %u takes 0x%llx bytes, expected a power of two",
                   function->bdf, n, (unsigned long long)bar->size);
            expect(test, PCI_ID_D01, bar->base % bar->size == 0,
                   "function 0x%04x BAR %u: 0x%llx bytes at 0x%llx", function->bdf, n,
                   (unsigned long long)bar->size, (unsigned long long)bar->base);
        }
    if (!test->checks)
        skip(test, "no PCI function has a BAR");
}

static void judge_apart(struct test *test, const struct pci_function *one,
                        const struct pci_function *other)
{
    for (unsigned i = 0; i < PCI_BARS; i++)
        for (unsigned k = one == other ? i + 1 : 0; k < PCI_BARS; k++) {
            const struct pci_bar *a = &one->bars[i], *b = &other->bars[k];

            if (!a->size || !b->size || !a->base || !b->base || a->is_io != b->is_io)
                continue;
            expect(test, PCI_ID_D01,
                   a->base + (a->size - 1) < b->base || b->base + (b->size - 1) < a->base,
                   "function 0x%04x BAR %u at 0x%llx and function 0x%04x BAR %u at 0x%llx overlap",
                   one->bdf, i, (unsigned long long)a->base, other->bdf, k,
                   (unsigned long long)b->base);
        }
}

/* Overlapping BARs make an access reach either of two devices. */
TEST(bars_do_not_overlap, .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;

    for (unsigned i = 0; i < pci->function_count; i++)
        for (unsigned k = i; k < pci->function_count; k++)
            if (pci->functions[i].host == pci->functions[k].host)
                judge_apart(test, &pci->functions[i], &pci->functions[k]);
    if (!test->checks)
        skip(test, "no two BARs are in one space");
}

/*
 * The list of capabilities (PCI Local Bus 3.0 section 6.7): each has at least two bytes after the
 * header, and none comes twice.
 */
static void judge_capabilities(struct test *test, const struct pci_function *function)
{
    bool is_seen[64] = {false}; /* by double word */
    uint8_t at = pci_read8(function, CAPABILITIES) & (uint8_t)~3;

    while (at) {
        unsigned length = 2;

        if (!expect(test, PCI_ID_D01, at >= HEADER_SIZE && !is_seen[at / 4],
                    "function 0x%04x: the list of capabilities leads to 0x%02x%s", function->bdf,
                    at, at >= HEADER_SIZE ? " again" : ", inside the header"))
            return;
        is_seen[at / 4] = true;
        if (pci_read8(function, at) == PCI_CAPABILITY_VENDOR)
            length = pci_read8(function, at + 2u);
        expect(test, PCI_ID_D01, at + length <= SPACE_SIZE,
               "function 0x%04x: the capability at 0x%02x, of %u bytes, leaves configuration space",
               function->bdf, at, length);
        at = pci_read8(function, at + 1u) & (uint8_t)~3;
    }
}

/* A list that loops hangs a driver that does not count. */
TEST(capability_lists_end, .clauses = CLAUSES(PCI_ID_D01), .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;

    for (unsigned i = 0; i < pci->function_count; i++)
        if (pci->functions[i].header_type <= 1 &&
            pci_read16(&pci->functions[i], PCI_STATUS) & HAS_CAPABILITIES)
            judge_capabilities(test, &pci->functions[i]);
    if (!test->checks)
        skip(test, "no PCI function has capabilities");
}

/* Table and pending bits (PCI Local Bus 3.0 section 6.8.2). */
static void judge_msix(struct test *test, const struct pci_function *function, uint8_t capability)
{
    unsigned vectors = (pci_read16(function, capability + 2u) & 0x7ffu) + 1;
    const uint32_t sizes[] = {vectors * 16, (vectors + 63) / 64 * 8};

    for (unsigned i = 0; i < 2; i++) {
        uint32_t where = pci_read32(function, capability + 4u + 4 * i);
        uint32_t bar = where & 7, start = where & ~7u;
        uint64_t size = bar < PCI_BARS ? function->bars[bar].size : 0;

        expect(test, PCI_ID_D01, start <= size && sizes[i] <= size - start,
               "function 0x%04x: the MSI-X %s of %u vectors at 0x%x leaves BAR %u of 0x%llx bytes",
               function->bdf, i ? "pending bits" : "table", vectors, start, bar,
               (unsigned long long)size);
    }
}

/* Otherwise a driver that sets a vector writes to another device. */
TEST(msix_tables_lie_inside_their_bars, .needs = 0)
{
    const struct pci *pci = &test->fixture->platform->pci;
    unsigned judged = 0;

    for (unsigned i = 0; i < pci->function_count; i++) {
        const struct pci_function *function = &pci->functions[i];
        uint8_t capability = pci_find_capability(function, PCI_CAPABILITY_MSIX, 0);

        if (!capability)
            continue;
        judge_msix(test, function, capability);
        judged++;
    }
    if (!judged)
        skip(test, "no PCI function has MSI-X");
}

/* Read without starting the device: it could not be driven with a structure outside of its BAR. */
TEST(virtio_structures_lie_inside_their_bars,
     .clauses = CLAUSES(PCI_CAP_P01, PCI_CAP_D01, PCI_COM_D01, PCI_NOT_D02, PCI_DEVC_D02),
     .needs = NEEDS_PCI | NEEDS_NO_START)
{
    const struct virtio_pci *device = &test->fixture->iommu_device.pci;

    for (unsigned type = 1; type < VIRTIO_PCI_STRUCTURES; type++) {
        const struct virtio_pci_capability *capability = &device->capabilities[type];
        uint64_t size = device->function->bars[capability->bar].size;

        expect(test, PCI_CAP_P01, capability->position, "no capability with cfg_type %u", type);
        if (!capability->position || type == VIRTIO_PCI_CAP_PCI_CFG)
            continue;
        expect(test, PCI_CAP_P01,
               capability->offset <= size && capability->length <= size - capability->offset,
               "cfg_type %u: [0x%x, +0x%x) leaves BAR %u of 0x%llx bytes", type, capability->offset,
               capability->length, capability->bar, (unsigned long long)size);
    }
    expect(test, PCI_CAP_D01, device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].cap_len >= 20,
           "the notify capability has cap_len %u, expected at least 20",
           device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].cap_len);
    expect(test, PCI_COM_D01, device->capabilities[VIRTIO_PCI_CAP_COMMON_CFG].offset % 4 == 0,
           "the common configuration is not 4-byte aligned");
    expect(test, PCI_NOT_D02, device->capabilities[VIRTIO_PCI_CAP_NOTIFY_CFG].offset % 2 == 0,
           "the notify region is not 2-byte aligned");
    expect(test, PCI_DEVC_D02, device->capabilities[VIRTIO_PCI_CAP_DEVICE_CFG].offset % 4 == 0,
           "the device configuration is not 4-byte aligned");
}

/* The device says where its structures are; the fields are read-only for the driver (4.1.4.2). */
TEST(virtio_structures_cannot_be_moved, .clauses = CLAUSES(PCI_CAP_P02),
     .needs = NEEDS_PCI | NEEDS_NO_START)
{
    const struct virtio_pci *device = &test->fixture->iommu_device.pci;

    for (unsigned type = 1; type < VIRTIO_PCI_CAP_PCI_CFG; type++)
        for (uint16_t at = 4; device->capabilities[type].position && at <= 12; at += 4) {
            uint16_t offset = (uint16_t)(device->capabilities[type].position + at);
            uint32_t before = pci_read32(device->function, offset), after;

            pci_write32(device->function, offset, ~before);
            after = pci_read32(device->function, offset);
            pci_write32(device->function, offset, before);
            expect(test, PCI_CAP_P02, after == before,
                   "cfg_type %u: a write to offset 0x%02x changed 0x%08x to 0x%08x", type, offset,
                   (unsigned)before, (unsigned)after);
        }
}

/* Configuration space has a window into the BARs, for drivers that cannot map them (4.1.4.9). */
TEST(pci_cfg_window_reads_the_device, .clauses = CLAUSES(PCI_CFGW_D01, PCI_CFGW_D03),
     .needs = NEEDS_PCI)
{
    const struct virtio_pci *device = &test->fixture->iommu_device.pci;
    const struct virtio_pci_capability *window = &device->capabilities[VIRTIO_PCI_CAP_PCI_CFG];

    require(test, PCI_CFGW_D01, window->position, "no PCI_CFG capability");
    for (uint32_t offset = 0; offset < 36; offset += 4) {
        uint32_t direct = fixture_iommu(test)->transport->ops->config_read(
            fixture_iommu(test)->transport, offset, 4);

        uint32_t through = virtio_pci_window_read(device, VIRTIO_PCI_CAP_DEVICE_CFG, offset, 4);

        expect(test, PCI_CFGW_D03, through == direct,
               "config offset %u reads 0x%x through PCI_CFG, 0x%x through the BAR", offset, through,
               direct);
    }
}
