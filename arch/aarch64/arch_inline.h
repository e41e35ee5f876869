/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arch/arch.h declares inline, on aarch64. An access to a device is one plain load or store:
 * what writes the base back or moves two registers can't be decoded by a hypervisor that traps it.
 */
#pragma once

#include "arch/arch.h"
#include "arch/common/no_ports.h"

/* Semihosting, after arch_init(). */
bool semihosting_answers(void);
void semihosting_put(uint8_t byte);

static inline bool arch_has_firmware_console(void)
{
    return semihosting_answers();
}

static inline void arch_firmware_put(uint8_t byte)
{
    semihosting_put(byte);
}

static inline uint8_t mmio_read8(const volatile void *address)
{
    uint32_t value;

    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return (uint8_t)value;
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    uint32_t value;

    __asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return (uint16_t)value;
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    __asm__ volatile("strb %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    __asm__ volatile("strh %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    __asm__ volatile("str %x0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

/* A device is an observer in the outer shareable domain. */
static inline void dma_wmb(void)
{
    __asm__ volatile("dmb oshst" : : : "memory");
}

static inline void dma_rmb(void)
{
    __asm__ volatile("dmb oshld" : : : "memory");
}

static inline void dma_mb(void)
{
    __asm__ volatile("dmb osh" : : : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("yield" : : : "memory");
}

static inline uint64_t arch_cycles(void)
{
    uint64_t count;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
}
