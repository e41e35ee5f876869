// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ACPI readers on good and on damaged bytes. Every buffer is an allocation of exactly its size,
 * so that AddressSanitizer sees a read outside it.
 */
#include "tests/host/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/acpi/acpi.h"
#include "lib/bytes/bytes.h"
#include "lib/machine/machine.h"

#define MUTATIONS 20000
#define MAX_BYTES 512

/* What the readers said: how many lines, and the first of them. */
struct report {
    unsigned lines;
    char first[SINK_LINE_MAX];
};

static void take_line(void *context, const char *text)
{
    struct report *report = context;

    if (report->lines++ == 0)
        snprintf(report->first, sizeof(report->first), "%s", text);
}

static void check_report(const struct report *report, const char *expected, const char *name)
{
    if (report->lines == 0 ? expected != NULL : !expected || !strstr(report->first, expected))
        unit_fail(__FILE__, __LINE__, "%s: reported \"%s\", expected \"%s\"", name,
                  report->lines ? report->first : "", expected ? expected : "");
}

static uint8_t *copy_of(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size);

    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

static uint32_t random_state = 1;

static uint32_t random32(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static void put(uint8_t *at, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Makes the sum of all bytes 0 by the checksum of a table header. */
static void seal(uint8_t *table, size_t size)
{
    table[9] = (uint8_t)(table[9] - bytes_sum(table, size));
}

static size_t build(uint8_t *table, const char *signature, const void *body, size_t body_size)
{
    size_t size = ACPI_HEADER_SIZE + body_size;

    memset(table, 0, ACPI_HEADER_SIZE);
    memcpy(table, signature, 4);
    put(table + 4, 4, size);
    if (body_size != 0)
        memcpy(table + ACPI_HEADER_SIZE, body, body_size);
    seal(table, size);
    return size;
}

/* Physical memory made of a few separate allocations. */
#define MAX_REGIONS 12

struct memory {
    struct {
        uint64_t address, size;
        uint8_t *bytes;
    } regions[MAX_REGIONS];
    unsigned count;
};

static const void *map(void *context, uint64_t address, uint64_t size)
{
    const struct memory *memory = context;

    CHECK(size != 0 && size - 1 <= UINT64_MAX - address);
    for (unsigned i = 0; i < memory->count; i++) {
        uint64_t base = memory->regions[i].address, limit = memory->regions[i].size;
        if (address >= base && address - base <= limit && size <= limit - (address - base))
            return memory->regions[i].bytes + (address - base);
    }
    return NULL;
}

static uint8_t *place(struct memory *memory, uint64_t address, const void *bytes, size_t size)
{
    unsigned i = memory->count++;

    memory->regions[i].address = address;
    memory->regions[i].size = size;
    memory->regions[i].bytes = copy_of(bytes, size);
    return memory->regions[i].bytes;
}

static void place_table(struct memory *memory, uint64_t address, const char *signature,
                        const void *body, size_t body_size)
{
    uint8_t table[MAX_BYTES];

    place(memory, address, table, build(table, signature, body, body_size));
}

static void release(struct memory *memory)
{
    while (memory->count > 0)
        free(memory->regions[--memory->count].bytes);
}

/* All 36 bytes with both checksums, whatever the revision. */
static void build_rsdp(uint8_t rsdp[36], uint8_t revision, uint32_t rsdt, uint64_t xsdt)
{
    memset(rsdp, 0, 36);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = revision;
    put(rsdp + 16, 4, rsdt);
    rsdp[8] = (uint8_t)-bytes_sum(rsdp, 20);
    put(rsdp + 20, 4, 36);
    put(rsdp + 24, 8, xsdt);
    rsdp[32] = (uint8_t)-bytes_sum(rsdp, 36);
}

struct rsdp_case {
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

static const struct rsdp_case rsdp_cases[] = {
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

static void rsdp(void)
{
    for (size_t i = 0; i < sizeof(rsdp_cases) / sizeof(rsdp_cases[0]); i++) {
        const struct rsdp_case *c = &rsdp_cases[i];
        struct report report = {0};
        const struct sink sink = {take_line, &report};
        struct acpi_rsdp out = {0};
        uint8_t bytes[36];

        build_rsdp(bytes, c->revision, c->rsdt, c->xsdt);
        if (c->poke >= 0)
            bytes[c->poke]++;
        uint8_t *exact = copy_of(bytes, c->size);
        bool good = acpi_rsdp_check(exact, c->size, &out, &sink);
        free(exact);
        if (good != c->good || (good && (out.xsdt != c->good_xsdt || out.rsdt != c->rsdt)))
            unit_fail(__FILE__, __LINE__, "%s", c->name);
        check_report(&report, c->report, c->name);
    }
}

static void rsdp_truncated(void)
{
    uint8_t bytes[36];

    build_rsdp(bytes, 2, 0, 0x2000);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        struct acpi_rsdp out;
        struct memory memory = {0};
        const struct mem_view access = {map, &memory};

        uint8_t *exact = place(&memory, 0x4c430018, bytes, size);
        CHECK_EQ(acpi_rsdp_check(exact, size, &out, NULL), size == sizeof(bytes));
        CHECK_EQ(acpi_rsdp_at(&access, 0x4c430018, &out, NULL), size == sizeof(bytes));
        release(&memory);
    }
}

/* A longer structure of a later revision counts with all its bytes. */
static void rsdp_longer(void)
{
    struct memory memory = {0};
    const struct mem_view access = {map, &memory};
    struct acpi_rsdp out;
    uint8_t bytes[48] = {0};

    build_rsdp(bytes, 3, 0, 0x2000);
    put(bytes + 20, 4, sizeof(bytes));
    bytes[40] = 0x55;
    bytes[32] = (uint8_t)(bytes[32] - bytes_sum(bytes, sizeof(bytes)));
    place(&memory, 0x1004, bytes, sizeof(bytes));
    CHECK(acpi_rsdp_at(&access, 0x1004, &out, NULL) && out.xsdt == 0x2000);
    CHECK(!acpi_rsdp_at(&access, UINT64_MAX - 4, &out, NULL));
    CHECK(!acpi_rsdp_at(&access, 0x1008, &out, NULL));
    release(&memory);
}

static void rsdp_scan(void)
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

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static uint8_t low[0x100000];
        struct memory memory = {0};
        const struct mem_view access = {map, &memory};
        struct acpi_rsdp out;
        uint8_t bytes[36];

        memset(low, 0, sizeof(low));
        build_rsdp(bytes, 2, 0, 0x2000);
        put(low + 0x40E, 2, cases[i].ebda >> 4);
        size_t room = sizeof(low) - cases[i].address;
        memcpy(low + cases[i].address, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
        memcpy(low + 0xe0100, "RSD PTR ", 8); /* a decoy without a checksum */
        place(&memory, 0, low, sizeof(low));
        if (acpi_rsdp_scan(&access, &out, NULL) != cases[i].found)
            unit_fail(__FILE__, __LINE__, "case %zu", i);
        release(&memory);
        CHECK(!acpi_rsdp_scan(&access, &out, NULL));
    }
}

/* Both roots list table A at 0x3000; the XSDT also lists B above 4 GiB. */
static void place_roots(struct memory *memory)
{
    uint8_t entries[32];

    put(entries, 4, 0x3000);
    place_table(memory, 0x1000, "RSDT", entries, 4);
    put(entries, 8, 0x3000);
    put(entries + 8, 8, 0);
    put(entries + 16, 8, 0x300000000);
    put(entries + 24, 8, 0x4000);
    place_table(memory, 0x2000, "XSDT", entries, 32);
    place_table(memory, 0x3000, "AAAA", "body", 4);
    place_table(memory, 0x300000000, "BBBB", NULL, 0);
    place_table(memory, 0x4000, "AAAA", NULL, 0);
}

static void open_tables(void)
{
    const struct acpi_rsdp both = {2, 0x1000, 0x2000}, old = {0, 0x1000, 0};
    struct report report = {0};
    const struct sink sink = {take_line, &report};
    struct memory memory = {0};
    const struct mem_view access = {map, &memory};
    struct acpi acpi;

    place_roots(&memory);
    CHECK(acpi_open(&acpi, &access, &both, &sink));
    CHECK_EQ(acpi.table_count, 3);
    CHECK(acpi_find(&acpi, "AAAA") && acpi_find(&acpi, "AAAA")->address == 0x3000);
    CHECK(acpi_find(&acpi, "AAAA") && acpi_find(&acpi, "AAAA")->length == 40);
    CHECK(acpi_find(&acpi, "BBBB") && acpi_find(&acpi, "BBBB")->address == 0x300000000);
    CHECK(!acpi_find(&acpi, "VIOT"));
    CHECK(acpi_find_next(&acpi, &acpi.tables[0]) == &acpi.tables[2]);
    CHECK(!acpi_find_next(&acpi, &acpi.tables[1]) && !acpi_find_next(&acpi, &acpi.tables[2]));
    CHECK_EQ(report.lines, 1);
    check_report(&report, "AAAA at 0x4000: a second one, the one at 0x3000", "duplicate");

    CHECK(acpi_open(&acpi, &access, &old, NULL));
    CHECK_EQ(acpi.table_count, 1);

    memory.regions[1].bytes[9]++;
    CHECK(acpi_open(&acpi, &access, &both, NULL));
    CHECK_EQ(acpi.table_count, 1);
    memory.regions[0].bytes[0]++;
    CHECK(!acpi_open(&acpi, &access, &both, NULL));
    CHECK_EQ(acpi.table_count, 0);
    release(&memory);
}

/* An XSDT that lists more tables than are looked at; each is a header with a signature of its own.
 */
static void open_full(void)
{
    const struct acpi_rsdp rsdp = {2, 0, 0x2000};
    struct report report = {0};
    const struct sink sink = {take_line, &report};
    uint8_t entries[8 * (ACPI_MAX_TABLES + 6)], table[ACPI_HEADER_SIZE + sizeof(entries)];
    uint8_t tables[ACPI_HEADER_SIZE * (ACPI_MAX_TABLES + 6)];
    struct memory memory = {0};
    const struct mem_view access = {map, &memory};
    struct acpi acpi;

    for (unsigned i = 0; i < ACPI_MAX_TABLES + 6; i++) {
        char signature[5];

        snprintf(signature, sizeof(signature), "T%03u", i);
        build(tables + i * ACPI_HEADER_SIZE, signature, NULL, 0);
        put(entries + i * 8, 8, 0x3000 + i * ACPI_HEADER_SIZE);
    }
    place(&memory, 0x2000, table, build(table, "XSDT", entries, sizeof(entries)));
    place(&memory, 0x3000, tables, sizeof(tables));
    CHECK(acpi_open(&acpi, &access, &rsdp, &sink));
    CHECK_EQ(acpi.table_count, ACPI_MAX_TABLES);
    CHECK(acpi_find(&acpi, "T063") && !acpi_find(&acpi, "T064"));
    CHECK_EQ(report.lines, 1);
    check_report(&report, "XSDT byte 4: the number of entries is 0x46", "more than fits");
    release(&memory);
}

/* What is wrong with the table at 0x3000 or with the RSDT that lists it. */
static const struct {
    const char *name;
    unsigned region, offset, size;
    uint64_t value;
    bool sealed, opens;
    const char *report;
} open_cases[] = {
    {"checksum", 1, 9, 1, 0, false, true, "at 0x3000 byte 9: checksum is 0x0, expected 0x"},
    {"signature", 1, 3, 1, 0x7f, true, true, "at 0x3000 byte 0: signature is 0x7f414141"},
    {"length 35", 1, 4, 4, 35, true, true, "at 0x3000 byte 4: length is 0x23, expected 0x24"},
    {"length past memory", 1, 4, 4, 41, true, true, "byte 4: length is 0x29"},
    {"length too big", 1, 4, 4, 0xffffffff, true, true, "byte 4: length is 0xffffffff"},
    {"entry nowhere", 0, 36, 4, 0x9000, true, true, "table at 0x9000: not in readable memory"},
    {"entry wraps", 0, 36, 4, 0xfffffff0, true, true, "table at 0xfffffff0"},
    {"zero entry", 0, 36, 4, 0, true, true, NULL},
    {"odd root length", 0, 4, 4, 38, true, false, "RSDT byte 4: length is 0x26"},
    {"wrong root", 0, 0, 1, 'X', true, false, "RSDT at 0x1000 byte 0: signature is 0x54445358"},
};

static void open_damaged(void)
{
    const struct acpi_rsdp old = {0, 0x1000, 0};

    for (size_t i = 0; i < sizeof(open_cases) / sizeof(open_cases[0]); i++) {
        struct report report = {0};
        const struct sink sink = {take_line, &report};
        struct memory memory = {0};
        const struct mem_view access = {map, &memory};
        uint8_t entry[4];
        struct acpi acpi;

        put(entry, 4, 0x3000);
        place_table(&memory, 0x1000, "RSDT", entry, 4);
        place_table(&memory, 0x3000, "AAAA", "body", 4);
        uint8_t *table = memory.regions[open_cases[i].region].bytes;
        put(table + open_cases[i].offset, open_cases[i].size, open_cases[i].value);
        if (open_cases[i].sealed)
            seal(table, memory.regions[open_cases[i].region].size);
        if (acpi_open(&acpi, &access, &old, &sink) != open_cases[i].opens || acpi.table_count != 0)
            unit_fail(__FILE__, __LINE__, "%s", open_cases[i].name);
        check_report(&report, open_cases[i].report, open_cases[i].name);
        release(&memory);
    }
}

static bool read_mcfg(const uint8_t *table, size_t size, struct report *report)
{
    const struct sink sink = {take_line, report};
    struct acpi_mcfg mcfg;
    bool good = acpi_mcfg_read(table, size, &mcfg, &sink);

    CHECK(mcfg.window_count <= (good ? ACPI_MAX_WINDOWS : 0));
    for (unsigned i = 0; i < mcfg.window_count; i++) {
        const struct acpi_window *window = &mcfg.windows[i];
        CHECK(window->bus_first <= window->bus_last && window->base % 0x100000 == 0);
        CHECK(window->base + (((uint64_t)window->bus_last + 1) << 20) - 1 > window->base);
    }
    return good;
}

static bool read_madt(const uint8_t *table, size_t size, struct report *report)
{
    const struct sink sink = {take_line, report};
    struct acpi_madt madt;
    bool good = acpi_madt_read(table, size, &madt, &sink);

    CHECK(madt.cpu_count <= (good ? ACPI_MAX_CPUS : 0));
    CHECK(madt.ioapic_count <= (good ? ACPI_MAX_IOAPICS : 0));
    CHECK(madt.override_count <= (good ? ACPI_MAX_OVERRIDES : 0));
    CHECK(madt.gic.redistributor_count <= (good ? ACPI_MAX_GIC : 0));
    CHECK(madt.gic.v2m_count <= ACPI_MAX_GIC && madt.gic.its_count <= ACPI_MAX_GIC);
    return good;
}

static bool read_spcr(const uint8_t *table, size_t size, struct report *report)
{
    const struct sink sink = {take_line, report};
    struct acpi_spcr spcr;

    return acpi_spcr_read(table, size, &spcr, &sink);
}

static bool read_fadt(const uint8_t *table, size_t size, struct report *report)
{
    const struct sink sink = {take_line, report};
    struct acpi_fadt fadt;

    return acpi_fadt_read(table, size, &fadt, &sink);
}

static bool read_as_xsdt(const uint8_t *table, size_t size, struct report *report)
{
    const struct sink sink = {take_line, report};
    const struct acpi_rsdp rsdp = {2, 0x1000, 0x2000};
    struct memory memory = {0};
    const struct mem_view access = {map, &memory};
    struct acpi acpi;

    place(&memory, 0x2000, table, size);
    bool good = acpi_open(&acpi, &access, &rsdp, &sink);
    CHECK(acpi.table_count <= ACPI_MAX_TABLES);
    release(&memory);
    return good;
}

static bool read_as_rsdt(const uint8_t *table, size_t size, struct report *report)
{
    const struct sink sink = {take_line, report};
    const struct acpi_rsdp rsdp = {0, 0x1000, 0};
    struct memory memory = {0};
    const struct mem_view access = {map, &memory};
    struct acpi acpi;

    place(&memory, 0x1000, table, size);
    bool good = acpi_open(&acpi, &access, &rsdp, &sink);
    release(&memory);
    return good;
}

static const uint8_t mcfg_body[8 + 2 * 16] = {
    [8 + 3] = 0xb0,  [8 + 11] = 0xff,                   /* 0xb0000000, segment 0, buses 0-0xff */
    [24 + 4] = 0x40, [24 + 8] = 1,    [24 + 11] = 0x7f, /* 0x4000000000, segment 1, 0-0x7f */
};

static const uint8_t madt_body[] = {
    0, 0,  0xe0, 0xfe, 1,  0, 0,    0,                   /* local APIC address, 8259 */
    0, 8,  0,    1,    1,  0, 0,    0,                   /* APIC id 1, enabled */
    0, 8,  1,    2,    2,  0, 0,    0,                   /* APIC id 2, not enabled */
    1, 12, 3,    0,    0,  0, 0xc0, 0xfe, 24,   0, 0, 0, /* I/O APIC 3, GSI base 24 */
    2, 10, 0,    9,    20, 0, 0,    0,    0x0d, 0,       /* IRQ 9 is GSI 20, level, high */
    4, 6,  0xff, 0,    0,  1,                            /* local NMI: stepped over */
    9, 16, 0,    0,    0,  1, 0,    0,    1,    0, 0, 0, 3, 0, 0, 0, /* x2APIC id 0x100, enabled */
    5, 12, 0,    0,    0,  0, 0xe1, 0xfe, 1,    0, 0, 0,             /* local APIC at 0x1fee10000 */
};

/* Two CPUs, of which one is not enabled, and everything that a GICv3 with an ITS is told by. */
static const uint8_t gic_body[8 + 80 + 80 + 24 + 16 + 20 + 24 + 24] = {
    [8] = 11,         [9] = 80,         [20] = 1,                        /* GICC, enabled */
    [8 + 32 + 2] = 1, [8 + 32 + 3] = 8,                                  /* 0x08010000 */
    [8 + 60 + 2] = 1, [8 + 68] = 2,     [8 + 72] = 1,                    /* MPIDR 0x1_0000_0002 */
    [88] = 11,        [89] = 80,        [88 + 68] = 1,                   /* MPIDR 1 */
    [168] = 12,       [169] = 24,       [168 + 11] = 8,  [168 + 20] = 3, /* GICD 0x08000000 */
    [192] = 14,       [193] = 16,       [192 + 6] = 0xa, [192 + 7] = 8,  /* 0x080a0000 */
    [192 + 14] = 4,                                                      /* 0x40000 bytes */
    [208] = 15,       [209] = 20,       [208 + 4] = 7,   [208 + 10] = 8, /* ITS 7 */
    [208 + 11] = 8,                                                      /* 0x08080000 */
    [228] = 13,       [229] = 24,       [228 + 10] = 2,  [228 + 11] = 8, /* 0x08020000 */
    [228 + 16] = 1,   [228 + 20] = 64,  [228 + 22] = 80,                 /* SPIs 80 to 143 */
    [252] = 13,       [253] = 24,       [252 + 10] = 3,  [252 + 11] = 8, /* 0x08030000 */
    [252 + 20] = 64,  [252 + 22] = 80,                                   /* not to be used */
};

/* As QEMU's virt machine for Arm has it, revision 2. */
static const uint8_t spcr_body[44] = {
    [0] = 3, [5] = 8, [7] = 3, [11] = 9, [16] = 8, [18] = 33, [22] = 3,
};

static const uint8_t fadt_body[240] = {[93] = 3};

static const uint8_t root_body[] = {0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0};

static const struct form {
    const char *signature;
    const uint8_t *body;
    size_t body_size;
    bool (*read)(const uint8_t *table, size_t size, struct report *report);
} forms[] = {
    {"MCFG", mcfg_body, sizeof(mcfg_body), read_mcfg},
    {"APIC", madt_body, sizeof(madt_body), read_madt},
    {"APIC", gic_body, sizeof(gic_body), read_madt},
    {"SPCR", spcr_body, sizeof(spcr_body), read_spcr},
    {"FACP", fadt_body, sizeof(fadt_body), read_fadt},
    {"XSDT", root_body, sizeof(root_body), read_as_xsdt},
    {"RSDT", root_body, sizeof(root_body), read_as_rsdt},
};

static void mcfg(void)
{
    uint8_t table[MAX_BYTES];
    struct acpi_mcfg mcfg;

    CHECK(acpi_mcfg_read(table, build(table, "MCFG", mcfg_body, sizeof(mcfg_body)), &mcfg, NULL));
    CHECK_EQ(mcfg.window_count, 2);
    CHECK_EQ(mcfg.windows[0].base, 0xb0000000);
    CHECK_EQ(mcfg.windows[0].bus_last, 0xff);
    CHECK_EQ(mcfg.windows[1].base, 0x4000000000);
    CHECK_EQ(mcfg.windows[1].segment, 1);
}

static void madt(void)
{
    uint8_t table[MAX_BYTES];
    struct acpi_madt madt;

    CHECK(acpi_madt_read(table, build(table, "APIC", madt_body, sizeof(madt_body)), &madt, NULL));
    CHECK_EQ(madt.local_apic, 0x1fee10000);
    CHECK(madt.has_8259);
    CHECK_EQ(madt.cpu_count, 3);
    CHECK(madt.cpus[0].id == 1 && madt.cpus[0].enabled);
    CHECK(madt.cpus[1].id == 2 && !madt.cpus[1].enabled);
    CHECK(madt.cpus[2].id == 0x100 && madt.cpus[2].enabled);
    CHECK_EQ(madt.ioapic_count, 1);
    CHECK_EQ(madt.ioapics[0].id, 3);
    CHECK_EQ(madt.ioapics[0].address, 0xfec00000);
    CHECK_EQ(madt.ioapics[0].gsi_base, 24);
    CHECK_EQ(madt.override_count, 1);
    CHECK(madt.overrides[0].irq == 9 && madt.overrides[0].gsi == 20);
    CHECK_EQ(madt.overrides[0].flags, 0x0d);
    CHECK_EQ(madt.left_out, 0);
}

static void gic(void)
{
    uint8_t table[MAX_BYTES];
    struct acpi_madt madt;

    CHECK(acpi_madt_read(table, build(table, "APIC", gic_body, sizeof(gic_body)), &madt, NULL));
    CHECK_EQ(madt.cpu_count, 2);
    CHECK(madt.cpus[0].id == 0x100000002 && madt.cpus[0].enabled);
    CHECK(madt.cpus[1].id == 1 && !madt.cpus[1].enabled);
    CHECK_EQ(madt.gic.distributor, 0x08000000);
    CHECK_EQ(madt.gic.version, 3);
    CHECK_EQ(madt.gic.cpu_interface, 0x08010000);
    /* The range counts, not what the CPUs' structures say. */
    CHECK_EQ(madt.gic.redistributor_count, 1);
    CHECK_EQ(madt.gic.redistributors[0].base, 0x080a0000);
    CHECK_EQ(madt.gic.redistributors[0].size, 0x40000);
    CHECK_EQ(madt.gic.its_count, 1);
    CHECK(madt.gic.its[0].id == 7 && madt.gic.its[0].base == 0x08080000);
    CHECK_EQ(madt.gic.v2m_count, 2);
    CHECK(madt.gic.v2m[0].spi_first == 80 && madt.gic.v2m[0].spi_count == 64);
    CHECK(madt.gic.v2m[1].base == 0x08030000 && madt.gic.v2m[1].spi_count == 0);
}

/* Redistributors that only the CPUs' structures tell of: three side by side, one elsewhere. */
static void redistributors_one_by_one(void)
{
    static const uint32_t bases[] = {0x80000, 0xa0000, 0xc0000, 0, 0x200000};
    uint8_t table[ACPI_HEADER_SIZE + 8 + 5 * 80], body[8 + 5 * 80] = {0};
    struct acpi_madt madt;

    for (unsigned i = 0; i < 5; i++) {
        memcpy(body + 8 + i * 80, (uint8_t[2]){11, 80}, 2);
        put(body + 8 + i * 80 + 60, 8, bases[i]);
        put(body + 8 + i * 80 + 68, 8, i);
    }
    CHECK(acpi_madt_read(table, build(table, "APIC", body, sizeof(body)), &madt, NULL));
    CHECK_EQ(madt.gic.redistributor_count, 2);
    CHECK_EQ(madt.gic.redistributors[0].base, 0x80000);
    CHECK_EQ(madt.gic.redistributors[0].size, 0x60000);
    CHECK_EQ(madt.gic.redistributors[1].base, 0x200000);
}

/* Byte and value that differ from the good table, and the console that comes of it. */
static const struct {
    unsigned offset;
    uint8_t value;
    struct machine_uart uart;
    const char *report;
} consoles[] = {
    {36, 3, {MACHINE_UART_PL011, 0x9000000, 2, 4}, NULL},
    {36, 0x0e, {MACHINE_UART_PL011, 0x9000000, 2, 4}, NULL},
    {36, 0x12, {MACHINE_UART_16550, 0x9000000, 2, 4}, NULL},
    {36, 2, {0}, "SPCR byte 36: interface is 0x2"},
    {40, 1, {0}, "SPCR byte 36: interface is 0x3"},
    {40, 10, {0}, "SPCR byte 40: address space is 0xa"},
    {43, 1, {MACHINE_UART_PL011, 0x9000000, 0, 1}, NULL},
    {43, 5, {MACHINE_UART_PL011, 0x9000000, 0, 1}, "SPCR byte 43: access size is 0x5"},
    {47, 0, {0}, NULL},
};

static void machine_console(void)
{
    for (size_t i = 0; i < sizeof(consoles) / sizeof(consoles[0]); i++) {
        static struct machine machine;
        uint8_t table[MAX_BYTES];
        size_t size = build(table, "SPCR", spcr_body, sizeof(spcr_body));
        struct report report = {0};
        const struct sink sink = {take_line, &report};

        table[consoles[i].offset] = consoles[i].value;
        seal(table, size);
        machine.uart = (struct machine_uart){0};
        machine.acpi.tables[0] =
            (struct acpi_table){.signature = "SPCR", .length = (uint32_t)size, .bytes = table};
        machine.acpi.table_count = 1;
        machine_read_acpi(&machine, &sink);
        CHECK_EQ(machine.uart.kind, consoles[i].uart.kind);
        CHECK_EQ(machine.uart.base, consoles[i].uart.base);
        CHECK_EQ(machine.uart.shift, consoles[i].uart.shift);
        CHECK_EQ(machine.uart.width, consoles[i].uart.width);
        check_report(&report, consoles[i].report, "console");
    }
}

/* FADT's flags, how long the table is, and PSCI's conduit. */
static const struct {
    uint8_t flags;
    size_t body_size;
    enum machine_psci psci;
} conduits[] = {
    {3, 240, MACHINE_PSCI_HVC},     {1, 240, MACHINE_PSCI_SMC},      {2, 240, MACHINE_NO_PSCI},
    {0, 240, MACHINE_NO_PSCI},      {3, 131 - 36, MACHINE_PSCI_HVC}, {3, 130 - 36, MACHINE_NO_PSCI},
    {3, 116 - 36, MACHINE_NO_PSCI},
};

static void machine_psci(void)
{
    for (size_t i = 0; i < sizeof(conduits) / sizeof(conduits[0]); i++) {
        static struct machine machine;
        uint8_t table[MAX_BYTES], body[240] = {[93] = conduits[i].flags};
        size_t size = build(table, "FACP", body, conduits[i].body_size);

        machine.psci = MACHINE_NO_PSCI;
        machine.acpi.tables[0] =
            (struct acpi_table){.signature = "FACP", .length = (uint32_t)size, .bytes = table};
        machine.acpi.table_count = 1;
        machine_read_acpi(&machine, NULL);
        CHECK_EQ(machine.psci, conduits[i].psci);
    }
}

/* The version where it is told, else what there is besides the distributor. */
static const struct {
    uint8_t version;
    bool has_range;
    enum machine_controller kind;
} controllers[] = {
    {3, true, MACHINE_GICV3},  {4, true, MACHINE_GICV3},  {0, true, MACHINE_GICV3},
    {0, false, MACHINE_GICV2}, {2, false, MACHINE_GICV2}, {1, true, MACHINE_GICV2},
};

static void machine_controller(void)
{
    for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
        static struct machine machine;
        uint8_t table[MAX_BYTES], body[sizeof(gic_body)];

        memcpy(body, gic_body, sizeof(body));
        put(body + 8 + 60, 8, 0);
        body[168 + 20] = controllers[i].version;
        body[192] = controllers[i].has_range ? 14 : 0x80;
        memset(&machine, 0, sizeof(machine));
        machine.acpi.tables[0] =
            (struct acpi_table){.signature = "APIC",
                                .length = (uint32_t)build(table, "APIC", body, sizeof(body)),
                                .bytes = table};
        machine.acpi.table_count = 1;
        machine_read_acpi(&machine, NULL);
        CHECK_EQ(machine.interrupts.kind, controllers[i].kind);
        CHECK_EQ(machine.interrupts.base, 0x08000000);
        CHECK_EQ(machine.interrupts.its[0], 0x08080000);
        CHECK_EQ(machine.interrupts.v2m[0].spi_first, 80);
        CHECK_EQ(machine.cpu_count, 1);
        CHECK_EQ(machine.cpus[0].id, 0x100000002);
    }
}

static void mcfg_full(void)
{
    uint8_t table[MAX_BYTES], body[8 + (ACPI_MAX_WINDOWS + 4) * 16] = {0};
    struct acpi_mcfg mcfg;

    for (unsigned i = 0; i < ACPI_MAX_WINDOWS + 4; i++)
        put(body + 8 + i * 16 + 8, 2, i);
    CHECK(acpi_mcfg_read(table, build(table, "MCFG", body, sizeof(body)), &mcfg, NULL));
    CHECK_EQ(mcfg.window_count, ACPI_MAX_WINDOWS);
    CHECK_EQ(mcfg.windows[ACPI_MAX_WINDOWS - 1].segment, ACPI_MAX_WINDOWS - 1);
}

/* More structures than the arrays hold. */
static void madt_full(void)
{
    static uint8_t table[ACPI_HEADER_SIZE + 8 + 100 * 8], body[8 + 100 * 8];
    struct acpi_madt madt;

    for (unsigned i = 0; i < 100; i++)
        memcpy(body + 8 + i * 8, (uint8_t[8]){0, 8, 0, (uint8_t)i, 1}, 8);
    CHECK(acpi_madt_read(table, build(table, "APIC", body, sizeof(body)), &madt, NULL));
    CHECK_EQ(madt.cpu_count, ACPI_MAX_CPUS);
    CHECK_EQ(madt.left_out, 100 - ACPI_MAX_CPUS);
}

/* CPUs that are disabled, told twice, or more than the machine's record holds. */
static void machine_cpus(void)
{
    static uint8_t table[ACPI_HEADER_SIZE + 8 + ACPI_MAX_CPUS * 8], body[8 + ACPI_MAX_CPUS * 8];
    static struct machine machine;
    struct report report = {0};
    const struct sink sink = {.line = take_line, .context = &report};

    for (unsigned i = 0; i < ACPI_MAX_CPUS; i++)
        memcpy(body + 8 + i * 8, (uint8_t[8]){0, 8, 0, (uint8_t)(i < 10 ? i : i + 1), i != 3}, 8);
    body[8 + 5 * 8 + 3] = 2;
    machine.acpi.tables[0] = (struct acpi_table){
        .signature = "APIC", .length = build(table, "APIC", body, sizeof(body)), .bytes = table};
    machine.acpi.table_count = 1;
    machine_read_acpi(&machine, &sink);
    CHECK_EQ(machine.cpu_count, ACPI_MAX_CPUS - 2);
    CHECK(machine.cpus[2].id == 2 && machine.cpus[3].id == 4 && machine.cpus[4].id == 6);
    CHECK_EQ(report.lines, 1);
    check_report(&report, "CPU id 0x2 is told twice", "told twice");

    report.lines = 0;
    body[8 + 5 * 8 + 3] = 5;
    body[8 + 3 * 8 + 4] = 1;
    machine.cpus[0].id = 0x1000;
    machine.cpu_count = 1;
    build(table, "APIC", body, sizeof(body));
    machine_read_acpi(&machine, &sink);
    CHECK_EQ(machine.cpu_count, MACHINE_MAX_CPUS);
    CHECK_EQ(report.lines, 1);
    check_report(&report, "more than 64 CPUs, id 0x40 is left out", "one too many");
}

/* One field of the GIC's structures overwritten: what is said, and how many of each remain. */
static const struct {
    unsigned offset, size;
    uint64_t value;
    unsigned cpus, ranges, its;
    const char *report;
} gic_damages[] = {
    {45, 1, 40, 0, 0, 0, "MADT byte 45: length is 0x28, expected at least 76, for MPIDR"},
    {45, 1, 39, 0, 0, 0, "MADT byte 45: length is 0x27, expected at least 40 for type 11"},
    {228, 1, 11, 0, 0, 0, "MADT byte 229: length is 0x10, expected at least 40 for type 11"},
    {212, 8, 0, 2, 1, 1, "MADT byte 212: distributor base is 0x0"},
    {224, 1, 5, 2, 1, 1, "MADT byte 224: GIC version is 0x5"},
    {240, 4, 0, 2, 1, 1, "MADT byte 240: length of the range is 0x0"},
    {232, 8, UINT64_MAX - 0x3fffe, 2, 1, 1, "MADT byte 240: length of the range is 0x40000"},
    {232, 8, UINT64_MAX - 0x3ffff, 2, 1, 1, NULL},
    {244, 1, 0x80, 2, 1, 0, NULL},
};

static void gic_damaged(void)
{
    for (size_t i = 0; i < sizeof(gic_damages) / sizeof(gic_damages[0]); i++) {
        uint8_t table[MAX_BYTES];
        size_t size = build(table, "APIC", gic_body, sizeof(gic_body));
        struct report report = {0};
        const struct sink sink = {take_line, &report};
        struct acpi_madt madt;

        put(table + gic_damages[i].offset, gic_damages[i].size, gic_damages[i].value);
        seal(table, size);
        CHECK_EQ(acpi_madt_read(table, size, &madt, &sink), gic_damages[i].cpus != 0);
        CHECK_EQ(madt.cpu_count, gic_damages[i].cpus);
        CHECK_EQ(madt.gic.redistributor_count, gic_damages[i].ranges);
        CHECK_EQ(madt.gic.its_count, gic_damages[i].its);
        check_report(&report, gic_damages[i].report, "GIC");
    }
}

/* One field of a good table overwritten; of MADTs, the first one with a local APIC. */
static const struct {
    const char *signature, *name;
    unsigned offset, size;
    uint64_t value;
    bool good;
    const char *report;
} damages[] = {
    {"MCFG", "length 43", 4, 4, 43, false, "MCFG byte 4: length is 0x2b, expected 0x2c"},
    {"MCFG", "length not whole", 4, 4, 60 + 15, false, "MCFG byte 4: length is 0x4b, expected 44"},
    {"MCFG", "later buses", 54, 1, 0x80, true, NULL},
    {"MCFG", "inverted buses", 70, 1, 0x80, true, "MCFG byte 71: last bus is 0x7f"},
    {"MCFG", "unaligned", 44, 8, 0xb0080000, true, "MCFG byte 44: base is 0xb0080000"},
    {"MCFG", "wraps", 44, 8, 0xfffffffff0100000, true, "MCFG byte 44: base is 0xfffffffff0100000"},
    {"MCFG", "ends at 2^64", 44, 8, 0xfffffffff0000000, true, NULL},
    {"MCFG", "overlap", 68, 2, 0, true, "MCFG byte 70: first bus is 0x0"},
    {"MCFG", "another signature", 0, 1, 'X', false, "MCFG byte 0: signature is 0x47464358"},
    {"APIC", "length 0", 45, 1, 0, false, "MADT byte 45: length is 0x0, expected at least 8"},
    {"APIC", "length 1", 83, 1, 1, false, "MADT byte 83: length is 0x1, expected at least 2"},
    {"APIC", "too short for type", 61, 1, 11, false, "MADT byte 61: length is 0xb"},
    {"APIC", "beyond the end", 105, 1, 13, false, "MADT byte 105: length is 0xd"},
    {"APIC", "a byte left over", 105, 1, 11, false, "MADT byte 105: length is 0xb"},
    {"APIC", "not ISA", 74, 1, 1, true, "MADT byte 74: bus is 0x1, expected 0"},
    {"APIC", "unknown type", 44, 1, 0x80, true, NULL},
    {"SPCR", "length 79", 4, 4, 79, false, "SPCR byte 4: length is 0x4f, expected 0x50"},
    {"SPCR", "PCI configuration space", 40, 1, 2, false, "SPCR byte 40: address space is 0x2"},
    {"SPCR", "access size 5", 43, 1, 5, true, "SPCR byte 43: access size is 0x5"},
    {"FACP", "length 115", 4, 4, 115, false, "FADT byte 4: length is 0x73, expected 0x74"},
    {"XSDT", "length not whole", 4, 4, 48, false, "XSDT byte 4: length is 0x30"},
    {"XSDT", "length huge", 4, 4, 0xffffffff, false, "XSDT at 0x2000 byte 4: length is 0xffffffff"},
    {"RSDT", "length not whole", 4, 4, 49, false, "RSDT byte 4: length is 0x31"},
};

static const struct form *find_form(const char *signature)
{
    const struct form *form = forms;

    while (strcmp(form->signature, signature) != 0)
        form++;
    return form;
}

static void damaged(void)
{
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        const struct form *form = find_form(damages[i].signature);
        uint8_t table[MAX_BYTES];
        size_t size = build(table, form->signature, form->body, form->body_size);
        struct report report = {0};

        put(table + damages[i].offset, damages[i].size, damages[i].value);
        uint32_t length = bytes_le32(table + 4);
        seal(table, length < size ? length : size);
        uint8_t *exact = copy_of(table, size);
        if (form->read(exact, size, &report) != damages[i].good)
            unit_fail(__FILE__, __LINE__, "%s %s", form->signature, damages[i].name);
        check_report(&report, damages[i].report, damages[i].name);
        free(exact);
    }
}

