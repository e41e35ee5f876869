// SPDX-License-Identifier: BSD-2-Clause
/*
 * Machines and memory maps of the device trees in tests/unit/fixtures/trees, as dtc compiles them.
 */
#include <stdio.h>
#include <string.h>

#include "boot/devicetree.h"
#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/unit.h"

#define TREE_ADDRESS 0x48000000ull

/* Nothing but one tree. */
static struct memory memory;
static struct memory_range *const tree = &memory.ranges[0];
static const struct mem_view view = {memory_map, &memory};

static void load(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "build/host/trees/%s.dtb", name);
    memory_release(&memory);
    memory_load(&memory, TREE_ADDRESS, path);
}

static struct machine read_machine(const char *name)
{
    static struct machine machine;
    const struct machine_roots roots = {.dtb = TREE_ADDRESS};

    load(name);
    memset(&machine, 0, sizeof(machine));
    machine_read(&machine, &roots, &view, NULL);
    return machine;
}

static void gicv3_machine(void)
{
    struct machine machine = read_machine("gicv3");
    const struct machine_interrupts *interrupts = &machine.interrupts;

    CHECK_EQ(machine.uart.kind, MACHINE_UART_PL011);
    CHECK_EQ(machine.uart.base, 0x9000000);
    CHECK_EQ(machine.psci, MACHINE_PSCI_HVC);
    CHECK_EQ(machine.cpu_count, 2);
    CHECK(machine.cpus[0].id == 0 && machine.cpus[1].id == 0x100);
    CHECK_EQ(interrupts->kind, MACHINE_GICV3);
    CHECK_EQ(interrupts->base, 0x8000000);
    CHECK_EQ(interrupts->redistributor_count, 2);
    CHECK_EQ(interrupts->redistributors[0].base, 0x80a0000);
    CHECK_EQ(interrupts->redistributors[0].size, 0xf60000);
    CHECK_EQ(interrupts->redistributors[1].base, 0x4000000000);
    CHECK(interrupts->its_count == 1 && interrupts->its[0] == 0x8080000);
    CHECK_EQ(machine.mmio_count, 2);
    CHECK(machine.mmio[0].base == 0xa000000 && machine.mmio[0].size == 0x200);
    CHECK(machine.mmio[0].line == 48 && machine.mmio[0].is_edge);
    CHECK(machine.mmio[1].line == 49 && !machine.mmio[1].is_edge);
}

static void gicv3_host(void)
{
    struct machine machine = read_machine("gicv3");
    const struct machine_host *host = &machine.hosts[0];
    bool is_edge = false;

    CHECK_EQ(machine.host_count, 1);
    CHECK_EQ(host->segment, 5);
    CHECK_EQ(host->ecam, 0x4010000000);
    CHECK(host->bus_first == 0x10 && host->bus_last == 0x2f); /* as far as reg reaches */
    CHECK_EQ(host->window_count, 3);
    CHECK_EQ(host->windows[0].kind, MACHINE_WINDOW_IO);
    CHECK(host->windows[0].bus == 0 && host->windows[0].cpu == 0x3eff0000);
    CHECK_EQ(host->windows[1].kind, MACHINE_WINDOW_32);
    CHECK(host->windows[1].bus == 0x10000000 && host->windows[1].size == 0x2eff0000);
    CHECK(!host->windows[1].is_prefetchable);
    CHECK_EQ(host->windows[2].kind, MACHINE_WINDOW_64);
    CHECK(host->windows[2].bus == 0x8000000000 && host->windows[2].size == 0x8000000000);
    CHECK(host->windows[2].is_prefetchable);
    CHECK_EQ(machine_host_line(host, 0x08, 1, &is_edge), 36);
    CHECK(!is_edge);
    CHECK_EQ(machine_host_line(host, 0x1000 | 0x28, 1, &is_edge), 36); /* under the mask */
    CHECK_EQ(machine_host_line(host, 0x18, 4, &is_edge), 37);
    CHECK(is_edge);
    CHECK_EQ(machine_host_line(host, 0x10, 1, &is_edge), UINT32_MAX);
    CHECK_EQ(machine_host_msi(host, 0x1010), 0x2010);
    CHECK_EQ(machine_host_msi(host, 0x0fff), UINT32_MAX);
}

static void gicv2_machine(void)
{
    struct machine machine = read_machine("gicv2");
    const struct machine_interrupts *interrupts = &machine.interrupts;
    bool is_edge;

    CHECK_EQ(machine.uart.kind, MACHINE_UART_16550);
    CHECK(machine.uart.base == 0x1000000 && machine.uart.shift == 2 && machine.uart.width == 4);
    CHECK_EQ(machine.psci, MACHINE_PSCI_SMC);
    CHECK(machine.cpu_count == 1 && machine.cpus[0].id == 0x100000002);
    CHECK_EQ(interrupts->kind, MACHINE_GICV2);
    CHECK(interrupts->base == 0x8000000 && interrupts->cpu_interface == 0x8010000);
    CHECK_EQ(interrupts->v2m_count, 1);
    CHECK_EQ(interrupts->v2m[0].base, 0x8020000);
    CHECK(interrupts->v2m[0].spi_first == 80 && interrupts->v2m[0].spi_count == 64);
    CHECK_EQ(machine.host_count, 1);
    CHECK(machine.hosts[0].bus_first == 0 && machine.hosts[0].bus_last == 255);
    CHECK_EQ(machine_host_line(&machine.hosts[0], 0x10, 1, &is_edge), 37);
    CHECK_EQ(machine_host_msi(&machine.hosts[0], 0x10), 0x10);
}

