// SPDX-License-Identifier: BSD-2-Clause
/* Signals eventfds for the line, MSI and MSI-X. */
#include "tests/refdev/server/triggers.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define CAPABILITY_MSI 5
#define INTERRUPT_PIN  0x3d
#define VECTOR_SIZE    16

static void fire(int eventfd)
{
    if (eventfd >= 0)
        eventfd_write(eventfd, 1);
}

static void update_line(struct triggers *triggers)
{
    int eventfd = triggers->eventfds[TRIGGER_INTX][0];

    if (!triggers->is_asserted || triggers->is_masked || eventfd < 0)
        return;
    triggers->is_masked = true;
    fire(eventfd);
}

/* The function's own table says what message a vector has: its number, unless nobody listens. */
static void update_vector(const struct triggers *triggers, unsigned vector)
{
    uint64_t is_masked = triggers->eventfds[TRIGGER_MSIX][vector] < 0;
    uint32_t entry = REF_MSIX_TABLE + VECTOR_SIZE * vector;

    ref_bar_write(triggers->function, entry + 8, 8, is_masked << 32 | vector);
}

void triggers_init(struct triggers *triggers, struct ref_function *function)
{
    *triggers = (struct triggers){.function = function};
    for (unsigned index = 0; index < TRIGGER_INDICES; index++)
        for (unsigned i = 0; i < REF_VECTORS; i++)
            triggers->eventfds[index][i] = -1;
}

unsigned triggers_count(const struct triggers *triggers, unsigned index)
{
    const struct ref_function *function = triggers->function;

    if (index == TRIGGER_INTX)
        return function->config[INTERRUPT_PIN] != 0;
    if (index == TRIGGER_MSI)
        return function->config[function->capability] == CAPABILITY_MSI;
    return function->msix ? REF_VECTORS : 0;
}

void triggers_set(struct triggers *triggers, unsigned index, unsigned vector, int eventfd)
{
    int *place = &triggers->eventfds[index][vector];

    if (*place >= 0)
        close(*place);
    *place = eventfd;
    if (index == TRIGGER_MSIX)
        update_vector(triggers, vector);
    else if (index == TRIGGER_INTX)
        triggers_mask_line(triggers, false);
}

void triggers_mask_line(struct triggers *triggers, bool is_masked)
{
    triggers->is_masked = is_masked;
    update_line(triggers);
}

void triggers_renew(struct triggers *triggers)
{
    for (unsigned i = 0; i < triggers_count(triggers, TRIGGER_MSIX); i++)
        update_vector(triggers, i);
}

void triggers_line(struct triggers *triggers, bool is_asserted)
{
    triggers->is_asserted = is_asserted;
    update_line(triggers);
}

void triggers_message(struct triggers *triggers, uint32_t data)
{
    if (ref_msix_is_enabled(triggers->function))
        fire(triggers->eventfds[TRIGGER_MSIX][data % REF_VECTORS]);
    else
        fire(triggers->eventfds[TRIGGER_MSI][0]);
}
