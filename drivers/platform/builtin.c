// SPDX-License-Identifier: BSD-2-Clause
/*
 * What every virtio-iommu's own configuration says of its topology, read before any endpoint is
 * touched and before anybody may accept the feature bit that also is BYPASS_CONFIG's.
 */
#include "drivers/platform/internal.h"

#include "drivers/virtio/device.h"
#include "lib/spec/wire.h"

static uint32_t read_direct(void *context, uint32_t offset, unsigned width)
{
    struct virtio_transport *transport = context;

    return transport->ops->config_read(transport, offset, width);
}

static uint32_t read_window(void *context, uint32_t offset, unsigned width)
{
    return virtio_pci_window_read(context, VIRTIO_PCI_CAP_DEVICE_CFG, offset, width);
}

/* Through the window that configuration space has the same must be found as through the BAR. Only
 * of a topology: there are VMMs that die of a look through the window, which a test has to find,
 * not the boot. */
static void check_window(struct virtio_pci *device, const struct builtin_config *direct,
                         unsigned version, const struct topology_device *self,
                         const struct topology *found, struct builtin_result *result,
                         const struct sink *diagnostics)
{
    const struct builtin_config config = {read_window, device, direct->size};
    struct topology through = {0};
    struct builtin_result other = builtin_read(&config, version, self, &through, NULL);

    if (other.verdict == result->verdict && other.version == result->version &&
        topology_equal(&through, found))
        return;
    sink_printf(diagnostics,
                "virtio-iommu configuration: through PCI_CFG it is another one (verdict %d, "
                "version %u) than through the BAR (verdict %d, version %u), expected one "
                "(no part of it counts)",
                other.verdict, other.version, result->verdict, result->version);
    result->verdict = BUILTIN_REJECTED;
}

static uint32_t config_size(const struct device_location *place, const union virtio_any *device)
{
    if (!place->function)
        return device->mmio.config_length;
    return device->pci.device ? device->pci.capabilities[VIRTIO_PCI_CAP_DEVICE_CFG].length : 0;
}

static void read_config(struct platform *platform, struct platform_builtin *builtin,
                        union virtio_any *device, const struct sink *diagnostics)
{
    static const char *const texts[] = {
        [BUILTIN_TOPOLOGY] = "a built-in topology",
        [BUILTIN_REJECTED] = "a built-in topology, malformed,",
        [BUILTIN_ILLEGAL] = "neither the bypass byte nor a built-in topology",
    };
    const struct topology_device self = location_device(&builtin->place);
    const struct builtin_config config = {read_direct, &device->transport,
                                          config_size(&builtin->place, device)};
    struct topology found = {0};
    unsigned version = platform->choice.builtin;
    char text[LOCATION_TEXT];

    builtin->result = builtin_read(&config, version, &self, &found, diagnostics);
    if (builtin->result.verdict != BUILTIN_BYPASS && builtin->place.function &&
        device->pci.capabilities[VIRTIO_PCI_CAP_PCI_CFG].position && device->pci.device)
        check_window(&device->pci, &config, version, &self, &found, &builtin->result, diagnostics);
    if (builtin->result.verdict == BUILTIN_TOPOLOGY)
        topology_append(platform_records(platform, TOPOLOGY_BUILTIN), &found, diagnostics);
    if (builtin->result.verdict != BUILTIN_BYPASS)
        sink_printf(diagnostics,
                    "virtio-iommu at %s: feature bit 6 and byte 36 are %s (version %u), not "
                    "BYPASS_CONFIG; the bit is never accepted",
                    location_text(&builtin->place, text), texts[builtin->result.verdict],
                    builtin->result.version);
}

/* Only up to the features; a device that does not even reset is left to whoever drives it. */
static void read_device(struct platform *platform, struct device_location place,
                        const struct sink *diagnostics)
{
    union virtio_any device;
    struct platform_builtin *builtin = &platform->builtins[platform->builtin_count];
    char text[LOCATION_TEXT];

    if (platform->builtin_count == TOPOLOGY_MAX_IOMMUS) {
        sink_printf(diagnostics,
                    "virtio-iommu at %s: its configuration is not read, expected %d at most",
                    location_text(&place, text), TOPOLOGY_MAX_IOMMUS);
        return;
    }
    if (!location_open_virtio(&place, &device, NULL) || virtio_reset(&device.transport))
        return;
    *builtin = (struct platform_builtin){.place = place};
    virtio_acknowledge(&device.transport);
    builtin->is_offered = virtio_offered(&device.transport) >> VIRTIO_IOMMU_F_BYPASS_CONFIG & 1;
    if (builtin->is_offered)
        read_config(platform, builtin, &device, diagnostics);
    virtio_reset(&device.transport);
    platform->builtin_count++;
}

void platform_read_builtins(struct platform *platform, const struct sink *diagnostics)
{
    for (unsigned i = 0; i < platform->pci.function_count; i++) {
        const struct device_location place = {.function = &platform->pci.functions[i]};

        if (location_is_virtio_iommu(&place))
            read_device(platform, place, diagnostics);
    }
    for (unsigned i = 0; i < platform->block_count; i++) {
        const struct device_location place = {.block = &platform->blocks[i]};

        if (location_is_virtio_iommu(&place))
            read_device(platform, place, diagnostics);
    }
}

static bool has_verdict(const struct platform *platform, const struct device_location *place,
                        enum builtin_verdict verdict)
{
    for (unsigned i = 0; i < platform->builtin_count; i++)
        if (location_is(&platform->builtins[i].place, place))
            return platform->builtins[i].is_offered &&
                   platform->builtins[i].result.verdict == verdict;
    return false;
}

bool platform_has_bypass_config(const struct platform *platform,
                                const struct device_location *place)
{
    return has_verdict(platform, place, BUILTIN_BYPASS);
}

bool platform_has_builtin_topology(const struct platform *platform,
                                   const struct device_location *place)
{
    return has_verdict(platform, place, BUILTIN_TOPOLOGY);
}
