// SPDX-License-Identifier: BSD-2-Clause
/* An IORT, its records and where single requesters arrive. */
#include "lib/acpi/iort_topology.h"
#include "lib/array/array.h"
#include "tests/unit/fuzz/table.h"
#include "tests/unit/fuzz/topology.h"

static void check_target(const struct iort *iort, enum iort_outcome outcome,
                         const struct iort_target *target)
{
    FUZZ_CHECK(outcome <= IORT_TOO_LONG);
    if (outcome == IORT_MAPPED)
        FUZZ_CHECK(target->count && target->node >= iort->nodes &&
                   target->node < iort->nodes + iort->node_count);
}

static void ask(const struct iort *iort)
{
    static const uint16_t rids[] = {0, 0x18, 0xff, 0x100, 0xffff};
    struct iort_target target;
    uint32_t steps = IORT_MAX_STEPS;

    for (unsigned i = 0; i < 2 * ARRAY_LENGTH(rids); i++) {
        enum iort_wanted wanted = i & 1 ? IORT_ITS_GROUP : IORT_IOMMU;

        check_target(iort, FUZZ_READ(iort_map_pci(iort, 0, rids[i / 2], wanted, &steps, &target)),
                     &target);
        check_target(
            iort, FUZZ_READ(iort_map_component(iort, "\\_SB.VR01", i / 2, wanted, &steps, &target)),
            &target);
    }
    FUZZ_READ(iort_has_its(iort));
}

static void check(const uint8_t *bytes, size_t size)
{
    struct topology viommus, others;
    static struct iort iort;

    fuzz_forget_lines();
    if (!FUZZ_READ(iort_open(&iort, bytes, size, &fuzz_sink))) {
        FUZZ_CHECK(fuzz_lines_of_bytes);
        return;
    }
    FUZZ_CHECK(iort.length <= size && iort.node_count <= IORT_MAX_NODES &&
               iort.mapping_count <= IORT_MAX_MAPPINGS);
    fuzz_begin_topology(&viommus);
    fuzz_begin_topology(&others);
    FUZZ_READ_VOID(iort_topology(&iort, &viommus, &others, &fuzz_sink));
    fuzz_check_topology(&viommus);
    fuzz_check_topology(&others);
    ask(&iort);
}

static void fuzz_one(const uint8_t *bytes, size_t size)
{
    fuzz_table(check, bytes, size);
}
