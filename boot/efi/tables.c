// SPDX-License-Identifier: BSD-2-Clause
/*
 * On some CPUs only tables describe the console: the kernel could not report what is wrong with
 * them. Firmware's console can, before boot services end.
 */
#include "boot/efi/tables.h"

#define RSDP_SIZE   36
#define HEADER_SIZE 36
#define XSDT_MAX    0x10000

static UINT64 little_endian(const UINT8 *bytes, UINTN size)
{
    UINT64 value = 0;

    for (UINTN i = size; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

static UINT8 sum(const UINT8 *bytes, UINTN size)
{
    UINT8 total = 0;

    for (UINTN i = 0; i < size; i++)
        total = (UINT8)(total + bytes[i]);
    return total;
}

const CHAR16 *tables_fault(const UINT8 *rsdp)
{
    const UINT8 *xsdt;
    UINT64 size;

    if (little_endian(rsdp, 8) != 0x2052545020445352) /* "RSD PTR " */
        return L"ACPI's RSDP has not its signature";
    if (rsdp[15] < 2)
        return L"ACPI's RSDP is of revision 0, which has no XSDT";
    if (sum(rsdp, RSDP_SIZE))
        return L"the bytes of ACPI's RSDP do not add up to 0";
    xsdt = (const UINT8 *)(UINTN)little_endian(rsdp + 24, 8);
    if (!xsdt)
        return L"ACPI's RSDP, offset 24: no XSDT";
    if (little_endian(xsdt, 4) != 0x54445358)
        return L"ACPI's XSDT has not its signature";
    size = little_endian(xsdt + 4, 4);
    if (size < HEADER_SIZE || size > XSDT_MAX)
        return L"ACPI's XSDT, offset 4: its length is not between 36 and 65536";
    return sum(xsdt, size) ? L"the bytes of ACPI's XSDT do not add up to 0" : NULL;
}
