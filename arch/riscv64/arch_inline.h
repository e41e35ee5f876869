/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arch/arch.h declares inline, on riscv64. An access to a device is one plain load or store,
 * which a hypervisor that traps it can decode.
 */
#pragma once

#include "arch/arch.h"
#include "arch/common/no_ports.h"

/* SBI's console (console.c). */
bool sbi_has_console(void);
void sbi_console_put(uint8_t byte);

static inline bool arch_has_firmware_console(void)
{
    return sbi_has_console();
}

static inline void arch_firmware_put(uint8_t byte)
{
    sbi_console_put(byte);
}

static inline uint8_t mmio_read8(const volatile void *address)
{
    uint64_t value;

    __asm__ volatile("lbu %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
    return (uint8_t)value;
}

static inline uint16_t mmio_read16(const volatile void *address)
{
    uint64_t value;

    __asm__ volatile("lhu %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
    return (uint16_t)value;
}

static inline uint32_t mmio_read32(const volatile void *address)
{
    uint64_t value;

    __asm__ volatile("lwu %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
    return (uint32_t)value;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    __asm__ volatile("sb %z0, 0(%1)" : : "rJ"((uint64_t)value), "r"(address) : "memory");
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
    __asm__ volatile("sh %z0, 0(%1)" : : "rJ"((uint64_t)value), "r"(address) : "memory");
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
    __asm__ volatile("sw %z0, 0(%1)" : : "rJ"((uint64_t)value), "r"(address) : "memory");
}

static inline void mmio_write64(volatile void *address, uint64_t value)
{
    __asm__ volatile("sd %z0, 0(%1)" : : "rJ"(value), "r"(address) : "memory");
}

/*
 * Devices are reached by what fence calls input and output, and read and write memory themselves.
 */
static inline void dma_wmb(void)
{
    __asm__ volatile("fence ow, ow" : : : "memory");
}

static inline void dma_rmb(void)
{
    __asm__ volatile("fence ir, ir" : : : "memory");
}

static inline void dma_mb(void)
{
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

/* The hint `pause` (Zihintpause), which assemblers need not know: elsewhere a fence of nothing. */
static inline void cpu_relax(void)
{
    __asm__ volatile(".4byte 0x0100000f" : : : "memory");
}

static inline uint64_t arch_cycles(void)
{
    uint64_t count;

    __asm__ volatile("csrr %0, time" : "=r"(count));
    return count;
}
