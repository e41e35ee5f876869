// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI application in the hands of a firmware that may refuse: what it leaves for the kernel,
 * and that without a kernel to jump to it ends with a line and a verdict.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "boot/efi/app.h"
#include "boot/efi/tables.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/unit.h"

#define IMAGE    ((EFI_HANDLE)0x1234)
#define DEVICE   ((EFI_HANDLE)0x5678)
#define STRIDE   48u
#define MAP_SIZE (3 * STRIDE)
#define SAID_MAX 400
#define ANSWERS  8

/* Of boot/efi/<cpu>/jump.S. */
__asm__(".section .rodata\n"
        ".globl kernel_bytes, kernel_bytes_end, kernel_memory\n"
        "kernel_bytes: .ascii \"the kernel\"\n"
        "kernel_bytes_end:\n"
        ".balign 8\n"
        "kernel_memory: .quad 0x3000\n");

/* What firmware has and how it answers; zero is success, or nothing. */
static struct {
    unsigned refused_allocation; /* the number of the first call that is refused */
    EFI_STATUS map_status, exit_answers[ANSWERS];
    const char *load_options, *file_name, *file_text;
    EFI_CONFIGURATION_TABLE tables[4];
    UINTN table_count;
    bool does_not_reset;
} firmware;

/* What it was asked for. */
static struct {
    unsigned allocations, maps, exits, resets, open_files;
    bool is_watchdog_off;
    UINTN map_key;
    char said[SAID_MAX];
} seen;

enum end { RETURNED, RESET, JUMPED };

static jmp_buf ended;
static void *blocks[ANSWERS];
static struct efi_handoff *left;
static const char *kernel;

