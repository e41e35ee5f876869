// SPDX-License-Identifier: BSD-2-Clause
/*
 * The Advanced Platform-Level Interrupt Controller (RISC-V AIA 1.0 chapter 4): the interrupt domain
 * of supervisor mode. Its parent delegates lines to it; one that is not delegated reads as
 * inactive. It interrupts a hart directly (section 4.8), or by messages to the hart's IMSIC (4.9),
 * whose addresses firmware has set.
 */
#include "arch/arch.h"
#include "arch/riscv64/wired.h"
#include "lib/array/array.h"

#define DOMAIN_CONFIG    0x0000
#define DOMAIN_ENABLE    (1u << 8)
#define DOMAIN_MESSAGES  (1u << 2)
#define SOURCE(line)     (0x0000 + 4 * (line)) /* from line 1 on, behind the domain's own */
#define SOURCE_INACTIVE  0
#define SOURCE_RISING    4
#define SOURCE_HIGH      6
#define CLEAR_PENDING    0x1d00 /* a bit for each line */
#define CLEAR_ENABLES    0x1f00
#define ENABLE_NUMBER    0x1edc
#define DISABLE_NUMBER   0x1fdc
#define PENDING_NUMBER   0x2000 /* little-endian, whatever the domain is */
#define TARGET(line)     (0x3000 + 4 * (line))
#define TARGET_HART(i)   ((i) << 18)
#define TARGET_PRIORITY  1
#define REGISTERS        0x4000
#define HART(index)      (0x4000ull + 32ull * (index))
#define HART_SIZE        32
#define HART_DELIVERY    0x00
#define HART_FORCE       0x04
#define HART_THRESHOLD   0x08
#define HART_CLAIM       0x1c
#define CLAIMED_LINE(ci) ((ci) >> 16 & 0x3ff)
#define HARTS            0x4000

/* File scope: an interrupt passes no context to its handler. */
static volatile uint8_t *domain;
static volatile uint8_t *own; /* registers of the hart; NULL: its interrupts are messages */
static uint32_t hart;

/* The hart's interrupts are taken whatever their priority. */
static bool open_hart(const struct machine_wired *controller)
{
    if (controller->size && HART(hart) + HART_SIZE > controller->size)
        return false;
    own = arch_map(controller->base + HART(hart), HART_SIZE, ARCH_DEVICE);
    if (!own)
        return false;
    mmio_write32(own + HART_FORCE, 0);
    mmio_write32(own + HART_THRESHOLD, 0);
    mmio_write32(own + HART_DELIVERY, 1);
    return true;
}

static bool open(const struct machine_wired *controller, uint32_t context)
{
    uint32_t config = DOMAIN_ENABLE | (controller->sends_messages ? DOMAIN_MESSAGES : 0);

    hart = context;
    if (hart >= HARTS || (controller->size && controller->size < REGISTERS))
        return false;
    domain = arch_map(controller->base, REGISTERS, ARCH_DEVICE);
    if (!domain)
        return false;
    for (unsigned line = 0; line < WIRED_LINES; line += 32) {
        mmio_write32(domain + CLEAR_ENABLES + line / 8, UINT32_MAX);
        mmio_write32(domain + CLEAR_PENDING + line / 8, UINT32_MAX);
    }
    mmio_write32(domain + DOMAIN_CONFIG, config);
    /* A domain may have one of the two ways only. */
    if ((mmio_read32(domain + DOMAIN_CONFIG) & (DOMAIN_ENABLE | DOMAIN_MESSAGES)) != config)
        return false;
    return controller->sends_messages || open_hart(controller);
}

static bool enable(uint32_t line, bool is_edge, uint32_t message)
{
    uint32_t source = is_edge ? SOURCE_RISING : SOURCE_HIGH;

    if (line == WIRED_NONE || line >= WIRED_LINES)
        return false;
    mmio_write32(domain + SOURCE(line), source);
    if (mmio_read32(domain + SOURCE(line)) != source)
        return false;
    mmio_write32(domain + TARGET(line), TARGET_HART(hart) | (own ? TARGET_PRIORITY : message));
    mmio_write32(domain + ENABLE_NUMBER, line);
    return true;
}

static void disable(uint32_t line)
{
    mmio_write32(domain + DISABLE_NUMBER, line);
    mmio_write32(domain + SOURCE(line), SOURCE_INACTIVE);
}

static bool is_level(uint32_t line)
{
    return mmio_read32(domain + SOURCE(line)) == SOURCE_HIGH;
}

/* What is read there is the input (section 4.5.7). */
static bool is_high(uint32_t line)
{
    return mmio_read32(domain + CLEAR_PENDING + line / 32 * 4) >> line % 32 & 1;
}

/*
 * What the device wrote before its interrupt is seen after this. QEMU leaves a level that a claim
 * found pending until the next claim, whether or not it has gone by then.
 */
static uint32_t claim(void)
{
    uint32_t line = own ? CLAIMED_LINE(mmio_read32(own + HART_CLAIM)) : WIRED_NONE;

    dma_mb();
    return line != WIRED_NONE && is_level(line) && !is_high(line) ? WIRED_NONE : line;
}

/*
 * What the handler wrote to the device comes first. A level that is still there is sent once more
 * (section 4.9.2); the write has no effect on one that is not, but in QEMU before 8.2.
 */
static void end(uint32_t line)
{
    dma_mb();
    if (!own && is_level(line) && is_high(line))
        mmio_write32(domain + PENDING_NUMBER, line);
}

const struct wired aplic = {
    .open = open, .enable = enable, .disable = disable, .claim = claim, .end = end};
