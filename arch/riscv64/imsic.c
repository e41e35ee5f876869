// SPDX-License-Identifier: BSD-2-Clause
#include "arch/riscv64/imsic.h"

#include "arch/riscv64/internal.h"

/* CSRs, which assemblers need not know by name: siselect, sireg, stopei (section 1.7). */
#define SELECT    "0x150"
#define VALUE     "0x151"
#define TOP       "0x15c"
#define TOP_ID(t) ((uint32_t)((t) >> 16) & 0x7ff)

/* What SELECT selects (section 3.8). Registers of 64 bits have even numbers. */
#define DELIVERY   0x70
#define THRESHOLD  0x72
#define PENDING(i) (0x80 + (i) / 64 * 2)
#define ENABLES(i) (0xc0 + (i) / 64 * 2)

void imsic_open(void)
{
    for (unsigned message = 0; message <= IMSIC_MAX; message += 64) {
        WRITE_CSR(SELECT, ENABLES(message));
        WRITE_CSR(VALUE, 0);
        WRITE_CSR(SELECT, PENDING(message));
        WRITE_CSR(VALUE, 0);
    }
    WRITE_CSR(SELECT, THRESHOLD);
    WRITE_CSR(VALUE, 0);
    WRITE_CSR(SELECT, DELIVERY);
    WRITE_CSR(VALUE, 1);
}

/* An interrupt in between selects nothing. */
void imsic_enable(uint32_t message, bool is_enabled)
{
    uint64_t bit = 1ull << message % 64;

    WRITE_CSR(SELECT, ENABLES(message));
    if (is_enabled)
        SET_CSR(VALUE, bit);
    else
        CLEAR_CSR(VALUE, bit);
}

/* What the device wrote before its message is seen after this. */
uint32_t imsic_claim(void)
{
    uint64_t top;

    __asm__ volatile("csrrw %0, " TOP ", zero" : "=r"(top) : : "memory");
    dma_mb();
    return TOP_ID(top);
}
