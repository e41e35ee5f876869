// SPDX-License-Identifier: BSD-2-Clause
/* Planted verdicts: how whoever runs the image proves that it would notice each of them. */
#include "tests/request.h"

#define SUITE "selftest"

TEST(passes, .is_optional = true)
{
    expect(test, IOMMU_OP_P01, true, "never printed");
}

TEST(zz_passes_last, .is_optional = true)
{
    expect(test, IOMMU_OP_P01, true, "never printed");
}

TEST(fails, .is_optional = true)
{
    expect(test, IOMMU_OP_P01, false, "planted");
}

TEST(warns, .is_optional = true)
{
    expect(test, IOMMU_OP_D01, false, "planted");
}

TEST(skips, .is_optional = true)
{
    skip(test, "planted");
}

TEST(checks_nothing, .is_optional = true)
{
    (void)test;
}

TEST(exception, .is_optional = true)
{
    (void)test;
    *(volatile uint32_t *)8 = 1; /* page 0 is not mapped */
}

static uint64_t overflow(uint64_t depth)
{
    volatile uint8_t frame[1024];

    frame[depth % sizeof(frame)] = (uint8_t)depth;
    return depth ? overflow(depth - 1) + frame[depth % sizeof(frame)] : 0;
}

TEST(stack_overflow, .is_optional = true)
{
    note(test, "%llu", (unsigned long long)overflow(1000000));
}

TEST(infinite_loop, .is_optional = true, .limit_s = 1)
{
    (void)test;
    for (;;)
        cpu_relax();
}

/* Out of the guest's own watchdog's reach. */
TEST(masked_loop, .is_optional = true, .limit_s = 1)
{
    (void)test;
    arch_irq_mask();
    for (;;)
        cpu_relax();
}
