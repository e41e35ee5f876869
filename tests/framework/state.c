// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/state.h"

#include <string.h>

#include "lib/array/array.h"
#include "lib/model/mappings.h"
#include "tests/framework/ledger.h"
#include "tests/framework/state_plan.h"
#include "tests/framework/transfer.h"

/* A state that the answer permits: there are three at most. */
#define CANDIDATES 3

/* Pages of the running test, as they are too large for a stack frame; NULL: not needed yet. */
static struct model *candidates[CANDIDATES];

void state_begin(void)
{
    memset(candidates, 0, sizeof(candidates));
    plan_begin_test();
}

static struct model *candidate(struct test *test, unsigned n, const struct model *from)
{
    if (!candidates[n])
        candidates[n] = fixture_pages(test, sizeof(*candidates[n]) / PAGE_SIZE + 1);
    model_copy(candidates[n], from);
    return candidates[n];
}

struct proof {
    const struct viommu_request *request; /* NULL: nothing but the state is to be proven */
    uint8_t status;
    enum clause refusal; /* what says that the request is to be refused; or CLAUSE_NONE */
    const char *what;
    unsigned count;
    bool is_tolerable[CANDIDATES];
};

/* What a refused request must not have done, where that is said of the request itself. */
static enum clause refusal_clause(enum clause status)
{
    static const enum clause pairs[][2] = {
        {IOMMU_ATTACH_D02, IOMMU_ATTACH_D01}, {IOMMU_ATTACH_D04, IOMMU_ATTACH_D03},
        {IOMMU_ATTACH_D06, IOMMU_ATTACH_D05}, {IOMMU_ATTACH_D11, IOMMU_ATTACH_D10},
        {IOMMU_MAP_D12, IOMMU_MAP_D11},       {IOMMU_DETACH_D03, IOMMU_DETACH_D02},
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(pairs); i++)
        if (pairs[i][0] == status)
            return pairs[i][1];
    return CLAUSE_NONE;
}

/* 5.13.6.6.2: of a refused UNMAP, what it covers and what it would split. */
static enum clause clause_of_lost_mapping(const struct proof *proof, uint64_t first, uint64_t last)
{
    const struct viommu_request *request = proof->request;

    if (!request || request->head.type != VIRTIO_IOMMU_T_UNMAP || !proof->status)
        return IOMMU_MAP_P03;
    return request->unmap.virt_start <= first && last <= request->unmap.virt_end ? IOMMU_UNMAP_D07
                                                                                 : IOMMU_UNMAP_P04;
}

static enum clause clause_of_write(const struct proof *proof, const struct model *model,
                                   const struct observation *observation,
                                   const struct expectation *expected)
{
    const struct model_endpoint *endpoint =
        model_find_endpoint(model, observation->engine->endpoint);
    const struct model_mapping *mapping;

    if (!endpoint->domain)
        return model->bypass ? IOMMU_BYP_P01 : IOMMU_OP_D06;
    if (endpoint->domain->bypass)
        return IOMMU_BYP_P03;
    if (observation->found && observation->at == observation->first)
        return IOMMU_BYP_P07;
    mapping = model_find_mapping(endpoint->domain, observation->first);
    if (!expected->found)
        return mapping ? IOMMU_MAP_D15 : IOMMU_MAP_P04;
    return observation->found || !mapping
               ? IOMMU_MAP_P03
               : clause_of_lost_mapping(proof, mapping->first, mapping->last);
}

/* What a state violates that is not the one which the device has reported. */
static enum clause clause_of(const struct proof *proof, const struct model *model,
                             const struct observation *observation,
                             const struct expectation *expected)
{
    switch (observation->kind) {
    case OBSERVE_DOMAIN:
        if (expected->found)
            return IOMMU_ATTACH_D19;
        return proof->status && proof->refusal ? proof->refusal : IOMMU_DETACH_P02;
    case OBSERVE_RANGE:
        return expected->found
                   ? clause_of_lost_mapping(proof, observation->first, observation->last)
                   : IOMMU_MAP_P01;
    default:
        return clause_of_write(proof, model, observation, expected);
    }
}

