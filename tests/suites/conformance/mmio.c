// SPDX-License-Identifier: BSD-2-Clause
/* Registers of a virtio-mmio block, one by one: virtio 1.4 sections 4.2.2 and 4.2.3. */
#include "lib/array/array.h"
#include "tests/framework/request.h"

#define SUITE "conformance.mmio"

#define RING_RESET VIRTIO_BIT(VIRTIO_F_RING_RESET)

#define ANSWER_NS  1000000000ull
#define SILENCE_NS 10000000ull

static const struct virtio_mmio_block *block_of(struct test *test)
{
    return test->fixture->iommu_device.mmio.block;
}

static uint32_t read(struct test *test, enum virtio_mmio_register offset)
{
    return virtio_mmio_read(block_of(test), offset);
}

static void write(struct test *test, enum virtio_mmio_register offset, uint32_t value)
{
    virtio_mmio_write(block_of(test), offset, value);
}

static uint32_t read_of_queue(struct test *test, uint32_t queue, enum virtio_mmio_register offset)
{
    write(test, VIRTIO_MMIO_QUEUE_SEL, queue);
    return read(test, offset);
}

static void write_of_queue(struct test *test, uint32_t queue, enum virtio_mmio_register offset,
                           uint32_t value)
{
    write(test, VIRTIO_MMIO_QUEUE_SEL, queue);
    write(test, offset, value);
}

/* A request that changes nothing: the tests of registers only look whether it is used. */
static struct viommu_request any_request(struct test *test)
{
    return viommu_detach(fixture_domain(test, 0), fixture_absent_endpoint(test));
}

static void submit_any(struct test *test)
{
    const struct viommu_request request = any_request(test);

    submit(test, &request);
}

/* Makes a request available and notifies; whether the device uses it within `ns`. */
static bool is_answered(struct test *test, uint64_t ns)
{
    const struct viommu_request request = any_request(test);

    publish(test, &request);
    virtq_notify(&fixture_iommu(test)->requests);
    return is_used(test, ns);
}

