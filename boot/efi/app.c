// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI application: carries the kernel as bytes, puts it where it can run, gathers what only
 * boot services can report, leaves them and jumps (UEFI 2.10, chapters 4, 7 and 13). Written against
 * GNU-EFI's headers.
 */
#include <efi.h>
#include <efiprot.h>

#include "boot/efi/app.h"
#include "boot/efi/tables.h"
#include "lib/array/array.h"

#define TRIES       4
#define OPTIONS_MAX 16384 /* bytes of load options and of options.txt; more is cut */
#define TREE_MAGIC  0xd00dfeed

/* What boot/efi.c reads by offsets. */
_Static_assert(sizeof(EFI_MEMORY_DESCRIPTOR) == 40 &&
                   offsetof(EFI_MEMORY_DESCRIPTOR, PhysicalStart) == 8 &&
                   offsetof(EFI_MEMORY_DESCRIPTOR, NumberOfPages) == 24,
               "a memory descriptor");

/* Firmware's, needed wherever a service is called or a message printed. */
static EFI_SYSTEM_TABLE *system_table;
static EFI_BOOT_SERVICES *services;

struct arena {
    UINT8 *next;
    UINTN left;
};

/* The caller asks for no more than there is. */
static void *take(struct arena *arena, UINTN size)
{
    UINT8 *taken = arena->next;

    size = (size + 7) & ~(UINTN)7;
    arena->next += size;
    arena->left -= size;
    return taken;
}

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

/*
 * A line and a verdict, code 2 as the kernel says it; the machine is powered off. After a first
 * call of ExitBootServices firmware may be unable to say anything.
 */
static EFI_STATUS fail(EFI_STATUS status, const CHAR16 *what)
{
    CHAR16 number[] = L"0x................\r\n";

    for (unsigned i = 0; i < 16; i++)
        number[2 + i] = L"0123456789abcdef"[status >> (60 - 4 * i) & 15];
    say(L"\r\n# error: UEFI application: ");
    say(what);
    say(L", status ");
    say(number);
    say(L"EXIT: STATUS=5\r\n");
    system_table->RuntimeServices->ResetSystem(EfiResetShutdown, status, 0, NULL);
    return status;
}

/* Where the kernel runs. NULL: the memory is taken. */
static void *take_place(void)
{
    EFI_PHYSICAL_ADDRESS address = APP_ADDRESS;

    if (services->AllocatePages(APP_WHERE, EfiLoaderCode,
                                EFI_SIZE_TO_PAGES(kernel_memory + APP_SLACK), &address))
        return NULL;
    return (void *)(UINTN)((address + APP_SLACK) & ~(EFI_PHYSICAL_ADDRESS)APP_SLACK);
}

/* The handoff, and the rest of its memory as an arena. */
static struct efi_handoff *take_handoff(struct arena *arena)
{
    EFI_PHYSICAL_ADDRESS address = APP_HANDOFF_LAST;

    if (services->AllocatePages(AllocateMaxAddress, EfiLoaderData,
                                EFI_SIZE_TO_PAGES(2 * EFI_HANDOFF_SIZE), &address))
        return NULL;
    address = (address + EFI_HANDOFF_SIZE - 1) & ~(EFI_PHYSICAL_ADDRESS)(EFI_HANDOFF_SIZE - 1);
    *arena = (struct arena){(UINT8 *)(UINTN)address, EFI_HANDOFF_SIZE};
    services->SetMem(arena->next, arena->left, 0);
    return take(arena, sizeof(struct efi_handoff));
}

/* Its own first words, magic and total size, say how much of memory it is. */
static void find_tree(struct efi_handoff *handoff, const void *tree)
{
    const UINT32 *header = tree;

    if (!tree || __builtin_bswap32(header[0]) != TREE_MAGIC)
        return;
    handoff->dtb = (UINTN)tree;
    handoff->dtb_size = __builtin_bswap32(header[1]);
}

static void find_tables(struct efi_handoff *handoff)
{
    static const EFI_GUID acpi_20 = ACPI_20_TABLE_GUID, acpi_10 = ACPI_TABLE_GUID;
    static const EFI_GUID tree = EFI_DTB_TABLE_GUID;

    for (UINTN i = 0; i < system_table->NumberOfTableEntries; i++) {
        const EFI_CONFIGURATION_TABLE *table = &system_table->ConfigurationTable[i];
        UINT64 address = (UINTN)table->VendorTable;

        if (is_same(&table->VendorGuid, &acpi_20))
            handoff->rsdp = address;
        else if (is_same(&table->VendorGuid, &acpi_10) && !handoff->rsdp)
            handoff->rsdp = address;
        else if (is_same(&table->VendorGuid, &tree))
            find_tree(handoff, table->VendorTable);
    }
}

