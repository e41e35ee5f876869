// SPDX-License-Identifier: BSD-2-Clause
#include "boot/kmain.h"

_Noreturn void image_main(uint64_t device_tree);
_Noreturn void image_main(uint64_t device_tree)
{
    static struct boot_info info; /* too large for a stack frame */

    info.protocol = "image";
    info.dtb = device_tree;
    boot_add_memory(&info, 0x40000000, 0x10000000, BOOT_USABLE);
    boot_set_cmdline(&info, "run=selftest.*", 20);
    kmain(&info);
}
