/* SPDX-License-Identifier: BSD-2-Clause */
/* What arch/arch.h declares inline, on x86_64. */
#pragma once

#include "arch/arch.h"
#include "arch/common/no_firmware_console.h"

static inline uint8_t mmio_read8(const volatile void *address)
{
    return *(const volatile uint8_t *)address;
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    return *(const volatile uint16_t *)address;
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    return *(const volatile uint32_t *)address;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    *(volatile uint16_t *)address = value;
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
}

static inline bool arch_has_ports(void)
{
    return true;
}

static inline uint8_t port_read8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t port_read16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t port_read32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_write32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/*
 * Loads are not reordered with loads, nor stores with stores: the compiler is all there is to stop.
 */
static inline void dma_wmb(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void dma_rmb(void)
{
    __asm__ volatile("" : : : "memory");
}

/* A store before a later load. */
static inline void dma_mb(void)
{
    __asm__ volatile("mfence" : : : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline uint64_t arch_cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
