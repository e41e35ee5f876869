// SPDX-License-Identifier: BSD-2-Clause
/* The distributor (IHI 0048 section 4.3, IHI 0069 section 12.9), and what each version adds. */
#include "arch/aarch64/gic.h"

#include "lib/array/array.h"

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_ICPENDR    0x280
#define GICD_IPRIORITYR 0x400
#define GICD_ICFGR      0xc00
#define TYPER_LINES     31u /* ITLinesNumber */
#define CONFIG_EDGE     2u  /* of the two bits of an interrupt */
#define PRIORITIES      0xa0a0a0a0u

/* File scope: an interrupt passes no context to its handler. */
static const struct gic_interface *interface;
static const struct gic_messages *messages; /* NULL: none */
static volatile uint8_t *distributor;
static volatile uint8_t *own; /* registers of the interrupts below GIC_SPI_FIRST */
static uint32_t intid_end;    /* of what gic_enable() takes */

static volatile uint8_t *registers_of(uint32_t intid)
{
    return intid < GIC_SPI_FIRST ? own : distributor;
}

/* In registers with a bit for each interrupt, where writing 0 changes nothing. */
static void set_bit(uint32_t intid, unsigned offset)
{
    mmio_write32(registers_of(intid) + offset + intid / 32 * 4, 1u << (intid & 31));
}

/* Everything masked, idle and of one priority. */
static void reset(void)
{
    for (uint32_t intid = 0; intid < intid_end; intid += 32) {
        volatile uint8_t *registers = registers_of(intid);

        mmio_write32(registers + GICD_ICENABLER + intid / 8, UINT32_MAX);
        mmio_write32(registers + GICD_ICPENDR + intid / 8, UINT32_MAX);
        if (interface->has_groups)
            mmio_write32(registers + GICD_IGROUPR + intid / 8, UINT32_MAX);
        for (unsigned i = 0; i < 32; i += 4)
            mmio_write32(registers + GICD_IPRIORITYR + intid + i, PRIORITIES);
    }
}

static void open_messages(const struct machine_interrupts *interrupts)
{
    static const struct gic_messages *const kinds[] = {&its, &gicv2m};

    for (unsigned i = 0; i < ARRAY_LENGTH(kinds) && !messages; i++)
        if (kinds[i]->open(interrupts))
            messages = kinds[i];
}

bool gic_open(const struct machine_interrupts *interrupts)
{
    static const struct gic_interface *const kinds[] = {
        [MACHINE_GICV2] = &gicv2, [MACHINE_GICV3] = &gicv3};

    if (interrupts->kind < ARRAY_LENGTH(kinds))
        interface = kinds[interrupts->kind];
    if (!interface)
        return false;
    distributor = arch_map(interrupts->base, interface->distributor_size, ARCH_DEVICE);
    if (!distributor)
        return false;
    mmio_write32(distributor + GICD_CTLR, 0);
    mmio_write32(distributor + GICD_CTLR, interface->distributor_control);
    own = interface->open(interrupts, distributor);
    if (!own)
        return false;
    intid_end = 32 * ((mmio_read32(distributor + GICD_TYPER) & TYPER_LINES) + 1);
    reset();
    open_messages(interrupts);
    return true;
}

uint32_t gic_acknowledge(void)
{
    return interface->acknowledge();
}

void gic_end(uint32_t intid)
{
    interface->end(intid);
}

static void configure(uint32_t intid, bool is_edge)
{
    volatile uint8_t *config = registers_of(intid) + GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = CONFIG_EDGE << intid % 16 * 2;
    uint32_t value = mmio_read32(config);

    mmio_write32(config, is_edge ? value | bit : value & ~bit);
}

bool gic_enable(uint32_t intid, bool is_edge)
{
    if (intid >= intid_end || intid >= GIC_SPI_END)
        return false;
    configure(intid, is_edge);
    if (intid >= GIC_SPI_FIRST)
        interface->route(distributor, intid);
    set_bit(intid, GICD_ICPENDR);
    set_bit(intid, GICD_ISENABLER);
    return true;
}

void gic_disable(uint32_t intid)
{
    set_bit(intid, GICD_ICENABLER);
}

bool gic_claim_message(uint32_t device, uint32_t *intid, struct arch_msi *msi)
{
    return messages && messages->claim(device, intid, msi);
}

void gic_release_messages(void)
{
    if (messages)
        messages->release();
}
