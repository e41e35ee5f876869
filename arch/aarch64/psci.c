// SPDX-License-Identifier: BSD-2-Clause
/* PSCI (DEN 0022) calls, in the SMC calling convention (DEN 0028). */
#include "arch/aarch64/psci.h"

/* Asked in a trap too, before there is a machine. */
static enum machine_psci conduit;

void psci_init(enum machine_psci described)
{
    conduit = described;
}

int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = first;
    register uint64_t x2 __asm__("x2") = second;
    register uint64_t x3 __asm__("x3") = third;

    switch (conduit) {
    case MACHINE_PSCI_HVC:
        __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : PSCI_SPOILS);
        break;
    case MACHINE_PSCI_SMC:
        __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : PSCI_SPOILS);
        break;
    default:
        return PSCI_NOT_SUPPORTED;
    }
    return (int32_t)x0;
}
