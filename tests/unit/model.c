// SPDX-License-Identifier: BSD-2-Clause
/* The model against the text of 5.13.6, statement by statement: short scripts of requests. */
#include "lib/model/model.h"
#include "lib/array/array.h"
#include "tests/unit/fixtures/model_script.h"
#include "tests/unit/fixtures/unit.h"

static const struct script scripts[] = {
#include "tests/unit/fixtures/model_scripts.def"
};

static struct model model; /* too large for a stack frame */

static void begin(const struct model_config *config)
{
    model_init(&model, config, false);
    CHECK(model_add_endpoint(&model, E1));
    CHECK(model_add_endpoint(&model, E2));
    CHECK(model_add_endpoint(&model, E3));
    CHECK(model_add_reserved(&model, E3, 0x80000, 0x8ffff));
    CHECK(model_add_reserved(&model, E3, TOP - 0xfff, TOP));
}

static void check_access(const char *name, unsigned number, const struct step *step)
{
    struct model_piece piece = {0, 0};
    struct model_translation translation =
        model_translate(&model, step->request.attach.endpoint, step->address, step->length,
                        step->access, &piece, 1);
    uint64_t where = translation.allowed ? piece.address : translation.address;

    if (translation.allowed == (step->status != 0) || translation.reason != step->status ||
        where != step->to)
        unit_fail(__FILE__, __LINE__, "%s, step %u: allowed %d, reason %u, 0x%" PRIx64, name,
                  number, translation.allowed, translation.reason, where);
}

static void check_request(const char *name, unsigned number, const struct step *step)
{
    size_t size = model_request_size(step->request.head.type);
    struct model_answer answer = model_judge(&model, &step->request, size);
    uint32_t permitted = 1u << step->status | step->also;

    if (answer.status != step->status || answer.permitted != permitted ||
        answer.clause != step->clause || answer.is_open != step->is_open || answer.is_unwritten)
        unit_fail(__FILE__, __LINE__, "%s, step %u: status %u, permitted 0x%x, %s, open %d", name,
                  number, answer.status, (unsigned)answer.permitted, clause_row(answer.clause)->id,
                  answer.is_open);
    model_apply(&model, &step->request, size, answer.status);
}

static void scripts_hold(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(scripts); i++) {
        begin(&scripts[i].config);
        for (unsigned n = 0; n < 16 && scripts[i].steps[n].action != END; n++) {
            const struct step *step = &scripts[i].steps[n];

            if (step->action == ACCESS)
                check_access(scripts[i].name, n, step);
            else if (step->action == REQUEST)
                check_request(scripts[i].name, n, step);
            else if (step->action == RESET)
                model_reset(&model);
            else
                model.bypass = step->status;
        }
    }
}

static uint8_t submit(const struct step *step)
{
    size_t size = model_request_size(step->request.head.type);
    struct model_answer answer = model_judge(&model, &step->request, size);

    if (answer.status == VIRTIO_IOMMU_S_OK &&
        !model_apply(&model, &step->request, size, answer.status))
        return VIRTIO_IOMMU_S_NOMEM;
    return answer.status;
}

/* 5.13.6.6: the seven examples, each in units of every granule; letters are mappings. */
static void unmap_examples_hold(void)
{
    static const uint64_t granules[] = {1, 2, 0x1000, 0x200000, 1ull << 52};
    static const struct {
        struct {
            uint64_t first, last;
        } maps[2], unmap;
        unsigned count, left;
        uint8_t status;
    } examples[] = {
        {{{0, 0}, {0, 0}}, {0, 4}, 0, 0, VIRTIO_IOMMU_S_OK},
        {{{0, 9}, {0, 0}}, {0, 9}, 1, 0, VIRTIO_IOMMU_S_OK},
        {{{0, 4}, {5, 9}}, {0, 9}, 2, 0, VIRTIO_IOMMU_S_OK},
        {{{0, 9}, {0, 0}}, {0, 4}, 1, 1, VIRTIO_IOMMU_S_RANGE},
        {{{0, 4}, {5, 9}}, {0, 4}, 2, 1, VIRTIO_IOMMU_S_OK},
        {{{0, 4}, {0, 0}}, {0, 9}, 1, 0, VIRTIO_IOMMU_S_OK},
        {{{0, 4}, {10, 14}}, {0, 14}, 2, 0, VIRTIO_IOMMU_S_OK},
    };

    for (size_t g = 0; g < ARRAY_LENGTH(granules); g++) {
        for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
            const struct model_config config = {WHOLE(granules[g])};
            uint64_t unit = granules[g];

            begin(&config);
            submit(&(struct step){ATTACH(1, E1, 0)});
            for (unsigned n = 0; n < examples[i].count; n++)
                CHECK_EQ(submit(&(struct step){MAP(1, examples[i].maps[n].first * unit,
                                                   (examples[i].maps[n].last + 1) * unit - 1,
                                                   n * 0x40 * unit, RW)}),
                         VIRTIO_IOMMU_S_OK);
            CHECK_EQ(submit(&(struct step){UNMAP(1, examples[i].unmap.first * unit,
                                                 (examples[i].unmap.last + 1) * unit - 1)}),
                     examples[i].status);
            CHECK_EQ(model_find_domain(&model, 1)->count, examples[i].left);
        }
    }
}

