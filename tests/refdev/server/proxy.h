/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's x-pci-proxy-dev from the far side of its socket: configuration and BAR accesses of one
 * function come as messages, guest memory as descriptors.
 */
#pragma once

#include <stdbool.h>

#include "tests/refdev/function.h"
#include "tests/refdev/server/memory.h"

/* Handles one message; false: the VMM has gone, or what it says makes no sense. */
bool proxy_serve(int socket, struct ref_function *function, struct shared_memory *memory);
