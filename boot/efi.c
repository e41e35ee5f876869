// SPDX-License-Identifier: BSD-2-Clause
#include "boot/efi.h"

#include <string.h>
#include <strings.h>

#include "boot/devicetree.h"
#include "lib/bytes/bytes.h"

#define DESCRIPTOR_SIZE     40
#define DESCRIPTOR_SIZE_MAX 256
#define DESCRIPTORS_MAX     4096
#define PAGE_SHIFT          12

/* The system table, and an entry of the configuration table (UEFI 2.10, sections 4.3 and 4.6). */
#define SYSTEM_TABLE_SIZE 120
#define SIGNATURE         0x5453595320494249ull
#define ENTRY_COUNT       104
#define ENTRIES           112
#define ENTRY_SIZE        24
#define ENTRY_TABLE       16
#define ENTRIES_MAX       256
#define PAGE              (1 << PAGE_SHIFT)

/* UEFI 2.10, table 7.10: what is free once boot services are gone. */
enum memory_type {
    LOADER_CODE = 1,
    LOADER_DATA = 2,
    BOOT_SERVICES_CODE = 3,
    BOOT_SERVICES_DATA = 4,
    CONVENTIONAL = 7,
    TYPE_LAST = 15,
};

static bool is_free(uint32_t type)
{
    /* The loader's own hold the kernel, this map and the command line. */
    return type == BOOT_SERVICES_CODE || type == BOOT_SERVICES_DATA || type == CONVENTIONAL;
}

static void add_descriptor(const uint8_t *bytes, unsigned index, struct boot_info *info)
{
    uint32_t type = bytes_le32(bytes);
    uint64_t base = bytes_le64(bytes + 8), pages = bytes_le64(bytes + 24);

    if (base % PAGE) {
        boot_diagnose(info,
                      "memory map descriptor %u: offset 8: 0x%llx, expected a multiple of %d; left "
                      "out",
                      index, (unsigned long long)base, PAGE);
        return;
    }
    if (type > TYPE_LAST && type < 0x70000000)
        boot_diagnose(info,
                      "memory map descriptor %u: offset 0: type %u, expected 0 to %d or one of an "
                      "OEM's; taken as reserved",
                      index, type, TYPE_LAST);
    if (pages > UINT64_MAX >> PAGE_SHIFT ||
        !boot_add_memory(info, base, pages << PAGE_SHIFT,
                         is_free(type) ? BOOT_USABLE : BOOT_FIRMWARE))
        boot_diagnose(
            info, "memory map descriptor %u: offset 24: 0x%llx pages wrap from 0x%llx, left out",
            index, (unsigned long long)pages, (unsigned long long)base);
}

static void read_map(const struct mem_view *memory, const struct efi_handoff *handoff,
                     struct boot_info *info)
{
    uint64_t size = handoff->descriptor_size;
    uint64_t count = size ? handoff->map_size / size : 0;

    if (size < DESCRIPTOR_SIZE || size > DESCRIPTOR_SIZE_MAX) {
        boot_diagnose(info, "memory map: descriptors of %llu bytes, expected %d to %d",
                      (unsigned long long)size, DESCRIPTOR_SIZE, DESCRIPTOR_SIZE_MAX);
        return;
    }
    if (count > DESCRIPTORS_MAX) {
        boot_diagnose(info, "memory map: %llu descriptors, expected at most %d; cut to that",
                      (unsigned long long)count, DESCRIPTORS_MAX);
        count = DESCRIPTORS_MAX;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[DESCRIPTOR_SIZE];

        if (!mem_copy(memory, handoff->map + i * size, bytes, sizeof(bytes))) {
            boot_diagnose(info, "memory map: descriptor %llu at 0x%llx can't be read",
                          (unsigned long long)i, (unsigned long long)(handoff->map + i * size));
            return;
        }
        add_descriptor(bytes, (unsigned)i, info);
    }
    if (!info->memory_count)
        boot_diagnose(info, "memory map: no memory in %llu descriptors, expected some",
                      (unsigned long long)count);
}

/* Text of one byte a character; what is none in ASCII becomes '?'. Returns its length, without the
 * spaces at its end, which a file may be full of. */
static uint64_t narrow(const uint8_t *bytes, uint64_t size, unsigned width, char *text,
                       uint64_t capacity)
{
    uint64_t length = 0;

    for (uint64_t at = 0; at + width <= size && length < capacity; at += width) {
        uint32_t c = width == 2 ? bytes_le16(bytes + at) : bytes[at];

        if (!c)
            break;
        text[length++] = c < 0x20 ? ' ' : c < 0x7f ? (char)c : '?';
    }
    while (length && text[length - 1] == ' ')
        length--;
    return length;
}

