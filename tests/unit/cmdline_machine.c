// SPDX-License-Identifier: BSD-2-Clause
/*
 * Boot options that describe a machine: virtio-mmio blocks, a PCI host bridge. Every rule of their
 * grammar, kept and broken, and what becomes of them beside what firmware describes.
 */
#include <stdio.h>
#include <string.h>

#include "boot/cmdline.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/cmdline.h"
#include "tests/unit/fixtures/unit.h"

static void good_devices(void)
{
    static const struct {
        const char *cmdline;
        uint64_t size, base;
        uint32_t line;
    } cases[] = {
        {"virtio_mmio.device=512@0xfeb00e00:12", 512, 0xfeb00e00, 12},
        {"virtio-mmio.device=512@0xfeb00e00:12", 512, 0xfeb00e00, 12},
        {"virtio_mmio.device=4K@0xc0001000:5", 4096, 0xc0001000, 5},
        {"virtio_mmio.device=4k@0XC0001000:05", 4096, 0xc0001000, 5},
        {"virtio_mmio.device=0x200@0x10:5:0", 0x200, 0x10, 5},
        {"virtio_mmio.device=01000@0100:010:7", 512, 64, 10},
        {"virtio_mmio.device=\"0x1M@4096:4294967295:2147483647\"", 1 << 20, 4096, UINT32_MAX},
        {"virtio_mmio.device=1G@0:1", 1ull << 30, 0, 1},
        {"virtio_mmio.device=1t@0:1", 1ull << 40, 0, 1},
        {"virtio_mmio.device=1P@0:1", 1ull << 50, 0, 1},
        {"virtio_mmio.device=15E@0:1", 15ull << 60, 0, 1},
        {"virtio_mmio.device=0x100@0xffffffffffffff00:1", 0x100, 0xffffffffffffff00, 1},
        {"virtio_mmio.device=256@0:1", 256, 0, 1},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct cmdline_report report = cmdline_read(cases[i].cmdline);
        const struct machine_mmio *block = &cmdline_options.blocks.blocks[0];

        if (report.lines || cmdline_options.blocks.count != 1 || block->size != cases[i].size ||
            block->base != cases[i].base || block->line != cases[i].line || block->is_guess)
            unit_fail(__FILE__, __LINE__, "'%s': %u blocks, 0x%llx at 0x%llx, line %u, '%s'",
                      cases[i].cmdline, cmdline_options.blocks.count,
                      (unsigned long long)block->size, (unsigned long long)block->base, block->line,
                      report.last);
    }
}

