// SPDX-License-Identifier: BSD-2-Clause
/*
 * Boot options that describe a topology: IOMMUs, endpoints, whose word counts; the format of rings;
 * and lines at random. Every rule of their grammar, kept and broken.
 */
#include <stdio.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/unit/fixtures/cmdline.h"
#include "tests/unit/fixtures/unit.h"

static void iommus(void)
{
    static const struct {
        const char *cmdline;
        struct topology_device device;
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

    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        const struct topology_iommu *iommu = &cmdline_options.topology.iommus[0];
        struct cmdline_report report = cmdline_read(good[i].cmdline);

        if (report.lines || cmdline_options.topology.iommu_count != 1 ||
            !topology_same_device(&iommu->device, &good[i].device) ||
            iommu->source != TOPOLOGY_OPTIONS)
            unit_fail(__FILE__, __LINE__, "'%s': '%s'", good[i].cmdline, report.last);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cmdline_check_refused(bad[i][0], bad[i][1]);
        CHECK_EQ(cmdline_options.topology.iommu_count, 0);
    }
}

/* Whether each of the sources counts, from the lowest priority to the highest. */
static void topology_choices(void)
{
    static const struct {
        const char *cmdline, *counts;
        unsigned builtin;
    } good[] = {
        {"", "001110111", 0},
        {"topology=auto", "001110111", 0},
        {"topology=dt", "000000010", 0},
        {"topology=viot", "000000100", 0},
        {"topology=viot-v8", "000001000", 0},
        {"topology=viot-draft", "000010000", 0},
        {"topology=iort", "000100000", 0},
        {"topology=builtin", "001000000", 0},
        {"topology=builtin-v1", "001000000", 1},
        {"topology=builtin-v2", "001000000", 2},
        {"topology=builtin-v3", "001000000", 3},
        {"topology=builtin-v4", "001000000", 4},
        {"topology=options", "000000001", 0},
        {"topology=off", "000000000", 0},
    };
    static const char *const bad[][2] = {
        {"topology", "topology is '', expected auto, dt, viot"},
        {"topology=", "options or off at ''"},
        {"topology=VIOT", "at 'VIOT'"},
        {"topology=viot-v9", "at 'viot-v9'"},
        {"topology=builtin-v5", "at 'builtin-v5'"},
        {"topology=dt,viot", "at 'dt,viot'"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct cmdline_report report = cmdline_read(good[i].cmdline);

        CHECK_EQ(report.lines, 0);
        CHECK_EQ(cmdline_options.topology_choice.builtin, good[i].builtin);
        for (unsigned source = 0; source < TOPOLOGY_SOURCES; source++)
            if (topology_counts(&cmdline_options.topology_choice, (enum topology_source)source) !=
                (good[i].counts[source] == '1'))
                unit_fail(__FILE__, __LINE__, "'%s': source %u", good[i].cmdline, source);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cmdline_check_refused(bad[i][0], bad[i][1]);
        CHECK_EQ(cmdline_options.topology_choice.sources, cmdline_topology_auto().sources);
    }
}

static void rings(void)
{
    static const struct {
        const char *cmdline;
        bool is_packed;
        unsigned lines;
    } cases[] = {
        {"", false, 0},          {"ring=split", false, 0},   {"ring=packed", true, 0},
        {"ring=pack", false, 1}, {"ring=packed1", false, 1}, {"ring=", false, 1},
        {"ring", false, 1},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct cmdline_report report = cmdline_read(cases[i].cmdline);

        CHECK_EQ(report.lines, cases[i].lines);
        CHECK_EQ(cmdline_options.is_ring_packed, cases[i].is_packed);
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

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct topology_range *range = &cmdline_options.topology.ranges[0], *expected;
        char line[128];

        snprintf(line, sizeof(line), "viommu=mmio:0x1000 viommu.ep=%s", cases[i].cmdline);
        expected = &cases[i].range;

        struct cmdline_report report = cmdline_read(line);

        if (report.lines || cmdline_options.topology.range_count != 1 ||
            range->bus != expected->bus || range->segment_first != expected->segment_first ||
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

    cmdline_check_refused("viommu.ep=00:05.0:0x28 viommu=pci:00:03.0",
                          "viommu= to come before it at");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char line[128];

        snprintf(line, sizeof(line), "viommu=pci:00:03.0 viommu.ep=%s", cases[i][0]);
        cmdline_check_refused(line, cases[i][1]);
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
    const struct topology *topology = &cmdline_options.topology;

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char line[128];

        snprintf(line, sizeof(line), "viommu.ep=%s", bad[i][0]);
        cmdline_check_refused(line, bad[i][1]);
    }
    CHECK_EQ(cmdline_read("viommu.ep=scan viommu.ep=scan:0xffff0000-0xffffffff").lines, 0);
    CHECK_EQ(topology->scan_count, 3);
    CHECK_EQ(topology->scans[0].first, 0);
    CHECK_EQ(topology->scans[0].last, 0xff);
    CHECK_EQ(topology->scans[1].first, 0x10000);
    CHECK_EQ(topology->scans[1].last, 0x100ff);
    CHECK_EQ(topology->scans[2].first, 0xffff0000);
    CHECK_EQ(topology->scans[2].last, UINT32_MAX);
    CHECK_EQ(topology->iommu_count + topology->range_count, 0);
    CHECK_EQ(cmdline_read("viommu.ep=scan viommu.ep=scan viommu.ep=scan").lines, 1);
    CHECK_EQ(topology->scan_count, TOPOLOGY_MAX_SCANS);
}

/* Several IOMMUs with endpoints each, and as many of both as there is room for. */
static void many(void)
{
    char line[8192] = "";
    struct cmdline_report report =
        cmdline_read("viommu=pci:00:03.0 viommu.ep=00:05.0:1 viommu=mmio:0x1000 "
                     "viommu.ep=00:06.0:2 viommu.ep=0x2000:3");

    CHECK_EQ(report.lines, 0);
    CHECK_EQ(cmdline_options.topology.iommu_count, 2);
    CHECK_EQ(cmdline_options.topology.range_count, 3);
    CHECK_EQ(cmdline_options.topology.ranges[0].iommu, 0);
    CHECK_EQ(cmdline_options.topology.ranges[2].iommu, 1);
    for (unsigned i = 0; i < TOPOLOGY_MAX_IOMMUS + 2; i++)
        strcat(line, "viommu=mmio:4096 ");
    report = cmdline_read(line);
    CHECK_EQ(report.lines, 2);
    CHECK(strstr(report.last, "no more than 16 IOMMUs at ''"));
    CHECK_EQ(cmdline_options.topology.iommu_count, TOPOLOGY_MAX_IOMMUS);
    for (unsigned i = 0; i < TOPOLOGY_MAX_RANGES + 3; i++)
        strcat(line, "viommu.ep=00:05.0:1 ");
    report = cmdline_read(line);
    CHECK_EQ(report.lines, 5);
    CHECK(strstr(report.last, "no more than 256 ranges at ''"));
    CHECK_EQ(cmdline_options.topology.range_count, TOPOLOGY_MAX_RANGES);
}

static void check_sound(void)
{
    const struct topology *topology = &cmdline_options.topology;

    CHECK(cmdline_options.blocks.count <= MACHINE_MAX_MMIO);
    for (unsigned i = 0; i < cmdline_options.blocks.count; i++) {
        const struct machine_mmio *block = &cmdline_options.blocks.blocks[i];

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
            strcat(line, words[rng_below(&rng, ARRAY_LENGTH(words))]);
        cmdline_read(line);
        check_sound();
        taken += cmdline_options.blocks.count + cmdline_options.topology.range_count;
    }
    CHECK(taken > 100);
}

static const struct unit units[] = {
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
    return unit_main("cmdline_topology", units, ARRAY_LENGTH(units));
}
