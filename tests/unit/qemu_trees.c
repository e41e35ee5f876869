// SPDX-License-Identifier: BSD-2-Clause
/* The trees that QEMU writes for the machines that we run on, as `make unit` dumps them. */
#include <stdio.h>
#include <string.h>

#include "boot/devicetree.h"
#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "lib/topology/devicetree.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/unit.h"

static struct topology others; /* what the readers add to; nobody looks */

#define TREE_ADDRESS 0x48000000ull
#define MIB          (1ull << 20)
#define GIB          (1ull << 30)

/* One tree at a time, and what our readers make of it. */
static struct memory memory;
static struct machine machine;
static struct boot_info info;
static struct topology topology;

static void take_line(void *context, const char *text)
{
    (void)context;
    unit_fail(__FILE__, __LINE__, "diagnostic: %s", text);
}

/* None of QEMU's trees gives a reason to report. */
static void read_tree(const char *name)
{
    const struct machine_roots roots = {.dtb = TREE_ADDRESS};
    const struct mem_view view = {memory_map, &memory};
    const struct sink sink = {.line = take_line};
    char path[128];

    snprintf(path, sizeof(path), "build/host/trees/qemu-%s.dtb", name);
    memory_release(&memory);
    memory_load(&memory, TREE_ADDRESS, path);
    memset(&machine, 0, sizeof(machine));
    memset(&info, 0, sizeof(info));
    memset(&topology, 0, sizeof(topology));
    machine_read(&machine, &roots, &view, &sink);
    devicetree_read(&view, TREE_ADDRESS, &info);
    devicetree_topology(&machine.fdt, &topology, &others, &sink);
    CHECK_EQ(info.diagnostic_count, 0);
}

static void check_window(unsigned index, enum machine_window_kind kind, uint64_t bus, uint64_t cpu,
                         uint64_t size)
{
    const struct machine_window *window = &machine.hosts[0].windows[index];

    CHECK_EQ(window->kind, kind);
    CHECK_EQ(window->bus, bus);
    CHECK_EQ(window->cpu, cpu);
    CHECK_EQ(window->size, size);
    CHECK(!window->is_prefetchable);
}

/* Pins turn over four lines by the device. */
static void check_host(uint64_t ecam, uint32_t first_line)
{
    const struct machine_host *host = &machine.hosts[0];

    CHECK_EQ(machine.host_count, 1);
    CHECK_EQ(host->ecam, ecam);
    CHECK(host->segment == 0 && host->bus_first == 0 && host->bus_last == 255);
    CHECK_EQ(host->window_count, 3);
    CHECK_EQ(host->line_count, 16);
    for (uint16_t bdf = 0; bdf < 0x100; bdf++) {
        for (uint8_t pin = 1; pin <= 4; pin++) {
            bool is_edge = true;

            CHECK_EQ(machine_host_line(host, bdf, pin, &is_edge),
                     first_line + ((bdf >> 3) + pin - 1) % 4);
            CHECK(!is_edge);
        }
    }
}

/* The memory, but for the tree in it. */
static void check_memory(uint64_t base)
{
    uint64_t usable = 0;

    for (unsigned i = 0; i < info.memory_count; i++) {
        const struct boot_region *region = &info.memory[i];

        if (region->kind != BOOT_USABLE)
            continue;
        CHECK(region->first >= base && region->last < base + 512 * MIB);
        usable += region->last - region->first + 1;
    }
    bool has_tree = TREE_ADDRESS >= base && TREE_ADDRESS < base + 512 * MIB;

    CHECK_EQ(usable, 512 * MIB - (has_tree ? memory.ranges[0].size : 0));
}

/* 02.0 is the IOMMU; every other function has its own requester id. */
static void check_topology(void)
{
    struct topology_match match;

    CHECK_EQ(topology.iommu_count, 1);
    CHECK(topology.iommus[0].device.bus == TOPOLOGY_PCI && topology.iommus[0].device.bdf == 0x10);
    for (uint32_t bdf = 0; bdf <= UINT16_MAX; bdf++) {
        bool is_described = find_function(&topology, 0, (uint16_t)bdf, &match);

        CHECK_EQ(is_described, bdf != 0x10);
        if (is_described)
            CHECK(match.id == bdf && match.iommu == 0 && match.source == TOPOLOGY_DEVICE_TREE);
    }
    CHECK(!find_function(&topology, 1, 0, &match));
}

