/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel runs: anywhere, at a multiple of 2 MiB. Without a table that describes the
 * console it could not report that there is none.
 */
#pragma once

#define APP_WHERE   AllocateAnyPages
#define APP_ADDRESS 0
#define APP_SLACK   0x1fffff /* bytes more, to align it by */

#define APP_HANDOFF_LAST 0xffffffffffff
#define APP_NEEDS_TABLES TRUE

/* The CPU knows itself. */
static inline EFI_STATUS app_find_cpu(EFI_BOOT_SERVICES *services, UINT64 *id)
{
    (void)services, (void)id;
    return EFI_SUCCESS;
}
