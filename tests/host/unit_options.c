// SPDX-License-Identifier: BSD-2-Clause
/*
 * Boot options that describe hardware: virtio-mmio blocks, a PCI host bridge, IOMMUs, endpoints.
 * Every rule of their grammar, kept and broken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/options.h"
#include "lib/rng/rng.h"
#include "lib/text/options.h"
#include "tests/host/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct options options;

struct report {
    unsigned lines;
    char last[SINK_LINE_MAX];
};

static void take_line(void *context, const char *text)
{
    struct report *report = context;

    report->lines++;
    snprintf(report->last, sizeof(report->last), "%s", text);
}

/* From an allocation of the exact size, so that a byte read past the NUL is seen. */
static struct report parse(const char *cmdline)
{
    struct report report = {0};
    const struct sink sink = {take_line, &report};
    char *copy = strdup(cmdline);

    options_parse(copy, &options, &sink);
    free(copy);
    return report;
}

/* Nothing is taken, and the complaint holds `expected`. */
static void check_refused(const char *cmdline, const char *expected)
{
    struct report report = parse(cmdline);

    if (options.blocks.count || options.topology.range_count || options.host.window_count)
        unit_fail(__FILE__, __LINE__, "'%s' is taken", cmdline);
    if (report.lines != 1 || !strstr(report.last, expected))
        unit_fail(__FILE__, __LINE__, "'%s': %u lines, '%s', expected '%s'", cmdline, report.lines,
                  report.last, expected);
}

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

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct report report = parse(cases[i].cmdline);
        const struct machine_mmio *block = &options.blocks.blocks[0];

        if (report.lines || options.blocks.count != 1 || block->size != cases[i].size ||
            block->base != cases[i].base || block->line != cases[i].line || block->is_guess)
            unit_fail(__FILE__, __LINE__, "'%s': %u blocks, 0x%llx at 0x%llx, line %u, '%s'",
                      cases[i].cmdline, options.blocks.count, (unsigned long long)block->size,
                      (unsigned long long)block->base, block->line, report.last);
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

    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i][0], cases[i][1]);
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
    struct report report = parse("virtio-mmio.slots=24:0x200@0xfeb00000:24 "
                                 "virtio_mmio.slots=8:4K@0x10001000");
    const struct machine_mmio *last = &options.blocks.blocks[23];

    CHECK_EQ(report.lines, 0);
    CHECK_EQ(options.blocks.count, 32);
    CHECK_EQ(last->base, 0xfeb02e00);
    CHECK_EQ(last->size, 0x200);
    CHECK_EQ(last->line, 47);
    CHECK(last->is_guess);
    CHECK_EQ(options.blocks.blocks[31].base, 0x10008000);
    CHECK_EQ(options.blocks.blocks[31].line, 0);
    for (size_t i = 0; i < COUNT(bad); i++)
        check_refused(bad[i][0], bad[i][1]);
    report = parse("virtio_mmio.slots=64:0x200@0x1000 virtio_mmio.device=512@0x100000:5 "
                   "virtio_mmio.slots=1:0x200@0");
    CHECK_EQ(report.lines, 2);
    CHECK_EQ(options.blocks.count, 64);
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

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct report report = parse(cases[i].cmdline);
        const struct machine_host *host = &options.host, *expected = &cases[i].host;

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
    struct report report;
    char line[128];

    for (size_t i = 0; i < COUNT(ecams); i++) {
        snprintf(line, sizeof(line), "pci.ecam=%s", ecams[i][0]);
        check_refused(line, ecams[i][1]);
        CHECK_EQ(options.host.ecam, 0);
    }
    for (size_t i = 0; i < COUNT(windows); i++) {
        snprintf(line, sizeof(line), "pci.ecam=0xe0000000 pci.window=%s", windows[i][0]);
        check_refused(line, windows[i][1]);
    }
    check_refused("pci.window=mem32:0:4096", "pci.ecam= to come before it at ''");
    check_refused("pci.ecam=0xe0000000 pci.ecam=0x100000", "no second host bridge at ''");
    CHECK_EQ(options.host.ecam, 0xe0000000);
    report = parse("pci.ecam=0x100000 pci.window=mem32:0:4096 pci.window=mem64:0xfff:1 "
                   "pci.window=io:0:4096");
    CHECK_EQ(report.lines, 1);
    CHECK(strstr(report.last, "no overlap with another window at '0xfff:1'"));
    CHECK_EQ(options.host.window_count, 2);
}

