// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/iommu.h"

#include <string.h>

#include "tests/refdev/mutant.h"

#define PIECES_MAX    64
#define READABLE_MAX  sizeof(struct virtio_iommu_req_probe)
#define PROPERTY_SIZE sizeof(struct virtio_iommu_probe_resv_mem)
#define PROBE_MAX     1024
#define TAIL_SIZE     sizeof(struct virtio_iommu_req_tail)

#define CONFIG_BYPASS offsetof(struct virtio_iommu_config, bypass)

static struct ref_iommu *iommu_of(struct ref_virtio *virtio)
{
    return (struct ref_iommu *)virtio;
}

/* Bit 6 is that of the built-in topology where the device has one. */
static bool offers(const struct ref_iommu *iommu, unsigned feature)
{
    if (feature == VIRTIO_IOMMU_F_BYPASS_CONFIG && iommu->config.topology)
        return false;
    return iommu->config.features >> feature & 1;
}

static bool negotiates(const struct ref_iommu *iommu, unsigned feature)
{
    return offers(iommu, feature) && ref_has(&iommu->virtio, feature);
}

/* -- configuration ------------------------------------------------------------------------- */

static uint8_t config_read(struct ref_virtio *virtio, uint32_t offset)
{
    const struct ref_iommu *iommu = iommu_of(virtio);
    const struct ref_iommu_config *config = &iommu->config;
    struct virtio_iommu_config fields = {
        .page_size_mask = config->page_size_mask,
        .input_range = {config->input_first, config->input_last},
        .domain_range = {config->domain_first, config->domain_last},
        .probe_size = config->probe_size,
        .bypass = iommu->model.bypass,
    };

    if (config->topology && offset >= REF_TOPOLOGY_FIRST)
        return iommu->described[offset];
    mutate_config(iommu, &fields);
    return ((const uint8_t *)&fields)[offset < sizeof(fields) ? offset : 0];
}

