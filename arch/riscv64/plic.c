// SPDX-License-Identifier: BSD-2-Clause
#include "arch/riscv64/plic.h"

#include "arch/arch.h"

#define PRIORITY(line)     (4ull * (line))
#define ENABLE(context)    (0x2000ull + 0x80ull * (context))
#define THRESHOLD(context) (0x200000ull + 0x1000ull * (context))
#define CLAIM              4 /* behind the threshold */
#define CONTEXTS           15872
#define ABOVE_THRESHOLD    1

/* File scope: an interrupt passes no context to its handler. */
static volatile uint8_t *priorities;
static volatile uint8_t *enables; /* of the context, a bit for each line */
static volatile uint8_t *threshold;

static bool is_within(uint64_t offset, uint64_t size, const struct machine_range *plic)
{
    return !plic->size || (offset < plic->size && size <= plic->size - offset);
}

/* Only the pages of the context: the controller may reach far. */
bool plic_open(const struct machine_range *plic, uint32_t context)
{
    uint64_t base = plic->base;

    if (context >= CONTEXTS || !is_within(THRESHOLD(context), 8, plic))
        return false;
    priorities = arch_map(base, PRIORITY(PLIC_LINES), ARCH_DEVICE);
    enables = arch_map(base + ENABLE(context), PLIC_LINES / 8, ARCH_DEVICE);
    threshold = arch_map(base + THRESHOLD(context), 8, ARCH_DEVICE);
    if (!priorities || !enables || !threshold)
        return false;
    for (unsigned line = 0; line < PLIC_LINES; line += 32)
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
bool plic_enable(uint32_t line)
{
    volatile uint8_t *priority = priorities + PRIORITY(line);

    if (line == PLIC_NONE || line >= PLIC_LINES)
        return false;
    mmio_write32(priority, ABOVE_THRESHOLD);
    if (mmio_read32(priority) != ABOVE_THRESHOLD)
        return false;
    set_enabled(line, true);
    return true;
}

void plic_disable(uint32_t line)
{
    set_enabled(line, false);
}

/* What the device wrote before its interrupt is seen after this. */
uint32_t plic_claim(void)
{
    uint32_t line = mmio_read32(threshold + CLAIM);

    dma_mb();
    return line;
}

/* What the handler wrote to the device comes first. */
void plic_end(uint32_t line)
{
    dma_mb();
    mmio_write32(threshold + CLAIM, line);
}
