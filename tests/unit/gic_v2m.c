// SPDX-License-Identifier: BSD-2-Clause
/*
 * Messages through GICv2m frames under a GICv3, which QEMU does not have: the test plays the
 * distributor, the CPU's interface and the frames. What a device writes to where a claim says, a frame
 * makes an SPI of, which arrives if the distributor has it enabled, edge-triggered, in the group that
 * the interface takes, and routed to the CPU.
 */
#include <string.h>

#include "arch/aarch64/gic.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/arch.h"
#include "tests/unit/fixtures/unit.h"

#define DISTRIBUTOR   0x8000000ull
#define REDISTRIBUTOR 0x80a0000ull
#define FRAME         0x8020000ull
#define OTHER_FRAME   0x8030000ull
#define REGISTERS     0x10000u
#define AFFINITY      0x80000001ull

/* IHI 0069, section 12.9, and the SBSA's appendix on the GICv2m. */
#define GICD_TYPER       0x004
#define GICD_IGROUPR     0x080
#define GICD_ISENABLER   0x100
#define GICD_ICENABLER   0x180
#define GICD_ICFGR       0xc00
#define GICD_IROUTER     0x6000
#define LINES            9u /* 32 * (9 + 1) interrupts */
#define MSI_TYPER        0x008
#define MSI_SETSPI_NS    0x040
#define OTHER_SPIS       (200u << 16 | 2u) /* of its type register */
#define OTHER_SPIS_FIRST 200u

/* File scope: registers pass no context. */
static uint8_t distributor[REGISTERS];
static uint32_t arrived;

static uint32_t word(unsigned offset)
{
    uint32_t value;

    memcpy(&value, distributor + offset, sizeof(value));
    return value;
}

static bool bit(unsigned offset, uint32_t intid)
{
    return word(offset + intid / 32 * 4) >> intid % 32 & 1;
}

static bool arrives(uint32_t intid)
{
    bool is_edge = word(GICD_ICFGR + intid / 16 * 4) >> intid % 16 * 2 & 2;
    uint64_t routed_to;

    memcpy(&routed_to, distributor + GICD_IROUTER + 8 * intid, sizeof(routed_to));
    return bit(GICD_ISENABLER, intid) && bit(GICD_IGROUPR, intid) && is_edge &&
           routed_to == AFFINITY;
}

static uint64_t read(uint64_t address, unsigned width)
{
    uint64_t value = 0;

    if (address == DISTRIBUTOR + GICD_TYPER)
        return LINES;
    if (address == OTHER_FRAME + MSI_TYPER)
        return OTHER_SPIS;
    if (address - DISTRIBUTOR < REGISTERS)
        memcpy(&value, distributor + (address - DISTRIBUTOR), width);
    return value;
}

static void write(uint64_t address, unsigned width, uint64_t value)
{
    uint64_t offset = address - DISTRIBUTOR;
    uint32_t set;

    if (offset >= REGISTERS)
        return;
    if (offset >= GICD_ICENABLER && offset < GICD_ICENABLER + 0x80) {
        set = word((unsigned)offset - 0x80) & ~(uint32_t)value;
        memcpy(distributor + offset - 0x80, &set, sizeof(set));
    } else if (offset >= GICD_ISENABLER && offset < GICD_ICENABLER) {
        set = word((unsigned)offset) | (uint32_t)value;
        memcpy(distributor + offset, &set, sizeof(set));
    } else {
        memcpy(distributor + offset, &value, width);
    }
}

/* What a frame does with a message; of an SPI that is not its own nothing. */
static void send(const struct arch_msi *msi)
{
    bool is_first = msi->address == FRAME + MSI_SETSPI_NS && msi->data >= 80 && msi->data < 82;
    bool is_other = msi->address == OTHER_FRAME + MSI_SETSPI_NS && msi->data >= OTHER_SPIS_FIRST &&
                    msi->data < OTHER_SPIS_FIRST + 2;

    arrived = (is_first || is_other) && arrives(msi->data) ? msi->data : GIC_NONE;
}

static volatile uint8_t *open_interface(const struct machine_interrupts *interrupts,
                                        volatile uint8_t *registers)
{
    (void)interrupts, (void)registers;
    return (volatile uint8_t *)REDISTRIBUTOR;
}

static void route(volatile uint8_t *registers, uint32_t intid)
{
    mmio_write64(registers + GICD_IROUTER + 8 * intid, AFFINITY);
}

static bool none(const struct machine_interrupts *interrupts)
{
    (void)interrupts;
    return false;
}

/* Of those of arch/aarch64 that a host can't run. */
const struct gic_interface gicv3 = {
    .distributor_size = REGISTERS, .has_groups = true, .open = open_interface, .route = route};
const struct gic_messages its = {.open = none};

static void messages_arrive(void)
{
    const struct machine_interrupts interrupts = {
        .kind = MACHINE_GICV3,
        .base = DISTRIBUTOR,
        .v2m = {{.base = FRAME, .spi_first = 80, .spi_count = 2}, {.base = OTHER_FRAME}},
        .v2m_count = 2,
    };
    static const uint32_t expected[] = {80, 81, 200, 201};
    struct arch_msi msi;
    uint32_t intid;

    arch_on_read = read;
    arch_on_write = write;
    CHECK(gic_open(&interrupts));
    for (unsigned i = 0; i < ARRAY_LENGTH(expected); i++) {
        CHECK(gic_claim_message(i, &intid, &msi));
        CHECK_EQ(intid, expected[i]);
        send(&msi);
        CHECK_EQ(arrived, intid);
    }
    CHECK(!gic_claim_message(0, &intid, &msi)); /* there are no more */
}

static void what_is_given_back_is_silent_and_free(void)
{
    struct arch_msi msi;
    uint32_t intid;

    gic_release_messages();
    send(&(struct arch_msi){.address = FRAME + MSI_SETSPI_NS, .data = 80});
    CHECK_EQ(arrived, GIC_NONE);
    CHECK(gic_claim_message(0, &intid, &msi));
    send(&msi);
    CHECK(intid == 80 && arrived == 80);
}

int main(void)
{
    static const struct unit units[] = {
        {"messages_arrive", messages_arrive},
        {"what_is_given_back_is_silent_and_free", what_is_given_back_is_silent_and_free},
    };

    return unit_main("gic_v2m", units, ARRAY_LENGTH(units));
}
