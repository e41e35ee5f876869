// SPDX-License-Identifier: BSD-2-Clause
#include "arch/arch.h"
#include "lib/array/array.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "arch/host/host.h"

#define NS_PER_S 1000000000ull

const char arch_name[] = "host";

/* One bus of functions in software, each with INTA# on the line of its slot. */
const struct machine arch_machine = {
    .uart = {.kind = MACHINE_UART_16550, .base = HOST_UART, .width = 1},
    .cpus = {{.id = 0}},
    .cpu_count = 1,
    .hosts = {{
        .ecam = HOST_ECAM,
        .windows = {{.kind = MACHINE_WINDOW_32,
                     .bus = HOST_WINDOW,
                     .cpu = HOST_WINDOW,
                     .size = HOST_WINDOW_SIZE}},
        .window_count = 1,
        .line_mask_bdf = 0x38,
        .line_mask_pin = 7,
        .lines = {{.bdf = 0x08, .pin = 1, .line = 1},
                  {.bdf = 0x10, .pin = 1, .line = 2},
                  {.bdf = 0x18, .pin = 1, .line = 3},
                  {.bdf = 0x20, .pin = 1, .line = 4},
                  {.bdf = 0x28, .pin = 1, .line = 5}},
        .line_count = 5,
    }},
    .host_count = 1,
};

/* File scope: a signal passes no context of ours. */
static void (*trap_handler)(const struct arch_trap *trap);
static volatile sig_atomic_t is_trapped;
static uint64_t start_ns;

/* File scope: a wait passes no context. */
static void (*idle)(void *context);
static void *idle_context;

void host_on_idle(void (*function)(void *context), void *context)
{
    idle = function;
    idle_context = context;
}

void host_idle(void)
{
    if (idle)
        idle(idle_context);
}

/* File scope: whoever reads the clock passes no context. */
static uint64_t look_ns, looked_ns;

void host_hasten(uint64_t ns)
{
    look_ns = ns;
}

uint64_t host_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    looked_ns += look_ns;
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec + looked_ns;
}

static void on_signal(int number, siginfo_t *info, void *frame)
{
    const struct arch_trap trap = {
        .name = number == SIGPROF ? "no end within the time limit" : strsignal(number),
        .is_deadline = number == SIGPROF,
        .address = number == SIGPROF ? 0 : (uintptr_t)info->si_addr,
        .ip = (uintptr_t)info->si_addr,
        .frame = frame,
    };

    if (trap_handler && !is_trapped) {
        is_trapped = 1;
        trap_handler(&trap);
    }
    arch_poweroff(2);
}

void arch_init(void)
{
    static uint8_t stack[65536];
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
    const struct sigaction action = {.sa_sigaction = on_signal,
                                     .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const int signals[] = {SIGPROF, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

    sigaltstack(&alternative, NULL);
    for (unsigned i = 0; i < ARRAY_LENGTH(signals); i++)
        sigaction(signals[i], &action, NULL);
}

void arch_start(const struct machine *machine)
{
    (void)machine;
    start_ns = host_now_ns();
}

void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind)
{
    (void)kind;
    return size && size - 1 <= UINT64_MAX - base ? (void *)base : NULL;
}

void arch_on_trap(void (*handler)(const struct arch_trap *trap))
{
    trap_handler = handler;
}

void arch_trap_print(const struct arch_trap *trap, arch_print_line print)
{
    char line[64];

    snprintf(line, sizeof(line), "address 0x%llx", (unsigned long long)trap->address);
    print(line);
}

/* By the time in which the process runs. */
void arch_deadline(uint64_t ns)
{
    const struct itimerval timer = {.it_value = {.tv_sec = (time_t)(ns / NS_PER_S),
                                                 .tv_usec = (suseconds_t)(ns % NS_PER_S / 1000)}};

    setitimer(ITIMER_PROF, &timer, NULL);
}

uint64_t arch_cycles_per_second(void)
{
    return NS_PER_S;
}

bool arch_try_read32(const volatile void *address, uint32_t *value)
{
    *value = mmio_read32(address);
    return true;
}

bool arch_clock_is_assumed(void)
{
    return false;
}

const char *arch_clock_name(void)
{
    return "clock_gettime";
}

uint64_t arch_cycles_to_ns(uint64_t cycles)
{
    return cycles;
}

uint64_t arch_now_ns(void)
{
    return host_now_ns() - start_ns;
}

void arch_wait_ns(uint64_t ns)
{
    struct wait wait = arch_wait_begin(ns);

    while (arch_wait_goes_on(&wait))
        ;
}

bool arch_wait_slowly(struct wait *wait)
{
    return arch_wait_goes_on(wait);
}

unsigned arch_cpu_count(void)
{
    return 1;
}

uint64_t arch_cpu_id(unsigned cpu)
{
    return cpu ? UINT64_MAX : 0;
}

/* One process, one CPU: the devices run in it too. */
bool arch_start_on(unsigned cpu, void (*function)(void *argument), void *argument)
{
    (void)cpu, (void)function, (void)argument;
    return false;
}

bool arch_wait_for(unsigned cpu, uint64_t limit_ns)
{
    (void)cpu, (void)limit_ns;
    return false;
}

bool arch_run_on(unsigned cpu, void (*function)(void *argument), void *argument, uint64_t limit_ns)
{
    (void)cpu, (void)function, (void)argument, (void)limit_ns;
    return false;
}

/* A crash or a hang ends at once; an ordinary end runs the checks of the sanitizers. */
void arch_poweroff(unsigned code)
{
    fflush(stdout);
    if (code == 2)
        _exit((int)(code << 1 | 1));
    exit((int)(code << 1 | 1));
}
