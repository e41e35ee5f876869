// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU's x-pci-proxy-dev from the far side of its sockets: configuration and BAR accesses come as
 * messages, guest memory as descriptors. In QEMU's arguments @IOMMU@, @EDU0@, @EDU1@, @BLK@ and
 * @RNG@ are the descriptors of the sockets, and @QTEST@ that of the one by which interrupt messages
 * are sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/refdev/server/memory.h"
#include "tests/refdev/server/receive.h"
#include "tests/refdev/server/server.h"

#define REGIONS        DESCRIPTORS_MAX
#define INTERRUPT_PIN  0x3d
#define MESSAGES_FIRST 0xfee00000ull
#define MESSAGES_LAST  0xfeefffffull
#define PENDING_MAX    256
#define DELIVERY_MS    100

enum command {
    SYNC_SYSMEM,
    RET,
    PCI_CFGWRITE,
    PCI_CFGREAD,
    BAR_WRITE,
    BAR_READ,
    SET_IRQFD,
    DEVICE_RESET,
};

struct header {
    int32_t command;
    uint32_t padding;
    uint64_t size;
};

struct config_access {
    uint32_t offset, value;
    int32_t width;
};

struct bar_access {
    uint64_t address, value;
    uint32_t width;
    uint8_t is_memory, padding[3];
};

struct sysmem {
    uint64_t address[REGIONS], size[REGIONS];
    int64_t offset[REGIONS];
};

union payload {
    struct config_access config;
    struct bar_access bar;
    struct sysmem sysmem;
    uint8_t bytes[256];
};

struct message {
    uint64_t address;
    uint32_t data;
};

/* Our end of the socket of one function. */
struct proxy {
    int socket;
    struct ref_function *function;
};

/* File scope: one process serves one VMM. */
static struct proxies {
    struct proxy proxies[SERVER_FUNCTIONS];
    int qtest;
    struct shared_memory memory;
    /* Sent when the access that caused them is answered: until then the VMM's CPU waits for us. */
    struct message pending[PENDING_MAX];
    unsigned pending_count, unanswered; /* the latter: sent, and not acknowledged by qtest */
} all;

static bool reply(int socket, uint64_t value)
{
    const struct {
        struct header header;
        uint64_t value;
    } message = {{.command = RET, .size = sizeof(value)}, value};

    return send(socket, &message, sizeof(message), MSG_NOSIGNAL) == (ssize_t)sizeof(message);
}

/* One region for each descriptor. */
static void take_memory(const struct sysmem *sysmem, struct descriptors *descriptors)
{
    shared_clear(&all.memory);
    for (unsigned i = 0; i < descriptors->count; i++)
        shared_add(&all.memory, descriptors->numbers[i], sysmem->address[i], sysmem->size[i],
                   (uint64_t)sysmem->offset[i]);
    descriptors->count = 0;
}

