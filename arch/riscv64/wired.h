/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A controller of interrupt lines, of which the calling hart has one: a PLIC (plic.c) or an APLIC's
 * interrupt domain of supervisor mode (aplic.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/machine/machine.h"

#define WIRED_NONE  0
#define WIRED_LINES 1024

struct wired {
    /*
     * Every line masked, for a hart by its context there. False: it has no such context, or it is
     * not set up by firmware as the machine's description has it.
     */
    bool (*open)(const struct machine_wired *controller, uint32_t context);
    /*
     * The line interrupts the hart, or sends it that message where the controller sends messages.
     * False: there is no such line.
     */
    bool (*enable)(uint32_t line, bool is_edge, uint32_t message);
    void (*disable)(uint32_t line);
    /* The line to handle, or WIRED_NONE. Where the lines are messages, the IMSIC has them. */
    uint32_t (*claim)(void);
    /* Whether the line waits to be claimed. NULL: it can't be told. */
    bool (*is_pending)(uint32_t line);
    /* A line that was claimed, or whose message was, is handled. */
    void (*end)(uint32_t line);
};

extern const struct wired plic, aplic;
