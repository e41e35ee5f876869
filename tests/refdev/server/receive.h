/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of a VMM's, with descriptors, on a stream socket. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DESCRIPTORS_MAX 8

struct descriptors {
    int numbers[DESCRIPTORS_MAX];
    unsigned count;
};

/* The whole of `size` bytes, and the descriptors that come with the first of them if they are
 * wanted. False: the other end has gone. */
bool receive(int socket, void *bytes, size_t size, struct descriptors *descriptors);
void close_all(struct descriptors *descriptors);
