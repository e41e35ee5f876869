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
#include "tests/framework/fixture.h"
#include "tests/framework/report.h"
#include "tests/framework/runner.h"

static void print_diagnostic(void *context, const char *text)
{
    (void)context;
    report_diagnostic("%s", text);
}

void kmain(const struct boot_info *boot)
{
    static const struct sink diagnostics = {.line = print_diagnostic};
    static struct options options;
    static struct machine machine;
    static struct platform platform;
    static struct pages memory;
    static struct fixture fixture;

    /* A voice, if the CPU implies one, then a floor: from here on an exception is reported. */
    machine = arch_machine;
    console_init(&machine.uart);
    report_begin();
    boot_report(boot, &diagnostics);
    arch_init();
    tests_catch_traps();

    /* What firmware says of the machine; perhaps where its console is. */
    boot_machine(boot, &machine, &diagnostics);
    if (machine.uart.kind == MACHINE_NO_UART)
        console_guess(&machine.uart);
    console_init(&machine.uart);
    arch_start(&machine);

    /* What was asked for, and what there is to work with. */
    options_parse(boot->cmdline, &options, &diagnostics);
    boot_options(boot, &options, &machine, &diagnostics);
    boot_memory(boot, &memory, &diagnostics);
    platform_discover(&platform, &machine, &options.topology, &options.topology_choice,
                      &diagnostics);
    fixture_open(&fixture, &options, &platform, &memory);

    /* The work. */
    banner_print(&fixture, boot->protocol);
    unsigned code = tests_run(&fixture);

    report_exit(code);
    arch_poweroff(code);
}
