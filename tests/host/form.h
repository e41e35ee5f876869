/* SPDX-License-Identifier: BSD-2-Clause */
/* A good ACPI table, and its reader's way with what damage makes of it. */
#pragma once

#include <stdbool.h>

#include "lib/machine/machine.h"
#include "tests/host/table.h"

struct form {
    const char *signature;
    const uint8_t *body;
    uint32_t body_size;
    /* Checks what the reader gives, whatever that is; returns whether the table is taken. */
    bool (*read)(const void *table, size_t size, const struct sink *sink);
};

/* One field overwritten, with a good checksum: whether the table is taken, what is reported. */
struct form_damage {
    const char *name;
    struct table_edit edit;
    bool is_good;
    const char *report;
};
void form_check_damages(const struct form *form, const struct form_damage *damages, size_t count);
/* Cut after every byte, with the header's length as it was and adjusted to the cut. */
void form_check_cuts(const struct form *form);
/* One or two bytes at random, with a good checksum. */
void form_check_mutations(const struct form *form);

/* Adds to the machine what this one table tells. */
void form_read_machine(const struct table *table, struct machine *machine, const struct sink *sink);
