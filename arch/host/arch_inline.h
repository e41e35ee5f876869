/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arch/arch.h declares inline, in a Linux process. Registers are devices in software: an access
 * to one of their regions (arch/host/host.h) is a call.
 */
#pragma once

#include "arch/arch.h"
#include "arch/common/no_firmware_console.h"
#include "arch/common/no_ports.h"

uint64_t host_mmio_read(const volatile void *address, unsigned width);
void host_mmio_write(volatile void *address, unsigned width, uint64_t value);
uint64_t host_now_ns(void);
void host_idle(void);

static inline uint8_t mmio_read8(const volatile void *address)
{
    return (uint8_t)host_mmio_read(address, 1);
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    return (uint16_t)host_mmio_read(address, 2);
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    return (uint32_t)host_mmio_read(address, 4);
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    host_mmio_write(address, 1, value);
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    host_mmio_write(address, 2, value);
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    host_mmio_write(address, 4, value);
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    host_mmio_write(address, 8, value);
}

/* Devices run in the thread that calls them. */
static inline void dma_wmb(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void dma_rmb(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void dma_mb(void)
{
    __asm__ volatile("" : : : "memory");
}

/* Whoever waits gives devices a chance to go on. */
static inline void cpu_relax(void)
{
    host_idle();
    __asm__ volatile("" : : : "memory");
}

static inline uint64_t arch_cycles(void)
{
    return host_now_ns();
}
