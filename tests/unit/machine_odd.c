// SPDX-License-Identifier: BSD-2-Clause
/* Machines of device trees that are well-formed and say odd things: what is kept, what is said. */
#include <stdio.h>
#include <string.h>

#include "boot/devicetree.h"
#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/tree.h"
#include "tests/unit/fixtures/unit.h"

#define TREE_ADDRESS 0x1000
#define CELLS(...)   (uint32_t[]){__VA_ARGS__}, ARRAY_LENGTH(((uint32_t[]){__VA_ARGS__}))

enum { GIC = 1, PLIC = 2, WITHOUT_CELLS = 3, ABSENT = 9 };

static struct memory memory; /* nothing but one tree */
static const struct mem_view view = {memory_map, &memory};
static char reported[4][SINK_LINE_MAX];
static unsigned report_count;

static void take_line(void *context, const char *text)
{
    (void)context;
    if (report_count < ARRAY_LENGTH(reported))
        snprintf(reported[report_count], sizeof(reported[0]), "%s", text);
    report_count++;
}

/* A root of 2 and 2 cells with interrupt controllers; the caller adds nodes and calls finish(). */
static struct tree *begin(void)
{
    static struct tree tree;

    memset(&tree, 0, sizeof(tree));
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 2);
    tree_cell(&tree, "#size-cells", 2);
    tree_cell(&tree, "interrupt-parent", GIC);
    for (uint32_t phandle = GIC; phandle <= WITHOUT_CELLS; phandle++) {
        tree_begin(&tree, "controller");
        tree_cell(&tree, "phandle", phandle);
        if (phandle != WITHOUT_CELLS)
            tree_cell(&tree, "#interrupt-cells", phandle == GIC ? 3 : 1);
        tree_end(&tree);
    }
    return &tree;
}

static void finish(struct tree *tree)
{
    size_t size;

    tree_end(tree);
    uint8_t *blob = tree_finish(tree, &size);
    memory_release(&memory);
    memory_take(&memory, TREE_ADDRESS, blob, size);
}

static const struct machine *read_machine(struct tree *tree)
{
    static struct machine machine;
    static const struct machine_roots roots = {.dtb = TREE_ADDRESS};
    const struct sink sink = {.line = take_line};

    finish(tree);
    report_count = 0;
    memset(&machine, 0, sizeof(machine));
    memset(reported, 0, sizeof(reported));
    machine_read(&machine, &roots, &view, &(struct iort){0}, &sink);
    return &machine;
}

/* The reports are these, no more; NULL: none. */
static void check_reports(const char *name, const char *first, const char *second)
{
    const char *expected[] = {first, second};

    if (report_count != (first ? second ? 2 : 1 : 0))
        unit_fail(__FILE__, __LINE__, "%s: %u reports, the first \"%s\"", name, report_count,
                  reported[0]);
    for (unsigned i = 0; i < ARRAY_LENGTH(expected); i++)
        if (expected[i] && !strstr(reported[i], expected[i]))
            unit_fail(__FILE__, __LINE__, "%s: reported \"%s\", expected \"%s\"", name, reported[i],
                      expected[i]);
}

static void add_uart(struct tree *tree, const char *name, uint32_t address, uint32_t shift)
{
    tree_begin(tree, name);
    tree_text(tree, "compatible", "ns16550a");
    tree_cells(tree, "reg", CELLS(0, address, 0, 0x100));
    tree_cell(tree, "reg-shift", shift);
    tree_end(tree);
}

