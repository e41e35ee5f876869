// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tables that iasl compiled, against what iasl itself says of the bytes when it disassembles them:
 * the same nodes, mappings, units and scopes at the same places, and no diagnostic of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/dmar.h"
#include "lib/acpi/iort_node.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

#define MAX_FIELDS 256

/* A number in the disassembly: "[048h 0072   1]   Type : 04", of later versions "[048h 0072 001h]". */
struct field {
    unsigned offset, size;
    char name[40];
    unsigned long long value;
};

struct disassembly {
    struct field fields[MAX_FIELDS];
    unsigned count;
};

static bool read_field(const char *line, struct field *field)
{
    return sscanf(line, "[%xh %*u %xh] %39[^:]", &field->offset, &field->size, field->name) == 3 ||
           sscanf(line, "[%xh %*u %u] %39[^:]", &field->offset, &field->size, field->name) == 3;
}

static void read_lines(const char *name, struct disassembly *out)
{
    char path[64], line[256];
    FILE *file;

    snprintf(path, sizeof(path), "build/host/tables/%s.dsl", name);
    *out = (struct disassembly){0};
    file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file) && out->count < MAX_FIELDS) {
        struct field *field = &out->fields[out->count];
        char *colon = strstr(line, " : ");

        if (!colon || !read_field(line, field))
            continue;
        field->name[strcspn(field->name, ":")] = 0;
        for (size_t end = strlen(field->name); end && field->name[end - 1] == ' ';)
            field->name[--end] = 0;
        out->count += sscanf(colon + 3, "%llx", &field->value) == 1;
    }
    CHECK(out->count > 0);
    if (file)
        fclose(file);
}

static void read_table(const char *name, struct table *table)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "build/host/tables/%s.aml", name);
    file = fopen(path, "rb");
    table->size = file ? (uint32_t)fread(table->bytes, 1, sizeof(table->bytes), file) : 0;
    CHECK(table->size > 0);
    if (file)
        fclose(file);
}

static unsigned count_fields(const struct disassembly *lines, const char *name)
{
    unsigned count = 0;

    for (unsigned i = 0; i < lines->count; i++)
        count += !strcmp(lines->fields[i].name, name);
    return count;
}

static bool has_field(const struct disassembly *lines, unsigned offset, const char *name,
                      unsigned long long value)
{
    for (unsigned i = 0; i < lines->count; i++)
        if (lines->fields[i].offset == offset && !strcmp(lines->fields[i].name, name))
            return lines->fields[i].value == value;
    return false;
}

/* Each mapping that is kept is one that iasl has, in its order. Returns how many iasl has. */
static unsigned compare_mappings(const struct iort *iort, const struct iort_node *node,
                                 const struct disassembly *lines)
{
    uint32_t count = iort_field(iort, node, 8), at = node->offset + iort_field(iort, node, 12);
    unsigned kept = 0;

    for (uint32_t i = 0; i < count && kept < node->mapping_count; i++, at += 20) {
        const struct iort_mapping *mapping = &iort->mappings[node->mapping_first + kept];

        kept += has_field(lines, at, "Input base", mapping->input_first) &&
                has_field(lines, at + 4, "ID Count", mapping->input_last - mapping->input_first) &&
                has_field(lines, at + 8, "Output Base", mapping->output_first) &&
                has_field(lines, at + 12, "Output Reference", iort->nodes[mapping->target].offset);
    }
    CHECK_EQ(kept, node->mapping_count);
    return count;
}

static void iort_fields(void)
{
    static struct disassembly lines; /* too large for a frame */
    unsigned mappings = 0;
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    static struct iort iort; /* too large for a frame */
    struct table table;

    read_table("iort", &table);
    read_lines("iort", &lines);
    CHECK(iort_open(&iort, table.bytes, table.size, &sink));
    report_check(&report, NULL, "iort.aml");

    for (unsigned i = 0; i < iort.node_count; i++) {
        const struct iort_node *node = &iort.nodes[i];

        CHECK(has_field(&lines, node->offset, "Type", node->type));
        mappings += compare_mappings(&iort, node, &lines);
    }
    CHECK_EQ(count_fields(&lines, "Type"), iort.node_count);
    CHECK_EQ(count_fields(&lines, "Input base"), mappings);
}

