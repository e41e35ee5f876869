// SPDX-License-Identifier: BSD-2-Clause
/* Machines of device trees that are well-formed and say odd things: what is kept, what is said. */
#include <string.h>

#include "lib/array/array.h"
#include "tests/unit/fixtures/machine_tree.h"
#include "tests/unit/fixtures/unit.h"

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
        struct tree *tree = odd_begin();

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
        const struct machine *machine = odd_read(tree);

        CHECK_EQ(machine->uart.base, cases[i].base);
        CHECK_EQ(machine->uart.shift, cases[i].base == 0x1000 ? cases[i].shift : 0);
        odd_check_reports(cases[i].path ? cases[i].path : "no path", cases[i].report,
                          cases[i].report);
    }
}

/*
 * SBSA's UART is a PL011 without a set-up; a stdout-path that leads to no node is no reason for
 * silence.
 */
static void console_of_sbsa(void)
{
    struct tree *tree = odd_begin();

    tree_begin(tree, "serial@3000");
    tree_text(tree, "compatible", "arm,sbsa-uart");
    tree_cells(tree, "reg", CELLS(0, 0x3000, 0, 0x1000));
    tree_end(tree);
    tree_begin(tree, "chosen");
    tree_text(tree, "stdout-path", "/absent");
    tree_end(tree);
    const struct machine *machine = odd_read(tree);

    CHECK_EQ(machine->uart.kind, MACHINE_UART_SBSA);
    CHECK_EQ(machine->uart.base, 0x3000);
    odd_check_reports("sbsa", NULL, NULL);
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
        struct tree *tree = odd_begin();

        tree_begin(tree, "virtio@5000");
        tree_text(tree, "compatible", "virtio,mmio");
        tree_cells(tree, "reg", CELLS(0, 0x5000, 0, 0x200));
        tree_cells(tree, cases[i].property, cases[i].cells, cases[i].count);
        tree_end(tree);
        const struct machine *machine = odd_read(tree);

        CHECK_EQ(machine->mmio_count, 1);
        if (machine->mmio[0].line != cases[i].line || machine->mmio[0].is_edge != cases[i].is_edge)
            unit_fail(__FILE__, __LINE__, "case %u: line %u, edge %d", i, machine->mmio[0].line,
                      machine->mmio[0].is_edge);
        odd_check_reports(cases[i].property, NULL, NULL);
    }
}

static void an_empty_block(void)
{
    struct tree *tree = odd_begin();

    tree_begin(tree, "virtio@100");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_cells(tree, "reg", CELLS(0, 0x100, 0, 0));
    tree_end(tree);
    CHECK_EQ(odd_read(tree)->mmio_count, 0);
    odd_check_reports("block", "virtio@100 has no reg that the CPU reaches", NULL);
}

static void too_many_blocks(void)
{
    struct tree *tree = odd_begin();

    tree_begin(tree, "virtio@lost");
    tree_text(tree, "compatible", "virtio,mmio");
    tree_end(tree);
    for (uint32_t i = 0; i <= MACHINE_MAX_MMIO; i++) {
        tree_begin(tree, "virtio");
        tree_text(tree, "compatible", "virtio,mmio");
        tree_cells(tree, "reg", CELLS(0, 0x200 * i, 0, 0x200));
        tree_end(tree);
    }
    CHECK_EQ(odd_read(tree)->mmio_count, MACHINE_MAX_MMIO);
    odd_check_reports("blocks", "virtio@lost has no reg that the CPU reaches",

                      "more than 64 virtio-mmio blocks");
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
    struct tree *tree = odd_begin();

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
    const struct machine *machine = odd_read(tree);

    CHECK_EQ(machine->interrupts.kind, MACHINE_PLIC);
    CHECK_EQ(machine->timer_hz, 0x100000002);
    CHECK_EQ(machine->cpu_count, 2);
    CHECK(machine->cpus[0].id == 5 && machine->cpus[0].context == 1);
    CHECK(machine->cpus[1].id == 6 && machine->cpus[1].context == 0);
    odd_check_reports("contexts", "no interrupt controller names the supervisor mode of cpu@n",
                      "cpu has no reg of one cell or two");
}

