/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions behind a VMM, the descriptors to listen to, and the words of the VMM's arguments
 * that are known only at run time. A front end (proxy.c, vfio.c) connects the VMM with them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/refdev/device/virtio.h"

#define SERVER_FUNCTIONS  5
#define SERVER_SOURCES    16
#define SERVER_WORDS      8
#define SERVER_FIRST_SLOT 4

/* Something to listen to. */
struct source {
    int descriptor; /* -1: it is over */
    /* There is something to read. False: it is over. */
    bool (*serve)(void *context);
    void *context;
};

/* Replaces @name@ in the VMM's arguments. */
struct word {
    const char *name;
    char text[128];
};

struct server {
    struct ref_virtio *iommu;
    struct ref_function *functions[SERVER_FUNCTIONS]; /* in slots SERVER_FIRST_SLOT and up */
    struct source sources[SERVER_SOURCES];
    unsigned source_count;
    struct word words[SERVER_WORDS];
    unsigned word_count;
};

/* A front end: how a VMM reaches functions outside of its process. */
struct front_end {
    const char *mark; /* a word in the VMM's arguments that selects this front end */
    /* Before the VMM starts: connects every function with the machine. False: see errno. */
    bool (*open)(struct server *server);
    /* A function has acted by itself, not in answer to the VMM; NULL: not needed. */
    void (*settle)(void);
    /* After it has ended; NULL: nothing is left. */
    void (*close)(void);
};

/* Of files, in the order of `functions`. */
extern const char *const server_names[SERVER_FUNCTIONS];
extern const struct front_end proxy_front_end, vfio_front_end;

/* `serve` is called with the context whenever there is something to read. */
void server_listen(struct server *server, int descriptor, bool (*serve)(void *context),
                   void *context);
__attribute__((format(printf, 3, 4))) void server_word(struct server *server, const char *name,
                                                       const char *format, ...);
/* Until the source is over. */
void server_run(struct server *server, const struct front_end *front_end,
                const struct source *until);
