// SPDX-License-Identifier: BSD-2-Clause
/*
 * The IOMMU reset and brought up with the features that are wanted, and nothing attached that a
 * test is known to have attached before.
 */
#include "lib/spec/wire.h"
#include "tests/framework/fixture.h"
#include "tests/framework/ledger.h"

/* A size that may be is one that the device does not let the driver make smaller. */
static enum clause clause_of_size(struct test *test)
{
    struct virtio_transport *transport = test->fixture->iommu.transport;

    for (uint16_t queue = 0; test->fixture->iommu_location.function && queue < 2; queue++) {
        uint32_t size = transport->ops->queue_size(transport, queue);

        if (size > 32768 || size & (size - 1))
            return PCI_COM_D15;
    }
    return VQ_SIZE_P01;
}

/* What a device violates that does not come up. */
static enum clause clause_of(struct test *test, enum virtio_result result)
{
    switch (result) {
    case VIRTIO_RESET_TIMEOUT:
        return DEV_RESET_D01;
    case VIRTIO_NO_VERSION_1:
        return DEV_RSV_D01;
    case VIRTIO_FEATURES_REFUSED:
        return DEV_FEAT_D02;
    case VIRTIO_NO_QUEUE:
        return IOMMU_ID_P02;
    case VIRTIO_QUEUE_IN_USE:
        return fixture_clause(test, PCI_COM_D08, MMIO_RST_D02);
    case VIRTIO_BAD_QUEUE_SIZE:
        return clause_of_size(test);
    default:
        return DEV_INIT_P01;
    }
}

void fixture_not_driven(struct test *test, const char *why)
{
    if (test->fixture->is_trouble_told)
        skip(test, "the IOMMU is not driven: %s", why);
    test->fixture->is_trouble_told = true;
    error(test, "the IOMMU is not driven: %s", why);
}

void fixture_require_room(struct test *test)
{
    const struct fixture *fixture = test->fixture;

    if (viommu_capacity(&fixture->iommu))
        return;
    if (fixture->usual_features & VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC))
        skip(test, "a request queue of one entry holds no request without INDIRECT_DESC");
    fixture_not_driven(test, "its request queue has one entry, a request takes two, and "
                             "INDIRECT_DESC is not offered");
}

/*
 * Of a device that came up before. One that a reset does not bring back would fail every test: those
 * that claim it judge it, and the first one of a run does; the others need a boot of their own.
 */
static void require_to_come_up(struct test *test, enum virtio_result result)
{
    enum clause clause = clause_of(test, result);
    bool *is_told = &test->fixture->is_noted[clause];

    if (result && *is_told && !test_claims(test, clause))
        skip(test, "the IOMMU does not come up again: %s", virtio_result_text(result));
    *is_told |= result;
    require(test, clause, !result, "the IOMMU does not come up: %s", virtio_result_text(result));
}

enum virtio_result fixture_start(struct fixture *fixture, uint64_t features)
{
    struct viommu *viommu = &fixture->iommu;
    enum virtio_result result = viommu_start(viommu, features);

    /* kvmtool's reset leaves the queues of a device alone that was not live: make it so. */
    if (result == VIRTIO_QUEUE_IN_USE) {
        virtio_driver_ok(viommu->transport);
        result = viommu_start(viommu, features);
    }
    return result;
}

void fixture_restart(struct test *test, uint64_t features)
{
    struct fixture *fixture = test->fixture;
    bool is_known = !fixture->keeps_attachments;

    if (fixture->is_stuck)
        fixture_not_driven(test, virtio_result_text(VIRTIO_RESET_TIMEOUT));

    enum virtio_result result = fixture_start(fixture, features);

    fixture->has_driven = true;
    for (unsigned i = 0; i < fixture->attachment_count; i++)
        is_known &= fixture->attachments[i].is_over = !fixture->attachments[i].stays;
    if (result == VIRTIO_NO_MEMORY)
        error(test, "the IOMMU does not come up: %s", virtio_result_text(result));
    fixture->came_up |= !result;
    if (fixture->came_up) {
        require_to_come_up(test, result);
        fixture_require_room(test);
        ledger_begin(test);
        if (!is_known)
            ledger_lose();
        return;
    }
    if (!fixture->is_trouble_told)
        expect(test, clause_of(test, result), false, "the IOMMU does not come up: %s",
               virtio_result_text(result));
    fixture->is_stuck = result == VIRTIO_RESET_TIMEOUT;
    fixture_not_driven(test, virtio_result_text(result));
}

void fixture_negotiate(struct test *test, uint64_t features)
{
    struct virtio_transport *transport = test->fixture->iommu.transport;

    virtio_reset(transport);
    virtio_acknowledge(transport);
    features |= VIRTIO_BIT(VIRTIO_F_VERSION_1) | (virtio_offered(transport) & VIRTIO_PLATFORM);
    require_to_come_up(test, virtio_negotiate(transport, features));
}

/* The attachment of an endpoint, or the place for one; NULL when all are taken. */
static struct fixture_attachment *attachment_of(struct fixture *fixture, uint32_t endpoint)
{
    for (unsigned i = 0; i < fixture->attachment_count; i++)
        if (fixture->attachments[i].endpoint == endpoint)
            return &fixture->attachments[i];
    return fixture->attachment_count < FIXTURE_MAX_ENDPOINTS
               ? &fixture->attachments[fixture->attachment_count]
               : NULL;
}

