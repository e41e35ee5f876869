// SPDX-License-Identifier: BSD-2-Clause
/* The maps of a host bridge. */
#include "lib/array/array.h"
#include "lib/machine/machine.h"
#include "tests/unit/fixtures/unit.h"

/* Lines as QEMU's virt machines have them: 35 to 38, turned by the device. */
static struct machine_host turned_host(void)
{
    struct machine_host host = {.line_mask_bdf = 3 << 3, .line_mask_pin = 7};

    for (uint16_t device = 0; device < 4; device++)
        for (uint8_t pin = 1; pin <= 4; pin++)
            host.lines[host.line_count++] = (struct machine_line){
                .bdf = (uint16_t)(device << 3),
                .pin = pin,
                .is_edge = pin == 4,
                .line = 35 + (device + pin - 1u) % 4,
            };
    return host;
}

static void test_lines(void)
{
    static const struct {
        uint16_t bdf;
        uint8_t pin;
        uint32_t line;
        bool is_edge;
    } table[] = {
        {0x00, 1, 35, false}, {0x08, 1, 36, false}, {0x2a, 2, 37, false},
        {0xff, 1, 38, false}, {0x10, 4, 36, true},  {0x10, 5, UINT32_MAX, false},
    };
    const struct machine_host host = turned_host(), none = {0};
    bool is_edge = true;

    for (unsigned i = 0; i < ARRAY_LENGTH(table); i++) {
        is_edge = false;
        CHECK_EQ(machine_host_line(&host, table[i].bdf, table[i].pin, &is_edge), table[i].line);
        CHECK_EQ(is_edge, table[i].is_edge);
    }
    is_edge = true;
    CHECK_EQ(machine_host_line(&none, 0, 1, &is_edge), UINT32_MAX);
    CHECK(is_edge);
}

static void test_lines_by_rule(void)
{
    struct machine_host host = {.line_count = 5};
    bool is_edge = true;

    machine_host_set_lines(&host, 35);
    for (unsigned bdf = 0; bdf <= 0xff; bdf++)
        for (uint8_t pin = 1; pin <= 4; pin++)
            CHECK_EQ(machine_host_line(&host, (uint16_t)bdf, pin, &is_edge),
                     35 + ((bdf >> 3) + pin - 1) % 4);
    CHECK(!is_edge);
    CHECK_EQ(machine_host_line(&host, 0, 0, &is_edge), UINT32_MAX);
    CHECK_EQ(machine_host_line(&host, 0, 5, &is_edge), UINT32_MAX);
}

static void test_messages(void)
{
    struct machine_host host = {
        .msi_mask = 0xfff8,
        .msi = {{0, 0x100, 0x1000}, {0x200, 0xfe00, 0}},
        .has_msi_map = true,
        .msi_count = 2,
    };

    CHECK_EQ(machine_host_msi(&host, 0x0f), 0x1008);
    CHECK_EQ(machine_host_msi(&host, 0xff), 0x10f8);
    CHECK_EQ(machine_host_msi(&host, 0x100), UINT32_MAX);
    CHECK_EQ(machine_host_msi(&host, 0xffff), 0xfdf8);
    host.has_msi_map = false;
    CHECK_EQ(machine_host_msi(&host, 0x1234), 0x1234);
}

int main(void)
{
    static const struct unit units[] = {
        {"lines", test_lines},
        {"lines_by_rule", test_lines_by_rule},
        {"messages", test_messages},
    };

    return unit_main("machine_host", units, ARRAY_LENGTH(units));
}
