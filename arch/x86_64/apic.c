// SPDX-License-Identifier: BSD-2-Clause
/* The local APIC (Intel SDM volume 3, chapter 11), xAPIC mode, and the 8259 pair. */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"
#include "lib/array/array.h"
#include "lib/assert/assert.h"

#define IA32_APIC_BASE   0x1b
#define APIC_BASE_ENABLE (1ull << 11)
#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_MASK   0x000ffffffffff000ull
#define X2APIC_MSR       0x800

#define APIC_ID              0x20
#define APIC_TASK_PRIORITY   0x80
#define APIC_EOI             0xb0
#define APIC_SPURIOUS        0xf0
#define APIC_COMMAND         0x300
#define APIC_COMMAND_HIGH    0x310
#define APIC_LVT_TIMER       0x320
#define APIC_LVT_LINT0       0x350
#define APIC_TIMER_INITIAL   0x380
#define APIC_TIMER_CURRENT   0x390
#define APIC_TIMER_DIVIDE    0x3e0
#define APIC_SOFTWARE_ENABLE (1u << 8)
#define LVT_EXTINT           (7u << 8)
#define DIVIDE_BY_16         3
#define COMMAND_PENDING      (1u << 12)
#define COMMAND_NS           10000000

#define PIC_MASTER 0x20
#define PIC_SLAVE  0xa0

static volatile uint8_t *registers; /* NULL in x2APIC mode */

static void apic_write(unsigned offset, uint32_t value)
{
    if (registers)
        mmio_write32(registers + offset, value);
    else
        write_msr(X2APIC_MSR + offset / 16, value);
}

static uint32_t apic_read(unsigned offset)
{
    return registers ? mmio_read32(registers + offset)
                     : (uint32_t)read_msr(X2APIC_MSR + offset / 16);
}

uint32_t apic_id(void)
{
    uint32_t id = apic_read(APIC_ID);

    return registers ? id >> 24 : id;
}

bool apic_send(uint64_t id, uint32_t command)
{
    struct wait wait = arch_wait_begin(COMMAND_NS);

    if (id > (registers ? APIC_ID_MAX : UINT32_MAX - 1))
        return false;
    if (!registers) {
        write_msr(X2APIC_MSR + APIC_COMMAND / 16, id << 32 | command);
        return true;
    }
    while (apic_read(APIC_COMMAND) & COMMAND_PENDING)
        if (!arch_wait_goes_on(&wait))
            return false;
    apic_write(APIC_COMMAND_HIGH, (uint32_t)id << 24);
    apic_write(APIC_COMMAND, command);
    return true;
}

void apic_init(void)
{
    uint64_t base = read_msr(IA32_APIC_BASE);

    if (!(base & APIC_BASE_X2APIC)) {
        write_msr(IA32_APIC_BASE, base | APIC_BASE_ENABLE);
        registers = arch_map(base & APIC_BASE_MASK, 4096, ARCH_DEVICE);
        ASSERT(registers); /* NULL would be x2APIC mode */
    }
    apic_write(APIC_TASK_PRIORITY, 0);
    apic_write(APIC_SPURIOUS, APIC_SOFTWARE_ENABLE | VECTOR_SPURIOUS);
    apic_write(APIC_LVT_LINT0, LVT_EXTINT); /* the 8259 pair */
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(APIC_LVT_TIMER, VECTOR_DEADLINE);
}

void apic_end_of_interrupt(void)
{
    apic_write(APIC_EOI, 0);
}

uint64_t apic_timer_ticks(uint64_t ns)
{
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
    arch_wait_ns(ns);

    uint64_t ticks = UINT32_MAX - apic_read(APIC_TIMER_CURRENT);

    apic_write(APIC_TIMER_INITIAL, 0);
    return ticks;
}

void apic_start_timer(uint32_t ticks)
{
    apic_write(APIC_TIMER_INITIAL, ticks);
}

void pic_init(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } sequence[] = {
        {PIC_MASTER, 0x11},
        {PIC_SLAVE, 0x11}, /* initialise, edge, cascade */
        {PIC_MASTER + 1, VECTOR_PIC},
        {PIC_SLAVE + 1, VECTOR_PIC + 8},
        {PIC_MASTER + 1, 1 << PIC_CASCADE},
        {PIC_SLAVE + 1, PIC_CASCADE},
        {PIC_MASTER + 1, 1},
        {PIC_SLAVE + 1, 1}, /* 8086 mode */
        {PIC_MASTER + 1, 0xff & ~(1u << PIC_CASCADE)},
        {PIC_SLAVE + 1, 0xff},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(sequence); i++)
        port_write8(sequence[i].port, sequence[i].value);
}

void pic_mask(unsigned line, bool masked)
{
    uint16_t port = line < 8 ? PIC_MASTER + 1 : PIC_SLAVE + 1;
    uint8_t bit = (uint8_t)(1u << (line & 7));
    uint8_t mask = port_read8(port);

    port_write8(port, masked ? mask | bit : mask & (uint8_t)~bit);
}

void pic_end_of_interrupt(unsigned line)
{
    if (line >= 8)
        port_write8(PIC_SLAVE, 0x20);
    port_write8(PIC_MASTER, 0x20);
}
