// SPDX-License-Identifier: BSD-2-Clause
/* Which ids messages have by an IORT, as a machine keeps them. */

#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "tests/unit/fixtures/iorts.h"
#include "tests/unit/fixtures/table_iort.h"
#include "tests/unit/fixtures/unit.h"

typedef struct table_mapping M;

static void messages(void)
{
    static struct iort iort;
    static const struct {
        void (*build)(struct table *table);
        uint16_t segment, rid;
        uint32_t id;
    } table[] = {
        {iort_build_its, 0, 0x1234, 0x1234},      {iort_build_smmu, 0, 0xff, 0xff},
        {iort_build_smmu, 0, 0x100, 0x100},       {iort_build_smmu, 1, 0x100, UINT32_MAX},
        {iort_build_chain, 0, 0x205, 12},         {iort_build_chain, 0, 0x405, UINT32_MAX},
        {iort_build_paravirt, 0, 0x1234, 0x1234},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        static struct machine machine;

        machine = (struct machine){.hosts = {{.segment = table[i].segment, .bus_last = 255}},
                                   .host_count = 1,
                                   .is_by_acpi = true};
        struct table bytes;

        table[i].build(&bytes);
        CHECK(iort_open(&iort, bytes.bytes, bytes.size, NULL));
        machine_read_messages(&machine, &iort, NULL);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], table[i].rid), table[i].id);
    }
}

/* Where the tree describes the machine, its host bridges have said it. */
static void described_by_a_tree(void)
{
    static struct iort iort;
    static struct machine machine; /* too large for a frame */
    struct table table;

    machine.host_count = 1;
    machine.hosts[0] = (struct machine_host){.bus_last = 255};
    iort_build_its(&table);
    CHECK(iort_open(&iort, table.bytes, table.size, NULL));
    machine_read_messages(&machine, &iort, NULL);
    CHECK(!machine.hosts[0].has_msi_map);
}

/* One id for every function of a host, and one for a part of them, which no mask can say. */
static void one_message_id(void)
{
    static struct iort iort;
    static struct machine machine; /* too large for a frame */
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct table table;

    machine.host_count = 1;
    machine.is_by_acpi = true;
    for (unsigned is_part = 0; is_part < 2; is_part++) {
        table_iort_begin(&table, 3, 0);
        uint32_t its = table_iort_its(&table);
        const M maps[] = {{0, 0xff, 0x500, its, 0}, {0, 0, 0x42, its, IORT_SINGLE}};
        table_iort_root(&table, 0, maps + !is_part, 1 + is_part);
        table_seal(&table);
        machine.hosts[0] = (struct machine_host){.bus_last = 255};
        CHECK(iort_open(&iort, table.bytes, table.size, NULL));
        machine_read_messages(&machine, &iort, &sink);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xff), is_part ? UINT32_MAX : 0x42);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xfe), is_part ? 0x5fe : 0x42);
        CHECK_EQ(machine_host_msi(&machine.hosts[0], 0xffff), is_part ? UINT32_MAX : 0x42);
        report_check(&report, is_part ? "requesters 0x00ff-0xffff left out" : NULL, "one id");
    }
}

int main(void)
{
    static const struct unit units[] = {
        {"messages", messages},
        {"described_by_a_tree", described_by_a_tree},
        {"one_message_id", one_message_id},
    };

    return unit_main("iort_messages", units, ARRAY_LENGTH(units));
}
