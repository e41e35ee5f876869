// SPDX-License-Identifier: BSD-2-Clause
#include "tests/framework/cpu.h"

#include <string.h>

#include "arch/arch.h"

struct work {
    struct test *test;
    void (*function)(struct test *test, void *argument);
    void *argument;
    bool is_stopped;
};

/* skip() and require() jump to test->stop, which must not be on the stack of another CPU. */
static void work(void *context)
{
    struct work *work = context;

    if (setjmp(work->test->stop))
        work->is_stopped = true;
    else
        work->function(work->test, work->argument);
}

void run_on(struct test *test, unsigned cpu, void (*function)(struct test *test, void *argument),
            void *argument)
{
    struct work own = {.test = test, .function = function, .argument = argument};
    jmp_buf stop;

    if (!cpu) {
        function(test, argument);
        return;
    }
    memcpy(&stop, &test->stop, sizeof(stop));
    start_on(test, cpu, work, &own);
    finish_on(test, cpu);
    memcpy(&test->stop, &stop, sizeof(stop));
    if (own.is_stopped)
        longjmp(test->stop, 1);
}

void start_on(struct test *test, unsigned cpu, void (*function)(void *argument), void *argument)
{
    if (!arch_start_on(cpu, function, argument))
        cpu_does_not_start(test, cpu);
}

void finish_on(struct test *test, unsigned cpu)
{
    if (!arch_wait_for(cpu, UINT64_MAX))
        error(test, "nothing was started on CPU %u", cpu);
}

void cpu_does_not_start(struct test *test, unsigned cpu)
{
    error(test, "CPU %u, id 0x%llx, does not start", cpu, (unsigned long long)arch_cpu_id(cpu));
}
