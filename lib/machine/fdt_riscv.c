// SPDX-License-Identifier: BSD-2-Clause
/*
 * What interrupts the harts of a RISC-V machine (devicetree bindings sifive,plic-1.0.0.yaml,
 * riscv,aplic.yaml, riscv,imsics.yaml). Interrupt domains and message files of machine mode belong
 * to firmware; an interrupt that leads to one of them is left out.
 */
#include "lib/array/array.h"
#include "lib/machine/fdt.h"

#define IMSIC "riscv,imsics"

/* External interrupts, at the CPU's own controller. */
#define SUPERVISOR 9
#define MACHINE    11

#define IMSIC_PAGE      4096
#define IMSIC_IDS_MAX   2047
#define INDEX_BITS_MAX  15
#define GROUP_SHIFT_MIN 12
#define GROUP_SHIFT_MAX 55

/* A PLIC has both names. */
static const struct {
    const char *compatible, *unlike;
    enum machine_controller kind;
} kinds[] = {
    {"sifive,plic-1.0.0", NULL, MACHINE_PLIC},
    {"riscv,plic0", "sifive,plic-1.0.0", MACHINE_PLIC},
    {"riscv,aplic", NULL, MACHINE_APLIC},
};

/*
 * interrupts-extended has a pair, controller and its interrupt, for each context. The first for
 * that interrupt and, unless it is 0, that controller.
 */
static bool find_context(const struct fdt *fdt, uint32_t node, uint32_t controller,
                         uint32_t interrupt, uint32_t *context)
{
    struct fdt_property pairs;

    if (!fdt_find_property(fdt, node, "interrupts-extended", &pairs))
        return false;
    for (uint32_t i = 0; 2 * i + 1 < fdt_cell_count(&pairs); i++) {
        if ((controller && fdt_cells(&pairs, 2 * i, 1) != controller) ||
            fdt_cells(&pairs, 2 * i + 1, 1) != interrupt)
            continue;
        *context = i;
        return true;
    }
    return false;
}

/* The IMSIC that an APLIC sends messages to; FDT_NONE: it interrupts harts itself. */
static uint32_t message_files(const struct fdt *fdt, uint32_t aplic)
{
    uint32_t parent = fdt_u32(fdt, aplic, "msi-parent", 0);

    return parent ? fdt_find_phandle(fdt, parent) : FDT_NONE;
}

/* Whether harts take its interrupts in supervisor or machine mode, which `interrupt` says. */
static bool serves(const struct fdt *fdt, uint32_t node, uint32_t interrupt)
{
    uint32_t files = message_files(fdt, node), context;

    return find_context(fdt, files == FDT_NONE ? node : files, 0, interrupt, &context);
}

/* False, with the reason: it is not driven. */
static bool add_wired(const struct fdt *fdt, uint32_t node, enum machine_controller kind,
                      struct machine_interrupts *interrupts, const char **reason)
{
    struct fdt_range reg;

    *reason = "its interrupts do not lead to supervisor mode";
    if (kind == MACHINE_APLIC && !serves(fdt, node, SUPERVISOR))
        return false;
    *reason = "it has no reg that the CPU reaches";
    if (!fdt_reg(fdt, node, 0, &reg))
        return false;
    *reason = "8 controllers are the most";
    if (interrupts->node_count == MACHINE_MAX_RANGES)
        return false;
    interrupts->wired[interrupts->node_count] = (struct machine_wired){
        .kind = kind,
        .sends_messages = kind == MACHINE_APLIC && message_files(fdt, node) != FDT_NONE,
        .base = reg.base,
        .size = reg.size,
    };
    interrupts->nodes[interrupts->node_count++] = node;
    return true;
}

static void name(const struct fdt *fdt, uint32_t node, const char *compatible, const char *reason,
                 const struct sink *diagnostics)
{
    sink_printf(diagnostics,
                "device tree: interrupt controller %s (%s) is not driven, as %s: interrupts that "
                "lead there are left out",
                fdt_name(fdt, node), compatible, reason);
}

static bool has_files(const struct fdt *fdt, const struct sink *diagnostics)
{
    bool is_found = false;

    for (uint32_t node = fdt_find_compatible(fdt, FDT_NONE, IMSIC); node != FDT_NONE;
         node = fdt_find_compatible(fdt, node, IMSIC)) {
        bool is_supervisor = serves(fdt, node, SUPERVISOR);

        is_found |= is_supervisor;
        if (!is_supervisor && !serves(fdt, node, MACHINE))
            name(fdt, node, IMSIC, "it names no hart", diagnostics);
    }
    return is_found;
}

bool machine_read_fdt_riscv(struct machine *machine, const struct sink *diagnostics)
{
    const struct fdt *fdt = &machine->fdt;
    struct machine_interrupts interrupts = {0};
    bool takes_messages = has_files(fdt, diagnostics);
    const char *reason;

    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++)
        for (uint32_t node = fdt_find_compatible(fdt, FDT_NONE, kinds[i].compatible);
             node != FDT_NONE; node = fdt_find_compatible(fdt, node, kinds[i].compatible)) {
            if (kinds[i].unlike && fdt_is_compatible(fdt, node, kinds[i].unlike))
                continue;
            if (!add_wired(fdt, node, kinds[i].kind, &interrupts, &reason) &&
                !serves(fdt, node, MACHINE))
                name(fdt, node, kinds[i].compatible, reason, diagnostics);
        }
    if (!interrupts.node_count && !takes_messages)
        return false;
    interrupts.kind = interrupts.node_count ? interrupts.wired[0].kind : MACHINE_IMSIC;
    interrupts.base = interrupts.wired[0].base;
    interrupts.size = interrupts.wired[0].size;
    machine->interrupts = interrupts;
    return true;
}

