// SPDX-License-Identifier: BSD-2-Clause
#include "arch/backtrace.h"

#include <stdio.h>

#include "arch/smp.h"

#define BACKTRACE_MAX 24

/* From the linker script. */
extern const char kernel_begin[], text_end[];

static bool is_on_stack(uint64_t address)
{
    return smp_is_stack(address) && smp_is_stack(address + 15) && !(address & 7);
}

static bool is_in_text(uint64_t address)
{
    return address >= (uintptr_t)kernel_begin && address < (uintptr_t)text_end;
}

static void print_address(const char *what, uint64_t address, arch_print_line print)
{
    char line[24];

    snprintf(line, sizeof(line), "%s 0x%llx", what, (unsigned long long)address);
    print(line);
}

/* Frame pointers must be on the stack and rise; the first that does not is the end. */
void backtrace_print(uint64_t ip, uint64_t fp, int record, arch_print_line print)
{
    print_address("at  ", ip, print);
    for (unsigned i = 0; i < BACKTRACE_MAX && is_on_stack(fp + (uint64_t)record); i++) {
        const uint64_t *link = (const uint64_t *)(fp + (uint64_t)record);

        if (!is_in_text(link[1]))
            return;
        print_address("from", link[1], print);
        if (link[0] <= fp)
            return;
        fp = link[0];
    }
}