/* Why the kernel could not say anything; NULL: it can. */
static const CHAR16 *fault_of(const struct efi_handoff *handoff)
{
    if (!APP_NEEDS_TABLES || handoff->dtb)
        return NULL;
    if (!handoff->rsdp)
        return L"firmware has neither ACPI's tables nor a device tree";
    return tables_fault((const UINT8 *)(UINTN)handoff->rsdp);
}

/* options.txt in the folder of the application, or in the root of its file system. */
static EFI_FILE_HANDLE open_options(EFI_HANDLE device)
{
    static EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
    /* No pointers: not every CPU's application is relocated. */
    static const CHAR16 names[][24] = {L"\\EFI\\BOOT\\options.txt", L"\\options.txt"};
    EFI_FILE_IO_INTERFACE *system;
    EFI_FILE_HANDLE root, file = NULL;

    if (services->HandleProtocol(device, &guid, (void **)&system) ||
        system->OpenVolume(system, &root))
        return NULL;
    for (UINTN i = 0; i < ARRAY_LENGTH(names) && !file; i++)
        if (root->Open(root, &file, (CHAR16 *)names[i], EFI_FILE_MODE_READ, 0))
            file = NULL;
    root->Close(root);
    return file;
}

static void read_options(EFI_HANDLE image, struct efi_handoff *handoff, struct arena *arena)
{
    static EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
    EFI_LOADED_IMAGE *loaded;
    UINTN size = OPTIONS_MAX;
    EFI_FILE_HANDLE file;

    if (services->HandleProtocol(image, &guid, (void **)&loaded))
        return;
    if (loaded->LoadOptions && loaded->LoadOptionsSize) {
        handoff->load_options_size =
            loaded->LoadOptionsSize < OPTIONS_MAX ? loaded->LoadOptionsSize : OPTIONS_MAX;
        handoff->load_options = (UINTN)take(arena, handoff->load_options_size);
        services->CopyMem((void *)(UINTN)handoff->load_options, loaded->LoadOptions,
                          handoff->load_options_size);
    }
    file = open_options(loaded->DeviceHandle);
    if (!file)
        return;
    handoff->text = (UINTN)take(arena, OPTIONS_MAX);
    if (!file->Read(file, &size, (void *)(UINTN)handoff->text))
        handoff->text_size = size;
    file->Close(file);
}

/* The map must be the latest one: what changes it in between is answered by another try. */
static EFI_STATUS leave(EFI_HANDLE image, struct efi_handoff *handoff, const struct arena *arena)
{
    EFI_STATUS status = EFI_INVALID_PARAMETER;

    for (unsigned i = 0; i < TRIES && status == EFI_INVALID_PARAMETER; i++) {
        UINTN size = arena->left, key, descriptor_size;
        UINT32 version;

        status =
            services->GetMemoryMap(&size, (void *)arena->next, &key, &descriptor_size, &version);
        if (status)
            break;
        handoff->map = (UINTN)arena->next;
        handoff->map_size = size;
        handoff->descriptor_size = descriptor_size;
        status = services->ExitBootServices(image, key);
    }
    return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
    const UINTN file_size = (UINTN)(kernel_bytes_end - kernel_bytes);
    struct efi_handoff *handoff;
    const CHAR16 *fault;
    struct arena arena;
    EFI_STATUS status;
    void *kernel;

    system_table = table;
    services = table->BootServices;
    services->SetWatchdogTimer(0, 0, 0, NULL);
    handoff = take_handoff(&arena);
    if (!handoff)
        return fail(EFI_OUT_OF_RESOURCES, L"no memory for the boot hand-off");
    kernel = take_place();
    if (!kernel)
        return fail(EFI_OUT_OF_RESOURCES, L"the memory that the kernel runs in is not free");
    services->CopyMem(kernel, (void *)kernel_bytes, file_size);
    handoff->magic = EFI_HANDOFF_MAGIC;
    status = app_find_cpu(services, &handoff->boot_cpu);
    if (status)
        return fail(status, L"firmware does not report which CPU this is");
    find_tables(handoff);
    fault = fault_of(handoff);
    if (fault)
        return fail(EFI_NOT_FOUND, fault);
    read_options(image, handoff, &arena);
    status = leave(image, handoff, &arena);
    if (status)
        return fail(status, L"boot services can't be left");
    app_jump(kernel, handoff);
}