static void bad_devices(void)
{
    static const char *const cases[][2] = {
        {"virtio_mmio.device", "byte 0: virtio_mmio.device is '', expected a size of 0x100"},
        {"virtio_mmio.device=", "expected a size of 0x100 or more at ''; ignored"},
        {" virtio_mmio.device=x", "byte 1: "},
        {"virtio_mmio.device=0@0x1000:5", "a size of 0x100 or more at '0@0x1000:5'"},
        {"virtio_mmio.device=255@0x1000:5", "a size of 0x100 or more at '255@0x1000:5'"},
        {"virtio_mmio.device=0x@0x1000:5", "a size of 0x100 or more at '0x@"},
        {"virtio_mmio.device=010009@0x1000:5", "@ and the base at '9@0x1000:5'"},
        {"virtio_mmio.device=16E@0x1000:5", "a size of 0x100 or more at '16E@"},
        {"virtio_mmio.device=18446744073709551616@0:5", "a size of 0x100 or more at '184"},
        {"virtio_mmio.device=-4K@0x1000:5", "a size of 0x100 or more at '-4K@"},
        {"virtio_mmio.device=4KK@0x1000:5", "@ and the base at 'K@0x1000:5'"},
        {"virtio_mmio.device=512Z@0x1000:5", "@ and the base at 'Z@0x1000:5'"},
        {"virtio_mmio.device=512", "@ and the base at ''"},
        {"virtio_mmio.device=512@", "a base of 64 bits at ''"},
        {"virtio_mmio.device=512@-1:5", "a base of 64 bits at '-1:5'"},
        {"virtio_mmio.device=512@4K:5", ": and the interrupt at 'K:5'"},
        {"virtio_mmio.device=512@0x10000000000000000:5", "a base of 64 bits at '0x1"},
        {"virtio_mmio.device=512@0x1002:5", "a base that is a multiple of 4 at '0x1002:5'"},
        {"virtio_mmio.device=512@0xffffffffffffff00:5", "the size does not wrap at '0xff"},
        {"virtio_mmio.device=512@0x1000", ": and the interrupt at ''"},
        {"virtio_mmio.device=512@0x1000:", "an interrupt, decimal, from 1 to 4294967295 at ''"},
        {"virtio_mmio.device=512@0x1000:0", "from 1 to 4294967295 at '0'"},
        {"virtio_mmio.device=512@0x1000:0x5", "from 1 to 4294967295 at '0x5'"},
        {"virtio_mmio.device=512@0x1000:4294967296", "from 1 to 4294967295 at '4294967296'"},
        {"virtio_mmio.device=512@0x1000:-5", "from 1 to 4294967295 at '-5'"},
        {"virtio_mmio.device=512@0x1000:5x", ": and an id, or the end at 'x'"},
        {"virtio_mmio.device=512@0x1000:5:", "an id, decimal, from 0 to 2147483647 at ''"},
        {"virtio_mmio.device=512@0x1000:5:2147483648", "an id, decimal, from 0 to 2147483647"},
        {"virtio_mmio.device=512@0x1000:5:0x1", "expected the end at 'x1'"},
        {"virtio_mmio.device=512@0x1000:5:1:", "expected the end at ':'"},
        {"virtio_mmio.device=\"512@0x1000:5 \"", ": and an id, or the end at ' '"},
        {"virtio-mmio.devices=0x200@0x1000:5", "options: ignored:"},
        {"device=0x200@0x1000:5", "options: ignored:"},
        {"virtio_mmio.device="
         "00000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000200@0x1000:5",
         "expected at most 79 characters"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        cmdline_check_refused(cases[i][0], cases[i][1]);
}

static void slots(void)
{
    static const char *const bad[][2] = {
        {"virtio_mmio.slots=0:0x200@0x1000", "a count from 1 to 64 at '0:"},
        {"virtio_mmio.slots=65:0x200@0x1000", "a count from 1 to 64 at '65:"},
        {"virtio_mmio.slots=8@0x1000", ": and the stride at '@0x1000'"},
        {"virtio_mmio.slots=8:0xff@0x1000", "a stride of 0x100 or more at '0xff@"},
        {"virtio_mmio.slots=8:0x200", "@ and the base at ''"},
        {"virtio_mmio.slots=8:0x200@0xfffffffffffff800", "does not wrap at '0xfff"},
        {"virtio_mmio.slots=16:1E@0x1000", "does not wrap at '0x1000'"},
        {"virtio_mmio.slots=8:0x200@0x1000:0", "an interrupt, decimal, from 1 to 4294967231"},
        {"virtio_mmio.slots=8:0x200@0x1000:5:1", "expected the end at ':1'"},
        {"virtio_mmio.slots=8:0x200@0x1000,5", ": and the first interrupt, or the end at ',5'"},
    };
    struct cmdline_report report = cmdline_read("virtio-mmio.slots=24:0x200@0xfeb00000:24 "
                                                "virtio_mmio.slots=8:4K@0x10001000");
    const struct machine_mmio *last = &cmdline_options.blocks.blocks[23];

    CHECK_EQ(report.lines, 0);
    CHECK_EQ(cmdline_options.blocks.count, 32);
    CHECK_EQ(last->base, 0xfeb02e00);
    CHECK_EQ(last->size, 0x200);
    CHECK_EQ(last->line, 47);
    CHECK(last->is_guess);
    CHECK_EQ(cmdline_options.blocks.blocks[31].base, 0x10008000);
    CHECK_EQ(cmdline_options.blocks.blocks[31].line, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        cmdline_check_refused(bad[i][0], bad[i][1]);
    report = cmdline_read("virtio_mmio.slots=64:0x200@0x1000 virtio_mmio.device=512@0x100000:5 "
                          "virtio_mmio.slots=1:0x200@0");
    CHECK_EQ(report.lines, 2);
    CHECK_EQ(cmdline_options.blocks.count, 64);
    CHECK(strstr(report.last, "no more than 64 blocks in all at ''"));
}

static void good_hosts(void)
{
    static const struct {
        const char *cmdline;
        struct machine_host host;
    } cases[] = {
        {"pci.ecam=0xe0000000", {.ecam = 0xe0000000, .bus_last = 255}},
        {"pci.ecam=1048576,1", {.ecam = 1 << 20, .bus_last = 0}},
        {"pci.ecam=0xfffffffff0000000,0x100", {.ecam = 0xfffffffff0000000, .bus_last = 255}},
        {"pci.ecam=0xe0000000,64 pci.window=mem32:0xc0000000:0x40000000",
         {.ecam = 0xe0000000,
          .bus_last = 63,
          .window_count = 1,
          .windows = {{MACHINE_WINDOW_32, false, 0xc0000000, 0xc0000000, 1 << 30}}}},
        {"pci.ecam=0x100000 pci.window=io:0:0x10000:0x3eff0000 pci.window=pref32:0:0x1000 "
         "pci.window=mem64:0x8000000000:0x8000000000 pci.window=pref64:4294967296:1:0",
         {.ecam = 1 << 20,
          .bus_last = 255,
          .window_count = 4,
          .windows = {{MACHINE_WINDOW_IO, false, 0, 0x3eff0000, 0x10000},
                      {MACHINE_WINDOW_32, true, 0, 0, 0x1000},
                      {MACHINE_WINDOW_64, false, 0x8000000000, 0x8000000000, 0x8000000000},
                      {MACHINE_WINDOW_64, true, 1ull << 32, 0, 1}}}},
        {"pci.ecam=0x100000 pci.window=mem64:0xfffffffffffff000:0xfff",
         {.ecam = 1 << 20,
          .bus_last = 255,
          .window_count = 1,
          .windows = {{MACHINE_WINDOW_64, false, -4096ull, -4096ull, 0xfff}}}},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct cmdline_report report = cmdline_read(cases[i].cmdline);
        const struct machine_host *host = &cmdline_options.host, *expected = &cases[i].host;

        if (report.lines || host->ecam != expected->ecam || host->bus_last != expected->bus_last ||
            host->window_count != expected->window_count)
            unit_fail(__FILE__, __LINE__, "'%s': '%s'", cases[i].cmdline, report.last);
        for (unsigned n = 0; n < host->window_count; n++) {
            const struct machine_window *window = &host->windows[n], *other = &expected->windows[n];

            CHECK(window->kind == other->kind && window->is_prefetchable == other->is_prefetchable);
            CHECK_EQ(window->bus, other->bus);
            CHECK_EQ(window->cpu, other->cpu);
            CHECK_EQ(window->size, other->size);
        }
    }
}

static void bad_hosts(void)
{
    static const char *const ecams[][2] = {
        {"", "a base of 64 bits, not 0 at ''"},
        {"0", "a base of 64 bits, not 0 at '0'"},
        {"0xe0000001", "a base that is a multiple of 0x100000 at '0xe0000001'"},
        {"0xe0000000,", "from 1 to 256 buses at ''"},
        {"0xe0000000,0", "from 1 to 256 buses at '0'"},
        {"0xe0000000,257", "from 1 to 256 buses at '257'"},
        {"0xe0000000:1", ", and a number of buses, or the end at ':1'"},
        {"0xe0000000,1:", "expected the end at ':'"},
        {"0xfffffffff0100000", "a base from which the buses do not wrap at '0xfff"},
    };
    static const char *const windows[][2] = {
        {"", "io:, mem32:, pref32:, mem64: or pref64: at ''"},
        {"mem:0:1", "io:, mem32:, pref32:, mem64: or pref64: at 'mem:0:1'"},
        {"mem32", "or pref64: at 'mem32'"},
        {"mem32:", "a base that fits the kind at ''"},
        {"mem32:0x100000000:1", "a base that fits the kind at '0x100000000:1'"},
        {"mem32:0xc0000000", ": and the size at ''"},
        {"mem32:0xc0000000:0", "a size, not 0, that the kind has room for at '0'"},
        {"mem32:0xc0000000:0x40000001", "that the kind has room for at '0x40000001'"},
        {"mem64:0xffffffffffffffff:1", "a base that fits the kind at"},
        {"mem64:0xfffffffffffff000:0x1000", "that the kind has room for at '0x1000'"},
        {"io:0:0x100000001", "that the kind has room for at '0x100000001'"},
        {"mem32:0:1,0", ": and the CPU's address, or the end at ',0'"},
        {"mem32:0:4096:0xfffffffffffff000", "from which the size does not wrap at '0xf"},
        {"mem32:0:4096:0:", "expected the end at ':'"},
    };
    struct cmdline_report report;
    char line[128];

    for (size_t i = 0; i < ARRAY_LENGTH(ecams); i++) {
        snprintf(line, sizeof(line), "pci.ecam=%s", ecams[i][0]);
        cmdline_check_refused(line, ecams[i][1]);
        CHECK_EQ(cmdline_options.host.ecam, 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(windows); i++) {
        snprintf(line, sizeof(line), "pci.ecam=0xe0000000 pci.window=%s", windows[i][0]);
        cmdline_check_refused(line, windows[i][1]);
    }
    cmdline_check_refused("pci.window=mem32:0:4096", "pci.ecam= to come before it at ''");
    cmdline_check_refused("pci.ecam=0xe0000000 pci.ecam=0x100000", "no second host bridge at ''");
    CHECK_EQ(cmdline_options.host.ecam, 0xe0000000);
    report = cmdline_read("pci.ecam=0x100000 pci.window=mem32:0:4096 pci.window=mem64:0xfff:1 "
                          "pci.window=io:0:4096");
    CHECK_EQ(report.lines, 1);
    CHECK(strstr(report.last, "no overlap with another window at '0xfff:1'"));
    CHECK_EQ(cmdline_options.host.window_count, 2);
}

/* Against the memory map and against what firmware describes. */
static void host_in_the_machine(void)
{
    static const struct {
        const char *cmdline, *diagnostic; /* NULL: none */
    } cases[] = {
        {"pci.ecam=0x800000,1 pci.window=mem32:0x900000:0x100000", NULL},
        {"pci.ecam=0x800000,1 pci.window=io:0x100000:0x1000", NULL},
        {"pci.ecam=0x100000,1", "options: PCI host bridge at 0x100000: the configuration space "},
        {"pci.ecam=0x800000,1 pci.window=mem32:0x900000:1:0x1fffff", ": a window overlaps usable"},
    };
    static struct boot_info boot;

    boot_add_memory(&boot, 0x100000, 0x100000, BOOT_USABLE);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        static struct machine machine;
        struct cmdline_report report = cmdline_read(cases[i].cmdline);
        const struct sink sink = {.line = cmdline_take, .context = &report};

        machine = (struct machine){.hosts = {{.ecam = 1}, {.ecam = 2}}, .host_count = 2};
        boot_apply_cmdline(&boot, &cmdline_options, &machine, &sink);
        CHECK_EQ(report.lines, cases[i].diagnostic != NULL);
        CHECK(!cases[i].diagnostic || strstr(report.last, cases[i].diagnostic));
        CHECK_EQ(machine.host_count, cases[i].diagnostic ? 2 : 1);
        CHECK_EQ(machine.hosts[0].ecam, cases[i].diagnostic ? 1 : 0x800000);
        CHECK_EQ(cmdline_options.refused, cases[i].diagnostic != NULL);
    }
}

/* Against the memory map and against what firmware describes. */
static void blocks_in_the_machine(void)
{
    static const struct {
        const char *cmdline, *diagnostic; /* NULL: none */
        unsigned blocks;
        uint32_t line; /* of the first block */
    } cases[] = {
        {"virtio_mmio.device=512@0x20000000:7", NULL, 2, 3},
        {"virtio_mmio.device=512@0x10000000:7", NULL, 1, 7},
        {"virtio_mmio.device=1K@0x10000000:7", "no overlap with another block", 1, 3},
        {"virtio_mmio.device=512@0xffffe04:7", "no overlap with another block", 1, 3},
        {"virtio_mmio.device=512@0xffffe00:7", NULL, 2, 3},
        {"virtio_mmio.device=512@0x10000200:7", NULL, 2, 3},
        {"virtio_mmio.device=512@0x1000:7", "no usable memory there", 1, 3},
        {"virtio_mmio.device=512@0x1ffc:7", "no usable memory there", 1, 3},
        {"virtio_mmio.device=512@0x2000:7", NULL, 2, 3},
        {"virtio_mmio.device=512@0x8000:7", NULL, 2, 3},
        {"virtio_mmio.device=1E@0:7", "no usable memory there", 1, 3},
        {"virtio_mmio.device=512@0x20000000:7 virtio_mmio.device=512@0x20000100:8",
         "at 0x20000100, expected no overlap with another block", 2, 3},
        {"viommu=mmio:0x20000000", NULL, 2, 3},
        {"viommu=mmio:0x10000000", NULL, 1, 3},
        {"viommu=mmio:0x10000100", "no overlap with another block", 1, 3},
        {"viommu=mmio:0x1100", "no usable memory there", 1, 3},
        {"viommu=mmio:0x20000002", "a multiple of 4 with space behind it", 1, 3},
        {"viommu=mmio:0xfffffffffffffff0", "a multiple of 4 with space behind it", 1, 3},
        {"viommu=mmio:0x20000000 virtio_mmio.device=512@0x20000000:7", NULL, 2, 3},
        {"viommu=mmio:0x20000200 virtio_mmio.slots=4:512@0x20000000", NULL, 5, 3},
        {"virtio_mmio.slots=64:512@0x20000000", "at 0x20007e00, expected fewer blocks", 64, 3},
    };
    static struct boot_info boot;

    boot_add_memory(&boot, 0x1000, 0x1000, BOOT_USABLE);
    boot_add_memory(&boot, 0x8000, 0x1000, BOOT_FIRMWARE);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        static struct machine machine;
        struct cmdline_report report = cmdline_read(cases[i].cmdline);
        const struct sink sink = {.line = cmdline_take, .context = &report};

        CHECK_EQ(report.lines, 0);
        machine = (struct machine){.mmio = {{.base = 0x10000000, .size = 512, .line = 3}},
                                   .mmio_count = 1};
        boot_apply_cmdline(&boot, &cmdline_options, &machine, &sink);
        if (machine.mmio_count != cases[i].blocks || machine.mmio[0].line != cases[i].line ||
            report.lines != (cases[i].diagnostic != NULL) ||
            (report.lines && !strstr(report.last, cases[i].diagnostic)))
            unit_fail(__FILE__, __LINE__, "'%s': %u blocks, line %u, '%s'", cases[i].cmdline,
                      machine.mmio_count, machine.mmio[0].line, report.last);
    }
}

static const struct unit units[] = {
    {"good_devices", good_devices},
    {"bad_devices", bad_devices},
    {"slots", slots},
    {"good_hosts", good_hosts},
    {"bad_hosts", bad_hosts},
    {"host_in_the_machine", host_in_the_machine},
    {"blocks_in_the_machine", blocks_in_the_machine},
};

int main(void)
{
    return unit_main("cmdline_machine", units, ARRAY_LENGTH(units));
}
