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

/* RISC-V UEFI Protocol Specification 1.0, section 2, which GNU-EFI does not have. */
struct app_boot_protocol {
    UINT64 Revision;
    EFI_STATUS(EFIAPI *GetBootHartId)(struct app_boot_protocol *self, UINTN *hart);
};

/* The hart that runs this; it has no other way to know. */
static inline EFI_STATUS app_find_cpu(EFI_BOOT_SERVICES *services, UINT64 *id)
{
    static EFI_GUID guid = {
        0xccd15fec, 0x6f73, 0x4eec, {0x83, 0x95, 0x3e, 0x69, 0xe4, 0xb9, 0x40, 0xbf}};
    struct app_boot_protocol *boot;
    EFI_STATUS status = services->LocateProtocol(&guid, NULL, (void **)&boot);

    return status ? status : boot->GetBootHartId(boot, id);
}