/* What a driver checks before anything else. */
TEST(identity, .clauses = CLAUSES(MMIO_REG_D01, MMIO_REG_D02, MMIO_REG_P01), .needs = NEEDS_MMIO)
{
    expect(test, MMIO_REG_D01, read(test, VIRTIO_MMIO_MAGIC_VALUE) == VIRTIO_MMIO_MAGIC,
           "MagicValue reads 0x%x, expected 0x%x", read(test, VIRTIO_MMIO_MAGIC_VALUE),
           VIRTIO_MMIO_MAGIC);
    expect(test, MMIO_REG_D02, read(test, VIRTIO_MMIO_VERSION_NUMBER) == VIRTIO_MMIO_VERSION,
           "Version reads %u, expected %u", read(test, VIRTIO_MMIO_VERSION_NUMBER),
           VIRTIO_MMIO_VERSION);
    expect(test, MMIO_REG_P01, read(test, VIRTIO_MMIO_DEVICE_ID) == VIRTIO_ID_IOMMU,
           "DeviceID reads %u, expected %u", read(test, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_IOMMU);
    note(test, "VendorID reads 0x%08x", read(test, VIRTIO_MMIO_VENDOR_ID));
}

/*
 * Out of order and repeated: catches a selector that is ignored or taken once only. What the words
 * above 1 hold is open.
 */
TEST(features_by_word, .clauses = CLAUSES(MMIO_REG_P02, MMIO_FEAT_P01), .needs = NEEDS_MMIO)
{
    uint64_t offered = fixture_iommu(test)->offered;
    const uint32_t order[] = {1, 0, 1, 1, 0};

    for (unsigned i = 0; i < ARRAY_LENGTH(order); i++) {
        write(test, VIRTIO_MMIO_DEVICE_FEATURES_SEL, order[i]);

        uint32_t bits = read(test, VIRTIO_MMIO_DEVICE_FEATURES);

        expect(test, MMIO_REG_P02, bits == (uint32_t)(offered >> 32 * order[i]),
               "word %u of the features reads 0x%x, was 0x%x", order[i], bits,
               (uint32_t)(offered >> 32 * order[i]));
    }
    /* Nothing defines bits of the words above, or forbids them. */
    for (uint32_t word = 2; word < 4; word++) {
        write(test, VIRTIO_MMIO_DEVICE_FEATURES_SEL, word);

        uint32_t bits = read(test, VIRTIO_MMIO_DEVICE_FEATURES);

        expect_should(test, MMIO_REG_P02, !bits, "word %u of the features reads 0x%x, expected 0",
                      word, bits);
    }
    expect(test, MMIO_FEAT_P01, !(offered >> 41 & 1), "ADMIN_VQ is offered");
}

/* The selector must be honoured for queues that do not exist, too. */
TEST(absent_queues_have_no_size, .clauses = CLAUSES(MMIO_REG_P03), .needs = NEEDS_MMIO)
{
    struct virtio_transport *transport = fixture_iommu(test)->transport;
    uint32_t count = transport->ops->queue_count(transport);
    const uint32_t absent[] = {count, count + 1, count + 3, 0xffff};

    for (unsigned i = 0; i < ARRAY_LENGTH(absent); i++)
        expect(test, MMIO_REG_P03, read_of_queue(test, absent[i], VIRTIO_MMIO_QUEUE_SIZE_MAX) == 0,
               "QueueSizeMax of queue %u, which does not exist, reads %u", absent[i],
               read(test, VIRTIO_MMIO_QUEUE_SIZE_MAX));
    for (uint32_t queue = 0; queue < 2; queue++)
        expect(test, MMIO_REG_P03, read_of_queue(test, queue, VIRTIO_MMIO_QUEUE_SIZE_MAX),
               "QueueSizeMax of queue %u reads 0", queue);
}

/* Both values: a driver that takes a queue back waits for the 0. */
TEST(queue_ready_reads_back, .clauses = CLAUSES(MMIO_REG_P04), .needs = NEEDS_MMIO)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;
    struct virtq *queues[] = {&viommu->requests, &viommu->events};

    fixture_negotiate(test, viommu->features);
    for (uint16_t queue = 0; queue < 2; queue++) {
        if (virtio_setup_queue(transport, queue, 16, viommu->features, viommu->pages,
                               queues[queue]))
            error(test, "queue %u can't be set up", queue);
        expect(test, MMIO_REG_P04, read_of_queue(test, queue, VIRTIO_MMIO_QUEUE_READY) == 1,
               "QueueReady of queue %u reads %u after 1 was written", queue,
               read(test, VIRTIO_MMIO_QUEUE_READY));
        write(test, VIRTIO_MMIO_QUEUE_READY, 0);
        expect(test, MMIO_REG_P04, read(test, VIRTIO_MMIO_QUEUE_READY) == 0,
               "QueueReady of queue %u reads %u after 0 was written", queue,
               read(test, VIRTIO_MMIO_QUEUE_READY));
    }
}

TEST(no_shared_memory, .clauses = CLAUSES(MMIO_REG_P06), .needs = NEEDS_MMIO)
{
    static const enum virtio_mmio_register registers[] = {VIRTIO_MMIO_SHM_LEN,
                                                          VIRTIO_MMIO_SHM_BASE};

    write(test, VIRTIO_MMIO_SHM_SEL, 0);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t low = read(test, registers[i]), high = read(test, registers[i] + 4);

        expect(test, MMIO_REG_P06, low == UINT32_MAX && high == UINT32_MAX,
               "register 0x%03x reads 0x%08x%08x without shared memory, expected all ones",
               registers[i], high, low);
    }
}

