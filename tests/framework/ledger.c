// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/ledger.h"

#include "lib/spec/wire.h"
#include "tests/framework/addresses.h"

/* One IOMMU is tested at a time. */
static struct {
    struct model *model; /* too large for the image */
    bool is_known;
    uint16_t chains; /* of the request queue, handed over since the reset */
    struct ledger_entry last;
    bool has_last;
} ledger;

struct model_config ledger_config(struct test *test)
{
    const struct viommu *viommu = fixture_iommu(test);
    bool ranged = viommu_has(viommu, VIRTIO_IOMMU_F_INPUT_RANGE);
    bool domains = viommu_has(viommu, VIRTIO_IOMMU_F_DOMAIN_RANGE);

    return (struct model_config){
        .granule = viommu_granule(viommu),
        .input_first = ranged ? viommu->config.input_range.start : 0,
        .input_last = ranged ? viommu->config.input_range.end : UINT64_MAX,
        .domain_first = domains ? viommu->config.domain_range.start : 0,
        .domain_last = domains ? viommu->config.domain_range.end : UINT32_MAX,
        .bypass_config = viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG),
        .mmio = viommu_has(viommu, VIRTIO_IOMMU_F_MMIO),
    };
}

void ledger_open(struct pages *memory)
{
    ledger.model = pages_for(memory, sizeof(*ledger.model));
}

void ledger_begin(struct test *test)
{
    const struct fixture *fixture = test->fixture;

    ledger.is_known = ledger.has_last = false;
    if (!ledger.model)
        return;
    model_reset(ledger.model);
    ledger.model->config = ledger_config(test);
    ledger.model->endpoint_count = 0;
    for (unsigned i = 0; i < fixture->endpoint_count; i++)
        model_add_endpoint(ledger.model, fixture->endpoints[i].id);
    ledger.is_known = ledger.model->config.granule; /* without one nothing can be said of MAP */
    ledger.chains = fixture->iommu.requests.avail_index;
}

void ledger_lose(void)
{
    ledger.is_known = ledger.has_last = false;
}

void ledger_skip(unsigned count)
{
    ledger.chains += (uint16_t)count;
}

/* Whether all chains that were handed over have been noted. */
static bool is_complete(struct test *test)
{
    return ledger.chains == fixture_iommu(test)->requests.avail_index;
}

static bool is_single(uint32_t effects)
{
    return effects && !(effects & (effects - 1));
}

/* Whether the text lets the device refuse it; of NOMEM, which it always may say, nothing is asked. */
static bool is_optional(struct test *test, const struct viommu_request *request,
                        const struct model_answer *answer)
{
    const uint32_t usual = MODEL_STATUS(OK) | MODEL_STATUS(NOMEM);

    return (answer->permitted & usual) != answer->permitted ||
           !(answer->permitted & MODEL_STATUS(OK)) ||
           (request->head.type == VIRTIO_IOMMU_T_MAP &&
            !addresses_can_be_mapped(test, request->map.virt_start, request->map.virt_end));
}

void ledger_note(struct test *test, const struct viommu_request *request, uint8_t status)
{
    struct ledger_entry *last = &ledger.last;

    ledger_skip(1);
    ledger.has_last = ledger.is_known;
    if (!ledger.is_known)
        return;
    *last = (struct ledger_entry){.request = *request, .status = status};
    last->answer = model_judge(ledger.model, request->bytes, request->length);
    last->effects = model_effects(ledger.model, request->bytes, request->length, status);
    last->is_optional = is_optional(test, request, &last->answer);
    ledger.is_known = is_single(last->effects.conform | last->effects.tolerable) &&
                      model_follow(ledger.model, request->bytes, request->length,
                                   (enum model_effect)last->effects.conform);
}

static void read_bypass(struct test *test)
{
    struct viommu *viommu = fixture_iommu(test);

    ledger.model->bypass = viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS_CONFIG)
                               ? viommu_bypass(viommu)
                               : viommu_has(viommu, VIRTIO_IOMMU_F_BYPASS);
}

const struct ledger_entry *ledger_last(struct test *test, const struct model **before)
{
    if (!ledger.has_last || !is_complete(test))
        return NULL;
    read_bypass(test);
    *before = ledger.model;
    return &ledger.last;
}

const struct model *ledger_state(struct test *test)
{
    if (!ledger.is_known || !is_complete(test))
        return NULL;
    read_bypass(test);
    return ledger.model;
}

const struct model *ledger_require(struct test *test)
{
    const struct model *state = ledger_state(test);
    uint32_t domain;

    if (state)
        return state;
    if (test->fixture->keeps_attachments)
        skip(test, "the device keeps attachments over a reset: its state is not known");
    for (unsigned i = 0; i < test->fixture->endpoint_count; i++)
        if (fixture_attached(test, test->fixture->endpoints[i].id, &domain))
            skip(test, "the device does not let go of what is attached: its state is not known");
    error(test, "the state of the device is not known");
}

void ledger_set(const struct model *model)
{
    model_copy(ledger.model, model);
    ledger.is_known = true;
}
