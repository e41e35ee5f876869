// SPDX-License-Identifier: BSD-2-Clause
/*
 * The reference device behind an unmodified QEMU: starts it, and plays the functions of its
 * x-pci-proxy-dev devices. In QEMU's arguments @IOMMU@, @EDU0@, @EDU1@, @BLK@ and @RNG@ are the
 * descriptors of their sockets, and @QTEST@ that of the one by which interrupt messages are sent.
 *
 * usage: refdev QEMU ARGUMENT...; $REFDEV and $REFDEV_MUTANT choose the device
 * (tests/refdev/chosen.h). Ends with QEMU's exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/refdev/chosen.h"
#include "tests/refdev/endpoints.h"
#include "tests/refdev/server/proxy.h"

#define FUNCTIONS      5
#define SOCKETS        (FUNCTIONS + 1)
#define QTEST          FUNCTIONS
#define FIRST_SLOT     4
#define INTERRUPT_PIN  0x3d
#define BDF(slot)      ((uint32_t)(slot) << 3)
#define MESSAGES_FIRST 0xfee00000ull
#define MESSAGES_LAST  0xfeefffffull
#define PENDING_MAX    256
#define LATE_MS        1 /* before a device gives back what it has finished */

static const char *const names[SOCKETS] = {"@IOMMU@", "@EDU0@", "@EDU1@",
                                           "@BLK@",   "@RNG@",  "@QTEST@"};

struct message {
    uint64_t address;
    uint32_t data;
};

struct server {
    struct shared_memory memory;
    int sockets[SOCKETS];
    struct ref_function *functions[FUNCTIONS];
    /* Sent when the access that caused them is answered: until then the VMM's CPU waits for us. */
    struct message pending[PENDING_MAX];
    unsigned pending_count;
};

static struct ref_iommu iommu;
static struct ref_edu edus[2];
static struct ref_blk blk;
static struct ref_rng rng;

static void *memory(void *context, uint64_t address, uint64_t size)
{
    const struct server *server = context;

    return shared_find(&server->memory, address, size);
}

/* qtest could write anywhere: only what is a message is let through. */
static void message(void *context, uint64_t address, uint32_t data)
{
    struct server *server = context;

    if (address >= MESSAGES_FIRST && address <= MESSAGES_LAST &&
        server->pending_count < PENDING_MAX)
        server->pending[server->pending_count++] = (struct message){address, data};
}

/* x-pci-proxy-dev's INTx goes to KVM or nowhere. */
static void line(void *context, unsigned slot, bool is_asserted)
{
    (void)context, (void)slot, (void)is_asserted;
}

static void send_pending(struct server *server)
{
    for (unsigned i = 0; i < server->pending_count; i++)
        dprintf(server->sockets[QTEST], "writel 0x%llx 0x%x\n",
                (unsigned long long)server->pending[i].address, server->pending[i].data);
    server->pending_count = 0;
}

static void build(struct server *server, const struct ref_surroundings *around,
                  const struct ref_kind *kind)
{
    ref_iommu_init(&iommu, &kind->config, MESSAGES_FIRST, MESSAGES_LAST);
    for (unsigned i = 0; i < 2; i++)
        ref_edu_init(&edus[i], &(struct ref_place){&iommu, BDF(FIRST_SLOT + 1 + i)});
    ref_blk_init(&blk, &(struct ref_place){&iommu, BDF(FIRST_SLOT + 3)});
    ref_rng_init(&rng, &(struct ref_place){&iommu, BDF(FIRST_SLOT + 4)});
    server->functions[0] = &iommu.virtio.function;
    server->functions[1] = &edus[0].function;
    server->functions[2] = &edus[1].function;
    server->functions[3] = &blk.virtio.function;
    server->functions[4] = &rng.virtio.function;
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        server->functions[i]->config[INTERRUPT_PIN] = 0; /* line() leads nowhere */
        server->functions[i]->around = around;
        server->functions[i]->slot = FIRST_SLOT + i;
        ref_reset(server->functions[i]);
    }
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "refdev: %s: %s\n", what, strerror(errno));
    exit(3);
}

/* The argument with each placeholder replaced by its number. */
static char *fill_in(const char *argument, const int numbers[SOCKETS])
{
    char *text = strdup(argument);

    for (unsigned i = 0; text && i < SOCKETS; i++) {
        char *at = strstr(text, names[i]), *filled;

        if (!at)
            continue;
        if (asprintf(&filled, "%.*s%d%s", (int)(at - text), text, numbers[i],
                     at + strlen(names[i])) < 0)
            return NULL;
        free(text);
        text = filled;
    }
    return text;
}

static pid_t start(struct server *server, char **argv)
{
    int theirs[SOCKETS];

    for (unsigned i = 0; i < SOCKETS; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
            die("socketpair");
        server->sockets[i] = pair[0];
        theirs[i] = pair[1];
    }
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child) {
        for (unsigned i = 0; i < SOCKETS; i++)
            close(theirs[i]);
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned i = 0; i < SOCKETS; i++)
        fcntl(theirs[i], F_SETFD, 0);
    for (char **argument = argv; *argument; argument++)
        if (!(*argument = fill_in(*argument, theirs)))
            die("memory");
    execvp(argv[0], argv);
    die(argv[0]);
}

/* What qtest answers is of no interest, but must be read. */
static bool drain(int socket)
{
    char text[256];

    return read(socket, text, sizeof(text)) > 0;
}

static void serve(struct server *server)
{
    struct pollfd polled[SOCKETS];
    unsigned open = SOCKETS;

    for (unsigned i = 0; i < SOCKETS; i++)
        polled[i] = (struct pollfd){.fd = server->sockets[i], .events = POLLIN};
    while (open) {
        if (poll(polled, SOCKETS, iommu.virtio.late_count ? LATE_MS : -1) < 0 && errno != EINTR)
            die("poll");
        ref_catch_up(&iommu.virtio);
        send_pending(server);
        for (unsigned i = 0; i < SOCKETS; i++) {
            if (polled[i].fd < 0 || !polled[i].revents)
                continue;
            if (i == QTEST ? drain(polled[i].fd)
                           : proxy_serve(polled[i].fd, server->functions[i], &server->memory)) {
                send_pending(server);
                continue;
            }
            polled[i].fd = -1;
            open--;
        }
    }
}

int main(int argc, char **argv)
{
    static struct server server;
    const struct ref_surroundings around = {
        .memory = memory, .message = message, .line = line, .context = &server};
    const struct ref_kind *kind = ref_chosen();
    int status = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: refdev QEMU ARGUMENT...; $REFDEV is a kind of device\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    build(&server, &around, kind);
    pid_t child = start(&server, argv + 1);

    serve(&server);
    if (waitpid(child, &status, 0) < 0)
        die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
