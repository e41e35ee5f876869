// SPDX-License-Identifier: BSD-2-Clause
/* The CPU interface of a GICv2 (IHI 0048 section 4.4), and the GICv2m frame of Arm's SBSA. */
#include "arch/aarch64/gic.h"

#define INTERFACE_SIZE 0x1000
#define GICC_CTLR      0x00
#define GICC_PMR       0x04
#define GICC_IAR       0x0c
#define GICC_EOIR      0x10
#define GICD_ITARGETSR 0x800
#define ENABLE         1u
#define INTID(iar)     (0x3ff & (iar))

#define FRAME_SIZE         0x1000
#define MSI_TYPER          0x008
#define MSI_SETSPI         0x040
#define TYPER_FIRST(typer) ((typer) >> 16 & 0x3ff)
#define TYPER_COUNT(typer) (0x3ff & (typer))

/* An interrupt must find its way without being told. */
static volatile uint8_t *interface;
static uint8_t target; /* this CPU's bit */

static volatile uint8_t *open(const struct machine_interrupts *interrupts,
                              volatile uint8_t *distributor)
{
    interface = arch_map(interrupts->cpu_interface, INTERFACE_SIZE, ARCH_DEVICE);
    if (!interface)
        return NULL;
    target = mmio_read8(distributor + GICD_ITARGETSR); /* of id 0, which is this CPU's own */
    mmio_write32(interface + GICC_PMR, 0xff);
    mmio_write32(interface + GICC_CTLR, ENABLE);
    return distributor;
}

static uint32_t acknowledge(void)
{
    uint32_t intid = INTID(mmio_read32(interface + GICC_IAR));

    return intid < GIC_SPI_END ? intid : GIC_NONE;
}

static void end(uint32_t intid)
{
    mmio_write32(interface + GICC_EOIR, intid);
}

static void route(volatile uint8_t *distributor, uint32_t intid)
{
    mmio_write8(distributor + GICD_ITARGETSR + intid, target);
}

const struct gic_interface gicv2 = {
    .distributor_size = 0x1000,
    .distributor_control = ENABLE,
    .open = open,
    .acknowledge = acknowledge,
    .end = end,
    .route = route,
};

static struct {
    uint64_t base;
    uint32_t first, count, used;
} frames[MACHINE_MAX_RANGES];
static unsigned frame_count;

static void add_frame(const struct machine_v2m *frame)
{
    volatile uint8_t *registers = arch_map(frame->base, FRAME_SIZE, ARCH_DEVICE);

    if (!registers)
        return;
    uint32_t typer = mmio_read32(registers + MSI_TYPER);
    uint32_t first = frame->spi_count ? frame->spi_first : TYPER_FIRST(typer);
    uint32_t count = frame->spi_count ? frame->spi_count : TYPER_COUNT(typer);

    if (first < GIC_SPI_FIRST || first + count > GIC_SPI_END)
        return;
    frames[frame_count].base = frame->base;
    frames[frame_count].first = first;
    frames[frame_count++].count = count;
}

static bool open_frames(const struct machine_interrupts *interrupts)
{
    for (unsigned i = 0; i < interrupts->v2m_count; i++)
        add_frame(&interrupts->v2m[i]);
    return frame_count;
}

static bool claim(uint32_t device, uint32_t *intid, struct arch_msi *msi)
{
    (void)device; /* any device's write does */
    for (unsigned i = 0; i < frame_count; i++) {
        if (frames[i].used == frames[i].count)
            continue;
        *intid = frames[i].first + frames[i].used++;
        *msi = (struct arch_msi){.address = frames[i].base + MSI_SETSPI, .data = *intid};
        return gic_enable(*intid, true);
    }
    return false;
}

static void release(void)
{
    for (unsigned i = 0; i < frame_count; i++)
        while (frames[i].used)
            gic_disable(frames[i].first + --frames[i].used);
}

const struct gic_messages gicv2m = {.open = open_frames, .claim = claim, .release = release};
