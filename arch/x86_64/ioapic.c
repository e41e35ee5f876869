// SPDX-License-Identifier: BSD-2-Clause
/*
 * I/O APICs (Intel 82093AA, section 3): the lines from 16 on, which ACPI calls global system
 * interrupts. Those below stay with the 8259 pair, which every pin here starts masked for.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/internal.h"

#define SELECT          0x00
#define WINDOW          0x10
#define IDENTITY        0x01 /* its bits 23:16: the highest pin */
#define ENTRY(pin)      (0x10 + 2 * (pin))
#define ENTRY_LEVEL     (1u << 15)
#define ENTRY_MASKED    (1u << 16)
#define DESTINATION_MAX 0xff

struct ioapic {
    volatile uint8_t *registers;
    uint32_t line_first, line_last;
};

/* Interrupts have no parameter to bring their state along. */
static struct ioapic ioapics[MACHINE_MAX_RANGES];
static unsigned ioapic_count;

static void write_register(const struct ioapic *ioapic, uint32_t index, uint32_t value)
{
    mmio_write32(ioapic->registers + SELECT, index);
    mmio_write32(ioapic->registers + WINDOW, value);
}

static uint32_t read_register(const struct ioapic *ioapic, uint32_t index)
{
    mmio_write32(ioapic->registers + SELECT, index);
    return mmio_read32(ioapic->registers + WINDOW);
}

void ioapic_init(const struct machine_interrupts *interrupts)
{
    for (unsigned i = 0; i < interrupts->ioapic_count; i++) {
        const struct machine_ioapic *machine = &interrupts->ioapics[i];
        struct ioapic *ioapic = &ioapics[ioapic_count];

        ioapic->registers = arch_map(machine->base, 32, ARCH_DEVICE);
        if (!ioapic->registers)
            continue;

        uint32_t pin_last = read_register(ioapic, IDENTITY) >> 16 & 0xff;

        ioapic->line_first = machine->line_first;
        ioapic->line_last = machine->line_first + pin_last;
        for (uint32_t pin = 0; pin <= pin_last; pin++)
            write_register(ioapic, ENTRY(pin), ENTRY_MASKED);
        ioapic_count++;
    }
}

static const struct ioapic *find(uint32_t line)
{
    for (unsigned i = 0; i < ioapic_count; i++)
        if (line >= ioapics[i].line_first && line <= ioapics[i].line_last)
            return &ioapics[i];
    return NULL;
}

bool ioapic_route(uint32_t line, bool is_edge, uint8_t vector)
{
    const struct ioapic *ioapic = find(line);

    uint32_t cpu = apic_id();

    if (!ioapic || cpu > DESTINATION_MAX)
        return false;

    uint32_t entry = ENTRY(line - ioapic->line_first);

    write_register(ioapic, entry + 1, cpu << 24);
    write_register(ioapic, entry, vector | (is_edge ? 0 : ENTRY_LEVEL));
    return true;
}

void ioapic_mask(uint32_t line)
{
    const struct ioapic *ioapic = find(line);

    if (ioapic)
        write_register(ioapic, ENTRY(line - ioapic->line_first), ENTRY_MASKED);
}
