// SPDX-License-Identifier: BSD-2-Clause
/* The table of contents: what the kernel does, in this order. No logic lives here. */
#include "boot/kmain.h"

#include "arch/arch.h"
#include "boot/cmdline.h"
#include "boot/handoff.h"
#include "drivers/console/console.h"
#include "drivers/platform/platform.h"
#include "lib/cmdline/cmdline.h"
#include "tests/framework/banner.h"
#include "tests/framework/fixture.h"
#include "tests/framework/report.h"
#include "tests/framework/runner.h"

void kmain(boot_reader *read, uint64_t address)
{
    static struct boot_info boot;
    static struct cmdline options;
    static struct machine machine;
    static struct platform platform;
    static struct pages memory;
    static struct fixture fixture;

    /* What the loader left, before anything of it is overwritten. */
    boot_read_handoff(read, address, &boot);

    /* The early console, if the CPU implies one, then exception handlers. */
    machine = arch_machine;
    console_init(&machine.uart);
    report_begin();
    boot_print_diagnostics(&boot, &report_diagnostics);
    arch_init();
    tests_catch_traps();

    /* The machine as firmware describes it, perhaps its console. */
    boot_find_machine(&boot, &machine, &report_diagnostics);
    if (machine.uart.kind == MACHINE_NO_UART)
        console_guess(&machine.uart);
    console_init(&machine.uart);
    arch_start(&machine);

    /* The command line, the memory, the devices. */
    cmdline_parse(boot.cmdline, &options, &report_diagnostics);
    boot_apply_cmdline(&boot, &options, &machine, &report_diagnostics);
    boot_find_memory(&boot, &memory, &report_diagnostics);
    platform_discover(&platform, &machine, &options.topology, &options.topology_choice,
                      &report_diagnostics);
    fixture_open(&fixture, &options, &platform, &memory);

    /* The tests. */
    banner_print(&fixture, boot.protocol);
    unsigned code = tests_run(&fixture);

    report_exit(code);
    arch_poweroff(code);
}
