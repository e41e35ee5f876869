// SPDX-License-Identifier: BSD-2-Clause
#include "boot/kmain.h"

_Noreturn void image_main(uint64_t device_tree);
_Noreturn void image_main(uint64_t device_tree)
{
    static struct boot_info info; /* too large for a stack frame */

    info.protocol = "image";
    info.dtb = device_tree;
    kmain(&info);
}