/* A controller whose registers the CPU does not reach is none, and the next one is taken. */
static void controllers(void)
{
    struct tree *tree = odd_begin();

    tree_begin(tree, "v3");
    tree_text(tree, "compatible", "arm,gic-v3");
    tree_cells(tree, "reg", CELLS(0, 0x8000000, 0, 0x10000));
    tree_end(tree);
    tree_begin(tree, "v2");
    tree_text(tree, "compatible", "arm,gic-400");
    tree_cells(tree, "reg", CELLS(0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000));
    tree_end(tree);
    const struct machine *machine = odd_read(tree);

    CHECK_EQ(machine->interrupts.kind, MACHINE_GICV2);
    CHECK_EQ(machine->interrupts.cpu_interface, 0x8010000);
    odd_check_reports("controllers", "redistributor region 0 of v3 left out",
                      "reg of v3 has 1 entries");
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
        struct tree *tree = odd_begin();

        add_controller(tree, cases[i].compatible, cases[i].size ? cases[i].size : 0x1000,
                       cases[i].property);
        if (cases[i].second)
            add_controller(tree, cases[i].second, cases[i].size, NULL);
        odd_read(tree);
        odd_check_reports(cases[i].compatible, cases[i].report, NULL);
    }
}

/* Nine of what is kept up to eight of. */
static void more_frames_than_there_is_room_for(void)
{
    struct tree *tree = odd_begin();

    add_controller(tree, "arm,gic-v3", 0x1000, NULL);
    for (unsigned i = 0; i <= MACHINE_MAX_RANGES; i++)
        add_controller(tree, "arm,gic-v2m-frame", 0x1000, NULL);
    CHECK_EQ(odd_read(tree)->interrupts.v2m_count, MACHINE_MAX_RANGES);
    odd_check_reports("frames", "left out, expected 8 of its kind at most", NULL);
}

/* Diagnostics are bounded, and how many there would have been is said. */
/* A PLIC that the CPU does not reach is none; of the others there is room for eight. */
static void more_plics_than_there_is_room_for(void)
{
    struct tree *tree = odd_begin();

    tree_begin(tree, "plic@lost");
    tree_text(tree, "compatible", "sifive,plic-1.0.0");
    tree_end(tree);
    for (uint32_t i = 0; i <= MACHINE_MAX_RANGES; i++) {
        tree_begin(tree, "plic");
        tree_text(tree, "compatible", "sifive,plic-1.0.0");
        tree_cells(tree, "reg", CELLS(0, 0xc000000 + 0x1000000 * i, 0, 0x1000000));
        tree_end(tree);
    }
    const struct machine *machine = odd_read(tree);

    CHECK_EQ(machine->interrupts.node_count, MACHINE_MAX_RANGES);
    CHECK_EQ(machine->interrupts.base, 0xc000000);
    odd_check_reports("plics", "plic@lost (sifive,plic-1.0.0) is not driven, as it has no reg",
                      "8 controllers are the most");
}

static void more_diagnostics_than_anyone_reads(void)
{
    struct tree *tree = odd_begin();

    tree_begin(tree, "cpus");
    tree_cell(tree, "#address-cells", 1);
    tree_cell(tree, "#size-cells", 0);
    for (unsigned i = 0; i < 41; i++)
        add_cpu(tree, 7, 0);
    tree_end(tree);
    CHECK_EQ(odd_read(tree)->cpu_count, 1);
    CHECK_EQ(odd_report_count, 17);
    CHECK(strstr(odd_reported[0], "CPU id 0x7 is described twice"));
}

int main(void)
{
    static const struct unit units[] = {
        {"consoles", consoles},
        {"console_of_sbsa", console_of_sbsa},
        {"interrupts", interrupts},
        {"an_empty_block", an_empty_block},
        {"too_many_blocks", too_many_blocks},
        {"contexts", contexts},
        {"controllers", controllers},
        {"undriven_controllers", undriven_controllers},
        {"more_frames_than_there_is_room_for", more_frames_than_there_is_room_for},
        {"more_plics_than_there_is_room_for", more_plics_than_there_is_room_for},
        {"more_diagnostics_than_anyone_reads", more_diagnostics_than_anyone_reads},
    };
    int status = unit_main("machine_odd", units, ARRAY_LENGTH(units));

    odd_end();
    return status;
}