static void gicv3_with_v2m(void)
{
    struct machine machine = read_machine("gicv3-v2m");
    const struct machine_interrupts *interrupts = &machine.interrupts;

    CHECK(interrupts->kind == MACHINE_GICV3 && interrupts->redistributor_count == 1);
    CHECK(interrupts->its_count == 0 && interrupts->v2m_count == 2);
    CHECK(interrupts->v2m[0].base == 0x8020000 && interrupts->v2m[0].spi_first == 80);
    CHECK_EQ(interrupts->v2m[0].spi_count, 64);
    CHECK(interrupts->v2m[1].base == 0x8030000 && interrupts->v2m[1].spi_count == 0);
}

static void plic_machine(void)
{
    struct machine machine = read_machine("plic");
    bool is_edge;

    CHECK(machine.uart.kind == MACHINE_UART_16550 && machine.uart.base == 0x10000000);
    CHECK(machine.uart.shift == 0 && machine.uart.width == 1);
    CHECK_EQ(machine.interrupts.kind, MACHINE_PLIC);
    CHECK(machine.interrupts.base == 0xc000000 && machine.interrupts.size == 0x600000);
    CHECK_EQ(machine.timer_hz, 10000000);
    CHECK_EQ(machine.sifive_test, 0x100000);
    CHECK_EQ(machine.cpu_count, 2);
    CHECK(machine.cpus[0].context == 3 && machine.cpus[1].context == 1);
    CHECK(machine.mmio_count == 1 && machine.mmio[0].line == 1 && !machine.mmio[0].is_edge);
    CHECK_EQ(machine.host_count, 1);
    CHECK_EQ(machine.hosts[0].window_count, 2);
    CHECK_EQ(machine_host_line(&machine.hosts[0], 0x08, 2, &is_edge), 0x22);
}

/* An interrupt is its controller's. */
static void several_controllers(void)
{
    struct machine machine = read_machine("plics");
    const struct machine_interrupts *interrupts = &machine.interrupts;
    bool is_edge;

    CHECK(interrupts->kind == MACHINE_PLIC && interrupts->node_count == 3);
    CHECK(interrupts->base == 0xc000000 && interrupts->wired[0].base == 0xc000000);
    CHECK(interrupts->wired[1].base == 0xd000000 && interrupts->wired[1].size == 0x400000);
    CHECK(machine.cpus[0].wired == 0 && machine.cpus[0].context == 1);
    CHECK(machine.cpus[1].wired == 1 && machine.cpus[1].context == 1);
    CHECK_EQ(machine.mmio_count, 3);
    CHECK_EQ(machine.mmio[0].line, MACHINE_LINE(0, 1));
    CHECK_EQ(machine.mmio[1].line, MACHINE_LINE(1, 2));
    CHECK_EQ(machine.mmio[2].line, MACHINE_LINE(2, 3));
    CHECK_EQ(machine_host_line(&machine.hosts[0], 0x00, 1, &is_edge), MACHINE_LINE(0, 0x20));
    CHECK_EQ(machine_host_line(&machine.hosts[0], 0x08, 1, &is_edge), MACHINE_LINE(1, 0x21));
    CHECK_EQ(machine_host_line(&machine.hosts[0], 0x10, 1, &is_edge), MACHINE_LINE(2, 0x22));
}

/* Supervisor mode's domain alone, by the indexes that its harts have there. */
static void aplic_machine(void)
{
    struct machine machine = read_machine("aplic");
    const struct machine_interrupts *interrupts = &machine.interrupts;

    CHECK(interrupts->kind == MACHINE_APLIC && interrupts->node_count == 1);
    CHECK(interrupts->wired[0].base == 0xd000000 && interrupts->wired[0].size == 0x8000);
    CHECK(!interrupts->wired[0].sends_messages);
    CHECK(machine.cpus[0].wired == 0 && machine.cpus[0].context == 5);
    CHECK(machine.cpus[1].wired == 0 && machine.cpus[1].context == 7);
    CHECK(!machine.cpus[0].message_address);
    CHECK(machine.mmio[0].line == MACHINE_LINE(0, 3) && !machine.mmio[0].is_edge);
    CHECK_EQ(machine.mmio[1].line, 0); /* machine mode's */
}

