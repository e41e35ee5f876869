/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of a VMM on a stream socket, with file descriptors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DESCRIPTORS_MAX 8

struct descriptors {
    int numbers[DESCRIPTORS_MAX];
    unsigned count;
};

/*
 * Receives exactly `size` bytes, and the descriptors that come with the first of them unless NULL.
 * False: the other end has closed the socket.
 */
bool receive(int socket, void *bytes, size_t size, struct descriptors *descriptors);
void close_all(struct descriptors *descriptors);