static void consoles(void)
{
    static const struct {
        const char *path; /* NULL: none */
        uint32_t shift;   /* of uart@1000 */
        uint64_t base;
        const char *report;
    } cases[] = {
        {"/uart@2000", 0, 0x2000, NULL},
        {"/uart@2000:115200", 0, 0x2000, NULL},
        {"second", 0, 0x2000, NULL},
        {"second:9600n8", 0, 0x2000, NULL},
        {"secon", 0, 0x1000, NULL},
        {"second2", 0, 0x1000, NULL},
        {"broken", 0, 0x1000, NULL},
        {"", 0, 0x1000, NULL},
        {":", 0, 0x1000, NULL},
        {"/absent", 0, 0x1000, NULL},
        {"/controller", 0, 0x1000, NULL},
        {NULL, 3, 0x1000, NULL},
        {"/uart@1000", 4, 0, "uart@1000 has reg-shift 4, expected at most 3"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = begin();

        add_uart(tree, "uart@1000", 0x1000, cases[i].shift);
        add_uart(tree, "uart@2000", 0x2000, 0);
        tree_begin(tree, "aliases");
        tree_text(tree, "second", "/uart@2000");
        tree_bytes(tree, "broken", "/uart@2000", 10);
        tree_end(tree);
        tree_begin(tree, "chosen");
        if (cases[i].path)
            tree_bytes(tree, "stdout-path", cases[i].path, (uint32_t)strlen(cases[i].path) + 1);
        tree_end(tree);
        const struct machine *machine = read_machine(tree);

        CHECK_EQ(machine->uart.base, cases[i].base);
        CHECK_EQ(machine->uart.shift, cases[i].base == 0x1000 ? cases[i].shift : 0);
        check_reports(cases[i].path ? cases[i].path : "no path", cases[i].report, cases[i].report);
    }
}

/*
 * SBSA's UART is a PL011 without a set-up; a stdout-path that leads to no node is no reason for
 * silence.
 */
static void console_of_sbsa(void)
{
    struct tree *tree = begin();

    tree_begin(tree, "serial@3000");
    tree_text(tree, "compatible", "arm,sbsa-uart");
    tree_cells(tree, "reg", CELLS(0, 0x3000, 0, 0x1000));
    tree_end(tree);
    tree_begin(tree, "chosen");
    tree_text(tree, "stdout-path", "/absent");
    tree_end(tree);
    const struct machine *machine = read_machine(tree);

    CHECK_EQ(machine->uart.kind, MACHINE_UART_SBSA);
    CHECK_EQ(machine->uart.base, 0x3000);
    check_reports("sbsa", NULL, NULL);
}

static void interrupts(void)
{
    static const struct {
        const char *property;
        uint32_t cells[5];
        unsigned count;
        uint32_t line; /* 0: unspecified */
        bool is_edge;
    } cases[] = {
        {"interrupts", {0, 16, 1}, 3, 48, true},
        {"interrupts", {0, 16, 4, 0, 17}, 5, 48, false},
        {"interrupts", {1, 15, 8}, 3, 31, false},
        {"interrupts", {1, 16, 8}, 3, 0, false},
        {"interrupts", {0, 987, 2}, 3, 1019, true},
        {"interrupts", {0, 988, 4}, 3, 0, false},
        {"interrupts", {0, UINT32_MAX, 4}, 3, 0, false},
        {"interrupts", {2, 1, 4}, 3, 0, false},
        {"interrupts", {0, 16}, 2, 0, false},
        {"interrupts-extended", {PLIC, 7}, 2, 7, false},
        {"interrupts-extended", {PLIC, 1023}, 2, 1023, false},
        {"interrupts-extended", {PLIC, 1024}, 2, 0, false},
        {"interrupts-extended", {GIC, 0, 16, 1}, 4, 48, true},
        {"interrupts-extended", {GIC, 0, 16}, 3, 0, false},
        {"interrupts-extended", {WITHOUT_CELLS, 7}, 2, 0, false},
        {"interrupts-extended", {ABSENT, 7}, 2, 0, false},
        {"interrupts-extended", {PLIC}, 1, 0, false},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = begin();

        tree_begin(tree, "virtio@5000");
        tree_text(tree, "compatible", "virtio,mmio");
        tree_cells(tree, "reg", CELLS(0, 0x5000, 0, 0x200));
        tree_cells(tree, cases[i].property, cases[i].cells, cases[i].count);
        tree_end(tree);
        const struct machine *machine = read_machine(tree);

        CHECK_EQ(machine->mmio_count, 1);
        if (machine->mmio[0].line != cases[i].line || machine->mmio[0].is_edge != cases[i].is_edge)
            unit_fail(__FILE__, __LINE__, "case %u: line %u, edge %d", i, machine->mmio[0].line,
                      machine->mmio[0].is_edge);
        check_reports(cases[i].property, NULL, NULL);
    }
}

static void an_empty_block(void)
{
    struct tree *tree = begin();

    tree_begin(tree, "virtio@100");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_cells(tree, "reg", CELLS(0, 0x100, 0, 0));
    tree_end(tree);
    CHECK_EQ(read_machine(tree)->mmio_count, 0);
    check_reports("block", "virtio@100 has no reg that the CPU reaches", NULL);
}

static void too_many_blocks(void)
{
    struct tree *tree = begin();

    tree_begin(tree, "virtio@lost");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_end(tree);
    for (uint32_t i = 0; i <= MACHINE_MAX_MMIO; i++) {
        tree_begin(tree, "virtio");
        tree_text(tree, "compatible", "virtio,mmio");
        tree_cells(tree, "reg", CELLS(0, 0x200 * i, 0, 0x200));
        tree_end(tree);
    }
    CHECK_EQ(read_machine(tree)->mmio_count, MACHINE_MAX_MMIO);
    check_reports("blocks", "virtio@lost has no reg that the CPU reaches",

                  "more than 64 virtio-mmio blocks");
}

static void begin_host(struct tree *tree)
{
    tree_begin(tree, "pci");
    tree_text(tree, "compatible", "pci-host-ecam-generic");
    tree_cells(tree, "reg", CELLS(0, 0x10000000, 0, 0x10000000));
    tree_cell(tree, "#address-cells", 3);
}

/* A host bridge with a property more; its windows, lines and MSI ranges are counted. */
static void host_properties(void)
{
    static const struct {
        const char *name, *property;
        uint32_t cells[24];
        unsigned count, windows, lines, messages;
        const char *report;
    } cases[] = {
        {"a window", "ranges", {1u << 25, 0, 0x1000, 0, 0x2000, 0, 0x100}, 7, 1, 0, 0, NULL},
        {"configuration space",
         "ranges",
         {0, 0, 0, 0, 0, 0, 9},
         7,
         0,
         0,
         0,
         "ranges of pci, byte 0"},
        {"an empty window", "ranges", {1u << 25}, 7, 0, 0, 0, "ranges of pci, byte 0"},
        {"wraps on PCI",
         "ranges",
         {1u << 25, 0, 0, 0, 1, 0, 1, 3u << 24, -1u, -1u, 0, 0, 0, 2},
         14,
         1,
         0,
         0,
         "ranges of pci, byte 28"},
        {"wraps for the CPU", "ranges", {3u << 24, 0, 0, -1u, -1u, 0, 2}, 7, 0, 0, 0, "byte 0"},
        {"part of a window",
         "ranges",
         {1u << 25, 0, 0, 0, 1, 0},
         6,
         0,
         0,
         0,
         "ranges of pci, byte 0: left out, expected a whole window"},
        {"lines of both kinds",
         "interrupt-map",
         {0, 0, 0, 1, GIC, 0, 3, 4, 0, 0, 0, 2, PLIC, 7},
         14,
         0,
         2,
         0,
         NULL},
        {"an unknown controller ends the map",
         "interrupt-map",
         {0, 0, 0, 2, PLIC, 7, 0, 0, 0, 1, ABSENT, 0, 0, 0, 2, PLIC, 7},
         17,
         0,
         1,
         0,
         "interrupt-map of pci, byte 24"},
        {"an odd interrupt does not",
         "interrupt-map",
         {0, 0, 0, 1, GIC, 7, 3, 4, 0, 0, 0, 2, PLIC, 7},
         14,
         0,
         1,
         0,
         "interrupt-map of pci, byte 0"},
        {"no interrupt cells", "interrupt-map", {0, 0, 0, 1, WITHOUT_CELLS}, 5, 0, 0, 0, "byte 0"},
        {"part of a line", "interrupt-map", {0, 0, 0, 1, GIC, 0, 3}, 7, 0, 0, 0, "byte 0"},
        {"nothing but a unit", "interrupt-map", {0, 0, 0, 1}, 4, 0, 0, 0, "byte 0"},
        {"messages", "msi-map", {0, GIC, 0, 8, 8, GIC, 16, 8}, 8, 0, 0, 2, NULL},
        {"messages to no node",
         "msi-map",
         {0, ABSENT, 0, 8, 8, GIC, 16, 8},
         8,
         0,
         0,
         1,
         "msi-map of pci, byte 4"},
        {"17 bits",
         "msi-map",
         {0x10000, GIC, 0, 8, 8, GIC, 16, 8},
         8,
         0,
         0,
         1,
         "msi-map of pci, byte 0"},
        {"nobody",
         "msi-map",
         {0, GIC, 0, 0, 8, GIC, 16, 8},
         8,
         0,
         0,
         1,
         "msi-map of pci, byte 12: left out, expected a length"},
        {"past 16 bits",
         "msi-map",
         {1, GIC, 0, 0x10000},
         4,
         0,
         0,
         0,
         "msi-map of pci, byte 12: left out, expected a length"},
        {"part of an entry",
         "msi-map",
         {0, GIC, 0, 8, 8, GIC},
         6,
         0,
         0,
         1,
         "msi-map of pci, byte 16"},
        {"dangling", "msi-map", {0, 0x99, 0, 8}, 4, 0, 0, 0, "expected the phandle of an enabled"},
        {"ids wrap", "msi-map", {0, GIC, 0xfffffffc, 8}, 4, 0, 0, 0, "ids that fit in 32 bits"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = begin();

        begin_host(tree);
        tree_cell(tree, "#size-cells", 2);
        tree_cells(tree, cases[i].property, cases[i].cells, cases[i].count);
        tree_end(tree);
        const struct machine *machine = read_machine(tree);
        const struct machine_host *host = &machine->hosts[0];

        if (machine->host_count != 1 || host->window_count != cases[i].windows ||
            host->line_count != cases[i].lines || host->msi_count != cases[i].messages)
            unit_fail(__FILE__, __LINE__, "%s: %u windows, %u lines, %u msi", cases[i].name,
                      host->window_count, host->line_count, host->msi_count);
        check_reports(cases[i].name, cases[i].report, NULL);
    }
}

/* One entry more than there is room for: the last is left out, and that is said. */
static void too_much_of_a_host(void)
{
    static const uint32_t window[] = {2u << 24, 0, 0x1000, 0, 0x1000, 0, 0x1000};
    static const uint32_t line[] = {0, 0, 0, 1, GIC, 0, 3, 4}, message[] = {0, GIC, 0, 8};
    static const struct {
        const char *property;
        const uint32_t *entry;
        unsigned size, room;
        const char *report;
    } cases[] = {
        {"ranges", window, ARRAY_LENGTH(window), MACHINE_MAX_WINDOWS,
         "byte 224: left out, expected 8 win"},
        {"interrupt-map", line, ARRAY_LENGTH(line), MACHINE_MAX_LINES,
         "byte 4096: left out, expected 128"},
        {"msi-map", message, ARRAY_LENGTH(message), MACHINE_MAX_MSI,
         "byte 128: left out, expected 8 ent"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint32_t cells[(MACHINE_MAX_LINES + 1) * ARRAY_LENGTH(line)];
        unsigned count = (cases[i].room + 1) * cases[i].size;
        struct tree *tree = begin();

        for (unsigned c = 0; c < count; c++)
            cells[c] = cases[i].entry[c % cases[i].size];
        begin_host(tree);
        tree_cell(tree, "#size-cells", 2);
        tree_cells(tree, cases[i].property, cells, count);
        tree_end(tree);
        const struct machine_host *host = &read_machine(tree)->hosts[0];

        CHECK_EQ(host->window_count + host->line_count + host->msi_count, cases[i].room);
        check_reports(cases[i].property, cases[i].report, NULL);
    }
}

static void too_many_hosts(void)
{
    struct tree *tree = begin();

    for (unsigned i = 0; i <= MACHINE_MAX_HOSTS; i++) {
        begin_host(tree);
        if (i == 0) {
            tree_cell(tree, "#size-cells", 1);
            tree_cells(tree, "ranges", CELLS(2u << 24, 0, 0x1000, 0, 0x1000, 0x1000));
        }
        tree_end(tree);
    }
    CHECK_EQ(read_machine(tree)->host_count, MACHINE_MAX_HOSTS);
    check_reports("hosts", "ranges of pci, byte 0: left out, expected 3 cells", "more than 8 host");
}

static void bus_ranges(void)
{
    static const struct {
        uint32_t range[2], megabytes;
        int first, last; /* -1: no host */
    } cases[] = {
        {{0, 255}, 256, 0, 255}, {{0, 0}, 256, 0, 0},       {{4, 7}, 2, 4, 5},
        {{4, 7}, 4096, 4, 7},    {{255, 255}, 1, 255, 255}, {{7, 4}, 256, -1, 0},
        {{0, 256}, 512, -1, 0},  {{0, 255}, 0, -1, 0},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = begin();

        tree_begin(tree, "pci");
        tree_text(tree, "compatible", "pci-host-ecam-generic");
        tree_cells(tree, "bus-range", cases[i].range, 2);
        tree_cells(tree, "reg",
                   CELLS(0, 0x10000000, cases[i].megabytes >> 12, cases[i].megabytes << 20));
        tree_end(tree);
        const struct machine *machine = read_machine(tree);

        CHECK_EQ(machine->host_count, cases[i].first >= 0);
        if (machine->host_count) {
            CHECK_EQ(machine->hosts[0].bus_first, cases[i].first);
            CHECK_EQ(machine->hosts[0].bus_last, cases[i].last);
        }
        check_reports("bus-range", cases[i].first < 0 ? "device tree: pci: expected a " : NULL,
                      NULL);
    }
}

static void add_cpu(struct tree *tree, uint32_t id, uint32_t controller)
{
    tree_begin(tree, "cpu@n");
    tree_cell(tree, "reg", id);
    tree_begin(tree, "interrupt-controller");
    tree_bytes(tree, "interrupt-controller", NULL, 0);
    tree_cell(tree, "phandle", controller);
    tree_end(tree);
    tree_end(tree);
}

static void contexts(void)
{
    struct tree *tree = begin();

    tree_begin(tree, "plic");
    tree_text(tree, "compatible", "riscv,plic0");
    tree_cells(tree, "reg", CELLS(0, 0xc000000, 0, 0x1000000));
    tree_cells(tree, "interrupts-extended", CELLS(20, 11, 20, 9, 21, 11, ABSENT, 9, 22));
    tree_end(tree);
    tree_begin(tree, "cpus");
    tree_cells(tree, "timebase-frequency", CELLS(1, 2));
    add_cpu(tree, 5, 20);
    add_cpu(tree, 6, 21);
    tree_begin(tree, "cpu");
    tree_cells(tree, "reg", CELLS(1, 2, 3));
    tree_end(tree);
    tree_end(tree);
    const struct machine *machine = read_machine(tree);

    CHECK_EQ(machine->interrupts.kind, MACHINE_PLIC);
    CHECK_EQ(machine->timer_hz, 0x100000002);
    CHECK_EQ(machine->cpu_count, 2);
    CHECK(machine->cpus[0].id == 5 && machine->cpus[0].context == 1);
    CHECK(machine->cpus[1].id == 6 && machine->cpus[1].context == 0);
    check_reports("contexts", "no interrupt controller names the supervisor mode of cpu@n",
                  "cpu has no reg of one cell or two");
}

/* A controller whose registers the CPU does not reach is none, and the next one is taken. */
static void controllers(void)
{
    struct tree *tree = begin();

    tree_begin(tree, "v3");
    tree_text(tree, "compatible", "arm,gic-v3");
    tree_cells(tree, "reg", CELLS(0, 0x8000000, 0, 0x10000));
    tree_end(tree);
    tree_begin(tree, "v2");
    tree_text(tree, "compatible", "arm,gic-400");
    tree_cells(tree, "reg", CELLS(0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000));
    tree_end(tree);
    const struct machine *machine = read_machine(tree);

    CHECK_EQ(machine->interrupts.kind, MACHINE_GICV2);
    CHECK_EQ(machine->interrupts.cpu_interface, 0x8010000);
    check_reports("controllers", "reg of v3 has 1 entries", NULL);
}

static void add_controller(struct tree *tree, const char *compatible, uint32_t size,
                           const char *property)
{
    tree_begin(tree, "controller@8000000");
    tree_bytes(tree, "compatible", compatible, (uint32_t)strlen(compatible) + 1);
    if (size)
        tree_cells(tree, "reg", CELLS(0, 0x8000000, 0, size, 0, 0x8010000, 0, size));
    if (property)
        tree_cells(tree, property, CELLS(32, 64));
    tree_end(tree);
}

/* What sends interrupts or messages and has no driver, or no registers, is named. */
static void undriven_controllers(void)
{
    static const struct {
        const char *compatible, *second;
        uint32_t size;
        const char *property, *report;
    } cases[] = {
        {"riscv,aplic", NULL, 0x1000, NULL,
         "(riscv,aplic) is not driven, as its interrupts do not lead to"},
        {"riscv,imsics", NULL, 0x1000, NULL, "(riscv,imsics) is not driven, as it names no hart"},
        {"arm,gic-v3", NULL, 0x1000, "mbi-ranges", "(mbi-ranges) are not driven"},
        {"arm,gic-v3", "arm,gic-v3-its", 0, NULL, "left out, expected a reg that the CPU reaches"},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tree *tree = begin();

        add_controller(tree, cases[i].compatible, cases[i].size ? cases[i].size : 0x1000,
                       cases[i].property);
        if (cases[i].second)
            add_controller(tree, cases[i].second, cases[i].size, NULL);
        read_machine(tree);
        check_reports(cases[i].compatible, cases[i].report, NULL);
    }
}

/* Nine of what is kept up to eight of. */
static void more_frames_than_there_is_room_for(void)
{
    struct tree *tree = begin();

    add_controller(tree, "arm,gic-v3", 0x1000, NULL);
    for (unsigned i = 0; i <= MACHINE_MAX_RANGES; i++)
        add_controller(tree, "arm,gic-v2m-frame", 0x1000, NULL);
    CHECK_EQ(read_machine(tree)->interrupts.v2m_count, MACHINE_MAX_RANGES);
    check_reports("frames", "left out, expected 8 of its kind at most", NULL);
}

/* Diagnostics are bounded, and how many there would have been is said. */
static void more_diagnostics_than_anyone_reads(void)
{
    struct tree *tree = begin();

    tree_begin(tree, "cpus");
    tree_cell(tree, "#address-cells", 1);
    tree_cell(tree, "#size-cells", 0);
    for (unsigned i = 0; i < 41; i++)
        add_cpu(tree, 7, 0);
    tree_end(tree);
    CHECK_EQ(read_machine(tree)->cpu_count, 1);
    CHECK_EQ(report_count, 17);
    CHECK(strstr(reported[0], "CPU id 0x7 is described twice"));
}

static void odd_memory(void)
{
    static struct boot_info info;
    struct tree *tree = begin();

    memset(&info, 0, sizeof(info));
    tree->reservations[0][0] = 0xfffffffffffff000;
    tree->reservations[0][1] = 0x2000;
    tree->reservation_count = 1;
    tree_begin(tree, "memory@0");
    tree_cells(tree, "reg", CELLS(-1u, -1u, 0, 2, 0, 0x80000000, 0, 0x10000));
    tree_end(tree);
    tree_begin(tree, "memory@1");
    tree_end(tree);
    tree_begin(tree, "memory@2");
    tree_text(tree, "status", "disabled");
    tree_end(tree);
    tree_begin(tree, "reserved-memory");
    tree_bytes(tree, "ranges", NULL, 0);
    tree_cell(tree, "#size-cells", 2);
    tree_begin(tree, "anywhere");
    tree_cells(tree, "size", CELLS(0, 0x1000));
    tree_end(tree);
    tree_begin(tree, "fixed");
    tree_cells(tree, "reg", CELLS(0, 0x80004000, 0, 0x1000));
    tree_end(tree);
    tree_end(tree);
    finish(tree);
    devicetree_read(&view, TREE_ADDRESS, &info);
    CHECK_EQ(info.diagnostic_count, 3);
    CHECK(strstr(info.diagnostics[0], "memory@0, entry 0"));
    CHECK(strstr(info.diagnostics[1], "memory@1 has no reg"));
    CHECK(strstr(info.diagnostics[2], "wraps from 0xfffffffffffff000"));
    CHECK_EQ(info.memory_count, 4);
    CHECK(info.memory[1].first == 0x80000000 && info.memory[1].last == 0x80003fff);
    CHECK(info.memory[2].kind == BOOT_FIRMWARE && info.memory[3].last == 0x8000ffff);
}

static void too_much_memory(void)
{
    static uint32_t reg[4 * (BOOT_MEMORY_MAX + 1)];
    static struct boot_info info;
    struct tree *tree = begin();

    memset(&info, 0, sizeof(info));
    for (uint32_t i = 0; i <= BOOT_MEMORY_MAX; i++) {
        reg[4 * i + 1] = 0x80000000 + 0x1000 * i;
        reg[4 * i + 3] = 0x1000;
    }
    tree_begin(tree, "memory");
    tree_cells(tree, "reg", reg, ARRAY_LENGTH(reg));
    tree_end(tree);
    finish(tree);
    devicetree_read(&view, TREE_ADDRESS, &info);
    CHECK(info.diagnostic_count == 1 &&
          strstr(info.diagnostics[0], "reg of memory has 513 entries"));
    CHECK_EQ(info.memory[info.memory_count - 1].last, 0x80000000 + 0x1000 * BOOT_MEMORY_MAX - 1);
}

static void too_many_reservations(void)
{
    static struct boot_info info;
    struct tree *tree = begin();

    memset(&info, 0, sizeof(info));
    tree->reservation_count = BOOT_MEMORY_MAX + 1;
    for (uint32_t i = 0; i <= BOOT_MEMORY_MAX; i++) {
        tree->reservations[i][0] = 0x80000000 + 0x1000 * i;
        tree->reservations[i][1] = 0x1000;
    }
    finish(tree);
    devicetree_read(&view, TREE_ADDRESS, &info);
    CHECK(info.diagnostic_count == 1 &&
          strstr(info.diagnostics[0], "more than 512 memory reservations"));
    CHECK_EQ(info.memory[info.memory_count - 1].last, 0x80000000 + 0x1000 * BOOT_MEMORY_MAX - 1);
}

int main(void)
{
    static const struct unit units[] = {
        {"consoles", consoles},
        {"console_of_sbsa", console_of_sbsa},
        {"interrupts", interrupts},
        {"an_empty_block", an_empty_block},
        {"too_many_blocks", too_many_blocks},
        {"host_properties", host_properties},
        {"too_much_of_a_host", too_much_of_a_host},
        {"too_many_hosts", too_many_hosts},
        {"bus_ranges", bus_ranges},
        {"contexts", contexts},
        {"controllers", controllers},
        {"undriven_controllers", undriven_controllers},
        {"more_frames_than_there_is_room_for", more_frames_than_there_is_room_for},
        {"more_diagnostics_than_anyone_reads", more_diagnostics_than_anyone_reads},
        {"odd_memory", odd_memory},
        {"too_much_memory", too_much_memory},
        {"too_many_reservations", too_many_reservations},
    };
    int status = unit_main("machine_odd", units, ARRAY_LENGTH(units));

    memory_release(&memory);
    return status;
}