/* Against the memory map and against what firmware tells of. */
static void host_in_the_machine(void)
{
    static const struct {
        const char *cmdline, *complaint; /* NULL: none */
    } cases[] = {
        {"pci.ecam=0x800000,1 pci.window=mem32:0x900000:0x100000", NULL},
        {"pci.ecam=0x800000,1 pci.window=io:0x100000:0x1000", NULL},
        {"pci.ecam=0x100000,1", "options: PCI host bridge at 0x100000: the configuration space "},
        {"pci.ecam=0x800000,1 pci.window=mem32:0x900000:1:0x1fffff", ": a window overlaps usable"},
    };
    static struct boot_info boot;

    boot_add_memory(&boot, 0x100000, 0x100000, BOOT_USABLE);
    for (size_t i = 0; i < COUNT(cases); i++) {
        static struct machine machine;
        struct report report = parse(cases[i].cmdline);
        const struct sink sink = {take_line, &report};

        machine = (struct machine){.hosts = {{.ecam = 1}, {.ecam = 2}}, .host_count = 2};
        boot_options(&boot, &options, &machine, &sink);
        CHECK_EQ(report.lines, cases[i].complaint != NULL);
        CHECK(!cases[i].complaint || strstr(report.last, cases[i].complaint));
        CHECK_EQ(machine.host_count, cases[i].complaint ? 2 : 1);
        CHECK_EQ(machine.hosts[0].ecam, cases[i].complaint ? 1 : 0x800000);
    }
}

static void iommus(void)
{
    static const struct {
        const char *cmdline;
        struct topology_iommu iommu;
    } good[] = {
        {"viommu=pci:0000:00:03.0", {.bdf = 0x18}},
        {"viommu=pci:00:03.0", {.bdf = 0x18}},
        {"viommu=pci:ABCD:ff:1f.7", {.segment = 0xabcd, .bdf = 0xffff}},
        {"viommu=pci:1:2:3.4", {.segment = 1, .bdf = 0x21c}},
        {"viommu=mmio:0xfeb02e00", {.bus = TOPOLOGY_MMIO, .base = 0xfeb02e00}},
        {"viommu=mmio:4096", {.bus = TOPOLOGY_MMIO, .base = 4096}},
    };
    static const char *const bad[][2] = {
        {"viommu", "viommu is '', expected pci: or mmio: at ''"},
        {"viommu=", "pci: or mmio: at ''"},
        {"viommu=00:03.0", "pci: or mmio: at '00:03.0'"},
        {"viommu=PCI:00:03.0", "pci: or mmio: at 'PCI"},
        {"viommu=pci:", "a bus from 0 to ff at ''"},
        {"viommu=pci:10000:00:03.0", "a segment from 0 to ffff at '10000:"},
        {"viommu=pci:0:0:0:03.0", ". behind the device at ':03.0'"},
        {"viommu=pci:100:03.0", "a bus from 0 to ff at '100:03.0'"},
        {"viommu=pci:00:20.0", "a device from 0 to 1f at '20.0'"},
        {"viommu=pci:00:03.8", "a function from 0 to 7 at '8'"},
        {"viommu=pci:00:03", ". behind the device at ''"},
        {"viommu=pci:03.0", ": behind the bus at '.0'"},
        {"viommu=pci:00:0x3.0", ". behind the device at 'x3.0'"},
        {"viommu=pci:00:03.0x", "expected the end at 'x'"},
        {"viommu=pci:00:03.0-00:04.0", "expected the end at '-00"},
        {"viommu=mmio:", "a base of 64 bits, not 0 at ''"},
        {"viommu=mmio:0", "a base of 64 bits, not 0 at '0'"},
        {"viommu=mmio:fe", "a base of 64 bits, not 0 at 'fe'"},
        {"viommu=mmio:0x1000:5", "expected the end at ':5'"},
    };

    for (size_t i = 0; i < COUNT(good); i++) {
        const struct topology_iommu *iommu = &options.topology.iommus[0];
        struct report report = parse(good[i].cmdline);

        if (report.lines || options.topology.iommu_count != 1 || iommu->bus != good[i].iommu.bus ||
            iommu->segment != good[i].iommu.segment || iommu->bdf != good[i].iommu.bdf ||
            iommu->base != good[i].iommu.base || iommu->source != TOPOLOGY_OPTIONS)
            unit_fail(__FILE__, __LINE__, "'%s': '%s'", good[i].cmdline, report.last);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        check_refused(bad[i][0], bad[i][1]);
        CHECK_EQ(options.topology.iommu_count, 0);
    }
}

