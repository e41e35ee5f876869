// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/server/server.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LATE_MS 1 /* after which a lazy device gives back what it has finished */

const char *const server_names[SERVER_FUNCTIONS] = {"iommu", "edu0", "edu1", "blk", "rng"};

void server_listen(struct server *server, int descriptor, bool (*serve)(void *context),
                   void *context)
{
    server->sources[server->source_count++] = (struct source){descriptor, serve, context};
}

void server_word(struct server *server, const char *name, const char *format, ...)
{
    struct word *word = &server->words[server->word_count++];
    va_list arguments;

    word->name = name;
    va_start(arguments, format);
    vsnprintf(word->text, sizeof(word->text), format, arguments);
    va_end(arguments);
}

static void wait_for_sources(const struct server *server, struct pollfd *polled)
{
    for (unsigned i = 0; i < server->source_count; i++)
        polled[i] = (struct pollfd){.fd = server->sources[i].descriptor, .events = POLLIN};
    if (poll(polled, server->source_count, server->iommu->late_count ? LATE_MS : -1) >= 0)
        return;
    if (errno != EINTR) {
        fprintf(stderr, "refdev: poll: %s\n", strerror(errno));
        exit(3);
    }
}

void server_run(struct server *server, const struct front_end *front_end,
                const struct source *until)
{
    while (until->descriptor >= 0) {
        struct pollfd polled[SERVER_SOURCES] = {{.revents = 0}};
        unsigned count = server->source_count; /* serving one may add another */

        wait_for_sources(server, polled);
        ref_catch_up(server->iommu);
        if (front_end->settle)
            front_end->settle();
        for (unsigned i = 0; i < count; i++) {
            struct source *source = &server->sources[i];

            if (!polled[i].revents || source->serve(source->context))
                continue;
            close(source->descriptor);
            source->descriptor = -1;
        }
    }
}