/* As many as there is room for, then NOMEM and nothing changed, in both orders of address. */
static void capacity_ends_in_nomem(void)
{
    static const struct model_config config = {PAGES};

    for (unsigned downwards = 0; downwards < 2; downwards++) {
        begin(&config);
        submit(&(struct step){ATTACH(1, E1, 0)});
        for (uint64_t i = 0; i <= MODEL_MAPPINGS; i++) {
            uint64_t first = (downwards ? MODEL_MAPPINGS - i : i) * 0x1000;

            CHECK_EQ(submit(&(struct step){MAP(1, first, first + 0xfff, first, RW)}),
                     i < MODEL_MAPPINGS ? VIRTIO_IOMMU_S_OK : VIRTIO_IOMMU_S_NOMEM);
        }
        CHECK_EQ(model_find_domain(&model, 1)->count, MODEL_MAPPINGS);
        CHECK_EQ(submit(&(struct step){UNMAP(1, 0, TOP)}), VIRTIO_IOMMU_S_OK);
        CHECK_EQ(model_find_domain(&model, 1)->count, 0);
    }
}

static void domains_run_out(void)
{
    static const struct model_config config = {PAGES};

    model_init(&model, &config, false);
    for (uint32_t i = 0; i < MODEL_ENDPOINTS; i++)
        CHECK(model_add_endpoint(&model, i));
    CHECK(!model_add_endpoint(&model, 0));
    CHECK(!model_add_endpoint(&model, MODEL_ENDPOINTS));
    for (uint32_t i = 0; i < MODEL_RESERVED; i++)
        CHECK(model_add_reserved(&model, 0, i, i));
    CHECK(!model_add_reserved(&model, 0, 0, 0));
    for (uint32_t i = 0; i < MODEL_DOMAINS; i++)
        CHECK_EQ(submit(&(struct step){ATTACH(100 + i, i, 0)}), VIRTIO_IOMMU_S_OK);
    CHECK_EQ(submit(&(struct step){ATTACH(200, MODEL_DOMAINS, 0)}), VIRTIO_IOMMU_S_NOMEM);
    CHECK(!model_find_endpoint(&model, MODEL_DOMAINS)->domain);
    /* One that leaves the last place of its own domain takes that domain's room. */
    CHECK_EQ(submit(&(struct step){ATTACH(200, 3, 0)}), VIRTIO_IOMMU_S_OK);
    CHECK(!model_find_domain(&model, 103));
    CHECK_EQ(model_find_endpoint(&model, 3)->domain->id, 200);
    CHECK_EQ(submit(&(struct step){ATTACH(200, 4, 0)}), VIRTIO_IOMMU_S_OK);
    CHECK_EQ(model_members(&model, model_find_domain(&model, 200)), 2);
    CHECK_EQ(submit(&(struct step){ATTACH(300, 5, 0)}), VIRTIO_IOMMU_S_OK);
    CHECK_EQ(submit(&(struct step){ATTACH(301, 3, 0)}), VIRTIO_IOMMU_S_OK);
    CHECK_EQ(submit(&(struct step){ATTACH(100, 5, 0)}), VIRTIO_IOMMU_S_OK);
    model_reset(&model);
    for (uint32_t i = 0; i < MODEL_ENDPOINTS; i++)
        CHECK(!model_find_endpoint(&model, i)->domain);
    CHECK(!model_find_domain(&model, 100));
}

