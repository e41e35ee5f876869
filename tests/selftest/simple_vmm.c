// SPDX-License-Identifier: BSD-2-Clause
/*
 * Our own drivers on emulated devices that behave as kvmtool's do where those differ from all
 * others. A wrong answer is an ERROR: it is this kernel's fault, not the machine's.
 */
#include "drivers/virtio/device.h"
#include "tests/framework/fixture.h"

#define SUITE "selftest.simple_vmm"

#define FUNCTIONS 2
#define BARS      3
#define WORDS     16
#define BAR_WORD  (PCI_BAR0 / 4)
#define FIXED_IO  3u /* low bits of a BAR that are not address */
#define FIXED     15u

/* BAR 0 is I/O. */
static const uint32_t bar_bases[BARS] = {0x6200, 0xd2000000, 0xd2000400};
static const uint32_t bar_sizes[BARS] = {0x100, 0x100, 0x400};

/* Configuration space. File scope, because pci_config_ops take no context. */
static struct {
    uint32_t words[FUNCTIONS][WORDS];
    unsigned spoiled; /* BARs that were written with decoding on */
} space;

/* Like kvmtool, it ignores the numbers of bus and function. NULL: no device answers. */
static uint32_t *word_at(uint16_t bdf, uint16_t offset)
{
    return PCI_DEVICE(bdf) < FUNCTIONS && offset / 4 < WORDS
               ? &space.words[PCI_DEVICE(bdf)][offset / 4]
               : NULL;
}

static uint32_t read_space(const struct pci_host *host, uint16_t bdf, uint16_t offset,
                           unsigned width)
{
    const uint32_t *word = word_at(bdf, offset);

    (void)host;
    return (word ? *word >> 8 * (offset & 3) : UINT32_MAX) & UINT32_MAX >> (32 - 8 * width);
}

static void write_bar(uint32_t *bar, unsigned index, uint32_t command, uint32_t value)
{
    uint32_t fixed = *bar & 1 ? FIXED_IO : FIXED;

    space.spoiled += (command & (*bar & 1 ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) != 0;
    if (value == UINT32_MAX)
        value = ~(bar_sizes[index] - 1);
    *bar = (value & ~fixed) | (*bar & fixed);
}

static void write_space(const struct pci_host *host, uint16_t bdf, uint16_t offset, unsigned width,
                        uint32_t value)
{
    uint32_t *word = word_at(bdf, offset);
    unsigned index = offset / 4u - BAR_WORD;

    (void)host;
    if (word && offset == PCI_COMMAND && width == 2)
        *word = (*word & ~0xffffu) | value;
    else if (word && index < BARS && width == 4)
        write_bar(word, index, *word_at(bdf, PCI_COMMAND), value);
}

static const struct pci_config_ops space_ops = {"test", 256, read_space, write_space};

static void make_space(void)
{
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        uint32_t *words = space.words[i];

        words[0] = VIRTIO_PCI_DEVICE(4 - i) << 16 | VIRTIO_PCI_VENDOR;
        words[PCI_COMMAND / 4] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
        for (unsigned n = 0; n < BARS; n++)
            words[BAR_WORD + n] = (bar_bases[n] + i * 0x1000) | (n ? 0 : 1);
    }
    space.spoiled = 0;
}

#define check(test, condition, ...)                                                                \
    do {                                                                                           \
        (test)->checks++;                                                                          \
        if (!(condition))                                                                          \
            error(test, __VA_ARGS__);                                                              \
    } while (0)

static void check_bars(struct test *test, const struct pci_function *function, unsigned i)
{
    for (unsigned n = 0; n < BARS; n++) {
        const struct pci_bar *bar = &function->bars[n];
        uint32_t base = bar_bases[n] + i * 0x1000;

        check(test,
              bar->base == base && bar->size == bar_sizes[n] &&
                  (space.words[i][BAR_WORD + n] & ~FIXED) == base,
              "function %u BAR %u: 0x%llx bytes at 0x%llx, register 0x%x, expected 0x%x at 0x%x", i,
              n, (unsigned long long)bar->size, (unsigned long long)bar->base,
              (unsigned)space.words[i][BAR_WORD + n], (unsigned)bar_sizes[n], (unsigned)base);
    }
}

/*
 * All buses and function numbers show the same devices, so enumeration has to find each once. BARs
 * that are decoded must not be sized: kvmtool would move the device.
 */
TEST(pci_functions_are_found_once_and_left_whole, .needs = 0)
{
    static struct pci pci; /* larger than the stack */

    make_space();
    pci.hosts[0] = (struct pci_host){.ops = &space_ops, .bus_last = 255, .may_mirror = true};
    pci.host_count = 1;
    pci_enumerate(&pci, NULL);
    check(test, pci.function_count == FUNCTIONS, "%u functions were found, expected %d",
          pci.function_count, FUNCTIONS);
    check(test, !space.spoiled, "BARs were written %u times while they were decoded",
          space.spoiled);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        check_bars(test, &pci.functions[i], i);
}

/* A queue whose size is fixed: what the driver writes is ignored. */
static uint32_t fixed_size(struct virtio_transport *transport, uint16_t queue)
{
    (void)transport;
    (void)queue;
    return 256;
}

static uint16_t keep_size(struct virtio_transport *transport, uint16_t queue, uint16_t size)
{
    (void)size;
    return (uint16_t)fixed_size(transport, queue);
}

static void take_rings(struct virtio_transport *transport, uint16_t queue, uint64_t desc,
                       uint64_t driver, uint64_t device)
{
    (void)transport;
    (void)queue;
    (void)desc;
    (void)driver;
    (void)device;
}

static bool is_not_enabled(struct virtio_transport *transport, uint16_t queue)
{
    (void)transport;
    (void)queue;
    return false;
}

static void take_enable(struct virtio_transport *transport, uint16_t queue)
{
    (void)transport;
    (void)queue;
}

static volatile void *any_doorbell(struct virtio_transport *transport, uint16_t queue,
                                   unsigned width)
{
    (void)queue;
    (void)width;
    return transport;
}

/* A driver that believes what it wrote lays the rings out for another size than the device has. */
TEST(queue_has_the_size_that_the_device_gives_it, .needs = 0)
{
    static const struct virtio_transport_ops ops = {
        .queue_size = fixed_size,
        .set_queue_size = keep_size,
        .set_queue_rings = take_rings,
        .queue_enabled = is_not_enabled,
        .enable_queue = take_enable,
        .doorbell = any_doorbell,
    };
    struct virtio_transport transport = {.ops = &ops, .doorbell_width = 2};
    struct virtq queue;
    enum virtio_result result = virtio_setup_queue(&transport, 0, 8, VIRTIO_BIT(VIRTIO_F_VERSION_1),
                                                   &test->fixture->pages, &queue);

    check(test, !result, "a queue of 256 entries: %s", virtio_result_text(result));
    check(test, queue.size == 256 && queue.free_count == 256,
          "a queue that keeps to 256 entries is taken for one of %u", queue.size);
}
