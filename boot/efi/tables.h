/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <efi.h>

/*
 * What keeps the kernel from every ACPI table: a fault of the RSDP or of the XSDT that it names
 * (ACPI 6.5, sections 5.2.5.3 and 5.2.8). NULL: none.
 */
const CHAR16 *tables_fault(const UINT8 *rsdp);
