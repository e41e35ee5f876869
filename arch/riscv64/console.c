// SPDX-License-Identifier: BSD-2-Clause
/* SBI's console: SBI 1.0 sections 4.4 (what there is) and 5.2 (the legacy one). */
#include "arch/arch.h"
#include "arch/riscv64/sbi.h"

bool sbi_has_console(void)
{
    return sbi_call(SBI_BASE, SBI_BASE_PROBE, SBI_LEGACY_PUT, 0, 0).value;
}

void sbi_console_put(uint8_t byte)
{
    sbi_call(SBI_LEGACY_PUT, 0, byte, 0, 0);
}