/* 64-bit fields as two words, the bypass byte as a byte: by the width of the field (4.2.2). */
TEST(configuration_by_field, .clauses = CLAUSES(MMIO_REG_P07), .needs = NEEDS_MMIO)
{
    const struct viommu *viommu = fixture_iommu(test);
    const uint32_t at = VIRTIO_MMIO_CONFIG + offsetof(struct virtio_iommu_config, bypass);
    uint64_t mask = read(test, VIRTIO_MMIO_CONFIG);

    mask |= (uint64_t)read(test, VIRTIO_MMIO_CONFIG + 4) << 32;
    expect(test, MMIO_REG_P07, mask == viommu->config.page_size_mask,
           "page_size_mask reads 0x%llx, was 0x%llx", (unsigned long long)mask,
           (unsigned long long)viommu->config.page_size_mask);
    if (!viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        return;
    for (uint8_t bypass = 0; bypass < 2; bypass++) {
        mmio_write8(block_of(test)->registers + at, bypass);

        uint8_t seen = mmio_read8(block_of(test)->registers + at);

        expect(test, MMIO_REG_P07, seen == bypass, "bypass reads %u after %u was written", seen,
               bypass);
    }
}

/* Unlike the ISR of PCI, reading does not clear it. An acknowledgement clears its own bits only. */
TEST(interrupt_status_stays_until_acknowledged, .clauses = CLAUSES(MMIO_INT_D01, MMIO_INT_D02),
     .needs = NEEDS_MMIO)
{
    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    expect(test, MMIO_INT_D02, read(test, VIRTIO_MMIO_INTERRUPT_STATUS) == 0,
           "InterruptStatus reads 0x%x before any event", read(test, VIRTIO_MMIO_INTERRUPT_STATUS));
    submit_any(test);
    for (unsigned i = 0; i < 3; i++)
        expect(test, MMIO_INT_D01, read(test, VIRTIO_MMIO_INTERRUPT_STATUS) & 1,
               "InterruptStatus reads 0x%x after a request, expected bit 0",
               read(test, VIRTIO_MMIO_INTERRUPT_STATUS));
    expect(test, MMIO_INT_D02, !(read(test, VIRTIO_MMIO_INTERRUPT_STATUS) & ~1u),
           "InterruptStatus reads 0x%x after a request, expected bit 0 alone",
           read(test, VIRTIO_MMIO_INTERRUPT_STATUS));
    write(test, VIRTIO_MMIO_INTERRUPT_ACK, 2);
    expect(test, MMIO_INT_D01, read(test, VIRTIO_MMIO_INTERRUPT_STATUS) & 1,
           "InterruptACK of bit 1 cleared bit 0");
    write(test, VIRTIO_MMIO_INTERRUPT_ACK, 1);
    expect(test, MMIO_INT_D02, read(test, VIRTIO_MMIO_INTERRUPT_STATUS) == 0,
           "InterruptStatus reads 0x%x after it was acknowledged",
           read(test, VIRTIO_MMIO_INTERRUPT_STATUS));
}

/* A bit that is left over would be the first interrupt of the next driver. */
TEST(reset_clears_interrupt_status, .clauses = CLAUSES(MMIO_RST_D01, MMIO_INT_D01),
     .needs = NEEDS_MMIO)
{
    fixture_restart(test, test->fixture->features & ~VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    submit_any(test);
    expect(test, MMIO_INT_D01, read(test, VIRTIO_MMIO_INTERRUPT_STATUS) & 1,
           "InterruptStatus has no bit 0 after a request");
    virtio_reset(fixture_iommu(test)->transport);
    expect(test, MMIO_RST_D01, read(test, VIRTIO_MMIO_INTERRUPT_STATUS) == 0,
           "InterruptStatus reads 0x%x after a reset", read(test, VIRTIO_MMIO_INTERRUPT_STATUS));
}

/* Without this the other tests of queues would pass on a device that does nothing. */
TEST(queue_notify_kicks_the_queue, .clauses = CLAUSES(MMIO_NOT_P01), .needs = NEEDS_MMIO)
{
    expect(test, MMIO_NOT_P01, is_answered(test, ANSWER_NS),
           "a request is not used after QueueNotify");
}

/* That a request is left alone proves something only where the same one is used. */
static void require_used(struct test *test)
{
    if (!is_answered(test, ANSWER_NS))
        error(test, "control: a request is not used while QueueReady reads 1, either");
}

/* The ring is complete and DRIVER_OK is set; only QueueReady is missing. */
TEST(queue_that_was_never_ready_is_left_alone, .clauses = CLAUSES(MMIO_Q_D01), .needs = NEEDS_MMIO,
     .provokes = true)
{
    struct viommu *viommu = fixture_iommu(test);
    struct virtio_transport *transport = viommu->transport;

    require_used(test);
    fixture_negotiate(test, viommu->features);
    transport->ops->set_queue_size(transport, VIRTIO_IOMMU_REQUESTQ, viommu->requests.size);
    transport->ops->set_queue_rings(transport, VIRTIO_IOMMU_REQUESTQ,
                                    viommu->requests.descriptor_area, viommu->requests.driver_area,
                                    viommu->requests.device_area);
    virtio_driver_ok(transport);
    expect(test, MMIO_Q_D01, !is_answered(test, SILENCE_NS),
           "a request is used while QueueReady reads %u",
           read_of_queue(test, VIRTIO_IOMMU_REQUESTQ, VIRTIO_MMIO_QUEUE_READY));
}

/* The same after the driver took the queue back. */
TEST(queue_no_longer_ready_is_left_alone, .clauses = CLAUSES(MMIO_Q_D01), .needs = NEEDS_MMIO,
     .provokes = true)
{
    require_used(test);
    write_of_queue(test, VIRTIO_IOMMU_REQUESTQ, VIRTIO_MMIO_QUEUE_READY, 0);
    if (read(test, VIRTIO_MMIO_QUEUE_READY))
        skip(test, "QueueReady does not go back to 0");
    expect(test, MMIO_Q_D01, !is_answered(test, SILENCE_NS),
           "a request is used while QueueReady reads 0");
}

/* The life of QueueReset, and that the event queue does not notice. */
TEST(queue_reset, .clauses = CLAUSES(MMIO_QRST_D01, MMIO_QRST_D02, MMIO_QRST_D03, MMIO_QRST_D05),
     .needs = NEEDS_MMIO, .provokes = true)
{
    struct wait wait;

    if (!(fixture_iommu(test)->offered & RING_RESET))
        skip(test, "RING_RESET is not offered");
    fixture_negotiate(test, test->fixture->features | RING_RESET);
    expect(test, MMIO_QRST_D01, !read_of_queue(test, 0, VIRTIO_MMIO_QUEUE_RESET),
           "QueueReset reads %u after a device reset", read(test, VIRTIO_MMIO_QUEUE_RESET));
    fixture_restart(test, test->fixture->features | RING_RESET);
    expect(test, MMIO_QRST_D02, !read_of_queue(test, 0, VIRTIO_MMIO_QUEUE_RESET),
           "QueueReset reads %u after the queue was made ready",
           read(test, VIRTIO_MMIO_QUEUE_RESET));
    write_of_queue(test, VIRTIO_IOMMU_REQUESTQ, VIRTIO_MMIO_QUEUE_RESET, 1);
    wait = arch_wait_begin(ANSWER_NS);
    while (read(test, VIRTIO_MMIO_QUEUE_RESET) && arch_wait_goes_on(&wait))
        ;
    expect(test, MMIO_QRST_D05, !read(test, VIRTIO_MMIO_QUEUE_RESET),
           "QueueReset still reads %u a second later", read(test, VIRTIO_MMIO_QUEUE_RESET));
    expect(test, MMIO_QRST_D05, !read(test, VIRTIO_MMIO_QUEUE_READY),
           "QueueReady reads %u after the queue was reset", read(test, VIRTIO_MMIO_QUEUE_READY));
    expect(test, MMIO_QRST_D03, !is_answered(test, SILENCE_NS),
           "a request is used after its queue was reset");
    expect(test, MMIO_QRST_D03,
           read_of_queue(test, VIRTIO_IOMMU_EVENTQ, VIRTIO_MMIO_QUEUE_READY) == 1,
           "the reset of the request queue took the event queue along");
}

/*
 * A driver must not read them (4.2.2.2), so what they return is open. The device must survive it.
 */
TEST(reading_write_only_registers_is_harmless, .clauses = CLAUSES(IOMMU_OP_P01),
     .needs = NEEDS_MMIO)
{
    static const enum virtio_mmio_register registers[] = {
        VIRTIO_MMIO_DEVICE_FEATURES_SEL, VIRTIO_MMIO_DRIVER_FEATURES,
        VIRTIO_MMIO_DRIVER_FEATURES_SEL, VIRTIO_MMIO_QUEUE_SEL,
        VIRTIO_MMIO_QUEUE_SIZE,          VIRTIO_MMIO_QUEUE_NOTIFY,
        VIRTIO_MMIO_INTERRUPT_ACK,       VIRTIO_MMIO_QUEUE_DESC,
        VIRTIO_MMIO_QUEUE_DRIVER,        VIRTIO_MMIO_QUEUE_DEVICE,
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i++)
        (void)read(test, registers[i]);
    expect_survival(test, IOMMU_OP_P01, !viommu_needs_reset(fixture_iommu(test)),
                    "the device asks for a reset");
    expect_survival(test, IOMMU_OP_P01, is_answered(test, ANSWER_NS),
                    "a request is not used any more");
}
