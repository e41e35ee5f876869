// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI application in the hands of a firmware that may refuse: what it leaves for the kernel,
 * and that without a kernel to jump to it ends with a line and a verdict.
 */
#include <string.h>

#include "boot/efi/app.h"
#include "boot/efi/tables.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/efi/firmware.h"
#include "tests/unit/fixtures/unit.h"

static void kernel_is_in_place(void)
{
    memset(&efi_firmware, 0, sizeof(efi_firmware));
    CHECK_EQ(efi_start(), JUMPED);
    CHECK(efi_seen.is_watchdog_off);
    CHECK(!memcmp(efi_kernel, "the kernel", 10));
    CHECK_EQ(efi_left->magic, EFI_HANDOFF_MAGIC);
    CHECK_EQ((UINTN)efi_left % EFI_HANDOFF_SIZE, 0);
    CHECK_EQ(efi_left->map_size, EFI_FIRMWARE_MAP_SIZE);
    CHECK_EQ(efi_left->descriptor_size, EFI_FIRMWARE_STRIDE);
    CHECK(efi_left->map >= (UINTN)(efi_left + 1));
    CHECK(efi_left->map + efi_left->map_size <= (UINTN)efi_left + EFI_HANDOFF_SIZE);
    CHECK(!efi_left->rsdp && !efi_left->dtb && !efi_left->load_options_size &&
          !efi_left->text_size);
    CHECK(!*efi_seen.said);
}

/*
 * Firmware's answers, and how it ends: after how many calls of ExitBootServices, with which words.
 */
static const struct {
    unsigned refused_allocation;
    EFI_STATUS map_status, exit_answers[EFI_FIRMWARE_ANSWERS];
    enum efi_end end;
    unsigned exits;
    const char *said;
} refusals[] = {
    {1, 0, {0}, RESET, 0, "no memory for the boot hand-off"},
    {2,
     0,
     {0},
     RESET,
     0,
     "the memory that the kernel runs in is not free, status 0x8000000000000009"},
    {0,
     EFI_BUFFER_TOO_SMALL,
     {0},
     RESET,
     0,
     "boot services can't be left, status 0x8000000000000005"},
    {0, 0, {EFI_INVALID_PARAMETER}, JUMPED, 2, ""},
    {0, 0, {EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER}, JUMPED, 3, ""},
    {0, 0, {EFI_DEVICE_ERROR}, RESET, 1, "boot services can't be left, status 0x8000000000000007"},
    {0,
     0,
     {EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
     RESET,
     4,
     "boot services can't be left, status 0x8000000000000002"},
};

static void refusals_end_with_a_verdict(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        memset(&efi_firmware, 0, sizeof(efi_firmware));
        efi_firmware.refused_allocation = refusals[i].refused_allocation;
        efi_firmware.map_status = refusals[i].map_status;
        memcpy(efi_firmware.exit_answers, refusals[i].exit_answers,
               sizeof(efi_firmware.exit_answers));

        CHECK_EQ(efi_start(), refusals[i].end);
        CHECK_EQ(efi_seen.exits, refusals[i].exits);
        CHECK(strstr(efi_seen.said, refusals[i].said) != NULL);
        if (refusals[i].end == RESET)
            CHECK(strstr(efi_seen.said, "\r\nEXIT: STATUS=5\r\n") != NULL);
    }
    /* A firmware that can't even power off. */
    memset(&efi_firmware, 0, sizeof(efi_firmware));
    efi_firmware.refused_allocation = 1;
    efi_firmware.does_not_reset = true;
    CHECK_EQ(efi_start(), RETURNED);
    CHECK_EQ(efi_seen.resets, 1);
}

static void tables_are_found_by_their_names(void)
{
    static const EFI_GUID acpi_10 = ACPI_TABLE_GUID, acpi_20 = ACPI_20_TABLE_GUID;
    static const EFI_GUID smbios = SMBIOS_TABLE_GUID, tree = EFI_DTB_TABLE_GUID;
    static uint8_t blob[8] = {0xd0, 0x0d, 0xfe, 0xed, 0, 1, 2, 3};
    static uint8_t none[8] = {0};

    memset(&efi_firmware, 0, sizeof(efi_firmware));
    efi_firmware.table_count = 4;
    efi_firmware.tables[0] = (EFI_CONFIGURATION_TABLE){smbios, (VOID *)1};
    efi_firmware.tables[1] = (EFI_CONFIGURATION_TABLE){acpi_20, (VOID *)0x20};
    efi_firmware.tables[2] = (EFI_CONFIGURATION_TABLE){acpi_10, (VOID *)0x10};
    efi_firmware.tables[3] = (EFI_CONFIGURATION_TABLE){tree, blob};
    CHECK_EQ(efi_start(), JUMPED);
    CHECK_EQ(efi_left->rsdp, 0x20);
    CHECK_EQ(efi_left->dtb, (UINTN)blob);
    CHECK_EQ(efi_left->dtb_size, 0x10203);

    efi_firmware.tables[1].VendorGuid = smbios;
    efi_firmware.tables[3].VendorTable = none;
    CHECK_EQ(efi_start(), JUMPED);
    CHECK_EQ(efi_left->rsdp, 0x10);
    CHECK(!efi_left->dtb && !efi_left->dtb_size);
}

