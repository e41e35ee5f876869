/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Generic Interrupt Controller: one distributor (gic.c), the calling CPU's interface of version
 * 2 or 3, and something that turns messages into interrupts, or nothing.
 *
 * Interrupt ids below 32 are a CPU's own, up to 1019 lines and messages to a GICv2m frame, from
 * 8192 on messages to an ITS.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

#define GIC_SPI_FIRST 32
#define GIC_SPI_END   1020
#define GIC_LPI_FIRST 8192
#define GIC_NONE      UINT32_MAX

struct gic_interface {
    unsigned distributor_size;
    uint32_t distributor_control; /* what enables it */
    bool has_groups;              /* interrupts are in group 1 */
    /* Turns the interface on; the registers of the CPU's own interrupts, or NULL. */
    volatile uint8_t *(*open)(const struct machine_interrupts *interrupts,
                              volatile uint8_t *distributor);
    /* The interrupt to handle, or GIC_NONE. */
    uint32_t (*acknowledge)(void);
    void (*end)(uint32_t intid);
    /* Has the SPI sent to this CPU. */
    void (*route)(volatile uint8_t *distributor, uint32_t intid);
};

struct gic_messages {
    bool (*open)(const struct machine_interrupts *interrupts);
    /* A free interrupt for messages of `device`. */
    bool (*claim)(uint32_t device, uint32_t *intid, struct arch_msi *msi);
    /* Gives every claimed one back. */
    void (*release)(void);
};

extern const struct gic_interface gicv2, gicv3;
extern const struct gic_messages gicv2m, its;

/* False: the machine has none that is known. */
bool gic_open(const struct machine_interrupts *interrupts);
/* The interrupt to handle, or GIC_NONE; that and no other is ended. */
uint32_t gic_acknowledge(void);
void gic_end(uint32_t intid);
/* Below GIC_SPI_END. It goes to the calling CPU. False: there is no such interrupt. */
bool gic_enable(uint32_t intid, bool is_edge);
void gic_disable(uint32_t intid);
bool gic_claim_message(uint32_t device, uint32_t *intid, struct arch_msi *msi);
void gic_release_messages(void);

/*
 * The redistributor of the CPU that booted, NULL before gicv3.open(); after it, where that is and
 * how else an ITS may name it.
 */
volatile uint8_t *gicv3_redistributor(void);
uint64_t gicv3_redistributor_base(void);
uint64_t gicv3_processor(void);
/*
 * Has the redistributor take messages with ids GIC_LPI_FIRST .. GIC_LPI_FIRST + LPI_COUNT - 1, all
 * masked. False: it takes none, or firmware left it taking others.
 */
#define LPI_COUNT 8192
bool lpi_open(volatile uint8_t *redistributor);
/* Takes effect after an INV command to the ITS. */
void lpi_enable(uint32_t intid, bool is_enabled);
