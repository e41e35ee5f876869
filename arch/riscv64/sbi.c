// SPDX-License-Identifier: BSD-2-Clause
#include "arch/riscv64/sbi.h"

/* All but the two registers of the result survive (section 3). */
struct sbi_result sbi_call(uint32_t extension, uint32_t function, uint64_t first, uint64_t second,
                           uint64_t third)
{
    register uint64_t a0 __asm__("a0") = first;
    register uint64_t a1 __asm__("a1") = second;
    register uint64_t a2 __asm__("a2") = third;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){.error = (int64_t)a0, .value = a1};
}