static bool is_width(uint32_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* Addresses are the CPU's. */
static uint64_t access_bar(struct ref_function *function, const struct bar_access *access,
                           bool is_write)
{
    uint64_t base = ref_get(function->config + 0x10, 4) & ~15u;
    uint64_t offset = access->address - base;

    if (!is_width(access->width) || offset > function->bar_size - access->width)
        return UINT64_MAX;
    if (!is_write)
        return ref_bar_read(function, (uint32_t)offset, access->width);
    ref_bar_write(function, (uint32_t)offset, access->width, access->value);
    return 0;
}

static uint64_t access_config(struct ref_function *function, const struct config_access *access,
                              bool is_write)
{
    uint32_t width = (uint32_t)access->width;

    if (!is_width(width) || width == 8 || access->offset >= REF_CONFIG_SIZE)
        return UINT32_MAX;
    if (!is_write)
        return ref_config_read(function, (uint16_t)access->offset, width);
    ref_config_write(function, (uint16_t)access->offset, width, access->value);
    return 0;
}

static bool handle(const struct proxy *proxy, const struct header *header,
                   const union payload *payload, struct descriptors *descriptors)
{
    uint64_t value = 0;

    switch (header->command) {
    case SYNC_SYSMEM:
        take_memory(&payload->sysmem, descriptors);
        return true;
    case SET_IRQFD: /* for KVM only */
        return true;
    case PCI_CFGWRITE:
    case PCI_CFGREAD:
        value = access_config(proxy->function, &payload->config, header->command == PCI_CFGWRITE);
        break;
    case BAR_WRITE:
    case BAR_READ:
        value = access_bar(proxy->function, &payload->bar, header->command == BAR_WRITE);
        break;
    case DEVICE_RESET:
        ref_reset(proxy->function);
        break;
    default:
        fprintf(stderr, "refdev: message %d, expected 0 to 7\n", header->command);
        return false;
    }
    return reply(proxy->socket, value);
}

static void send_pending(void)
{
    for (unsigned i = 0; i < all.pending_count; i++)
        dprintf(all.qtest, "writel 0x%llx 0x%x\n", (unsigned long long)all.pending[i].address,
                all.pending[i].data);
    all.unanswered += all.pending_count;
    all.pending_count = 0;
}

/* qtest answers each command with a line; only their number matters. */
static bool drain(void *context)
{
    char text[256];
    ssize_t length = recv(all.qtest, text, sizeof(text), MSG_DONTWAIT);

    (void)context;
    for (ssize_t i = 0; i < length; i++)
        all.unanswered -= text[i] == '\n' && all.unanswered;
    return length > 0 || (length < 0 && errno == EAGAIN);
}

/*
 * A message is on its way before the next access, as on a bus. A VMM that makes the access in the
 * thread that would deliver the message can't do both at once, and is not waited for.
 */
static void deliver(void)
{
    struct pollfd qtest = {.fd = all.qtest, .events = POLLIN};

    while (all.unanswered)
        if (poll(&qtest, 1, DELIVERY_MS) <= 0 || !drain(NULL))
            all.unanswered = 0;
}

static bool serve(void *context)
{
    const struct proxy *proxy = context;
    struct descriptors descriptors = {.count = 0};
    struct header header;
    union payload payload = {.bytes = {0}};

    deliver();
    if (!receive(proxy->socket, &header, sizeof(header), &descriptors))
        return false;
    if (header.size > sizeof(payload)) {
        fprintf(stderr, "refdev: message %d of %llu bytes, expected at most %zu\n", header.command,
                (unsigned long long)header.size, sizeof(payload));
        return false;
    }
    if (header.size && !receive(proxy->socket, &payload, header.size, NULL))
        return false;
    bool is_sane = handle(proxy, &header, &payload, &descriptors);

    close_all(&descriptors);
    send_pending();
    return is_sane;
}

static void *memory(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return shared_find(&all.memory, address, size);
}

/* qtest could write anywhere: only what is a message is let through. */
static void message(void *context, uint64_t address, uint32_t data)
{
    (void)context;
    if (address >= MESSAGES_FIRST && address <= MESSAGES_LAST && all.pending_count < PENDING_MAX)
        all.pending[all.pending_count++] = (struct message){address, data};
}

/* x-pci-proxy-dev delivers INTx with KVM only. */
static void line(void *context, unsigned slot, bool is_asserted)
{
    (void)context, (void)slot, (void)is_asserted;
}

static const struct ref_surroundings around = {.memory = memory, .message = message, .line = line};

/*
 * Our end of a new pair, whose other end the VMM inherits under the number that `name` stands for.
 */
static int open_pair(struct server *server, const char *name)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || fcntl(pair[0], F_SETFD, FD_CLOEXEC))
        return -1;
    server_word(server, name, "%d", pair[1]);
    return pair[0];
}

static bool open_sockets(struct server *server)
{
    static const char *const names[SERVER_FUNCTIONS] = {"@IOMMU@", "@EDU0@", "@EDU1@", "@BLK@",
                                                        "@RNG@"};

    for (unsigned i = 0; i < SERVER_FUNCTIONS; i++) {
        struct proxy *proxy = &all.proxies[i];

        proxy->function = server->functions[i];
        proxy->function->around = &around;
        proxy->function->config[INTERRUPT_PIN] = 0; /* line() is not connected */
        proxy->socket = open_pair(server, names[i]);
        if (proxy->socket < 0)
            return false;
        server_listen(server, proxy->socket, serve, proxy);
    }
    all.qtest = open_pair(server, "@QTEST@");
    if (all.qtest >= 0)
        server_listen(server, all.qtest, drain, NULL);
    return all.qtest >= 0;
}

const struct front_end proxy_front_end = {
    .mark = "@IOMMU@", .open = open_sockets, .settle = send_pending};
