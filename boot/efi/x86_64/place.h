/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel runs: only where it was linked for. A PC's console is at a fixed port.
 */
#pragma once

#define APP_WHERE   AllocateAddress
#define APP_ADDRESS 0x200000
#define APP_SLACK   0 /* bytes more, to align it by */

#define APP_HANDOFF_LAST 0xffffffff /* what boot/x86_64/long_mode.S maps */
#define APP_NEEDS_TABLES FALSE

/* The CPU knows itself. */
static inline EFI_STATUS app_find_cpu(EFI_BOOT_SERVICES *services, UINT64 *id)
{
    (void)services, (void)id;
    return EFI_SUCCESS;
}