/* What is changed of sound tables, and what is said then. */
static const struct {
    unsigned where; /* in the RSDP; from 64 on in the XSDT */
    uint8_t value;
    bool is_summed; /* and its sum is right all the same */
    const char *said;
} faults[] = {
    {0, 'R', true, NULL},
    {0, 'r', true, "RSDP has not its signature"},
    {15, 1, true, "revision"},
    {9, 'x', false, "RSDP do not add up to 0"},
    {64 + 3, 'S', true, "XSDT has not its signature"},
    {64 + 4, 35, true, "its length is not between 36 and 65536"},
    {64 + 6, 2, true, "its length is not between 36 and 65536"},
    {64 + 10, 'x', false, "XSDT do not add up to 0"},
};

static void make_sum_right(uint8_t *bytes, unsigned size, unsigned at)
{
    uint8_t sum = 0;

    bytes[at] = 0;
    for (unsigned i = 0; i < size; i++)
        sum += bytes[i];
    bytes[at] = -sum;
}

static void unsound_tables_are_named(void)
{
    static uint8_t tables[128];

    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        const uint64_t xsdt = (UINTN)&tables[64];
        const CHAR16 *fault;
        char said[100] = "";

        memset(tables, 0, sizeof(tables));
        memcpy(tables, "RSD PTR ", 8);
        tables[15] = 2;
        memcpy(tables + 24, &xsdt, 8);
        memcpy(tables + 64, "XSDT\x2c", 5);
        if (faults[i].is_summed)
            tables[faults[i].where] = faults[i].value;
        make_sum_right(tables, 36, 32);
        make_sum_right(tables + 64, 44, 9);
        if (!faults[i].is_summed)
            tables[faults[i].where] = faults[i].value;

        fault = tables_fault(tables);
        CHECK_EQ(fault == NULL, faults[i].said == NULL);
        for (unsigned at = 0; fault && fault[at] && at < sizeof(said) - 1; at++)
            said[at] = (char)fault[at];
        CHECK(!faults[i].said || strstr(said, faults[i].said));
    }
    memset(tables + 24, 0, 8);
    make_sum_right(tables, 36, 32);
    CHECK(tables_fault(tables) != NULL);
}

static void options_are_copied(void)
{
    static char much[40000];

    memset(&efi_firmware, 0, sizeof(efi_firmware));
    efi_firmware.load_options = "s\1e\1";
    efi_firmware.file_name = "\\EFI\\BOOT\\options.txt";
    efi_firmware.file_text = "list";
    CHECK_EQ(efi_start(), JUMPED);
    CHECK_EQ(efi_left->load_options_size, 4);
    CHECK(!memcmp((void *)(UINTN)efi_left->load_options, "s\1e\1", 4));
    CHECK_EQ(efi_left->text_size, 4);
    CHECK(!memcmp((void *)(UINTN)efi_left->text, "list", 4));

    efi_firmware.file_name = "\\options.txt";
    CHECK_EQ(efi_start(), JUMPED);
    CHECK_EQ(efi_left->text_size, 4);
    efi_firmware.file_name = "\\another.txt";
    CHECK_EQ(efi_start(), JUMPED);
    CHECK_EQ(efi_left->text_size, 0);

    /* As much as nobody needs: it is cut, and the map still has its room. */
    memset(much, 'x', sizeof(much) - 1);
    efi_firmware.load_options = efi_firmware.file_text = much;
    efi_firmware.file_name = "\\options.txt";
    CHECK_EQ(efi_start(), JUMPED);
    CHECK(efi_left->load_options_size >= 8192 && efi_left->text_size >= 4096);
    CHECK(efi_left->text + efi_left->text_size <= efi_left->map);
    CHECK(efi_left->map + efi_left->map_size <= (UINTN)efi_left + EFI_HANDOFF_SIZE);
}

int main(void)
{
    static const struct unit units[] = {
        {"kernel_is_in_place", kernel_is_in_place},
        {"refusals_end_with_a_verdict", refusals_end_with_a_verdict},
        {"tables_are_found_by_their_names", tables_are_found_by_their_names},
        {"unsound_tables_are_named", unsound_tables_are_named},
        {"options_are_copied", options_are_copied},
    };
    int status = unit_main("efi_app", units, ARRAY_LENGTH(units));

    efi_release();
    return status;
}
