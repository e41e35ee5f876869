// SPDX-License-Identifier: BSD-2-Clause
/* recvmsg() until everything is there, with descriptors. */
#include "tests/refdev/server/receive.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool receive(int socket, void *bytes, size_t size, struct descriptors *descriptors)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(descriptors->numbers))];

    for (size_t done = 0; done < size;) {
        struct iovec part = {(char *)bytes + done, size - done};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

        if (descriptors && !done) {
            message.msg_control = control;
            message.msg_controllen = sizeof(control);
        }
        ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        done += (size_t)count;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        if (header && header->cmsg_type == SCM_RIGHTS) {
            descriptors->count = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(descriptors->numbers, CMSG_DATA(header), descriptors->count * sizeof(int));
        }
    }
    return true;
}

void close_all(struct descriptors *descriptors)
{
    for (unsigned i = 0; i < descriptors->count; i++)
        close(descriptors->numbers[i]);
    descriptors->count = 0;
}
