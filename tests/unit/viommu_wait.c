// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long the driver waits for a request on a host that does not run it: every look at the clock
 * finds that ten seconds have passed, five times what a request may take.
 */
#include "drivers/viommu/device.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/arch.h"
#include "tests/unit/fixtures/unit.h"

#define SIZE  8
#define AWAY  10000000000ull
#define LOOKS (unsigned)(VIOMMU_TIMEOUT_NS / WAIT_STEP_NS)

/* File scope: the clock passes no context. */
static struct virtq *queue;
static unsigned looks, answer_at;

static uint8_t status(struct virtio_transport *transport)
{
    (void)transport;
    return 0;
}

static void answer(void)
{
    if (++looks != answer_at)
        return;
    queue->used->ring[0] = (struct virtq_used_element){0, 4};
    queue->used->index = 1;
}

/* The device answers when the driver has looked so often; 0: never. */
static enum virtq_pop wait_for(unsigned look, uint64_t timeout_ns)
{
    static const struct virtio_transport_ops ops = {.status = status};
    const struct virtq_segment segments[] = {{0x1000, 4, false}, {0x2000, 4, true}};
    struct virtio_transport transport = {.ops = &ops};
    struct pages pages = arch_memory();
    struct viommu viommu = {.transport = &transport, .timeout_ns = timeout_ns};
    struct virtq_used_element used;

    CHECK(virtq_init(&viommu.requests, false, 0, SIZE, false, false, &pages));
    CHECK(virtq_add(&viommu.requests, segments, ARRAY_LENGTH(segments)));
    viommu.requests.used->flags = VIRTQ_USED_F_NO_NOTIFY;
    virtq_publish(&viommu.requests);
    queue = &viommu.requests;
    looks = 0;
    answer_at = look;
    return viommu_wait(&viommu, &used);
}

static void late_answers_count(void)
{
    static const unsigned answers[] = {1, 2, 10, LOOKS - 1, LOOKS, LOOKS + 1};

    for (unsigned i = 0; i < ARRAY_LENGTH(answers); i++)
        CHECK_EQ(wait_for(answers[i], 0), VIRTQ_POPPED);
}

static void wait_ends(void)
{
    CHECK_EQ(wait_for(0, 0), VIRTQ_EMPTY);
    CHECK_EQ(looks, LOOKS + 2); /* one that begins, and one behind the end */
}

/* Where a request is known to be dear, it has longer; never less than two seconds. */
static void dear_requests_have_longer(void)
{
    CHECK_EQ(wait_for(2 * LOOKS, 0), VIRTQ_EMPTY);
    CHECK_EQ(wait_for(2 * LOOKS, 3 * VIOMMU_TIMEOUT_NS), VIRTQ_POPPED);
    CHECK_EQ(wait_for(LOOKS, 1000), VIRTQ_POPPED);
}

int main(void)
{
    static const struct unit units[] = {
        {"late_answers_count", late_answers_count},
        {"wait_ends", wait_ends},
        {"dear_requests_have_longer", dear_requests_have_longer},
    };

    arch_clock_step = AWAY;
    arch_on_clock = answer;
    return unit_main("viommu_wait", units, ARRAY_LENGTH(units));
}