static void check_arm64(void)
{
    CHECK_EQ(machine.uart.kind, MACHINE_UART_PL011);
    CHECK_EQ(machine.uart.base, 0x9000000);
    CHECK_EQ(machine.cpu_count, 2);
    CHECK(machine.cpus[0].id == 0 && machine.cpus[1].id == 1);
    CHECK_EQ(machine.interrupts.base, 0x8000000);
    check_host(0x4010000000, 32 + 3);
    check_window(0, MACHINE_WINDOW_IO, 0, 0x3eff0000, 0x10000);
    check_window(1, MACHINE_WINDOW_32, 0x10000000, 0x10000000, 0x2eff0000);
    check_window(2, MACHINE_WINDOW_64, 512 * GIB, 512 * GIB, 512 * GIB);
    CHECK_EQ(machine.mmio_count, 32);
    for (unsigned i = 0; i < machine.mmio_count; i++) {
        const struct machine_mmio *block = &machine.mmio[i];

        CHECK_EQ(block->line, 32 + 16 + (block->base - 0xa000000) / 0x200);
        CHECK(block->base < 0xa000000 + 32 * 0x200 && block->size == 0x200 && block->is_edge);
    }
    check_memory(0x40000000);
    check_topology();
}

static void arm64_gicv2(void)
{
    read_tree("arm64-gicv2");
    check_arm64();
    CHECK_EQ(machine.psci, MACHINE_PSCI_SMC);
    CHECK_EQ(machine.interrupts.kind, MACHINE_GICV2);
    CHECK_EQ(machine.interrupts.cpu_interface, 0x8010000);
    CHECK(machine.interrupts.v2m_count == 1 && machine.interrupts.v2m[0].base == 0x8020000);
    CHECK_EQ(machine_host_msi(&machine.hosts[0], 0x1234), 0x1234);
}

static void arm64_gicv3(void)
{
    read_tree("arm64-gicv3");
    check_arm64();
    CHECK_EQ(machine.psci, MACHINE_PSCI_HVC);
    CHECK_EQ(machine.interrupts.kind, MACHINE_GICV3);
    CHECK_EQ(machine.interrupts.redistributor_count, 1);
    CHECK_EQ(machine.interrupts.redistributors[0].base, 0x80a0000);
    CHECK_EQ(machine.interrupts.redistributors[0].size, 0xf60000);
    CHECK(machine.interrupts.its_count == 1 && machine.interrupts.its[0] == 0x8080000);
    CHECK_EQ(machine.hosts[0].msi_count, 1);
    CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xffff), 0xffff);
}

static void riscv64(void)
{
    read_tree("riscv64");
    CHECK_EQ(machine.uart.kind, MACHINE_UART_16550);
    CHECK(machine.uart.base == 0x10000000 && !machine.uart.shift && machine.uart.width == 1);
    CHECK_EQ(machine.timer_hz, 10000000);
    CHECK_EQ(machine.sifive_test, 0x100000);
    CHECK_EQ(machine.interrupts.kind, MACHINE_PLIC);
    CHECK_EQ(machine.interrupts.base, 0xc000000);
    CHECK_EQ(machine.cpu_count, 2);
    for (unsigned i = 0; i < machine.cpu_count; i++)
        CHECK_EQ(machine.cpus[i].context, 2 * machine.cpus[i].id + 1);
    check_host(0x30000000, 0x20);
    check_window(0, MACHINE_WINDOW_IO, 0, 0x3000000, 0x10000);
    check_window(1, MACHINE_WINDOW_32, 0x40000000, 0x40000000, GIB);
    check_window(2, MACHINE_WINDOW_64, 16 * GIB, 16 * GIB, 16 * GIB);
    CHECK_EQ(machine.mmio_count, 8);
    for (unsigned i = 0; i < machine.mmio_count; i++) {
        const struct machine_mmio *block = &machine.mmio[i];

        CHECK_EQ(block->line, 1 + (block->base - 0x10001000) / 0x1000);
        CHECK(block->base <= 0x10008000 && block->size == 0x1000 && !block->is_edge);
    }
    check_memory(0x80000000);
    CHECK_EQ(topology.range_count, 0);
}

int main(void)
{
    static const struct unit units[] = {
        {"arm64_gicv2", arm64_gicv2},
        {"arm64_gicv3", arm64_gicv3},
        {"riscv64", riscv64},
    };
    int status = unit_main("qemu_trees", units, ARRAY_LENGTH(units));

    memory_release(&memory);
    return status;
}