/* 5.13.4.2: nothing but 0 and 1 ever reads back. */
static void config_write(struct ref_virtio *virtio, uint32_t offset, uint8_t value)
{
    struct ref_iommu *iommu = iommu_of(virtio);

    if (MUTANT(CONFIG_MASK_WRITABLE) && offset < 8)
        ((uint8_t *)&iommu->config.page_size_mask)[offset] = value;
    if (MUTANT(BYPASS_STUCK))
        return;
    if (MUTANT(BYPASS_ANY_VALUE) && offset == CONFIG_BYPASS)
        iommu->odd_bypass = value;
    if (offset == CONFIG_BYPASS && value <= 1 && negotiates(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        iommu->model.bypass = value;
}

/* Ranges count when they are offered, bits of requests when they are negotiated. */
static void negotiated(struct ref_virtio *virtio)
{
    struct ref_iommu *iommu = iommu_of(virtio);

    iommu->model.config.bypass_config = negotiates(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG);
    iommu->model.config.mmio = negotiates(iommu, VIRTIO_IOMMU_F_MMIO);
    if (!offers(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        iommu->model.bypass = ref_has(virtio, VIRTIO_IOMMU_F_BYPASS);
}

/* 5.13.5; the byte `bypass` survives a reset of the device. */
static void reset(struct ref_virtio *virtio)
{
    struct ref_iommu *iommu = iommu_of(virtio);

    if (MUTANT(RESET_CLEARS_BYPASS) || MUTANT(RESET_SETS_BYPASS))
        iommu->model.bypass = MUTANT(RESET_SETS_BYPASS);
    if (!MUTANT(RESET_KEEPS_DOMAINS))
        model_reset(&iommu->model);
    if (!offers(iommu, VIRTIO_IOMMU_F_BYPASS_CONFIG))
        iommu->model.bypass = false;
}

/* -- requests ------------------------------------------------------------------------------ */

/* 5.13.6.8: a property for each region, then zeros. */
static void write_properties(const struct ref_iommu *iommu, uint8_t area[PROBE_MAX])
{
    memset(area, 0, PROBE_MAX);
    for (unsigned i = 0; i < iommu->config.region_count; i++) {
        const struct ref_region *region = &iommu->config.regions[i];
        const struct virtio_iommu_probe_resv_mem property = {
            .head = {.type = VIRTIO_IOMMU_PROBE_T_RESV_MEM,
                     .length = PROPERTY_SIZE - sizeof(property.head)},
            .subtype = region->subtype,
            .start = region->first,
            .end = region->last,
        };

        memcpy(area + i * PROPERTY_SIZE, &property, PROPERTY_SIZE);
    }
    mutate_properties(iommu, area, iommu->config.probe_size);
}

/* The status of a request that model_judge() is not asked about; -1: ask it. */
static int status_beforehand(const struct ref_iommu *iommu, uint8_t type, uint64_t writable)
{
    const struct ref_virtio *virtio = &iommu->virtio;
    bool is_mapping = type == VIRTIO_IOMMU_T_MAP || type == VIRTIO_IOMMU_T_UNMAP;

    if (is_mapping && !ref_has(virtio, VIRTIO_IOMMU_F_MAP_UNMAP))
        return VIRTIO_IOMMU_S_UNSUPP;
    if (type == VIRTIO_IOMMU_T_PROBE && writable < iommu->config.probe_size + TAIL_SIZE &&
        !MUTANT(PROBE_SMALL_OK))
        return MUTANT(PROBE_SMALL_NOMEM) ? VIRTIO_IOMMU_S_NOMEM : VIRTIO_IOMMU_S_INVAL;
    return -1;
}

static unsigned domains_of(const struct model *model, unsigned *mappings)
{
    unsigned count = 0;

    *mappings = 0;
    for (unsigned i = 0; i < MODEL_DOMAINS; i++) {
        if (!model->domains[i].exists)
            continue;
        count++;
        *mappings += model->domains[i].count;
    }
    return count;
}

/* What this kind of device has not got for a request that is valid; OK: it has. */
static uint8_t lacking(const struct ref_iommu *iommu, const void *request)
{
    const struct ref_iommu_config *config = &iommu->config;
    const struct virtio_iommu_req_attach *attach = request;
    unsigned mappings, domains = domains_of(&iommu->model, &mappings);

    if (attach->head.type == VIRTIO_IOMMU_T_MAP)
        return config->max_mappings && mappings >= config->max_mappings ? VIRTIO_IOMMU_S_NOMEM
                                                                        : VIRTIO_IOMMU_S_OK;
    if (attach->head.type != VIRTIO_IOMMU_T_ATTACH)
        return VIRTIO_IOMMU_S_OK;

    const struct model_domain *domain = model_find_domain(&iommu->model, attach->domain);

    if (!domain)
        return config->max_domains && domains >= config->max_domains ? VIRTIO_IOMMU_S_NOMEM
                                                                     : VIRTIO_IOMMU_S_OK;
    return config->is_unshared &&
                   model_find_endpoint(&iommu->model, attach->endpoint)->domain != domain
               ? VIRTIO_IOMMU_S_UNSUPP
               : VIRTIO_IOMMU_S_OK;
}

static uint8_t carry_out(struct ref_iommu *iommu, const void *request, size_t length,
                         const struct model_answer *answer)
{
    uint8_t status = answer->status ? answer->status : lacking(iommu, request);

    if (status == VIRTIO_IOMMU_S_OK && !mutate_effect(iommu, request) &&
        !model_apply(&iommu->model, request, length, VIRTIO_IOMMU_S_OK) && !ref_mutant)
        status = VIRTIO_IOMMU_S_NOMEM;
    mutate_state(iommu, request);
    return status;
}

/* 5.13.6: what is written ends with the tail, the last bytes that may be. */
static int64_t answer_with(struct ref_iommu *iommu, const struct ref_chain *chain, uint8_t type,
                           uint8_t status)
{
    uint8_t area[PROBE_MAX + TAIL_SIZE] = {0};
    uint64_t before = chain->writable_length - TAIL_SIZE;
    struct virtio_iommu_req_tail tail = {.status = status};

    if (MUTANT(TAIL_RESERVED_SET))
        tail.reserved[1] = 1;
    if (MUTANT(STATUS_UNDEFINED) && status)
        tail.status = status + 32;
    if (MUTANT(USED_LENGTH_ZERO))
        return ref_chain_write(&iommu->virtio, chain, before, &tail, TAIL_SIZE) ? 0 : 0;
    if (MUTANT(PROBE_STATUS_FIRST) && type == VIRTIO_IOMMU_T_PROBE) {
        write_properties(iommu, area + TAIL_SIZE);
        memcpy(area, &tail, TAIL_SIZE);
        ref_chain_write(&iommu->virtio, chain, 0, area, TAIL_SIZE + (uint32_t)before);
        return (int64_t)chain->writable_length;
    }
    if (type == VIRTIO_IOMMU_T_PROBE && (status == VIRTIO_IOMMU_S_OK || MUTANT(PROBE_SMALL_FILLED)))
        write_properties(iommu, area);
    for (uint64_t done = 0; done < before; done += PROBE_MAX) {
        uint32_t part = before - done < PROBE_MAX ? (uint32_t)(before - done) : PROBE_MAX;

        if (!ref_chain_write(&iommu->virtio, chain, done, area, part))
            return 0;
        memset(area, 0, PROBE_MAX);
    }
    if (!ref_chain_write(&iommu->virtio, chain, before, &tail, TAIL_SIZE))
        return 0;
    if (MUTANT(USED_LENGTH_OF_ALL))
        return (int64_t)(chain->writable_length + chain->readable_length);
    if (MUTANT(PROBE_USED_LENGTH_4))
        return TAIL_SIZE;
    if (MUTANT(REPLY_OVERRUN) && chain->writable_count)
        ref_dma_direct(&iommu->virtio,
                       chain->writable[chain->writable_count - 1].address +
                           chain->writable[chain->writable_count - 1].length,
                       area, 1, true);
    return (int64_t)chain->writable_length;
}

static int64_t handle_request(struct ref_iommu *iommu, const struct ref_chain *chain)
{
    _Alignas(8) uint8_t request[READABLE_MAX] = {0};
    uint32_t length = ref_chain_read(&iommu->virtio, chain, 0, request, sizeof(request));

    if (MUTANT(SHORT_REQUEST_TAKEN) && length >= 4)
        length = sizeof(request);
    if (MUTANT(SHORT_TAIL_WRITTEN) && chain->writable_length < TAIL_SIZE)
        ref_chain_write(&iommu->virtio, chain, 0, "\0", chain->writable_length ? 1 : 0);
    if (MUTANT(FRAME_WHOLE_DESCRIPTORS) && (chain->readable_count > 2 || chain->writable_count > 2))
        return 0;
    if (length >= 4)
        mutate_request(iommu, request);
    if (length > sizeof(request) || chain->writable_length < TAIL_SIZE)
        return 0;
    struct model_answer answer = model_judge(&iommu->model, request, length);
    uint8_t type = request[0];

    mutate_answer(request, &answer);
    if (answer.is_unwritten && MUTANT(UNKNOWN_TYPE_UNSUPP))
        return answer_with(iommu, chain, type, VIRTIO_IOMMU_S_UNSUPP);
    if (answer.is_unwritten && MUTANT(UNKNOWN_TYPE_OK))
        return answer_with(iommu, chain, type, VIRTIO_IOMMU_S_OK);
    if (answer.is_unwritten && MUTANT(UNKNOWN_TYPE_LENGTH_4))
        return TAIL_SIZE;
    if (type == VIRTIO_IOMMU_T_PROBE && !ref_has(&iommu->virtio, VIRTIO_IOMMU_F_PROBE) &&
        (MUTANT(PROBE_UNOFFERED_UNSUPP) || MUTANT(PROBE_UNOFFERED_LENGTH_4)))
        return MUTANT(PROBE_UNOFFERED_LENGTH_4)
                   ? (int64_t)TAIL_SIZE
                   : answer_with(iommu, chain, type, VIRTIO_IOMMU_S_UNSUPP);
    if (answer.is_unwritten ||
        (type == VIRTIO_IOMMU_T_PROBE && !ref_has(&iommu->virtio, VIRTIO_IOMMU_F_PROBE)))
        return 0;
    int status = status_beforehand(iommu, type, chain->writable_length);

    if (status < 0)
        status = carry_out(iommu, request, length, &answer);
    if (MUTANT(BATCH_ERROR_STICKS))
        status = iommu->sticky ? iommu->sticky : status;
    iommu->sticky = status;
    if (MUTANT(PROBE_DETACHES) && type == VIRTIO_IOMMU_T_PROBE)
        model_reset(&iommu->model);
    return answer_with(iommu, chain, type, (uint8_t)status);
}

static int64_t handle(struct ref_virtio *virtio, unsigned queue, const struct ref_chain *chain)
{
    /* Buffers for events wait until there is one. */
    return queue == VIRTIO_IOMMU_REQUESTQ ? handle_request(iommu_of(virtio), chain) : REF_KEEP;
}

/* -- accesses of endpoints ----------------------------------------------------------------- */

/* A report that finds no buffer, or none that is long enough, is lost (5.13.6.9). */
static void report_fault(struct ref_iommu *iommu, const struct virtio_iommu_fault *fault)
{
    struct ref_virtio *virtio = &iommu->virtio;
    struct ref_queue *queue = &virtio->queues[VIRTIO_IOMMU_EVENTQ];
    const struct ref_chain *chain = &queue->chain;

    if (!ref_is_running(virtio))
        return;
    if (ref_pop(virtio, queue) != REF_POPPED) {
        if (MUTANT(FAULT_WITHOUT_BUFFER_BREAKS))
            ref_break(virtio);
        return;
    }
    if (MUTANT(FAULT_OVERRUN))
        ref_dma_direct(virtio, chain->writable[0].address, (void *)fault, sizeof(*fault), true);
    else if (MUTANT(FAULT_SPREAD) && chain->writable_length < sizeof(*fault))
        for (uint32_t done = 0; done < sizeof(*fault);) {
            uint32_t part = (uint32_t)chain->writable_length;

            ref_chain_write(virtio, chain, 0, (const uint8_t *)fault + done,
                            part < sizeof(*fault) - done ? part : (uint32_t)sizeof(*fault) - done);
            done += part;
            if (done < sizeof(*fault) && (!ref_push(virtio, queue, chain->head, part) ||
                                          ref_pop(virtio, queue) != REF_POPPED))
                return;
        }
    else if (chain->writable_length < sizeof(*fault)) {
        ref_unpop(queue);
        return;
    } else if (!ref_chain_write(virtio, chain, 0, fault, sizeof(*fault)))
        ref_break(virtio);
    if (!ref_push(virtio, queue, chain->head,
                  MUTANT(FAULT_LENGTH_ZERO) ? 0
                  : MUTANT(FAULT_LENGTH_16) ? 16
                                            : sizeof(*fault)))
        ref_break(virtio);
    if (MUTANT(FAULT_NO_INTERRUPT))
        queue->signalled = queue->next_used;
    ref_process(virtio, VIRTIO_IOMMU_EVENTQ);
}

bool ref_iommu_access(struct ref_iommu *iommu, uint32_t endpoint, uint64_t address, void *bytes,
                      uint32_t length, bool is_write)
{
    const struct ref_surroundings *around = iommu->virtio.function.around;
    struct model_piece pieces[PIECES_MAX];
    void *memory[PIECES_MAX];
    uint8_t *at = bytes;

    if (!length)
        return true;
    struct model_translation to =
        model_translate(&iommu->model, endpoint, address, length,
                        is_write ? MODEL_WRITE : MODEL_READ, pieces, PIECES_MAX);

    mutate_translation(iommu, endpoint, address, length, is_write, &to, pieces);
    if (!to.allowed) {
        struct virtio_iommu_fault fault = {
            .reason = to.reason,
            .flags = VIRTIO_IOMMU_FAULT_F_ADDRESS |
                     (is_write ? VIRTIO_IOMMU_FAULT_F_WRITE : VIRTIO_IOMMU_FAULT_F_READ),
            .endpoint = endpoint,
            .address = to.address,
        };

        mutate_fault(&fault);
        report_fault(iommu, &fault);
        return false;
    }
    for (unsigned i = 0; i < to.count; i++)
        if (!(memory[i] = around->memory(around->context, pieces[i].address, pieces[i].length)))
            return false;
    for (unsigned i = 0; i < to.count; at += pieces[i++].length) {
        if (MUTANT(WRITES_GET_LOST) && is_write && length >= 256)
            continue;
        if (MUTANT(READS_ARE_ZERO) && !is_write && length >= 256)
            memset(at, 0, pieces[i].length);
        else if (is_write)
            memcpy(memory[i], at, pieces[i].length);
        else
            memcpy(at, memory[i], pieces[i].length);
    }
    return true;
}

/* -- life ---------------------------------------------------------------------------------- */

static const struct ref_virtio_ops ops = {
    .dma = ref_dma_direct,
    .config_read = config_read,
    .config_write = config_write,
    .negotiated = negotiated,
    .handle = handle,
    .reset = reset,
};

static struct model_config model_config_of(const struct ref_iommu_config *config)
{
    bool has_input = config->features >> VIRTIO_IOMMU_F_INPUT_RANGE & 1;
    bool has_domains = config->features >> VIRTIO_IOMMU_F_DOMAIN_RANGE & 1;

    return (struct model_config){
        .granule = config->page_size_mask & -config->page_size_mask,
        .input_first = has_input ? config->input_first : 0,
        .input_last = has_input ? config->input_last : UINT64_MAX,
        .domain_first = has_domains ? config->domain_first : 0,
        .domain_last = has_domains ? config->domain_last : UINT32_MAX,
    };
}

void ref_iommu_init(struct ref_iommu *iommu, const struct ref_iommu_config *config)
{
    const struct model_config model_config = model_config_of(config);
    uint64_t rings =
        REF_BIT(REF_F_INDIRECT_DESC) | REF_BIT(REF_F_EVENT_IDX) | REF_BIT(REF_F_RING_PACKED);
    uint64_t features = config->features | (rings & ~config->withheld);

    memset(iommu, 0, sizeof(*iommu));
    iommu->config = *config;
    model_init(&iommu->model, &model_config, config->bypass);
    if (config->topology)
        features |= REF_BIT(VIRTIO_IOMMU_F_BYPASS_CONFIG);
    ref_virtio_init(&iommu->virtio, &ops, VIRTIO_ID_IOMMU, features, 2,
                    config->topology ? REF_TOPOLOGY_MAX : sizeof(struct virtio_iommu_config));
    iommu->virtio.is_lazy = config->is_lazy;
    for (unsigned i = 0; config->queue_size && i < 2; i++)
        iommu->virtio.queues[i].size_max = config->queue_size;
}

static void describe(struct ref_iommu *iommu)
{
    uint32_t ids[MODEL_ENDPOINTS];

    for (unsigned i = 0; i < iommu->model.endpoint_count; i++)
        ids[i] = iommu->model.endpoints[i].id;
    memset(iommu->described, 0, sizeof(iommu->described));
    ref_topology_write(iommu->config.topology, ids, iommu->model.endpoint_count, iommu->described);
}

bool ref_iommu_add(struct ref_iommu *iommu, uint32_t endpoint)
{
    if (MUTANT(ENDPOINT_UNKNOWN) && endpoint == 0x28)
        return true;
    if (MUTANT(UNDESCRIBED_ID_KNOWN) && !model_find_endpoint(&iommu->model, 0x100))
        model_add_endpoint(&iommu->model, 0x100);
    if (!model_add_endpoint(&iommu->model, endpoint))
        return false;
    for (unsigned i = 0; i < iommu->config.region_count; i++)
        if (!model_add_reserved(&iommu->model, endpoint, iommu->config.regions[i].first,
                                iommu->config.regions[i].last))
            return false;
    describe(iommu);
    return true;
}