static void iort_answers(void)
{
    static const struct {
        uint16_t rid;
        enum iort_wanted wanted;
        enum iort_outcome outcome;
        uint32_t node, id;
    } answers[] = {
        {0xff, IORT_IOMMU, IORT_MAPPED, 0x48, 0xff},
        {0x100, IORT_IOMMU, IORT_UNMAPPED, 0, 0},
        {0xff, IORT_ITS_GROUP, IORT_MAPPED, 0x30, 0xff},
        {0x100, IORT_ITS_GROUP, IORT_MAPPED, 0x30, 0x100},
        {0xffff, IORT_ITS_GROUP, IORT_MAPPED, 0x30, 0xffff},
    };
    static struct iort iort; /* too large for a frame */
    struct iort_target target;
    struct table table;
    uint32_t steps = IORT_MAX_STEPS;

    read_table("iort", &table);
    CHECK(iort_open(&iort, table.bytes, table.size, NULL));
    for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
        CHECK_EQ(iort_map_pci(&iort, 0, answers[i].rid, answers[i].wanted, &steps, &target),
                 answers[i].outcome);
        if (answers[i].outcome == IORT_MAPPED)
            CHECK(target.node->offset == answers[i].node && target.id == answers[i].id);
    }
    CHECK_EQ(iort_map_component(&iort, "\\D0", 2, IORT_IOMMU, &steps, &target), IORT_MAPPED);
    CHECK_EQ(target.id, 0x2002);
}

/* The bases that iasl names, in any order, are those of our units. */
static void compare_units(const struct topology *others, const struct disassembly *lines,
                          const char *name)
{
    unsigned found = 0;

    for (unsigned n = 0; n < others->iommu_count; n++)
        for (unsigned i = 0; i < lines->count; i++)
            if (!strcmp(lines->fields[i].name, name) &&
                lines->fields[i].value == others->iommus[n].device.base) {
                found++;
                break;
            }
    CHECK_EQ(found, others->iommu_count);
}

static void dmar(void)
{
    static struct disassembly lines; /* too large for a frame */
    struct topology others = {0};
    struct topology_match match;
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct table table;

    read_table("dmar", &table);
    read_lines("dmar", &lines);
    CHECK(dmar_read(table.bytes, table.size, &others, &sink));
    report_check(&report, NULL, "dmar.aml");
    CHECK_EQ(count_fields(&lines, "Register Base Address"), others.iommu_count);
    compare_units(&others, &lines, "Register Base Address");
    /*
     * Of five scopes one is an I/O APIC's and one a reserved region's; one range is for the rest.
     */
    CHECK_EQ(count_fields(&lines, "Device Scope Type"), others.range_count - 1 + 2);
    CHECK(find_function(&others, 0, 0x10, &match) && match.iommu == 1);
    CHECK(find_function(&others, 0, 0x18, &match) && match.iommu == 0);
    CHECK(find_function(&others, 1, 0x4018, &match) && others.ranges[match.range].has_below);
}

static void ivrs(void)
{
    static struct disassembly lines; /* too large for a frame */
    struct topology others = {0};
    struct topology_match match;
    struct report report = {0};
    const struct sink sink = {.line = report_line, .context = &report};
    struct table table;

    read_table("ivrs", &table);
    read_lines("ivrs", &lines);
    CHECK(ivrs_read(table.bytes, table.size, &others, &sink));
    report_check(&report, NULL, "ivrs.aml");
    CHECK_EQ(others.iommu_count, 1);
    compare_units(&others, &lines, "Base Address");
    /* A range takes two entries, an I/O APIC none of our records. */
    CHECK_EQ(count_fields(&lines, "Device ID"), others.range_count + 2);
    CHECK(find_function(&others, 0, 0x1ff, &match) && match.id == 0x1ff);
    CHECK(find_function(&others, 0, 0xa4, &match) && match.id == 0xa0);
}

static const struct unit units[] = {
    {"iort", iort_fields},
    {"iort_answers", iort_answers},
    {"dmar", dmar},
    {"ivrs", ivrs},
};

int main(void)
{
    return unit_main("iasl", units, ARRAY_LENGTH(units));
}
