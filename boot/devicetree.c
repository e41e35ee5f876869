// SPDX-License-Identifier: BSD-2-Clause
#include "boot/devicetree.h"

#include "boot/efi.h"
#include "lib/fdt/fdt.h"

#define RESERVATIONS_MAX BOOT_MEMORY_MAX

static void report(void *context, const char *text)
{
    boot_diagnose(context, "%s", text);
}

static void add(struct boot_info *info, const struct fdt_range *range, enum boot_memory kind,
                const char *what)
{
    if (!boot_add_memory(info, range->base, range->size, kind))
        boot_diagnose(info, "device tree: %s: size 0x%llx wraps from 0x%llx, left out", what,
                      (unsigned long long)range->size, (unsigned long long)range->base);
}

/* Cells that are left behind the last entry are part of one. */
static void check_reg(const struct fdt *fdt, uint32_t node, struct boot_info *info)
{
    uint32_t bus = fdt_parent(fdt, node), entry;
    struct fdt_property reg;

    if (bus == FDT_NONE || !fdt_find_property(fdt, node, "reg", &reg))
        return;
    entry = 4 * (fdt_address_cells(fdt, bus) + fdt_size_cells(fdt, bus));
    if (entry && reg.length % entry)
        boot_diagnose(info,
                      "device tree: reg of %s has %u bytes, expected entries of %u; what is "
                      "left of them is ignored",
                      fdt_name(fdt, node), (unsigned)reg.length, (unsigned)entry);
}

/* Every entry of the node's reg. */
static void add_node(const struct fdt *fdt, uint32_t node, enum boot_memory kind,
                     struct boot_info *info)
{
    const char *name = fdt_name(fdt, node);
    uint32_t count = fdt_reg_count(fdt, node);
    struct fdt_range range;

    check_reg(fdt, node, info);
    if (count > BOOT_MEMORY_MAX) {
        boot_diagnose(info, "device tree: reg of %s has %u entries, expected %d at most", name,
                      (unsigned)count, BOOT_MEMORY_MAX);
        count = BOOT_MEMORY_MAX;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (fdt_reg(fdt, node, i, &range))
            add(info, &range, kind, name);
        else
            boot_diagnose(info, "device tree: reg of %s, entry %u, is no range for a CPU, left out",
                          name, (unsigned)i);
    }
}

/* A child without reg only asks for memory that may be anywhere. */
static void add_children(const struct fdt *fdt, uint32_t parent, struct boot_info *info)
{
    for (uint32_t node = fdt_first_child(fdt, parent); node != FDT_NONE;
         node = fdt_next_sibling(fdt, node))
        if (fdt_is_okay(fdt, node))
            add_node(fdt, node, BOOT_FIRMWARE, info);
}

static void add_memory(const struct fdt *fdt, uint32_t node, struct boot_info *info)
{
    if (!fdt_reg_count(fdt, node))
        boot_diagnose(info, "device tree: %s has no reg of cells that fit 64 bits, left out",
                      fdt_name(fdt, node));
    add_node(fdt, node, BOOT_USABLE, info);
}

/* Of the root's children. */
static void read_memory(const struct fdt *fdt, struct boot_info *info)
{
    for (uint32_t node = fdt_first_child(fdt, fdt_root(fdt)); node != FDT_NONE;
         node = fdt_next_sibling(fdt, node))
        if (fdt_is_named(fdt, node, "memory") && fdt_is_okay(fdt, node))
            add_memory(fdt, node, info);
}

static void read_reservations(const struct fdt *fdt, struct boot_info *info)
{
    struct fdt_range range;

    for (unsigned i = 0; fdt_reservation(fdt, i, &range); i++) {
        if (i == RESERVATIONS_MAX) {
            boot_diagnose(info,
                          "device tree: more than %d memory reservations, the rest is ignored",
                          RESERVATIONS_MAX);
            return;
        }
        add(info, &range, BOOT_FIRMWARE, "a memory reservation");
    }
}

static void read_firmware(const struct fdt *fdt, uint64_t address, struct boot_info *info)
{
    for (uint32_t node = fdt_first_child(fdt, fdt_root(fdt)); node != FDT_NONE;
         node = fdt_next_sibling(fdt, node))
        if (fdt_is_named(fdt, node, "reserved-memory") && fdt_is_okay(fdt, node))
            add_children(fdt, node, info);
    read_reservations(fdt, info);
    add(info, &(struct fdt_range){address, fdt->size}, BOOT_FIRMWARE, "the tree");
}

/* A tree that asks for more is damage, and what of it is read is not the whole memory map. */
static void report_work(const struct fdt_work *work, struct boot_info *info)
{
    if (!work->steps)
        boot_diagnose(info, "device tree: more work than a machine asks for; what comes late in it "
                            "is left out");
}

static void read_command_line(const struct fdt *fdt, struct boot_info *info)
{
    uint32_t chosen = fdt_find_path(fdt, "/chosen", 7);
    struct fdt_property bootargs;

    if (chosen != FDT_NONE && fdt_find_property(fdt, chosen, "bootargs", &bootargs))
        boot_set_cmdline(info, (const char *)bootargs.value, bootargs.length);
}

static uint64_t number(const struct fdt *fdt, uint32_t node, const char *name)
{
    struct fdt_property property;

    return fdt_find_property(fdt, node, name, &property) && fdt_cell_count(&property) <= 2
               ? fdt_cells(&property, 0, fdt_cell_count(&property))
               : 0;
}

/*
 * What Linux's EFI stub passes on (Documentation/arch/arm/uefi.rst): the way to ACPI, and a memory
 * map, which counts where there are no memory nodes.
 */
static void read_uefi(const struct fdt *fdt, const struct mem_view *memory, struct boot_info *info)
{
    uint32_t chosen = fdt_find_path(fdt, "/chosen", 7);
    uint64_t table = chosen == FDT_NONE ? 0 : number(fdt, chosen, "linux,uefi-system-table");

    if (!table)
        return;
    if (fdt_find_path(fdt, "/memory", 7) != FDT_NONE) {
        efi_read_tables(memory, table, NULL, info);
        return;
    }
    efi_read_tables(memory, table,
                    &(struct efi_handoff){
                        .map = number(fdt, chosen, "linux,uefi-mmap-start"),
                        .map_size = number(fdt, chosen, "linux,uefi-mmap-size"),
                        .descriptor_size = number(fdt, chosen, "linux,uefi-mmap-desc-size"),
                    },
                    info);
}

void devicetree_read(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    const struct sink sink = {.line = report, .context = info};
    struct fdt_work work = {.steps = FDT_STEPS};
    struct fdt fdt;

    info->protocol = "image";
    if (!fdt_open_at(&fdt, memory, address, &sink))
        return;
    fdt.work = &work;
    info->dtb = address;
    read_memory(&fdt, info);
    read_firmware(&fdt, address, info);
    read_command_line(&fdt, info);
    read_uefi(&fdt, memory, info);
    report_work(&work, info);
}

void devicetree_reserve(const struct mem_view *memory, uint64_t address, struct boot_info *info)
{
    const struct sink sink = {.line = report, .context = info};
    struct fdt_work work = {.steps = FDT_STEPS};
    struct fdt fdt;

    info->dtb = address;
    if (!fdt_open_at(&fdt, memory, address, &sink))
        return;
    fdt.work = &work;
    read_firmware(&fdt, address, info);
    report_work(&work, info);
}
