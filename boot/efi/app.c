// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI application: carries the kernel as bytes, puts it where it can run, gathers what only
 * boot services can tell, leaves them and jumps (UEFI 2.10, chapters 4, 7 and 13). Written against
 * GNU-EFI's headers; those of x86-64 fit every LP64 CPU, as nothing in them but the calling
 * convention depends on it, which the compiler's target decides.
 */
#include <efi.h>
#include <efiprot.h>

#include "boot/efi/app.h"

#define MAP_SLACK   8 /* descriptors that the map may grow by until it is taken */
#define TRIES       4
#define OPTIONS_MAX 8192

static EFI_SYSTEM_TABLE *system_table;
static EFI_BOOT_SERVICES *services;

static BOOLEAN is_same(const EFI_GUID *a, const EFI_GUID *b)
{
    const UINT8 *x = (const UINT8 *)a, *y = (const UINT8 *)b;

    for (UINTN i = 0; i < sizeof(*a); i++)
        if (x[i] != y[i])
            return FALSE;
    return TRUE;
}

static void say(const CHAR16 *text)
{
    system_table->ConOut->OutputString(system_table->ConOut, (CHAR16 *)text);
}

/* A line, and whatever firmware does with an application that failed. */
static EFI_STATUS fail(EFI_STATUS status, const CHAR16 *what)
{
    CHAR16 number[] = L"0x................\r\n";

    for (unsigned i = 0; i < 16; i++)
        number[2 + i] = L"0123456789abcdef"[status >> (60 - 4 * i) & 15];
    say(L"viommu-guest: ");
    say(what);
    say(L": status ");
    say(number);
    return status;
}

static void *take(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINT64 where, UINTN size)
{
    EFI_PHYSICAL_ADDRESS address = where;

    return services->AllocatePages(how, type, EFI_SIZE_TO_PAGES(size), &address)
               ? NULL
               : (void *)(UINTN)address;
}

static void find_tables(struct efi_handoff *handoff)
{
    static const EFI_GUID acpi_20 = ACPI_20_TABLE_GUID, acpi_10 = ACPI_TABLE_GUID;
    static const EFI_GUID tree = {
        0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};

    for (UINTN i = 0; i < system_table->NumberOfTableEntries; i++) {
        const EFI_CONFIGURATION_TABLE *table = &system_table->ConfigurationTable[i];
        UINT64 address = (UINTN)table->VendorTable;

        if (is_same(&table->VendorGuid, &acpi_20))
            handoff->rsdp = address;
        else if (is_same(&table->VendorGuid, &acpi_10) && !handoff->rsdp)
            handoff->rsdp = address;
        else if (is_same(&table->VendorGuid, &tree))
            handoff->dtb = address;
    }
}

/* options.txt in the folder of the application, or in the root of its file system. */
static EFI_FILE_HANDLE open_options(EFI_HANDLE device)
{
    static EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
    static const CHAR16 *const names[] = {L"\\EFI\\BOOT\\options.txt", L"\\options.txt"};
    EFI_FILE_IO_INTERFACE *system;
    EFI_FILE_HANDLE root, file;

    if (services->HandleProtocol(device, &guid, (void **)&system) ||
        system->OpenVolume(system, &root))
        return NULL;
    for (UINTN i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!root->Open(root, &file, (CHAR16 *)names[i], EFI_FILE_MODE_READ, 0))
            return file;
    return NULL;
}

static void read_options(EFI_HANDLE image, struct efi_handoff *handoff)
{
    static EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
    EFI_LOADED_IMAGE *loaded;
    UINTN size = OPTIONS_MAX;
    EFI_FILE_HANDLE file;
    UINT8 *text, *options;

    if (services->HandleProtocol(image, &guid, (void **)&loaded))
        return;
    options = loaded->LoadOptionsSize
                  ? take(AllocateAnyPages, EfiLoaderData, 0, loaded->LoadOptionsSize)
                  : NULL;
    if (options) {
        services->CopyMem(options, loaded->LoadOptions, loaded->LoadOptionsSize);
        handoff->load_options = (UINTN)options;
        handoff->load_options_size = loaded->LoadOptionsSize;
    }
    file = open_options(loaded->DeviceHandle);
    text = file ? take(AllocateAnyPages, EfiLoaderData, 0, OPTIONS_MAX) : NULL;
    if (text && !file->Read(file, &size, text)) {
        handoff->text = (UINTN)text;
        handoff->text_size = size;
    }
}

/* The map must be the latest one: what changes it in between is answered by another try. */
static EFI_STATUS leave(EFI_HANDLE image, struct efi_handoff *handoff)
{
    UINTN size = 0, key, descriptor_size = 0, room;
    UINT32 version;
    EFI_STATUS status;
    void *map;

    services->GetMemoryMap(&size, NULL, &key, &descriptor_size, &version);
    room = size + MAP_SLACK * descriptor_size;
    map = take(AllocateAnyPages, EfiLoaderData, 0, room);
    if (!map)
        return EFI_OUT_OF_RESOURCES;
    for (unsigned i = 0; i < TRIES; i++) {
        size = room;
        status = services->GetMemoryMap(&size, map, &key, &descriptor_size, &version);
        if (status)
            return status;
        handoff->map = (UINTN)map;
        handoff->map_size = size;
        handoff->descriptor_size = descriptor_size;
        status = services->ExitBootServices(image, key);
        if (status != EFI_INVALID_PARAMETER)
            return status;
    }
    return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);
EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
    const UINTN file_size = (UINTN)(kernel_bytes_end - kernel_bytes);
    struct efi_handoff *handoff;
    EFI_STATUS status;
    void *kernel;

    system_table = table;
    services = table->BootServices;
    services->SetWatchdogTimer(0, 0, 0, NULL);
    handoff = take(AllocateMaxAddress, EfiLoaderData, UINT32_MAX, EFI_PAGE_SIZE);
    if (!handoff)
        return fail(EFI_OUT_OF_RESOURCES, L"no page below 4 GiB");
    services->SetMem(handoff, EFI_PAGE_SIZE, 0);
    handoff->magic = EFI_HANDOFF_MAGIC;
    kernel = take(APP_WHERE, EfiLoaderCode, APP_ADDRESS, kernel_memory + APP_SLACK);
    kernel = (void *)(((UINTN)kernel + APP_SLACK) & ~(UINTN)APP_SLACK);
    if (!kernel)
        return fail(EFI_OUT_OF_RESOURCES, L"the memory that the kernel runs in is taken");
    services->CopyMem(kernel, (void *)kernel_bytes, file_size);
    find_tables(handoff);
    read_options(image, handoff);
    status = leave(image, handoff);
    if (status)
        return fail(status, L"boot services can't be left");
    app_jump(kernel, file_size, handoff);
}