/* UEFI's shell passes the application's own name first; as many characters are not ours. */
static size_t own_name(const char *text)
{
    size_t length = strcspn(text, " ");

    if (length < 4 || strncasecmp(text + length - 4, ".efi", 4) || memchr(text, '=', length))
        return 0;
    return length + strspn(text + length, " ");
}

/* Whether there was any text. */
static bool read_text(const struct mem_view *memory, uint64_t address, uint64_t size,
                      unsigned width, const char *what, struct boot_info *info)
{
    char text[2 * BOOT_CMDLINE_MAX]; /* with a name in front that is not ours */
    const uint8_t *bytes = address && size ? mem_map(memory, address, size) : NULL;
    uint64_t length, skipped;

    if (!address || !size)
        return false;
    if (!bytes) {
        boot_diagnose(info, "%s: %llu bytes at 0x%llx can't be read", what,
                      (unsigned long long)size, (unsigned long long)address);
        return false;
    }
    length = narrow(bytes, size, width, text, sizeof(text) - 1);
    text[length] = 0;
    skipped = own_name(text);
    boot_set_cmdline(info, text + skipped, length - skipped);
    return length > skipped;
}

void efi_read(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    struct efi_handoff handoff;

    info->protocol = "efi";
    if (!mem_copy(memory, address, &handoff, sizeof(handoff))) {
        boot_diagnose(info, "handoff: 0x%llx can't be read", (unsigned long long)address);
        return;
    }
    if (handoff.magic != EFI_HANDOFF_MAGIC) {
        boot_diagnose(info, "handoff: offset 0: magic 0x%llx, expected 0x%llx",
                      (unsigned long long)handoff.magic, (unsigned long long)EFI_HANDOFF_MAGIC);
        return;
    }
    info->rsdp = handoff.rsdp;
    if (!handoff.rsdp && !handoff.dtb)
        boot_diagnose(info, "configuration table: expected an RSDP or a device tree, has neither");
    read_map(memory, &handoff, info);
    /* By the map, what a tree reserves may be free, and where it is. */
    if (handoff.dtb)
        devicetree_reserve(memory, handoff.dtb, info);
    if (!boot_add_memory(info, handoff.dtb, handoff.dtb_size, BOOT_FIRMWARE))
        boot_diagnose(info, "handoff: dtb_size 0x%llx wraps from 0x%llx",
                      (unsigned long long)handoff.dtb_size, (unsigned long long)handoff.dtb);
    if (!read_text(memory, handoff.load_options, handoff.load_options_size, 2, "load options",
                   info))
        read_text(memory, handoff.text, handoff.text_size, 1, "options.txt", info);
}

/* Of ACPI 2.0 and later: 8868e871-e4f1-11d3-bc22-0080c73c8881. */
static const uint8_t acpi_guid[16] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                      0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};

static void find_rsdp(const struct mem_view *memory, uint64_t entries, uint64_t count,
                      struct boot_info *info)
{
    uint8_t entry[ENTRY_SIZE];

    for (uint64_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        if (!mem_copy(memory, entries + i * ENTRY_SIZE, entry, sizeof(entry))) {
            boot_diagnose(info, "configuration table: entry %llu at 0x%llx can't be read",
                          (unsigned long long)i, (unsigned long long)(entries + i * ENTRY_SIZE));
            return;
        }
        if (!memcmp(entry, acpi_guid, sizeof(acpi_guid)))
            info->rsdp = bytes_le64(entry + ENTRY_TABLE);
    }
    if (!info->rsdp)
        boot_diagnose(info, "configuration table: no RSDP in %llu entries, expected one",
                      (unsigned long long)count);
}

void efi_read_tables(const struct mem_view *memory, uint64_t table, const struct efi_handoff *map,
                     struct boot_info *info)
{
    uint8_t bytes[SYSTEM_TABLE_SIZE];

    if (map)
        read_map(memory, map, info);
    if (!mem_copy(memory, table, bytes, sizeof(bytes)))
        boot_diagnose(info, "EFI system table: 0x%llx can't be read", (unsigned long long)table);
    else if (bytes_le64(bytes) != SIGNATURE)
        boot_diagnose(info, "EFI system table: offset 0: signature 0x%llx, expected 0x%llx",
                      (unsigned long long)bytes_le64(bytes), (unsigned long long)SIGNATURE);
    else
        find_rsdp(memory, bytes_le64(bytes + ENTRIES), bytes_le64(bytes + ENTRY_COUNT), info);
}
