// SPDX-License-Identifier: BSD-2-Clause
/*
 * The reference device behind an unmodified QEMU: starts it, and serves the functions behind its
 * x-pci-proxy-dev devices (proxy.c) or its vfio-user-pci devices (vfio.c). The words between @ in
 * QEMU's arguments say which of the two.
 *
 * usage: refdev QEMU ARGUMENT...; $REFDEV and $REFDEV_MUTANT choose the device
 * (tests/refdev/device/chosen.h). Ends with QEMU's exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array/array.h"
#include "tests/refdev/device/chosen.h"
#include "tests/refdev/device/endpoints.h"
#include "tests/refdev/server/server.h"

#define BDF(slot)      ((uint32_t)(slot) << 3)
#define MESSAGES_FIRST 0xfee00000ull /* where interrupt messages go on a PC */
#define MESSAGES_LAST  0xfeefffffull

static const struct front_end *const front_ends[] = {&proxy_front_end, &vfio_front_end};

/* Too large for a stack. */
static struct ref_iommu iommu;
static struct ref_edu edus[2];
static struct ref_blk blk;
static struct ref_rng rng;

static void build(struct server *server, const struct ref_variant *variant)
{
    const unsigned first = SERVER_FIRST_SLOT;

    ref_iommu_init(&iommu, &variant->config, MESSAGES_FIRST, MESSAGES_LAST);
    for (unsigned i = 0; i < 2; i++)
        ref_edu_init(&edus[i], &(struct ref_place){.iommu = &iommu, .id = BDF(first + 1 + i)});
    ref_blk_init(&blk, &(struct ref_place){.iommu = &iommu, .id = BDF(first + 3)});
    ref_rng_init(&rng, &(struct ref_place){.iommu = &iommu, .id = BDF(first + 4)});
    server->iommu = &iommu.virtio;
    server->functions[0] = &iommu.virtio.function;
    server->functions[1] = &edus[0].function;
    server->functions[2] = &edus[1].function;
    server->functions[3] = &blk.virtio.function;
    server->functions[4] = &rng.virtio.function;
    for (unsigned i = 0; i < SERVER_FUNCTIONS; i++)
        server->functions[i]->slot = first + i;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "refdev: %s: %s\n", what, strerror(errno));
    exit(3);
}

/* The argument with each word replaced by what it stands for. */
static char *fill_in(const struct server *server, const char *argument)
{
    char *text = strdup(argument);

    for (unsigned i = 0; text && i < server->word_count; i++) {
        const struct word *word = &server->words[i];
        char *at = strstr(text, word->name), *filled;

        if (!at)
            continue;
        if (asprintf(&filled, "%.*s%s%s", (int)(at - text), text, word->text,
                     at + strlen(word->name)) < 0)
            return NULL;
        free(text);
        text = filled;
    }
    return text;
}

static pid_t start(const struct server *server, char **argv)
{
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (char **argument = argv; *argument; argument++)
        if (!(*argument = fill_in(server, *argument)))
            die("memory");
    execvp(argv[0], argv);
    die(argv[0]);
}

static const struct front_end *find_front_end(char **argv)
{
    for (char **argument = argv; *argument; argument++)
        for (unsigned i = 0; i < ARRAY_LENGTH(front_ends); i++)
            if (strstr(*argument, front_ends[i]->mark))
                return front_ends[i];
    return NULL;
}

static bool has_ended(void *context)
{
    (void)context;
    return false;
}

/* The exit status of the VMM, which is started and served. */
static int play(struct server *server, const struct front_end *front_end, char **argv)
{
    int status = 0;

    if (!front_end->open(server))
        die("sockets");
    for (unsigned i = 0; i < SERVER_FUNCTIONS; i++)
        ref_reset(server->functions[i]);
    pid_t child = start(server, argv);
    int descriptor = pidfd_open(child, 0);
    const struct source *end = &server->sources[server->source_count];

    if (descriptor < 0)
        die("pidfd_open");
    server_listen(server, descriptor, has_ended, NULL);
    server_run(server, front_end, end);
    if (front_end->close)
        front_end->close();
    if (waitpid(child, &status, 0) < 0)
        die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    static struct server server;
    const struct ref_variant *variant = ref_chosen();
    const struct front_end *front_end = find_front_end(argv + 1);

    if (argc < 2 || !front_end) {
        fprintf(stderr,
                "usage: refdev QEMU ARGUMENT...; $REFDEV is a variant of device; of the arguments "
                "one names @IOMMU@ or @VFIO@\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    build(&server, variant);
    return play(&server, front_end, argv + 1);
}
