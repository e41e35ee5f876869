// SPDX-License-Identifier: BSD-2-Clause
/*
 * The CPU interface of a GICv3 and the redistributor in front of it (IHI 0069 chapter 12), without
 * what a second security state adds: interrupts are in group 1 of the one that this is.
 */
#include "arch/aarch64/gic.h"

#include "arch/aarch64/internal.h"

#define GICD_IROUTER       0x6000
#define GICD_ENABLE_GROUP1 (1u << 1)
#define GICD_AFFINITY      (1u << 4) /* ARE: by affinity, not by CPU number */

#define FRAME_SIZE             0x20000 /* the second half is for the CPU's own interrupts */
#define FRAME_OWN              0x10000
#define GICR_TYPER             0x08
#define GICR_WAKER             0x14
#define TYPER_VIRTUAL          (1ull << 1) /* two frames more */
#define TYPER_LAST             (1ull << 4)
#define TYPER_PROCESSOR(typer) ((typer) >> 8 & 0xffff)
#define WAKER_SLEEP            (1u << 1)
#define WAKER_ASLEEP           (1u << 2)
#define WAKE_LIMIT_NS          1000000000ull
#define PRIORITY_MASK_ALL      0xff

/* The message tables and the ITS are of this CPU's. */
static volatile uint8_t *redistributor;
static uint64_t redistributor_base;

volatile uint8_t *gicv3_redistributor(void)
{
    return redistributor;
}

uint64_t gicv3_redistributor_base(void)
{
    return redistributor_base;
}

uint64_t gicv3_processor(void)
{
    return TYPER_PROCESSOR(mmio_read64(redistributor + GICR_TYPER));
}

/* As GICR_TYPER has it in its upper half. */
static uint32_t packed_affinity(void)
{
    uint64_t affinity = cpu_affinity();

    return (uint32_t)(affinity & 0xffffff) | (uint32_t)(affinity >> 32) << 24;
}

static bool find_in(const struct machine_range *range)
{
    uint64_t typer;

    for (uint64_t offset = 0; offset + FRAME_SIZE <= range->size;
         offset += typer & TYPER_VIRTUAL ? 2 * FRAME_SIZE : FRAME_SIZE) {
        volatile uint8_t *frame = arch_map(range->base + offset, FRAME_SIZE, ARCH_DEVICE);

        if (!frame)
            return false;
        typer = mmio_read64(frame + GICR_TYPER);
        if (typer >> 32 == packed_affinity()) {
            redistributor = frame;
            redistributor_base = range->base + offset;
            return true;
        }
        if (typer & TYPER_LAST)
            return false;
    }
    return false;
}

static bool wake(void)
{
    struct wait limit = arch_wait_begin(WAKE_LIMIT_NS);

    mmio_write32(redistributor + GICR_WAKER,
                 mmio_read32(redistributor + GICR_WAKER) & ~WAKER_SLEEP);
    while (mmio_read32(redistributor + GICR_WAKER) & WAKER_ASLEEP)
        if (!arch_wait_goes_on(&limit))
            return false;
    return true;
}

static volatile uint8_t *open(const struct machine_interrupts *interrupts,
                              volatile uint8_t *distributor)
{
    bool is_found = false;

    (void)distributor;
    for (unsigned i = 0; i < interrupts->redistributor_count && !is_found; i++)
        is_found = find_in(&interrupts->redistributors[i]);
    if (!is_found || !wake())
        return NULL;
    WRITE_SYSTEM("icc_sre_el1", READ_SYSTEM("icc_sre_el1") | 1);
    if (!(READ_SYSTEM("icc_sre_el1") & 1))
        return NULL;
    WRITE_SYSTEM("icc_pmr_el1", PRIORITY_MASK_ALL);
    WRITE_SYSTEM("icc_ctlr_el1", 0);
    WRITE_SYSTEM("icc_igrpen1_el1", 1);
    return redistributor + FRAME_OWN;
}

/* What the device wrote before its interrupt is seen after this. */
static uint32_t acknowledge(void)
{
    uint32_t intid = READ_SYSTEM("icc_iar1_el1") & 0xffffff;

    __asm__ volatile("dsb sy" : : : "memory");
    return intid < GIC_SPI_END || intid >= GIC_LPI_FIRST ? intid : GIC_NONE;
}

static void end(uint32_t intid)
{
    WRITE_SYSTEM("icc_eoir1_el1", intid);
}

static void route(volatile uint8_t *distributor, uint32_t intid)
{
    mmio_write64(distributor + GICD_IROUTER + 8 * intid, cpu_affinity());
}

const struct gic_interface gicv3 = {
    .distributor_size = 0x10000,
    .distributor_control = GICD_AFFINITY | GICD_ENABLE_GROUP1,
    .has_groups = true,
    .open = open,
    .acknowledge = acknowledge,
    .end = end,
    .route = route,
};
