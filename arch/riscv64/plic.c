// SPDX-License-Identifier: BSD-2-Clause
/* The Platform-Level Interrupt Controller (RISC-V PLIC specification 1.0.0), one context of it. */
#include "arch/arch.h"
#include "arch/riscv64/wired.h"

#define PRIORITY(line)     (4ull * (line))
#define PENDING            0x1000ull
#define ENABLE(context)    (0x2000ull + 0x80ull * (context))
#define THRESHOLD(context) (0x200000ull + 0x1000ull * (context))
#define CLAIM              4 /* behind the threshold */
#define CONTEXTS           15872
#define ABOVE_THRESHOLD    1

/* File scope: an interrupt passes no context to its handler. */
static volatile uint8_t *priorities;
static volatile uint8_t *pending; /* a bit for each line */
static volatile uint8_t *enables; /* of the context, a bit for each line */
static volatile uint8_t *threshold;

static bool is_within(uint64_t offset, uint64_t size, const struct machine_wired *controller)
{
    return !controller->size || (offset < controller->size && size <= controller->size - offset);
}

/* Only the pages of the context: the controller may reach far. */
static bool open(const struct machine_wired *controller, uint32_t context)
{
    uint64_t base = controller->base;

    if (context >= CONTEXTS || !is_within(THRESHOLD(context), 8, controller))
        return false;
    priorities = arch_map(base, PRIORITY(WIRED_LINES), ARCH_DEVICE);
    pending = arch_map(base + PENDING, WIRED_LINES / 8, ARCH_DEVICE);
    enables = arch_map(base + ENABLE(context), WIRED_LINES / 8, ARCH_DEVICE);
    threshold = arch_map(base + THRESHOLD(context), 8, ARCH_DEVICE);
    if (!priorities || !pending || !enables || !threshold)
        return false;
    for (unsigned line = 0; line < WIRED_LINES; line += 32)
        mmio_write32(enables + line / 8, 0);
    mmio_write32(threshold, 0);
    return true;
}

static void set_enabled(uint32_t line, bool is_enabled)
{
    volatile uint8_t *word = enables + line / 32 * 4;
    uint32_t bit = 1u << (line & 31), value = mmio_read32(word);

    mmio_write32(word, is_enabled ? value | bit : value & ~bit);
}

/* The priority of a line that is not there stays 0. */
static bool enable(uint32_t line, bool is_edge, uint32_t message)
{
    volatile uint8_t *priority = priorities + PRIORITY(line);

    (void)is_edge, (void)message; /* it knows neither */
    if (line == WIRED_NONE || line >= WIRED_LINES)
        return false;
    mmio_write32(priority, ABOVE_THRESHOLD);
    if (mmio_read32(priority) != ABOVE_THRESHOLD)
        return false;
    set_enabled(line, true);
    return true;
}

static void disable(uint32_t line)
{
    set_enabled(line, false);
}

/* What the device wrote before its interrupt is seen after this. */
static uint32_t claim(void)
{
    uint32_t line = mmio_read32(threshold + CLAIM);

    dma_mb();
    return line;
}

static bool is_pending(uint32_t line)
{
    return mmio_read32(pending + line / 32 * 4) >> (line & 31) & 1;
}

/* What the handler wrote to the device comes first. */
static void end(uint32_t line)
{
    dma_mb();
    mmio_write32(threshold + CLAIM, line);
}

const struct wired plic = {
    .open = open,
    .enable = enable,
    .disable = disable,
    .claim = claim,
    .is_pending = is_pending,
    .end = end,
};
