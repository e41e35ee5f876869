// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "arch/arch.h"
#include "arch/host/host.h"

#define UART_SIZE        0x1000ull
#define UART_LINE_STATUS 5
#define UART_EMPTY       0x20

/* File scope: an access passes no context. */
static struct host_region regions[HOST_REGIONS_MAX];
static unsigned region_count;
static void (*on_line)(void);

static uint64_t uart_read(void *context, uint64_t offset, unsigned width)
{
    (void)context, (void)width;
    return offset == UART_LINE_STATUS ? UART_EMPTY : 0;
}

/* Settings go to the same registers before the first byte does: only text is let through. */
static void uart_write(void *context, uint64_t offset, unsigned width, uint64_t value)
{
    (void)context, (void)width;
    if (offset)
        return;
    if (value >= ' ' || value == '\n' || value == '\t')
        putchar((int)value);
    if (value != '\n')
        return;
    fflush(stdout);
    if (on_line)
        on_line();
}

void host_on_line(void (*function)(void))
{
    on_line = function;
}

static bool take(uint64_t base, uint64_t size, int protection)
{
    void *memory = mmap((void *)base, size, protection,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    return memory == (void *)base;
}

bool host_open(void)
{
    const struct host_region uart = {HOST_UART, UART_SIZE, uart_read, uart_write, NULL};

    if (!take(HOST_MEMORY, HOST_RAM_SIZE, PROT_READ | PROT_WRITE) ||
        !take(HOST_UART, UART_SIZE, PROT_NONE) ||
        !take(HOST_MESSAGES, HOST_MESSAGES_SIZE, PROT_NONE) ||
        !take(HOST_ECAM, HOST_ECAM_SIZE, PROT_NONE) ||
        !take(HOST_WINDOW, HOST_WINDOW_SIZE, PROT_NONE))
        return false;
    host_add_region(&uart);
    return true;
}

void host_add_region(const struct host_region *region)
{
    if (region_count == HOST_REGIONS_MAX)
        abort();
    regions[region_count++] = *region;
}

static const struct host_region *find(uint64_t address)
{
    for (unsigned i = 0; i < region_count; i++)
        if (address - regions[i].base < regions[i].size)
            return &regions[i];
    return NULL;
}

uint64_t host_mmio_read(const volatile void *address, unsigned width)
{
    const struct host_region *region = find((uintptr_t)address);

    if (region)
        return region->read(region->context, (uintptr_t)address - region->base, width);
    switch (width) {
    case 1:
        return *(const volatile uint8_t *)address;
    case 2:
        return *(const volatile uint16_t *)address;
    case 4:
        return *(const volatile uint32_t *)address;
    default:
        return *(const volatile uint64_t *)address;
    }
}

void host_mmio_write(volatile void *address, unsigned width, uint64_t value)
{
    const struct host_region *region = find((uintptr_t)address);

    if (region) {
        region->write(region->context, (uintptr_t)address - region->base, width, value);
        return;
    }
    switch (width) {
    case 1:
        *(volatile uint8_t *)address = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)address = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)address = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)address = value;
    }
}