/* Reserved bytes: ATTACH has to look at them, UNMAP may, the others must not. */
static void reserved_bytes_count_where_they_should(void)
{
    static const struct model_config config = {PAGES};
    struct step attach = {ATTACH(2, E2, 0)}, detach = {DETACH(1, E1)}, unmap = {UNMAP(1, 0, 0xfff)};
    struct step probe = {PROBE(E1)};

    begin(&config);
    submit(&(struct step){ATTACH(1, E1, 0)});
    attach.request.attach.head.reserved[1] = 1;
    CHECK_EQ(model_judge(&model, &attach.request, sizeof(attach.request)).status, 0);
    attach.request.attach.reserved[3] = 0x80;
    CHECK_EQ(model_judge(&model, &attach.request, sizeof(attach.request)).clause, IOMMU_ATTACH_D02);
    CHECK_EQ(model_judge(&model, &attach.request, sizeof(attach.request)).permitted, S(INVAL));
    CHECK(model_apply(&model, &attach.request, sizeof(attach.request), VIRTIO_IOMMU_S_INVAL));
    unmap.request.unmap.reserved[0] = 1;
    CHECK_EQ(model_judge(&model, &unmap.request, sizeof(unmap.request)).permitted,
             S(OK) | S(INVAL));
    CHECK(model_judge(&model, &unmap.request, sizeof(unmap.request)).is_open);
    CHECK(model_apply(&model, &unmap.request, sizeof(unmap.request), VIRTIO_IOMMU_S_OK));
    CHECK(!model_apply(&model, &unmap.request, sizeof(unmap.request), VIRTIO_IOMMU_S_INVAL));
    probe.request.probe.reserved[63] = 0xff;
    CHECK_EQ(model_judge(&model, &probe.request, sizeof(probe.request)).status, 0);
    detach.request.detach.reserved[7] = 0xff;
    CHECK_EQ(submit(&detach), VIRTIO_IOMMU_S_OK);
}

static void unparsable_requests_are_unwritten(void)
{
    static const struct model_config config = {PAGES};
    uint32_t bytes[32] = {0};

    begin(&config);
    for (unsigned type = 0; type < 256; type++) {
        size_t size = model_request_size((uint8_t)type);

        *(uint8_t *)bytes = (uint8_t)type;
        for (size_t length = 0; length <= sizeof(bytes); length++) {
            struct model_answer answer = model_judge(&model, bytes, length);
            bool parsable = size && length >= size;
            enum clause clause = length < 4 || size ? IOMMU_OP_P03 : IOMMU_OP_D02;

            if (answer.is_unwritten == parsable || (!parsable && answer.clause != clause))
                unit_fail(__FILE__, __LINE__, "type %u, length %zu: %s", type, length,
                          clause_row(answer.clause)->id);
            if (!parsable)
                CHECK(!model_apply(&model, bytes, length, VIRTIO_IOMMU_S_OK));
        }
    }
}