void fixture_remember(struct test *test, const struct viommu_request *request, uint8_t status)
{
    struct fixture *fixture = test->fixture;
    struct fixture_attachment *attachment;

    if (status == VIRTIO_IOMMU_S_OK && request->head.type == VIRTIO_IOMMU_T_MAP) {
        fixture->last_map = *request;
        fixture->has_mapped = true;
    }
    ledger_note(test, request, status);
    if (status != VIRTIO_IOMMU_S_OK || (request->head.type != VIRTIO_IOMMU_T_ATTACH &&
                                        request->head.type != VIRTIO_IOMMU_T_DETACH))
        return;
    /* Domain and endpoint are at the same place in both. */
    attachment = attachment_of(fixture, request->attach.endpoint);
    if (!attachment)
        return;
    bool is_new = attachment == &fixture->attachments[fixture->attachment_count];

    if (request->head.type == VIRTIO_IOMMU_T_ATTACH) {
        fixture->attachment_count += is_new;
        *attachment = (struct fixture_attachment){.endpoint = request->attach.endpoint,
                                                  .domain = request->attach.domain};
    } else if (!is_new && attachment->domain == request->detach.domain) {
        attachment->is_over = true;
    }
}

bool fixture_attached(struct test *test, uint32_t endpoint, uint32_t *domain)
{
    for (unsigned i = 0; i < test->fixture->attachment_count; i++)
        if (test->fixture->attachments[i].endpoint == endpoint) {
            *domain = test->fixture->attachments[i].domain;
            return !test->fixture->attachments[i].is_over;
        }
    return false;
}

/* A device that has kept it over the reset is named once a run: what judges that is a test. */
static bool detach(struct test *test, struct fixture_attachment *attachment)
{
    struct fixture *fixture = test->fixture;
    const struct viommu_request request = viommu_detach(attachment->domain, attachment->endpoint);
    struct viommu_reply reply = viommu_submit(&fixture->iommu, &request);

    if (reply.outcome > VIOMMU_UNWRITTEN)
        note(test, "DETACH domain %u endpoint 0x%x after a reset: no answer",
             (unsigned)attachment->domain, (unsigned)attachment->endpoint);
    else if (reply.status == VIRTIO_IOMMU_S_OK && !fixture->keeps_attachments)
        note(test, "endpoint 0x%x was still attached to domain %u after a reset, or DETACH says so",
             (unsigned)attachment->endpoint, (unsigned)attachment->domain);
    fixture->keeps_attachments |= reply.status == VIRTIO_IOMMU_S_OK;
    attachment->stays = reply.status == VIRTIO_IOMMU_S_UNSUPP;
    attachment->is_over = !attachment->stays;
    /* Where it can't be detached, and the reset may have left it: at least without mappings. */
    if (reply.status == VIRTIO_IOMMU_S_UNSUPP) {
        const struct viommu_request unmap = viommu_unmap(attachment->domain, 0, UINT64_MAX);

        reply = viommu_submit(&fixture->iommu, &unmap);
    }
    return reply.outcome <= VIOMMU_UNWRITTEN;
}

/* Where an endpoint can't be detached, it is remembered where it is; then the state is not known. */
void fixture_detach_all(struct test *test)
{
    struct fixture *fixture = test->fixture;
    unsigned left = 0;

    for (unsigned i = 0; i < fixture->attachment_count; i++) {
        struct fixture_attachment it = fixture->attachments[i];
        const struct viommu_request request = viommu_detach(it.domain, it.endpoint);
        const struct viommu_request unmap = viommu_unmap(it.domain, 0, UINT64_MAX);

        if (it.is_over || viommu_submit(&fixture->iommu, &request).status == VIRTIO_IOMMU_S_OK)
            continue;
        viommu_submit(&fixture->iommu, &unmap); /* at least without mappings */
        fixture->attachments[left++] = it;
    }
    fixture->attachment_count = left;
    ledger_begin(test);
    if (left)
        ledger_lose();
}

void fixture_restart_detached(struct test *test)
{
    struct fixture *fixture = test->fixture;

    /* A device that leaves one unanswered would take the time of all. */
    bool answers = true;
    unsigned left = 0;

    fixture_restart(test, fixture->features);
    for (unsigned i = 0; answers && i < fixture->attachment_count; i++) {
        answers = detach(test, &fixture->attachments[i]);
        if (answers && fixture->attachments[i].stays)
            fixture->attachments[left++] = fixture->attachments[i];
    }
    fixture->attachment_count = left;
    ledger_begin(test);
    if (left)
        ledger_lose();
}

void fixture_use_events(struct test *test, unsigned count, uint32_t length)
{
    test->fixture->iommu.event_count = count;
    test->fixture->iommu.event_length = length;
    fixture_restart_detached(test);
}

void fixture_use_packed_rings(struct test *test)
{
    if (!test->fixture->has_packed_rings)
        skip(test, "RING_PACKED is not offered");
    test->fixture->features |= VIRTIO_BIT(VIRTIO_F_RING_PACKED);
    fixture_restart_detached(test);
}
