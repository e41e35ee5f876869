// SPDX-License-Identifier: BSD-2-Clause
/*
 * Planted verdicts: one test for each verdict and each way to fail. They run by name only; the
 * tests of the harness run them to prove that it notices each of them.
 */
#include "arch/arch.h"
#include "lib/assert/assert.h"
#include "tests/framework/cpu.h"
#include "tests/framework/request.h"

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

/* A SHOULD NOT, but an endpoint that is let through. */
TEST(fails_by_impact, .is_optional = true)
{
    expect(test, IOMMU_OP_D06, false, "planted");
}

/* What was seen decides, not only what the clause is about. */
TEST(fails_by_what_was_seen, .is_optional = true)
{
    expect_impact(test, IOMMU_OP_D01, IMPACT_DATA, false, "planted");
}

/* Where the text leaves a case open, the device must go on all the same. */
TEST(fails_by_no_survival, .is_optional = true)
{
    expect_survival(test, IOMMU_MAP_P02, false, "planted");
}

TEST(warns_of_open_case, .is_optional = true)
{
    expect_should(test, IOMMU_MAP_P02, false, "planted");
}

/* The headline is the worst finding, and the first of several such. */
TEST(worst_comes_third, .is_optional = true)
{
    expect(test, IOMMU_OP_D01, false, "a WARN");
    expect(test, IOMMU_OP_P04, false, "a FAIL, of a status");
    expect(test, IOMMU_MAP_P04, false, "a FAIL, of isolation");
    expect(test, IOMMU_MAP_P04, false, "another one");
    expect(test, IOMMU_OP_P01, false, "a FAIL, of liveness");
}

TEST(skips, .is_optional = true)
{
    skip(test, "planted");
}

TEST(checks_nothing, .is_optional = true)
{
    (void)test;
}

TEST(judges_other_than_claimed, .clauses = CLAUSES(IOMMU_OP_P01, IOMMU_OP_D01), .is_optional = true)
{
    expect(test, IOMMU_OP_P01, true, "never printed");
}

TEST(checks_what_it_does_not_claim, .clauses = CLAUSES(IOMMU_OP_P01), .is_optional = true)
{
    expect(test, IOMMU_OP_D01, true, "never printed");
    waive(test, IOMMU_OP_P01, "planted");
}

/* An ERROR where the machine watches its driver. */
TEST(out_of_order, .is_optional = true, .needs = NEEDS_IOMMU)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;

    virtio_reset(transport);
    expect(test, IOMMU_OP_P01, transport->ops->device_features(transport, 1), "never printed");
}

static void write_to_page_0(struct test *test, void *argument)
{
    (void)test, (void)argument;
    *(volatile uint32_t *)8 = 1; /* it is not mapped */
}

TEST(exception, .is_optional = true)
{
    write_to_page_0(test, NULL);
}

TEST(exception_on_another_cpu, .is_optional = true, .needs = NEEDS_CPUS)
{
    run_on(test, arch_cpu_count() - 1, write_to_page_0, NULL);
}

TEST(assertion, .is_optional = true)
{
    ASSERT(!test->definition);
}

static uint64_t overflow(uint64_t depth)
{
    volatile uint8_t frame[1024];

    frame[depth % sizeof(frame)] = (uint8_t)depth;
    return depth ? overflow(depth - 1) + frame[depth % sizeof(frame)] : 0;
}

static void overflow_stack(struct test *test, void *argument)
{
    (void)argument;
    note(test, "%llu", (unsigned long long)overflow(1000000));
}

TEST(stack_overflow, .is_optional = true)
{
    overflow_stack(test, NULL);
}

TEST(stack_overflow_on_another_cpu, .is_optional = true, .needs = NEEDS_CPUS)
{
    run_on(test, arch_cpu_count() - 1, overflow_stack, NULL);
}

static void loop(struct test *test, void *argument)
{
    (void)test, (void)argument;
    for (;;)
        cpu_relax();
}

TEST(infinite_loop, .is_optional = true, .limit_s = 1)
{
    loop(test, NULL);
}

TEST(infinite_loop_on_another_cpu, .is_optional = true, .needs = NEEDS_CPUS, .limit_s = 1)
{
    run_on(test, arch_cpu_count() - 1, loop, NULL);
}

static void require_what_fails(struct test *test, void *argument)
{
    (void)argument;
    require(test, IOMMU_OP_P01, false, "planted on another CPU");
}

TEST(fails_on_another_cpu, .is_optional = true, .needs = NEEDS_CPUS)
{
    run_on(test, arch_cpu_count() - 1, require_what_fails, NULL);
    error(test, "the test went on after it was ended");
}

static void wait_for_flag(void *argument)
{
    while (!__atomic_load_n((bool *)argument, __ATOMIC_ACQUIRE))
        cpu_relax();
}

TEST(late_cpu_is_not_used_again, .is_optional = true, .needs = NEEDS_CPUS)
{
    static bool flag; /* static: the late CPU reads it after the test has ended */

    expect(test, IOMMU_OP_P01, !arch_run_on(1, wait_for_flag, &flag, 1000000), "it was not late");
    __atomic_store_n(&flag, true, __ATOMIC_RELEASE);
    arch_wait_ns(1000000);
    expect(test, IOMMU_OP_P01, !arch_start_on(1, wait_for_flag, &flag), "it was used again");
    expect(test, IOMMU_OP_P01, !arch_start_on(0, wait_for_flag, &flag), "CPU 0 calls itself");
    expect(test, IOMMU_OP_P01, !arch_start_on(arch_cpu_count(), wait_for_flag, &flag),
           "a CPU that does not exist was used");
}

/* The guest's own watchdog is an interrupt: only the host can notice this one. */
TEST(masked_loop, .is_optional = true, .limit_s = 1)
{
    (void)test;
    arch_irq_mask();
    for (;;)
        cpu_relax();
}