/* A device may choose, and after some choices nobody knows what it did. */
static void apply_follows_the_device(void)
{
    static const struct {
        struct step step;
        uint8_t status;
        bool followed;
        unsigned mappings; /* of domain 1 afterwards */
    } cases[] = {
        {{MAP(1, 0x5000, 0x5fff, 0, RW)}, VIRTIO_IOMMU_S_NOMEM, true, 1},
        {{MAP(1, 0x5000, 0x5fff, 0, RW)}, VIRTIO_IOMMU_S_OK, true, 2},
        {{MAP(1, 0x1000, 0x5fff, 0, RW)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{MAP(1, 0x6000, 0x5fff, 0, RW)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{MAP(7, 0x6000, 0x6fff, 0, RW)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{UNMAP(1, 0x1000, 0x1fff)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{UNMAP(1, 0x2fff, 0x1000)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{UNMAP(1, 0x1000, 0x1fff)}, VIRTIO_IOMMU_S_RANGE, true, 1},
        {{UNMAP(1, 0x1000, 0x2fff)}, VIRTIO_IOMMU_S_OK, true, 0},
        {{ATTACH(1, E2, 0)}, VIRTIO_IOMMU_S_UNSUPP, true, 1},
        {{ATTACH(1, E2, BY)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{ATTACH(1, E1, BY)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{ATTACH(1, E1, 0)}, VIRTIO_IOMMU_S_OK, true, 1},
        {{ATTACH(2, E1, 0)}, VIRTIO_IOMMU_S_UNSUPP, false, 1},
        {{ATTACH(2, NO, 0)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{DETACH(2, E1)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{DETACH(2, E1)}, VIRTIO_IOMMU_S_RANGE, true, 1},
        {{DETACH(1, E2)}, VIRTIO_IOMMU_S_OK, true, 1},
        {{DETACH(1, NO)}, VIRTIO_IOMMU_S_OK, false, 1},
        {{PROBE(E1)}, VIRTIO_IOMMU_S_OK, true, 1},
    };
    static const struct model_config config = {PAGES};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const union request *request = &cases[i].step.request;

        begin(&config);
        submit(&(struct step){ATTACH(1, E1, 0)});
        submit(&(struct step){MAP(1, 0x1000, 0x2fff, 0x70000, RW)});
        if (model_apply(&model, request, sizeof(*request), cases[i].status) != cases[i].followed ||
            model_find_domain(&model, 1)->count != cases[i].mappings)
            unit_fail(__FILE__, __LINE__, "case %zu", i);
    }
}

static void bypass_domains_stay_empty(void)
{
    static const struct model_config config = {PAGES};
    struct step map = {MAP(1, 0, 0xfff, 0, RW)}, unmap = {UNMAP(1, 0, 0xfff)};

    begin(&config);
    submit(&(struct step){ATTACH(1, E1, BY)});
    CHECK(!model_apply(&model, &map.request, sizeof(map.request), VIRTIO_IOMMU_S_OK));
    CHECK(!model_apply(&model, &unmap.request, sizeof(unmap.request), VIRTIO_IOMMU_S_OK));
    CHECK_EQ(model_find_domain(&model, 1)->count, 0);
}

/* An access over three mappings and a hole: a piece each, and no more than there is room for. */
static void pieces_end_where_the_access_does(void)
{
    static const struct model_config config = {PAGES};
    struct model_piece pieces[3] = {{0, 0}};
    struct model_translation t;

    begin(&config);
    submit(&(struct step){ATTACH(1, E1, 0)});
    submit(&(struct step){MAP(1, 0x1000, 0x1fff, 0x90000, RW)});
    submit(&(struct step){MAP(1, 0x2000, 0x3fff, 0x50000, RW)});
    submit(&(struct step){MAP(1, 0x4000, 0x4fff, 0x70000, RW)});
    t = model_translate(&model, E1, 0x1ff0, 0x2020, MODEL_READ, pieces, 3);
    CHECK(t.allowed);
    CHECK_EQ(t.count, 3);
    CHECK_EQ(pieces[0].address, 0x90ff0);
    CHECK_EQ(pieces[0].length, 0x10);
    CHECK_EQ(pieces[1].address, 0x50000);
    CHECK_EQ(pieces[1].length, 0x2000);
    CHECK_EQ(pieces[2].address, 0x70000);
    CHECK_EQ(pieces[2].length, 0x10);
    t = model_translate(&model, E1, 0x1000, 0x4000, MODEL_READ, pieces, 2);
    CHECK(t.allowed);
    CHECK_EQ(t.count, 2);
    t = model_translate(&model, E1, 0x3000, 0x4000, MODEL_READ, pieces, 3);
    CHECK(!t.allowed);
    CHECK_EQ(t.count, 2);
    CHECK_EQ(t.address, 0x5000);
    t = model_translate(&model, NO, 0, 1, MODEL_READ, pieces, 3);
    CHECK(!t.allowed && t.reason == VIRTIO_IOMMU_FAULT_R_UNKNOWN);
    CHECK(!model_find_mapping(model_find_domain(&model, 1), 0xfff));
    CHECK_EQ(model_find_mapping(model_find_domain(&model, 1), 0x3fff)->first, 0x2000);
    CHECK(!model_find_mapping(model_find_domain(&model, 1), 0x5000));
}

int main(void)
{
    static const struct unit units[] = {
        {"scripts_hold", scripts_hold},
        {"unmap_examples_hold", unmap_examples_hold},
        {"capacity_ends_in_nomem", capacity_ends_in_nomem},
        {"domains_run_out", domains_run_out},
        {"reserved_bytes_count_where_they_should", reserved_bytes_count_where_they_should},
        {"unparsable_requests_are_unwritten", unparsable_requests_are_unwritten},
        {"apply_follows_the_device", apply_follows_the_device},
        {"bypass_domains_stay_empty", bypass_domains_stay_empty},
        {"pieces_end_where_the_access_does", pieces_end_where_the_access_does},
    };

    return unit_main("model", units, ARRAY_LENGTH(units));
}