/* The address of a hart's page has its group and its number in that. */
static void imsic_machine(void)
{
    static const struct {
        uint64_t address;
        uint32_t index;
    } harts[] = {{0x28000000, 0}, {0x28004000, 1}, {0x29000000, 2}};
    struct machine machine = read_machine("imsic");
    const struct machine_interrupts *interrupts = &machine.interrupts;

    CHECK(interrupts->kind == MACHINE_APLIC && interrupts->node_count == 1);
    CHECK(interrupts->wired[0].base == 0xd000000 && interrupts->wired[0].sends_messages);
    CHECK_EQ(machine.cpu_count, ARRAY_LENGTH(harts));
    for (unsigned i = 0; i < ARRAY_LENGTH(harts); i++) {
        CHECK_EQ(machine.cpus[i].message_address, harts[i].address);
        CHECK_EQ(machine.cpus[i].context, harts[i].index);
        CHECK_EQ(machine.cpus[i].message_count, 127);
    }
    CHECK(machine.mmio[0].line == MACHINE_LINE(0, 3) && machine.mmio[0].is_edge);
}

/* CAM has 64 KiB a bus; a reg of 1 MiB a bus says something else. */
static void cam_hosts(void)
{
    struct machine machine = read_machine("hosts");

    CHECK_EQ(machine.host_count, 3);
    for (unsigned i = 0; i < machine.host_count; i++) {
        const struct machine_host *host = &machine.hosts[i];

        CHECK(host->is_fixed && host->bus_first == 0);
        CHECK_EQ(host->is_cam, host->segment != 2);
        CHECK_EQ(host->is_unusable, host->segment == 1);
        CHECK_EQ(host->bus_last, host->segment ? 15 : 255);
        CHECK_EQ(host->ecam, host->segment == 0   ? 0x10000
                             : host->segment == 1 ? 0x40000000
                                                  : 0x50000000);
    }
}

static bool is_kind(const struct boot_info *info, uint64_t address, enum boot_memory kind)
{
    for (unsigned i = 0; i < info->memory_count; i++)
        if (address >= info->memory[i].first && address <= info->memory[i].last)
            return info->memory[i].kind == kind;
    return false;
}

static void map_of_memory(void)
{
    static struct boot_info info;

    load("gicv3");
    memset(&info, 0, sizeof(info));
    devicetree_read(&view, TREE_ADDRESS, &info);
    CHECK(!strcmp(info.cmdline, "seed=7 list"));
    CHECK_EQ(info.dtb, TREE_ADDRESS);
    CHECK_EQ(info.diagnostic_count, 0);
    CHECK(is_kind(&info, 0x40000000, BOOT_USABLE) && is_kind(&info, 0x47ffffff, BOOT_USABLE));
    CHECK(is_kind(&info, 0x100000000, BOOT_USABLE) && is_kind(&info, 0x100000fff, BOOT_USABLE));
    CHECK(is_kind(&info, 0x41000000, BOOT_FIRMWARE) && is_kind(&info, 0x410fffff, BOOT_FIRMWARE));
    CHECK(is_kind(&info, 0x47f00000, BOOT_FIRMWARE) && is_kind(&info, 0x47f01000, BOOT_USABLE));
    CHECK(is_kind(&info, TREE_ADDRESS, BOOT_FIRMWARE));
    CHECK(is_kind(&info, TREE_ADDRESS + tree->size - 1, BOOT_FIRMWARE));
}

static void damaged_tree_gives_nothing(void)
{
    static struct boot_info info;

    load("gicv3");
    memset(&info, 0, sizeof(info));
    tree->bytes[0] ^= 1;
    devicetree_read(&view, TREE_ADDRESS, &info);
    CHECK(info.diagnostic_count == 1 && strstr(info.diagnostics[0], "magic"));
    CHECK(!info.memory_count && !info.dtb && !info.cmdline[0]);
    memset(&info, 0, sizeof(info));
    devicetree_read(&view, 0x1000, &info);
    CHECK(info.diagnostic_count == 1 && strstr(info.diagnostics[0], "0x1000 can't be read"));
    memset(&info, 0, sizeof(info));
    tree->bytes[0] ^= 1;
    tree->size /= 2;
    devicetree_read(&view, TREE_ADDRESS, &info);
    CHECK(info.diagnostic_count == 1 && strstr(info.diagnostics[0], "can't be read"));
}

int main(void)
{
    static const struct unit units[] = {
        {"gicv3_machine", gicv3_machine},
        {"gicv3_host", gicv3_host},
        {"gicv2_machine", gicv2_machine},
        {"gicv3_with_v2m", gicv3_with_v2m},
        {"plic_machine", plic_machine},
        {"several_controllers", several_controllers},
        {"aplic_machine", aplic_machine},
        {"imsic_machine", imsic_machine},
        {"cam_hosts", cam_hosts},
        {"memory_map", map_of_memory},
        {"damaged_tree_gives_nothing", damaged_tree_gives_nothing},
    };
    int status = unit_main("machine_fdt", units, ARRAY_LENGTH(units));

    memory_release(&memory);
    return status;
}
