/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every test has at hand: the IOMMU, the endpoints behind it, engines that do real DMA, and
 * memory to aim them at. fixture_begin() gives each test the same clean state. fixture_open.c finds
 * all of it once, before the first test; fixture_device.c resets the IOMMU; fixture.c has the rest.
 */
#pragma once

#include "drivers/dma/dma.h"
#include "drivers/platform/platform.h"
#include "drivers/viommu/device.h"
#include "lib/cmdline/cmdline.h"
#include "tests/framework/test.h"

#define FIXTURE_MAX_ENDPOINTS 64

/* A device behind the IOMMU. */
struct fixture_endpoint {
    struct device_location place;
    uint32_t id;
};

#define FIXTURE_MAX_RESERVED 1024

struct fixture_range {
    uint64_t first, last; /* inclusive */
    bool is_msi;          /* a reserved region of messages */
};

/* What tests/framework/addresses.c has found out. */
struct fixture_addresses {
    bool is_known;
    const char *unknown; /* why there may be more regions than those; NULL: there are not */
    struct fixture_range reserved[FIXTURE_MAX_RESERVED]; /* of all endpoints */
    unsigned reserved_count;
    uint64_t highest; /* where the device lets a mapping end, if not at the end; else UINT64_MAX */
};

/* An endpoint that a test has attached, and to which domain. */
struct fixture_attachment {
    uint32_t endpoint, domain;
    bool is_over; /* it was detached, or the device has said so */
    bool stays;   /* after a reset DETACH said UNSUPP of it: it may still be there */
};

struct fixture {
    const struct cmdline *options;
    struct platform *platform; /* to which only a scan of ids adds */
    struct pages pages;        /* for tests; given back at the end of each */

    bool has_iommu;
    const char *iommu_trouble; /* why an IOMMU that is named or found can't be driven; or NULL */
    bool came_up;              /* at least once */
    bool is_stuck;             /* never, as its reset does not end: each try takes seconds */
    bool has_driven;           /* the IOMMU, in the latest test */
    bool is_trouble_told;      /* by the ERROR of one test: the others are skipped */
    struct device_location iommu_location; /* known even where has_iommu is false */
    union virtio_any iommu_device;
    struct viommu iommu;
    uint64_t usual_features; /* what fixture_begin() negotiates */
    uint64_t features;       /* what it restarts with; a test may change it */
    bool has_packed_rings;   /* RING_PACKED is offered */

    /*
     * Each id once: devices behind one conventional PCI bridge share an id. Those come first whose
     * transfers show the most: engines that are quick, and read as well as write.
     */
    struct fixture_endpoint endpoints[FIXTURE_MAX_ENDPOINTS];
    unsigned endpoint_count;
    struct dma_engine engines[DMA_MAX_ENGINES];
    unsigned engine_count;
    bool is_flaw_open; /* an engine has one that may be the IOMMU's, too */
    bool is_flaw_told; /* by the ERROR of one test */

    struct fixture_attachment attachments[FIXTURE_MAX_ENDPOINTS]; /* since the last reset */
    unsigned attachment_count;
    bool has_begun;                 /* a test that drives the IOMMU */
    bool keeps_attachments;         /* the device has, over a reset */
    struct viommu_request last_map; /* that was answered with OK */
    bool has_mapped;

    bool is_noted[CLAUSE_COUNT]; /* by a test that does not judge it, once a run */

    struct fixture_addresses addresses;
    uint64_t request_ns; /* what a request costs on this host; 0: not known */
};

/*
 * Opens the first IOMMU that the topology's source of highest priority names (or, without a
 * description, that PCI or virtio-mmio shows) and every engine; adds to the topology what a scan of
 * ids finds, where one was asked for. `memory` is the usable memory that nobody else has.
 */
void fixture_open(struct fixture *fixture, const struct cmdline *options, struct platform *platform,
                  struct pages *memory);

/*
 * Once a run, for the first test that drives the IOMMU: which addresses can be mapped, and which engines
 * are fit to judge by.
 */
void fixture_find_out(struct test *test);
/*
 * Once it is known which engines are fit: endpoints with one come before those without, as tests of
 * requests take the first.
 */
void fixture_rank_endpoints(struct fixture *fixture);
/* Skips the test if a need is not met; else resets the IOMMU and sets bypass where it can. */
void fixture_begin(struct test *test);
/* Takes interrupts and memory back, whatever the test did. */
void fixture_end(struct test *test);
/* The running test's IOMMU. */
struct viommu *fixture_iommu(struct test *test);
/*
 * For a statement that the chapters on PCI and on MMIO both make: the clause of the IOMMU's own
 * transport.
 */
