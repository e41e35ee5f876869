// SPDX-License-Identifier: BSD-2-Clause
/* The table of contents: what the kernel does, in this order. No logic lives here. */
#include "boot/kmain.h"

#include "arch/arch.h"
#include "boot/memory.h"
#include "boot/options.h"
#include "drivers/console/console.h"
#include "drivers/platform/platform.h"
#include "lib/text/options.h"
#include "tests/framework/banner.h"
#include "tests/framework/lab.h"
#include "tests/framework/report.h"
#include "tests/framework/runner.h"

static void print_complaint(void *context, const char *text)
{
    (void)context;
    report_diagnostic("%s", text);
}

void kmain(const struct boot_info *boot)
{
    static const struct sink complaints = {.line = print_complaint};
    static struct options options;
    static struct machine machine;
    static struct platform platform;
    static struct pages memory;
    static struct lab lab;

    /* A voice, if the CPU implies one, then a floor: from here on an exception is reported. */
    machine = arch_machine;
    console_init(&machine.uart);
    report_begin();
    boot_report(boot, &complaints);
    arch_init();
    tests_catch_traps();

    /* What firmware says of the machine; perhaps where its console is. */
    boot_machine(boot, &machine, &complaints);
    console_init(&machine.uart);
    arch_start(&machine);

    /* What was asked for, and what there is to work with. */
    options_parse(boot->cmdline, &options, &complaints);
    boot_options(boot, &options, &machine, &complaints);
    boot_memory(boot, &memory, &complaints);
    platform_discover(&platform, &machine, &options.topology, &options.topology_choice,
                      &complaints);
    lab_open(&lab, &options, &platform, &memory);

    /* The work. */
    banner_print(&lab, boot->protocol);
    unsigned code = tests_run(&lab);

    report_exit(code);
    arch_poweroff(code);
}