/* Cut after every byte, with the header's length as it was and adjusted to the cut. */
static void truncated(void)
{
    for (const struct form *form = forms; form < forms + sizeof(forms) / sizeof(forms[0]); form++) {
        uint8_t table[MAX_BYTES];
        size_t full = build(table, form->signature, form->body, form->body_size);

        for (size_t size = 0; size <= full; size++) {
            struct report report = {0};
            uint8_t *exact = copy_of(table, size);

            CHECK_EQ(form->read(exact, size, &report), size == full);
            if (size >= ACPI_HEADER_SIZE) {
                put(exact + 4, 4, size);
                seal(exact, size);
                form->read(exact, size, &report);
            }
            free(exact);
        }
    }
}

static void mutated(void)
{
    for (const struct form *form = forms; form < forms + sizeof(forms) / sizeof(forms[0]); form++) {
        uint8_t table[MAX_BYTES];
        size_t size = build(table, form->signature, form->body, form->body_size);
        uint8_t *exact = malloc(size);

        for (unsigned i = 0; i < MUTATIONS; i++) {
            struct report report = {0};

            memcpy(exact, table, size);
            for (unsigned n = 0; n <= i % 2; n++)
                exact[4 + random32() % (size - 4)] = (uint8_t)random32();
            uint32_t length = bytes_le32(exact + 4);
            seal(exact, length < size ? length : size);
            form->read(exact, size, &report);
        }
        free(exact);
    }
}