/* Whether each of the sources counts, from the lowest priority to the highest. */
static void topology_choices(void)
{
    static const struct {
        const char *cmdline, *counts;
        unsigned builtin;
    } good[] = {
        {"", "0011101111", 0},
        {"topology=auto", "0011101111", 0},
        {"topology=dt", "0000000010", 0},
        {"topology=viot", "0000000100", 0},
        {"topology=viot-v8", "0000010000", 0},
        {"topology=viot-draft", "0000100000", 0},
        {"topology=iort", "0001000000", 0},
        {"topology=builtin", "0010000000", 0},
        {"topology=builtin-v1", "0010000000", 1},
        {"topology=builtin-v2", "0010000000", 2},
        {"topology=builtin-v3", "0010000000", 3},
        {"topology=builtin-v4", "0010000000", 4},
        {"topology=options", "0000000001", 0},
        {"topology=off", "0000000000", 0},
        {"topology=off topology=dt", "0000000010", 0},
    };
    static const char *const bad[][2] = {
        {"topology", "topology is '', expected auto, dt, viot"},
        {"topology=", "options or off at ''"},
        {"topology=VIOT", "at 'VIOT'"},
        {"topology=viot-v9", "at 'viot-v9'"},
        {"topology=builtin-v5", "at 'builtin-v5'"},
        {"topology=dt,viot", "at 'dt,viot'"},
    };

    for (size_t i = 0; i < COUNT(good); i++) {
        struct report report = parse(good[i].cmdline);

        CHECK_EQ(report.lines, 0);
        CHECK_EQ(options.topology_choice.builtin, good[i].builtin);
        for (unsigned source = 0; source < TOPOLOGY_SOURCES; source++)
            if (topology_counts(&options.topology_choice, (enum topology_source)source) !=
                (good[i].counts[source] == '1'))
                unit_fail(__FILE__, __LINE__, "'%s': source %u", good[i].cmdline, source);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        check_refused(bad[i][0], bad[i][1]);
        CHECK_EQ(options.topology_choice.sources, topology_choice_auto().sources);
    }
}