/* The first of them that does not fit; NULL: the state is this one. */
static const struct observation *misfit(const struct plan *plan, const struct model *model,
                                        struct expectation *expected)
{
    for (unsigned i = 0; i < plan->count; i++) {
        *expected = expectation_of(model, &plan->observations[i]);
        if (!observation_fits(&plan->observations[i], expected))
            return &plan->observations[i];
    }
    return NULL;
}

static void tell(struct test *test, const struct proof *proof, enum clause clause,
                 const struct observation *observation, const struct expectation *expected,
                 bool is_open)
{
    char what[VIOMMU_REQUEST_TEXT] = "", seen[OBSERVATION_TEXT], found[OBSERVATION_TEXT],
         wanted[OBSERVATION_TEXT];

    if (proof->request)
        viommu_request_text(proof->request, what);
    observation_text(observation, seen);
    outcome_text_of(observation, observation->found, observation->at, observation->is_partial,
                    found);
    outcome_text_of(observation, expected->found, expected->at, false, wanted);
    (is_open ? expect_should : expect)(
        test, clause, false, "after %s%s%s: %s %s, expected: %s",
        proof->request ? what : proof->what, proof->request ? ": " : "",
        proof->request ? viommu_status_text(proof->status) : "", seen, found, wanted);
}

/* Which of the states it is; the first of the candidates is what is expected. */
static bool judge(struct test *test, const struct proof *proof, const struct plan *plan)
{
    struct expectation expected, ignored;
    const struct observation *first = misfit(plan, candidates[0], &expected);
    unsigned i = 0;
    enum clause clause;

    if (!first) {
        ledger_set(candidates[0]);
        return true;
    }
    clause = clause_of(proof, candidates[0], first, &expected);
    if (proof->refusal && !proof->request)
        clause = proof->refusal;
    while (++i < proof->count && misfit(plan, candidates[i], &ignored))
        ;
    if (i == proof->count) {
        tell(test, proof, clause, first, &expected, false);
        ledger_lose();
        return false;
    }
    if (proof->is_tolerable[i])
        tell(test, proof, clause, first, &expected, true);
    ledger_set(candidates[i]);
    return !proof->is_tolerable[i];
}

/* Adds the states of a set of effects. */
static void add_candidates(struct test *test, struct proof *proof, const struct model *before,
                           uint32_t effects, bool is_tolerable)
{
    const struct viommu_request *request = proof->request;

    for (; effects && proof->count < CANDIDATES; effects &= effects - 1) {
        enum model_effect effect = (enum model_effect)(effects & -effects);

        if (model_follow(candidate(test, proof->count, before), request->bytes, request->length,
                         effect))
            proof->is_tolerable[proof->count++] = is_tolerable;
    }
}

void state_prove(struct test *test, const struct viommu_request *request)
{
    const struct model *before;
    const struct ledger_entry *last = ledger_last(test, &before);
    struct proof proof = {.request = request};
    static struct plan plan;

    if (!last || !(last->effects.conform | last->effects.tolerable) ||
        (last->status == VIRTIO_IOMMU_S_OK && !last->is_optional) ||
        !plan_is_wanted(request, last->status))
        return;
    proof.status = last->status;
    proof.refusal = refusal_clause(last->answer.clause);
    if (ledger_state(test)) { /* there is no choice, and it was followed */
        candidate(test, 0, before);
        proof.count = 1;
    } else {
        add_candidates(test, &proof, before, last->effects.conform, false);
        add_candidates(test, &proof, before, last->effects.tolerable, true);
    }
    if (!proof.count)
        return;
    plan_begin(test, &plan);
    for (unsigned i = 0; i < proof.count; i++)
        plan_for(test, &plan, candidates[i], request);
    plan_carry_out(test, &plan, candidates[0]);
    judge(test, &proof, &plan);
}

bool state_expect(struct test *test, const struct model *before, enum clause clause,
                  const char *what)
{
    const struct model *now = ledger_state(test);
    struct proof proof = {.what = what, .refusal = clause, .count = 1};
    static struct plan plan;

    if (!plan_is_possible() || !now)
        return true;
    candidate(test, 0, now);
    plan_begin(test, &plan);
    if (before)
        plan_for(test, &plan, before, NULL);
    plan_for(test, &plan, candidates[0], NULL);
    plan_carry_out(test, &plan, candidates[0]);
    return judge(test, &proof, &plan);
}