static void machine_ioapics(void)
{
    static const uint8_t body[] = {
        0, 0,  0xe0, 0xfe, 0, 0, 0,    0,                 /* local APIC, flags */
        1, 12, 0,    0,    0, 0, 0xc0, 0xfe, 0,  0, 0, 0, /* pin 0 is line 0 */
        1, 12, 1,    0,    0, 0, 0xc1, 0xfe, 24, 0, 0, 0, /* pin 0 is line 24 */
    };
    static uint8_t table[ACPI_HEADER_SIZE + sizeof(body)];
    static struct machine machine;

    machine.acpi.tables[0] = (struct acpi_table){
        .signature = "APIC", .length = build(table, "APIC", body, sizeof(body)), .bytes = table};
    machine.acpi.table_count = 1;
    machine_read_acpi(&machine, NULL);
    CHECK_EQ(machine.interrupts.ioapic_count, 2);
    CHECK_EQ(machine.interrupts.ioapics[0].base, 0xfec00000);
    CHECK_EQ(machine.interrupts.ioapics[1].base, 0xfec10000);
    CHECK_EQ(machine.interrupts.ioapics[1].line_first, 24);
}

static const struct unit units[] = {
    {"machine_ioapics", machine_ioapics},
    {"rsdp", rsdp},
    {"rsdp_truncated", rsdp_truncated},
    {"rsdp_longer", rsdp_longer},
    {"rsdp_scan", rsdp_scan},
    {"open", open_tables},
    {"open_damaged", open_damaged},
    {"open_full", open_full},
    {"mcfg", mcfg},
    {"mcfg_full", mcfg_full},
    {"madt", madt},
    {"madt_full", madt_full},
    {"gic", gic},
    {"redistributors_one_by_one", redistributors_one_by_one},
    {"gic_damaged", gic_damaged},
    {"machine_controller", machine_controller},
    {"machine_console", machine_console},
    {"machine_psci", machine_psci},
    {"machine_cpus", machine_cpus},
    {"damaged", damaged},
    {"truncated", truncated},
    {"mutated", mutated},
};

int main(void)
{
    return unit_main("acpi", units, sizeof(units) / sizeof(units[0]));
}