/* The phandle of the interrupt controller that a CPU's node holds; 0: none. */
static uint32_t own_controller(const struct fdt *fdt, uint32_t cpu)
{
    struct fdt_property property;
    uint32_t node = fdt_first_child(fdt, cpu);

    while (node != FDT_NONE && !fdt_find_property(fdt, node, "interrupt-controller", &property))
        node = fdt_next_sibling(fdt, node);
    return node == FDT_NONE ? 0 : fdt_phandle(fdt, node);
}

/* The page of the hart at that place of interrupts-extended: regs one after the other. */
static bool find_page(const struct fdt *fdt, uint32_t files, uint32_t place, uint64_t stride,
                      uint64_t *address)
{
    uint64_t offset = place * stride;
    struct fdt_range reg;

    for (uint32_t i = 0; fdt_reg(fdt, files, i, &reg); i++) {
        uint64_t usable = reg.size / stride * stride;

        if (offset < usable) {
            *address = reg.base + offset;
            return true;
        }
        offset -= usable;
    }
    return false;
}

/* Bits that a number below the number of contexts has. */
static uint32_t usual_bits(const struct fdt *fdt, uint32_t files)
{
    struct fdt_property pairs;
    uint32_t bits = 0;

    if (!fdt_find_property(fdt, files, "interrupts-extended", &pairs))
        return 0;
    while (bits < INDEX_BITS_MAX && 1u << bits < fdt_cell_count(&pairs) / 2)
        bits++;
    return bits;
}

/*
 * An APLIC names a hart by the bits of its page's address above those of its guests' pages, with
 * those of its group on top (AIA section 4.9.1).
 */
static bool read_file(const struct fdt *fdt, uint32_t files, uint32_t controller,
                      struct machine_cpu *cpu, uint32_t *hart)
{
    uint32_t guest_bits = fdt_u32(fdt, files, "riscv,guest-index-bits", 0);
    uint32_t hart_bits = fdt_u32(fdt, files, "riscv,hart-index-bits", usual_bits(fdt, files));
    uint32_t group_bits = fdt_u32(fdt, files, "riscv,group-index-bits", 0);
    uint32_t shift = fdt_u32(fdt, files, "riscv,group-index-shift", 24);
    uint32_t ids = fdt_u32(fdt, files, "riscv,num-ids", 0), place;
    uint64_t address, page;

    if (guest_bits > INDEX_BITS_MAX || hart_bits > INDEX_BITS_MAX || group_bits > INDEX_BITS_MAX ||
        shift < GROUP_SHIFT_MIN || shift > GROUP_SHIFT_MAX || !ids ||
        !find_context(fdt, files, controller, SUPERVISOR, &place) ||
        !find_page(fdt, files, place, (uint64_t)IMSIC_PAGE << guest_bits, &address))
        return false;
    page = address / IMSIC_PAGE;
    cpu->message_address = address;
    cpu->message_count = ids < IMSIC_IDS_MAX ? ids : IMSIC_IDS_MAX;
    *hart = (uint32_t)(page >> guest_bits & ((1u << hart_bits) - 1)) |
            (uint32_t)(address >> shift & ((1u << group_bits) - 1)) << hart_bits;
    return true;
}

static bool read_messages(const struct fdt *fdt, uint32_t controller, struct machine_cpu *cpu)
{
    uint32_t hart;

    for (uint32_t files = fdt_find_compatible(fdt, FDT_NONE, IMSIC); files != FDT_NONE;
         files = fdt_find_compatible(fdt, files, IMSIC))
        if (read_file(fdt, files, controller, cpu, &hart))
            return true;
    return false;
}

/* An APLIC may number its harts in another way than by their places. */
static uint32_t hart_index(const struct fdt *fdt, uint32_t node, uint32_t place)
{
    struct fdt_property indexes;

    if (!fdt_find_property(fdt, node, "riscv,hart-indexes", &indexes) ||
        place >= fdt_cell_count(&indexes))
        return place;
    return (uint32_t)fdt_cells(&indexes, place, 1);
}

static bool is_interrupted_by(const struct machine *machine, uint32_t wired, uint32_t controller,
                              struct machine_cpu *cpu)
{
    const struct fdt *fdt = &machine->fdt;
    uint32_t node = machine->interrupts.nodes[wired];

    if (machine->interrupts.wired[wired].sends_messages)
        return read_file(fdt, message_files(fdt, node), controller, cpu, &cpu->context);
    if (!find_context(fdt, node, controller, SUPERVISOR, &cpu->context))
        return false;
    if (machine->interrupts.wired[wired].kind == MACHINE_APLIC)
        cpu->context = hart_index(fdt, node, cpu->context);
    return true;
}

bool machine_fdt_context(const struct machine *machine, uint32_t node, struct machine_cpu *cpu)
{
    uint32_t controller = own_controller(&machine->fdt, node);

    for (uint32_t i = 0; controller && i < machine->interrupts.node_count; i++)
        if (is_interrupted_by(machine, i, controller, cpu)) {
            cpu->wired = i;
            return true;
        }
    return controller && read_messages(&machine->fdt, controller, cpu);
}
