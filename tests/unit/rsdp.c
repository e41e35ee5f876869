// SPDX-License-Identifier: BSD-2-Clause
/* The root pointer on good and on damaged bytes. */
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/array/array.h"
#include "lib/bytes/bytes.h"
#include "tests/unit/fixtures/memory.h"
#include "tests/unit/fixtures/table.h"
#include "tests/unit/fixtures/unit.h"

/* All 36 bytes with both checksums, whatever the revision. */
static void build_rsdp(uint8_t rsdp[36], uint8_t revision, uint32_t rsdt, uint64_t xsdt)
{
    memset(rsdp, 0, 36);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = revision;
    table_store(rsdp + 16, 4, rsdt);
    rsdp[8] = (uint8_t)-bytes_sum(rsdp, 20);
    table_store(rsdp + 20, 4, 36);
    table_store(rsdp + 24, 8, xsdt);
    rsdp[32] = (uint8_t)-bytes_sum(rsdp, 36);
}

struct vector {
    const char *name;
    uint8_t revision;
    uint32_t rsdt;
    uint64_t xsdt;
    size_t size;
    int poke; /* offset of a byte to add 1 to, or -1 */
    bool good;
    uint64_t good_xsdt;
    const char *report;
};

static const struct vector vectors[] = {
    {"v1", 0, 0x1000, 0, 20, -1, true, 0, NULL},
    {"v1, more bytes", 0, 0x1000, 0x2000, 36, -1, true, 0, NULL},
    {"revision 1 is v1", 1, 0x1000, 0x2000, 36, -1, true, 0, NULL},
    {"v2", 2, 0x1000, 0x2000, 36, -1, true, 0x2000, NULL},
    {"v2, only an XSDT", 2, 0, 0x200000000, 36, -1, true, 0x200000000, NULL},
    {"v2, only an RSDT", 2, 0x1000, 0, 36, -1, true, 0, NULL},
    {"extended checksum", 2, 0x1000, 0x2000, 36, 32, true, 0, "byte 32: extended checksum is 0x"},
    {"extended checksum, no RSDT", 2, 0, 0x2000, 36, 32, false, 0, "byte 32"},
    {"length above what is there", 2, 0x1000, 0x2000, 36, 20, true, 0, "byte 20: length is 0x25"},
    {"length above the limit", 2, 0x1000, 0x2000, 36, 22, true, 0, "byte 20: length is 0x10024"},
    {"v2 cut short", 2, 0x1000, 0x2000, 35, -1, true, 0, "byte 15: revision is 0x2"},
    {"v1 cut short", 0, 0x1000, 0, 19, -1, false, 0, "byte 0: the size is 0x13"},
    {"checksum", 0, 0x1000, 0, 20, 9, false, 0, "byte 8: checksum is 0x"},
    {"signature", 0, 0x1000, 0, 20, 7, false, 0, "byte 0: signature is 0x"},
    {"no table at all", 2, 0, 0, 36, -1, false, 0, "byte 16: RSDT address is 0x0"},
};

static void all_vectors(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        const struct vector *c = &vectors[i];
        struct report report = {0};
        const struct sink sink = {.line = report_line, .context = &report};
        struct memory memory = {0};
        struct acpi_rsdp out = {0};
        uint8_t bytes[36];

        build_rsdp(bytes, c->revision, c->rsdt, c->xsdt);
        if (c->poke >= 0)
            bytes[c->poke]++;
        uint8_t *exact = memory_copy(&memory, 0x1000, bytes, c->size);
        bool good = acpi_rsdp_check(exact, c->size, &out, &sink);
        memory_release(&memory);
        if (good != c->good || (good && (out.xsdt != c->good_xsdt || out.rsdt != c->rsdt)))
            unit_fail(__FILE__, __LINE__, "%s", c->name);
        report_check(&report, c->report, c->name);
    }
}

static void truncated(void)
{
    uint8_t bytes[36];

    build_rsdp(bytes, 2, 0, 0x2000);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        struct acpi_rsdp out;
        struct memory memory = {0};
        const struct mem_view access = {memory_map, &memory};

        uint8_t *exact = memory_copy(&memory, 0x4c430018, bytes, size);
        CHECK_EQ(acpi_rsdp_check(exact, size, &out, NULL), size == sizeof(bytes));
        CHECK_EQ(acpi_rsdp_at(&access, 0x4c430018, &out, NULL), size == sizeof(bytes));
        memory_release(&memory);
    }
}

/* A longer structure of a later revision counts with all its bytes. */
static void longer(void)
{
    struct memory memory = {0};
    const struct mem_view access = {memory_map, &memory};
    struct acpi_rsdp out;
    uint8_t bytes[48] = {0};

    build_rsdp(bytes, 3, 0, 0x2000);
    table_store(bytes + 20, 4, sizeof(bytes));
    bytes[40] = 0x55;
    bytes[32] = (uint8_t)(bytes[32] - bytes_sum(bytes, sizeof(bytes)));
    memory_copy(&memory, 0x1004, bytes, sizeof(bytes));
    CHECK(acpi_rsdp_at(&access, 0x1004, &out, NULL) && out.xsdt == 0x2000);
    CHECK(!acpi_rsdp_at(&access, UINT64_MAX - 4, &out, NULL));
    CHECK(!acpi_rsdp_at(&access, 0x1008, &out, NULL));
    memory_release(&memory);
}

static void scan(void)
{
    static const struct {
        uint64_t ebda, address;
        bool found;
    } cases[] = {
        {0x9fc00, 0x9fc00, true}, {0x9fc00, 0x9fff0, true}, {0x9fc00, 0x9fc08, false},
        {0x9fc00, 0xe0000, true}, {0, 0xf5990, true},       {0, 0xffff0, false},
        {0x9fc00, 0xffd00, true}, {0, 0xf5998, false},      {0, 0x9fc00, false},
        {0xffff0, 0xe0000, true}, {0, 0xfffd0, true},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        static uint8_t low[0x100000];
        struct memory memory = {0};
        const struct mem_view access = {memory_map, &memory};
        struct acpi_rsdp out;
        uint8_t bytes[36];

        memset(low, 0, sizeof(low));
        build_rsdp(bytes, 2, 0, 0x2000);
        table_store(low + 0x40E, 2, cases[i].ebda >> 4);
        size_t room = sizeof(low) - cases[i].address;
        memcpy(low + cases[i].address, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
        memcpy(low + 0xe0100, "RSD PTR ", 8); /* a decoy without a checksum */
        memory_copy(&memory, 0, low, sizeof(low));
        if (acpi_rsdp_scan(&access, &out, NULL) != cases[i].found)
            unit_fail(__FILE__, __LINE__, "case %zu", i);
        memory_release(&memory);
        CHECK(!acpi_rsdp_scan(&access, &out, NULL));
    }
}

static const struct unit units[] = {
    {"vectors", all_vectors},
    {"truncated", truncated},
    {"longer", longer},
    {"scan", scan},
};

int main(void)
{
    return unit_main("rsdp", units, ARRAY_LENGTH(units));
}
