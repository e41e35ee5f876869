// SPDX-License-Identifier: BSD-2-Clause
/*
 * The one file that knows newlib exists: what its libc asks of an operating system. Only
 * formatting, strings, sorting and setjmp are used, so there is no heap, no file and no process to
 * speak of.
 */
#include <stddef.h>

void *sbrk(ptrdiff_t increment);
void *sbrk(ptrdiff_t increment)
{
    (void)increment;
    return (void *)-1;
}

/* As newlib calls it on some CPUs. */
void *_sbrk(ptrdiff_t increment) __attribute__((alias("sbrk")));
