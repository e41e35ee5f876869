// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU's vfio-user-pci from the far side of its sockets, one for each device, as the documentation
 * of vfio-user has it. In QEMU's arguments @VFIO@ is the folder of the sockets, which are called
 * iommu, edu0, edu1, blk and rng; it is gone once all of them are connected.
 */
#include "tests/refdev/server/vfio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLAG_TYPE     0xfu
#define FLAG_REPLY    1u
#define FLAG_NO_REPLY 0x10u
#define FLAG_ERROR    0x20u

struct message {
    struct vfio_header header;
    union vfio_payload payload;
};

/* File scope: one process serves one VMM. */
static struct vfio_link links[SERVER_FUNCTIONS];
static char folder[100]; /* with a name of a device behind it, an address of a socket */
static unsigned connected;

/* -- messages ------------------------------------------------------------------------------ */

/* The next message; false: the VMM has closed the socket, or it is malformed, which is printed. */
static bool take(struct vfio_link *link, struct message *message)
{
    const struct vfio_header *header = &message->header;

    if (!receive(link->socket, &message->header, sizeof(*header), &link->descriptors))
        return false;
    if (header->size < sizeof(*header) || header->size > sizeof(*message)) {
        fprintf(stderr, "refdev: %s: message %u: size is 0x%x, expected 0x%zx to 0x%zx\n",
                link->name, header->command, header->size, sizeof(*header), sizeof(*message));
        return false;
    }
    if (header->flags & FLAG_TYPE) {
        fprintf(stderr, "refdev: %s: message %u: flags are 0x%x, expected a request, of type 0\n",
                link->name, header->command, header->flags);
        return false;
    }
    return receive(link->socket, &message->payload, header->size - sizeof(*header), NULL);
}

static bool reply(const struct vfio_link *link, struct message *message, int length)
{
    struct vfio_header *header = &message->header;

    header->size = (uint32_t)sizeof(*header) + (length < 0 ? 0 : (uint32_t)length);
    header->flags = length < 0 ? FLAG_REPLY | FLAG_ERROR : FLAG_REPLY;
    header->error = length < 0 ? (uint32_t)-length : 0;
    return send(link->socket, message, header->size, MSG_NOSIGNAL) == (ssize_t)header->size;
}

static bool serve(void *context)
{
    struct message message;
    struct vfio_link *link = context;
    bool is_sane = take(link, &message);

    if (is_sane) {
        int length = vfio_handle(link, message.header.command, &message.payload,
                                 message.header.size - (uint32_t)sizeof(message.header));

        if (!(message.header.flags & FLAG_NO_REPLY))
            is_sane = reply(link, &message, length);
    }
    close_all(&link->descriptors);
    return is_sane;
}

/* -- the machine around a function --------------------------------------------------------- */

static void *memory(void *context, uint64_t address, uint64_t size)
{
    const struct vfio_link *link = context;

    return shared_find(&link->memory, address, size);
}

static void message(void *context, uint64_t address, uint32_t data)
{
    struct vfio_link *link = context;

    (void)address;
    triggers_message(&link->triggers, data);
}

static void line(void *context, unsigned slot, bool is_asserted)
{
    struct vfio_link *link = context;

    (void)slot;
    triggers_line(&link->triggers, is_asserted);
}

/* -- sockets ------------------------------------------------------------------------------- */

static void remove_folder(void)
{
    for (unsigned i = 0; i < SERVER_FUNCTIONS; i++)
        unlink(links[i].address.sun_path);
    rmdir(folder);
}

static bool take_connection(void *context)
{
    struct vfio_link *link = context;

    link->socket = accept(link->listening, NULL, NULL);
    if (link->socket >= 0)
        server_listen(link->server, link->socket, serve, link);
    if (++connected == SERVER_FUNCTIONS)
        remove_folder();
    return false;
}

static bool open_link(struct server *server, unsigned index)
{
    struct vfio_link *link = &links[index];
    struct sockaddr_un *address = &link->address;

    link->server = server;
    link->name = server_names[index];
    link->function = server->functions[index];
    link->around = (struct ref_surroundings){memory, message, line, link};
    link->function->around = &link->around;
    triggers_init(&link->triggers, link->function);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", folder, link->name);
    link->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->listening < 0 ||
        bind(link->listening, (const struct sockaddr *)address, sizeof(*address)) ||
        listen(link->listening, 1))
        return false;
    server_listen(server, link->listening, take_connection, link);
    return true;
}

static bool open_sockets(struct server *server)
{
    const char *place = getenv("TMPDIR");

    int length = snprintf(folder, sizeof(folder), "%s/viommu-guest.XXXXXX", place ? place : "/tmp");

    if (length < 0 || (size_t)length >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!mkdtemp(folder))
        return false;
    server_word(server, vfio_front_end.mark, "%s", folder);
    for (unsigned i = 0; i < SERVER_FUNCTIONS; i++) {
        if (open_link(server, i))
            continue;
        remove_folder();
        return false;
    }
    return true;
}

const struct front_end vfio_front_end = {
    .mark = "@VFIO@", .open = open_sockets, .close = remove_folder};