static void rings(void)
{
    static const struct {
        const char *cmdline;
        bool is_packed;
        unsigned lines;
    } cases[] = {
        {"", false, 0},           {"ring=split", false, 0},
        {"ring=packed", true, 0}, {"ring=packed ring=split", false, 0},
        {"ring=pack", false, 1},  {"ring=packed1", false, 1},
        {"ring=", false, 1},      {"ring", false, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct report report = parse(cases[i].cmdline);

        CHECK_EQ(report.lines, cases[i].lines);
        CHECK_EQ(options.is_ring_packed, cases[i].is_packed);
        CHECK(!report.lines || strstr(report.last, "expected split or packed"));
    }
}

static void good_endpoints(void)
{
    static const struct {
        const char *cmdline;
        struct topology_range range;
    } cases[] = {
        {"00:05.0:0x28", {.bdf_first = 0x28, .bdf_last = 0x28, .id_first = 0x28}},
        {"1:00:05.0:7",
         {.segment_first = 1, .segment_last = 1, .bdf_first = 40, .bdf_last = 40, .id_first = 7}},
        {"00:00.0-ff:1f.7:0x100", {.bdf_last = 0xffff, .id_first = 0x100}},
        {"2:00:00.0-2:00:1f.7:0xffffff00",
         {.segment_first = 2, .segment_last = 2, .bdf_last = 0xff, .id_first = 0xffffff00}},
        {"2:00:00.0-00:00.1:0",
         {.segment_first = 2, .segment_last = 2, .bdf_last = 1, .id_first = 0}},
        {"00:05.0-00:05.0:4294967295",
         {.bdf_first = 0x28, .bdf_last = 0x28, .id_first = UINT32_MAX}},
        {"0xa003c00:5", {.bus = TOPOLOGY_MMIO, .base = 0xa003c00, .id_first = 5}},
        {"4096:0xffffffff", {.bus = TOPOLOGY_MMIO, .base = 4096, .id_first = UINT32_MAX}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct topology_range *range = &options.topology.ranges[0], *expected;
        char line[128];

        snprintf(line, sizeof(line), "viommu=mmio:0x1000 viommu.ep=%s", cases[i].cmdline);
        expected = &cases[i].range;

        struct report report = parse(line);

        if (report.lines || options.topology.range_count != 1 || range->bus != expected->bus ||
            range->segment_first != expected->segment_first ||
            range->segment_last != expected->segment_last ||
            range->bdf_first != expected->bdf_first || range->bdf_last != expected->bdf_last ||
            range->base != expected->base || range->id_first != expected->id_first ||
            range->source != TOPOLOGY_OPTIONS || range->iommu)
            unit_fail(__FILE__, __LINE__, "'%s': '%s'", line, report.last);
    }
}

static void bad_endpoints(void)
{
    static const char *const cases[][2] = {
        {"", "a PCI function or a base of 64 bits, not 0 at ''"},
        {"00:05.0", ": and the id at ''"},
        {"00:05.0:", "an id that, for the last function too, fits in 32 bits at ''"},
        {"00:05.0:x", "fits in 32 bits at 'x'"},
        {"00:05.0:-1", "fits in 32 bits at '-1'"},
        {"00:05.0:4294967296", "fits in 32 bits at '4294967296'"},
        {"00:05.0-00:05.1:0xffffffff", "fits in 32 bits at '0xffffffff'"},
        {"00:05.0-00:04.7:1", "of the same segment, not before the first one at '00:04.7:1'"},
        {"0:00:05.0-1:00:06.0:1", "of the same segment, not before the first one at '1:00:06.0:1'"},
        {"00:05.0-:1", "a bus from 0 to ff at ':1'"},
        {"00:05.0-00:06:1", ". behind the device at ':1'"},
        {"00:05.0:1:", "expected the end at ':'"},
        {"00:05.0:1-2", "expected the end at '-2'"},
        {"00:05:1", "a PCI function or a base of 64 bits, not 0 at '00:05:1'"},
        {"0x1000", ": and the id at ''"},
        {"0x1000-0x11ff:5", ": and the id, as a block is named by its base at '-0x11ff:5'"},
        {"0:5", "a PCI function or a base of 64 bits, not 0 at '0:5'"},
        {"00:20.0:5", "a device from 0 to 1f at '20.0:5'"},
    };

    check_refused("viommu.ep=00:05.0:0x28 viommu=pci:00:03.0", "viommu= to come before it at");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[128];

        snprintf(line, sizeof(line), "viommu=pci:00:03.0 viommu.ep=%s", cases[i][0]);
        check_refused(line, cases[i][1]);
    }
}

static void scans(void)
{
    static const char *const bad[][2] = {
        {"scan:", "an id of 32 bits at ''"},
        {"scan:x", "an id of 32 bits at 'x'"},
        {"scan:4294967296-4294967297", "an id of 32 bits at '4294967296"},
        {"scan:7", "- and the last id at ''"},
        {"scan:7-6", "65536 in all at '6'"},
        {"scan:0-0x10000", "65536 in all at '0x10000'"},
        {"scan:0xffffffff-0x100000000", "65536 in all at '0x100000000'"},
        {"scan:0-7:1", "expected the end at ':1'"},
        {"scans", ": and the first id at 's'"},
        {"scan=0", ": and the first id at '=0'"},
    };
    const struct topology *topology = &options.topology;

    for (size_t i = 0; i < COUNT(bad); i++) {
        char line[128];

        snprintf(line, sizeof(line), "viommu.ep=%s", bad[i][0]);
        check_refused(line, bad[i][1]);
    }
    CHECK_EQ(parse("viommu.ep=scan viommu.ep=scan:0xffff0000-0xffffffff").lines, 0);
    CHECK_EQ(topology->scan_count, 3);
    CHECK_EQ(topology->scans[0].first, 0);
    CHECK_EQ(topology->scans[0].last, 0xff);
    CHECK_EQ(topology->scans[1].first, 0x10000);
    CHECK_EQ(topology->scans[1].last, 0x100ff);
    CHECK_EQ(topology->scans[2].first, 0xffff0000);
    CHECK_EQ(topology->scans[2].last, UINT32_MAX);
    CHECK_EQ(topology->iommu_count + topology->range_count, 0);
    CHECK_EQ(parse("viommu.ep=scan viommu.ep=scan viommu.ep=scan").lines, 1);
    CHECK_EQ(topology->scan_count, TOPOLOGY_MAX_SCANS);
}

/* Several IOMMUs with endpoints each, and as many of both as there is room for. */
static void many(void)
{
    char line[4096] = "";
    struct report report = parse("viommu=pci:00:03.0 viommu.ep=00:05.0:1 viommu=mmio:0x1000 "
                                 "viommu.ep=00:06.0:2 viommu.ep=0x2000:3");

    CHECK_EQ(report.lines, 0);
    CHECK_EQ(options.topology.iommu_count, 2);
    CHECK_EQ(options.topology.range_count, 3);
    CHECK_EQ(options.topology.ranges[0].iommu, 0);
    CHECK_EQ(options.topology.ranges[2].iommu, 1);
    for (unsigned i = 0; i < TOPOLOGY_MAX_IOMMUS + 2; i++)
        strcat(line, "viommu=mmio:4096 ");
    report = parse(line);
    CHECK_EQ(report.lines, 2);
    CHECK(strstr(report.last, "no more than 8 IOMMUs at ''"));
    CHECK_EQ(options.topology.iommu_count, TOPOLOGY_MAX_IOMMUS);
    for (unsigned i = 0; i < TOPOLOGY_MAX_RANGES + 3; i++)
        strcat(line, "viommu.ep=00:05.0:1 ");
    report = parse(line);
    CHECK_EQ(report.lines, 5);
    CHECK(strstr(report.last, "no more than 64 ranges at ''"));
    CHECK_EQ(options.topology.range_count, TOPOLOGY_MAX_RANGES);
}

static void check_sound(void)
{
    const struct topology *topology = &options.topology;

    CHECK(options.blocks.count <= MACHINE_MAX_MMIO);
    for (unsigned i = 0; i < options.blocks.count; i++) {
        const struct machine_mmio *block = &options.blocks.blocks[i];

        CHECK(block->size >= 0x100 && block->size - 1 <= UINT64_MAX - block->base);
        CHECK(block->base % 4 == 0);
    }
    CHECK(topology->iommu_count <= TOPOLOGY_MAX_IOMMUS);
    CHECK(topology->range_count <= TOPOLOGY_MAX_RANGES);
    for (unsigned i = 0; i < topology->range_count; i++) {
        const struct topology_range *range = &topology->ranges[i];

        CHECK(range->iommu < topology->iommu_count);
        CHECK(range->bdf_first <= range->bdf_last);
        CHECK(range->id_first <= UINT32_MAX - (uint32_t)(range->bdf_last - range->bdf_first));
    }
}

static void random_lines(void)
{
    static const char *const words[] = {
        " virtio_mmio.device=512@0:7",
        " virtio-mmio.slots=8:512@0",
        " viommu=pci:00:03.0 ",
        " viommu=mmio:0x1000",
        " viommu.ep=00:05.0",
        " viommu.ep=scan:",
        "0x1000:5",
        "@",
        ":",
        "-",
        " ",
        "4K",
        ".",
        "\"",
        "0",
        "18446744073709551615",
    };
    char line[1024];
    unsigned taken = 0;
    struct rng rng;

    rng_seed(&rng, 31);
    for (unsigned i = 0; i < 40000; i++) {
        unsigned count = (unsigned)rng_below(&rng, 24);

        line[0] = '\0';
        for (unsigned k = 0; k < count; k++)
            strcat(line, words[rng_below(&rng, COUNT(words))]);
        parse(line);
        check_sound();
        taken += options.blocks.count + options.topology.range_count;
    }
    CHECK(taken > 100);
}

/* Against the memory map and against what firmware tells of. */
static void blocks_in_the_machine(void)
{
    static const struct {
        const char *cmdline, *complaint; /* NULL: none */
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
        {"viommu=mmio:0x20000002", "a multiple of 4 with room behind it", 1, 3},
        {"viommu=mmio:0xfffffffffffffff0", "a multiple of 4 with room behind it", 1, 3},
        {"viommu=mmio:0x20000000 virtio_mmio.device=512@0x20000000:7", NULL, 2, 3},
        {"viommu=mmio:0x20000200 virtio_mmio.slots=4:512@0x20000000", NULL, 5, 3},
        {"virtio_mmio.slots=64:512@0x20000000", "at 0x20007e00, expected fewer blocks", 64, 3},
    };
    static struct boot_info boot;

    boot_add_memory(&boot, 0x1000, 0x1000, BOOT_USABLE);
    boot_add_memory(&boot, 0x8000, 0x1000, BOOT_FIRMWARE);
    for (size_t i = 0; i < COUNT(cases); i++) {
        static struct machine machine;
        struct report report = parse(cases[i].cmdline);
        const struct sink sink = {take_line, &report};

        CHECK_EQ(report.lines, 0);
        machine = (struct machine){.mmio = {{.base = 0x10000000, .size = 512, .line = 3}},
                                   .mmio_count = 1};
        boot_options(&boot, &options, &machine, &sink);
        if (machine.mmio_count != cases[i].blocks || machine.mmio[0].line != cases[i].line ||
            report.lines != (cases[i].complaint != NULL) ||
            (report.lines && !strstr(report.last, cases[i].complaint)))
            unit_fail(__FILE__, __LINE__, "'%s': %u blocks, line %u, '%s'", cases[i].cmdline,
                      machine.mmio_count, machine.mmio[0].line, report.last);
    }
}

static const struct unit units[] = {
    {"blocks_in_the_machine", blocks_in_the_machine},
    {"good_devices", good_devices},
    {"bad_devices", bad_devices},
    {"slots", slots},
    {"good_hosts", good_hosts},
    {"bad_hosts", bad_hosts},
    {"host_in_the_machine", host_in_the_machine},
    {"iommus", iommus},
    {"topology_choices", topology_choices},
    {"rings", rings},
    {"good_endpoints", good_endpoints},
    {"bad_endpoints", bad_endpoints},
    {"scans", scans},
    {"many", many},
    {"random_lines", random_lines},
};

int main(void)
{
    return unit_main("options", units, COUNT(units));
}
