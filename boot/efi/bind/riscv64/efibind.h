/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debian's gnu-efi has this file for the CPU of the package only. It defines types by their width
 * and the calling convention, which is the compiler's own: the same for every CPU of 64 bits.
 */
#include <x86_64/efibind.h>