static EFI_STATUS EFIAPI allocate(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                  EFI_PHYSICAL_ADDRESS *address)
{
    unsigned number = seen.allocations++;

    if (type == EfiLoaderCode)
        CHECK(how == AllocateAddress && *address == 0x200000 && pages == 3);
    else
        CHECK(how == AllocateMaxAddress && *address == UINT32_MAX);
    if (firmware.refused_allocation && number + 1 >= firmware.refused_allocation)
        return EFI_OUT_OF_RESOURCES;
    blocks[number] = aligned_alloc(EFI_PAGE_SIZE, pages * EFI_PAGE_SIZE);
    *address = (UINTN)blocks[number];
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
                                 UINTN *descriptor_size, UINT32 *version)
{
    CHECK(*size >= 300 * STRIDE);
    if (firmware.map_status)
        return firmware.map_status;
    memset(map, 0x5a, MAP_SIZE);
    *size = MAP_SIZE;
    *key = seen.map_key = ++seen.maps;
    *descriptor_size = STRIDE;
    *version = 1;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI exit_services(EFI_HANDLE image, UINTN key)
{
    CHECK(image == IMAGE && key == seen.map_key);
    CHECK_EQ(seen.open_files, 0);
    return firmware.exit_answers[seen.exits++];
}

static EFI_STATUS EFIAPI set_watchdog(UINTN seconds, UINT64 code, UINTN size, CHAR16 *data)
{
    CHECK(code == 0 && size == 0 && data == NULL);
    seen.is_watchdog_off = seconds == 0;
    return EFI_SUCCESS;
}

static VOID EFIAPI copy(VOID *to, VOID *from, UINTN size)
{
    memcpy(to, from, size);
}

static VOID EFIAPI set(VOID *at, UINTN size, UINT8 value)
{
    memset(at, value, size);
}

static EFI_STATUS EFIAPI print(SIMPLE_TEXT_OUTPUT_INTERFACE *self, CHAR16 *text)
{
    size_t length = strlen(seen.said);

    (void)self;
    for (; *text && length + 1 < SAID_MAX; text++)
        seen.said[length++] = (char)*text;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI reset(EFI_RESET_TYPE type, EFI_STATUS status, UINTN size, CHAR16 *data)
{
    (void)status, (void)size, (void)data;
    CHECK(type == EfiResetShutdown);
    seen.resets++;
    if (!firmware.does_not_reset)
        longjmp(ended, RESET);
    return EFI_UNSUPPORTED;
}

static EFI_STATUS EFIAPI read_file(EFI_FILE_HANDLE file, UINTN *size, VOID *to)
{
    size_t length = strlen(firmware.file_text);

    (void)file;
    *size = length < *size ? length : *size;
    memcpy(to, firmware.file_text, *size);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI close_file(EFI_FILE_HANDLE file)
{
    (void)file;
    seen.open_files--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI open_file(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *file, CHAR16 *name,
                                   UINT64 mode, UINT64 attributes)
{
    static EFI_FILE opened = {.Read = read_file, .Close = close_file};
    const char *expected = firmware.file_name;

    (void)root;
    CHECK(mode == EFI_FILE_MODE_READ && attributes == 0);
    while (expected && *expected && *name == (CHAR16)*expected)
        name++, expected++;
    if (!expected || *name || *expected)
        return EFI_NOT_FOUND;
    seen.open_files++;
    *file = &opened;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI open_volume(EFI_FILE_IO_INTERFACE *self, EFI_FILE_HANDLE *root)
{
    static EFI_FILE volume = {.Open = open_file, .Close = close_file};

    (void)self;
    seen.open_files++;
    *root = &volume;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, VOID **interface)
{
    static EFI_GUID loaded_image = LOADED_IMAGE_PROTOCOL;
    static EFI_GUID file_system = SIMPLE_FILE_SYSTEM_PROTOCOL;
    static EFI_LOADED_IMAGE loaded;
    static EFI_FILE_IO_INTERFACE files = {.OpenVolume = open_volume};

    if (handle == IMAGE && !memcmp(guid, &loaded_image, sizeof(*guid))) {
        loaded.DeviceHandle = DEVICE;
        loaded.LoadOptions = (VOID *)firmware.load_options;
        loaded.LoadOptionsSize = firmware.load_options ? (UINT32)strlen(firmware.load_options) : 0;
        *interface = &loaded;
        return EFI_SUCCESS;
    }
    if (handle == DEVICE && firmware.file_name && !memcmp(guid, &file_system, sizeof(*guid))) {
        *interface = &files;
        return EFI_SUCCESS;
    }
    return EFI_UNSUPPORTED;
}

_Noreturn void EFIAPI app_jump(void *place, struct efi_handoff *handoff)
{
    kernel = place;
    left = handoff;
    longjmp(ended, JUMPED);
}

static void release(void)
{
    for (unsigned i = 0; i < ANSWERS; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
}

/* Starts the application; everything but `firmware` is as at power-on. */
static enum end start(void)
{
    static EFI_BOOT_SERVICES services;
    static EFI_RUNTIME_SERVICES runtime = {.ResetSystem = reset};
    static SIMPLE_TEXT_OUTPUT_INTERFACE console = {.OutputString = print};
    static EFI_SYSTEM_TABLE table;
    int how;

    release();
    memset(&seen, 0, sizeof(seen));
    services = (EFI_BOOT_SERVICES){
        .AllocatePages = allocate,
        .GetMemoryMap = get_map,
        .ExitBootServices = exit_services,
        .SetWatchdogTimer = set_watchdog,
        .CopyMem = copy,
        .SetMem = set,
        .HandleProtocol = handle_protocol,
    };
    table = (EFI_SYSTEM_TABLE){
        .ConOut = &console,
        .BootServices = &services,
        .RuntimeServices = &runtime,
        .NumberOfTableEntries = firmware.table_count,
        .ConfigurationTable = firmware.tables,
    };
    how = setjmp(ended);
    if (!how)
        CHECK(efi_main(IMAGE, &table) != EFI_SUCCESS);
    return (enum end)how;
}

static void kernel_is_in_place(void)
{
    memset(&firmware, 0, sizeof(firmware));
    CHECK_EQ(start(), JUMPED);
    CHECK(seen.is_watchdog_off);
    CHECK(!memcmp(kernel, "the kernel", 10));
    CHECK_EQ(left->magic, EFI_HANDOFF_MAGIC);
    CHECK_EQ((UINTN)left % EFI_HANDOFF_SIZE, 0);
    CHECK_EQ(left->map_size, MAP_SIZE);
    CHECK_EQ(left->descriptor_size, STRIDE);
    CHECK(left->map >= (UINTN)(left + 1));
    CHECK(left->map + left->map_size <= (UINTN)left + EFI_HANDOFF_SIZE);
    CHECK(!left->rsdp && !left->dtb && !left->load_options_size && !left->text_size);
    CHECK(!*seen.said);
}

/*
 * Firmware's answers, and how it ends: after how many calls of ExitBootServices, with which words.
 */
static const struct {
    unsigned refused_allocation;
    EFI_STATUS map_status, exit_answers[ANSWERS];
    enum end end;
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
        memset(&firmware, 0, sizeof(firmware));
        firmware.refused_allocation = refusals[i].refused_allocation;
        firmware.map_status = refusals[i].map_status;
        memcpy(firmware.exit_answers, refusals[i].exit_answers, sizeof(firmware.exit_answers));

        CHECK_EQ(start(), refusals[i].end);
        CHECK_EQ(seen.exits, refusals[i].exits);
        CHECK(strstr(seen.said, refusals[i].said) != NULL);
        if (refusals[i].end == RESET)
            CHECK(strstr(seen.said, "\r\nEXIT: STATUS=5\r\n") != NULL);
    }
    /* A firmware that can't even power off. */
    memset(&firmware, 0, sizeof(firmware));
    firmware.refused_allocation = 1;
    firmware.does_not_reset = true;
    CHECK_EQ(start(), RETURNED);
    CHECK_EQ(seen.resets, 1);
}

static void tables_are_found_by_their_names(void)
{
    static const EFI_GUID acpi_10 = ACPI_TABLE_GUID, acpi_20 = ACPI_20_TABLE_GUID;
    static const EFI_GUID smbios = SMBIOS_TABLE_GUID, tree = EFI_DTB_TABLE_GUID;
    static uint8_t blob[8] = {0xd0, 0x0d, 0xfe, 0xed, 0, 1, 2, 3};
    static uint8_t none[8] = {0};

    memset(&firmware, 0, sizeof(firmware));
    firmware.table_count = 4;
    firmware.tables[0] = (EFI_CONFIGURATION_TABLE){smbios, (VOID *)1};
    firmware.tables[1] = (EFI_CONFIGURATION_TABLE){acpi_20, (VOID *)0x20};
    firmware.tables[2] = (EFI_CONFIGURATION_TABLE){acpi_10, (VOID *)0x10};
    firmware.tables[3] = (EFI_CONFIGURATION_TABLE){tree, blob};
    CHECK_EQ(start(), JUMPED);
    CHECK_EQ(left->rsdp, 0x20);
    CHECK_EQ(left->dtb, (UINTN)blob);
    CHECK_EQ(left->dtb_size, 0x10203);

    firmware.tables[1].VendorGuid = smbios;
    firmware.tables[3].VendorTable = none;
    CHECK_EQ(start(), JUMPED);
    CHECK_EQ(left->rsdp, 0x10);
    CHECK(!left->dtb && !left->dtb_size);
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

    memset(&firmware, 0, sizeof(firmware));
    firmware.load_options = "s\1e\1";
    firmware.file_name = "\\EFI\\BOOT\\options.txt";
    firmware.file_text = "list";
    CHECK_EQ(start(), JUMPED);
    CHECK_EQ(left->load_options_size, 4);
    CHECK(!memcmp((void *)(UINTN)left->load_options, "s\1e\1", 4));
    CHECK_EQ(left->text_size, 4);
    CHECK(!memcmp((void *)(UINTN)left->text, "list", 4));

    firmware.file_name = "\\options.txt";
    CHECK_EQ(start(), JUMPED);
    CHECK_EQ(left->text_size, 4);
    firmware.file_name = "\\another.txt";
    CHECK_EQ(start(), JUMPED);
    CHECK_EQ(left->text_size, 0);

    /* As much as nobody needs: it is cut, and the map still has its room. */
    memset(much, 'x', sizeof(much) - 1);
    firmware.load_options = firmware.file_text = much;
    firmware.file_name = "\\options.txt";
    CHECK_EQ(start(), JUMPED);
    CHECK(left->load_options_size >= 8192 && left->text_size >= 4096);
    CHECK(left->text + left->text_size <= left->map);
    CHECK(left->map + left->map_size <= (UINTN)left + EFI_HANDOFF_SIZE);
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

    release();
    return status;
}
