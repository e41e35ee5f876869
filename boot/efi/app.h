/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the application, the same for every CPU, and boot/efi/<cpu>/, which is its last step. */
#pragma once

#include <efi.h>

#include "boot/efi.h"
#include "place.h"

/* The kernel as its loaders have it: the ELF file's segments in a row (boot/efi/<cpu>/jump.S). */
extern const UINT8 kernel_bytes[], kernel_bytes_end[];
/* How much memory it takes, .bss included. */
extern const UINT64 kernel_memory;

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

/* Jumps to the kernel's own entry; boot services are gone. */
_Noreturn void EFIAPI app_jump(void *kernel, struct efi_handoff *handoff);
