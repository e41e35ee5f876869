// SPDX-License-Identifier: BSD-2-Clause
#include "boot/x86_64/loader.h"

#include "lib/bytes/bytes.h"

#define TYPE_RAM  1
#define TYPE_LAST 7 /* persistent memory */

void loader_read_cmdline(const struct mem_view *memory, uint64_t address, const char *field,
                         struct boot_info *info)
{
    char text[BOOT_CMDLINE_MAX];
    uint64_t length = 0;

    if (!address)
        return;
    for (; length < sizeof(text); length++) {
        if (!mem_copy(memory, address + length, &text[length], 1)) {
            boot_diagnose(info, "%s 0x%llx, byte %llu of the command line can't be read", field,
                          (unsigned long long)address, (unsigned long long)length);
            break;
        }
        if (!text[length])
            break;
    }
    boot_set_cmdline(info, text, length);
}

void loader_add_memory(const uint8_t *bytes, unsigned index, struct boot_info *info)
{
    uint64_t base = bytes_le64(bytes), size = bytes_le64(bytes + 8);
    uint32_t type = bytes_le32(bytes + 16);

    if (!size)
        return;
    if (type < TYPE_RAM || type > TYPE_LAST)
        boot_diagnose(
            info, "memory map entry %u: offset 16: type %u, expected 1 to %u; taken as reserved",
            index, type, TYPE_LAST);
    if (!boot_add_memory(info, base, size, type == TYPE_RAM ? BOOT_USABLE : BOOT_FIRMWARE))
        boot_diagnose(info,
                      "memory map entry %u: offset 8: size 0x%llx wraps from 0x%llx, left out",
                      index, (unsigned long long)size, (unsigned long long)base);
}