enum clause fixture_clause(struct test *test, enum clause on_pci, enum clause on_mmio);
/* Zeroed pages until the end of the test; an ERROR when there are none left. */
void *fixture_pages(struct test *test, unsigned count);

/*
 * Ends the test, which can't drive the IOMMU that there is: with an ERROR, so that a run about nothing
 * fails, and with a SKIP where an earlier test has reported it.
 */
_Noreturn void fixture_not_driven(struct test *test, const char *why);
/*
 * Ends the test where the request queue, as it is set up, has no room for a request: a SKIP where it
 * has with INDIRECT_DESC, which the test left out.
 */
void fixture_require_room(struct test *test);
/* Resets the IOMMU and brings it up with `features`. */
enum virtio_result fixture_start(struct fixture *fixture, uint64_t features);
/*
 * Between two tests: what outlives a reset of the IOMMU, which the latest test has driven; NULL: nothing
 * that can be seen. The IOMMU is to be reset again afterwards.
 */
const char *fixture_reset_trouble(struct fixture *fixture);
/*
 * Resets the IOMMU and negotiates `features`; a device that does not come up, or whose request queue
 * holds no request, ends the test.
 */
void fixture_restart(struct test *test, uint64_t features);
/*
 * 3.1.1 up to FEATURES_OK, where the registers of queues can be looked at; an ERROR where the
 * device refuses `features`.
 */
void fixture_negotiate(struct test *test, uint64_t features);
/*
 * The same with the fixture's features, and detaches what fixture_remember() got since the
 * last time: a device may keep it over a reset, which is noted once a run.
 */
void fixture_restart_detached(struct test *test);
/*
 * The same without a reset, for a device that can have no second one: what is attached is detached. What
 * can't be stays known to fixture_attached(), without mappings where the device lets go of those.
 */
void fixture_detach_all(struct test *test);
/*
 * fixture_restart_detached() with `count` buffers of `length` bytes in the event queue, and so
 * until the end of the test.
 */
void fixture_use_events(struct test *test, unsigned count, uint32_t length);
/*
 * fixture_restart_detached() with RING_PACKED, and so until the end of the test; skips it if that
 * isn't offered.
 */
void fixture_use_packed_rings(struct test *test);
/*
 * Remembers what a request attaches or detaches that was answered with `status`: the next test is not to suffer
 * from a device that keeps attachments over a reset (IOMMU-INIT-P01). submit(), submit_batch() and
 * the rings of packed.h and split.h do so; a test that hands an ATTACH over in another way calls it
 * itself.
 */
void fixture_remember(struct test *test, const struct viommu_request *request, uint8_t status);

/* Whether the endpoint is attached, by what fixture_remember() got since the last reset; where to. */
bool fixture_attached(struct test *test, uint32_t endpoint, uint32_t *domain);

/* The id of the n-th endpoint behind the IOMMU; n counts from 0, below what .needs promises. */
uint32_t fixture_endpoint_id(struct test *test, unsigned n);
/* Whether some description of the topology covers the id. */
bool fixture_is_described(struct test *test, uint32_t id);
/* An id that no description of the topology covers. */
uint32_t fixture_absent_endpoint(struct test *test);
/*
 * The n-th domain id that may be used: domain_range.start + n. Skips the test where the range ends
 * before it.
 */
uint32_t fixture_domain(struct test *test, unsigned n);
/* How many of `wanted` domains there are ids for, at least one. */
unsigned fixture_domain_count(struct test *test, unsigned wanted);
/*
 * Domains that no test uses: of prepare_engine() and of what comes before a test and behind, and
 * where what can't be detached goes. The last ones, where there are few.
 */
uint32_t fixture_spare_domain(struct test *test);
uint32_t fixture_parking_domain(struct test *test);

/*
 * Engines behind the IOMMU, fast ones first; NULL when there are fewer. fixture_engine() reads and
 * writes. fixture_writer() is the n-th that writes, n from 0; no two of them share an endpoint.
 */
struct dma_engine *fixture_engine(struct test *test);
struct dma_engine *fixture_writer(struct test *test, unsigned n);
/*
 * The n-th engine of that name whose transfers no IOMMU translates as long as the bypass byte is 1;
 * NULL when there are fewer.
 */
struct dma_engine *fixture_untranslated_engine(struct test *test, const char *name, unsigned n);
/* Of the engines that transfer any number of bytes the one that reaches farthest; or NULL. */
struct dma_engine *fixture_exact_engine(struct test *test);
/*
 * One of each kind that writes: what is judged with all of these is not judged by what only one kind
 * of engine does, or does not. n from 0; NULL when there are fewer.
 */
struct dma_engine *fixture_kind(struct test *test, unsigned n);
/* An engine that raises an MSI on demand; NULL when there is none. */
struct dma_engine *fixture_msi_engine(struct test *test);
