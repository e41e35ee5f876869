// SPDX-License-Identifier: BSD-2-Clause
/* A redistributor's tables of message interrupts (IHI 0069 sections 5.1 and 12.11). */
#include "arch/aarch64/gic.h"
#include "arch/aarch64/internal.h"

#define GICR_CTLR      0x00
#define GICR_TYPER     0x08
#define GICR_PROPBASER 0x70
#define GICR_PENDBASER 0x78
#define CTLR_ENABLE    1u
#define TYPER_PHYSICAL 1u /* it takes messages */

#define ID_BITS         14 /* GIC_LPI_FIRST + LPI_COUNT ids */
#define WRITE_BACK      (7ull << 7)
#define INNER_SHAREABLE (1ull << 10)
#define PENDING_IS_ZERO (1ull << 62)
#define PENDING_ALIGN   0x10000

#define CONFIG_ENABLED 1
#define CONFIG_MASKED  0xa2 /* the priority of the other interrupts, and a bit that is 1 */

/* The redistributor reads and writes them for ever. */
static uint8_t config[LPI_COUNT] __attribute__((aligned(4096)));
static uint8_t pending[(1 << ID_BITS) / 8] __attribute__((aligned(PENDING_ALIGN)));

bool lpi_open(volatile uint8_t *redistributor)
{
    if (!(mmio_read64(redistributor + GICR_TYPER) & TYPER_PHYSICAL) ||
        (mmio_read32(redistributor + GICR_CTLR) & CTLR_ENABLE))
        return false;
    for (unsigned i = 0; i < LPI_COUNT; i++)
        config[i] = CONFIG_MASKED;
    dma_wmb();
    mmio_write64(redistributor + GICR_PROPBASER,
                 (uintptr_t)config | INNER_SHAREABLE | WRITE_BACK | (ID_BITS - 1));
    mmio_write64(redistributor + GICR_PENDBASER,
                 (uintptr_t)pending | INNER_SHAREABLE | WRITE_BACK | PENDING_IS_ZERO);
    mmio_write32(redistributor + GICR_CTLR, CTLR_ENABLE);
    return true;
}

void lpi_enable(uint32_t intid, bool is_enabled)
{
    config[intid - GIC_LPI_FIRST] = CONFIG_MASKED | (is_enabled ? CONFIG_ENABLED : 0);
    dma_wmb();
}
