// SPDX-License-Identifier: BSD-2-Clause
/* What the machine says of itself, looked at twice where there are two ways to look. */
#include "tests/request.h"

#define SUITE "discovery.pci"

TEST(ecam_and_ports_agree, .needs = 0)
{
    const struct pci *pci = &test->lab->platform->pci;
    static const struct pci_host ports = {.ops = &pci_ports, .bus_last = 255};
    unsigned compared = 0;

    if (!pci->host_count || pci->hosts[0].ops != &pci_ecam || !arch_has_ports())
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

TEST(narrow_reads_agree_with_wide_ones, .needs = 0)
{
    const struct pci *pci = &test->lab->platform->pci;

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

TEST(virtio_structures_lie_inside_their_bars,
     .clauses = CLAUSES(PCI_CAP_P01, PCI_CAP_D01, PCI_COM_D01, PCI_NOT_D02, PCI_DEVC_D02),
     .needs = NEEDS_PCI)
{
    const struct virtio_pci *device = &test->lab->iommu_device.pci;

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

/* Configuration space has a window into the BARs, for whoever can't map them (4.1.4.9). */
TEST(pci_cfg_window_reads_the_device, .clauses = CLAUSES(PCI_CFGW_D01, PCI_CFGW_D03),
     .needs = NEEDS_PCI)
{
    const struct virtio_pci *device = &test->lab->iommu_device.pci;
    const struct virtio_pci_capability *window = &device->capabilities[VIRTIO_PCI_CAP_PCI_CFG];
    const struct virtio_pci_capability *config = &device->capabilities[VIRTIO_PCI_CAP_DEVICE_CFG];

    require(test, PCI_CFGW_D01, window->position, "no PCI_CFG capability");
    for (uint32_t offset = 0; offset < 36; offset += 4) {
        uint32_t direct =
            lab_iommu(test)->transport->ops->config_read(lab_iommu(test)->transport, offset, 4);

        pci_write8(device->function, window->position + 4u, config->bar);
        pci_write32(device->function, window->position + 8u, config->offset + offset);
        pci_write32(device->function, window->position + 12u, 4);

        uint32_t through = pci_read32(device->function, window->position + 16u);

        expect(test, PCI_CFGW_D03, through == direct,
               "config offset %u reads 0x%x through PCI_CFG, 0x%x through the BAR", offset, through,
               direct);
    }
}
