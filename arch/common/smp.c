// SPDX-License-Identifier: BSD-2-Clause
/* Calls on other CPUs: whose turn it is, how long one waits, and where their stacks are. */
#include "arch/smp.h"

#include "arch/arch.h"

#define GUARD_SIZE     4096
#define STACK_SIZE     32768
#define START_LIMIT_NS 2000000000ull

/* From the linker script: the stack of the CPU that booted. */
extern const char stack_guard[], stack_bottom[], stack_top[];

enum call_state { CALL_IDLE, CALL_STARTING, CALL_RUNNING, CALL_DONE, CALL_GIVEN_UP };

/* The caller moves it to STARTING, IDLE or GIVEN_UP, the CPU itself to RUNNING and DONE. */
struct call {
    enum call_state state;
    uint64_t id;
    void (*function)(void *argument);
    void *argument;
};

struct stack {
    uint8_t guard[GUARD_SIZE], bytes[STACK_SIZE];
};

/* File scope: neither a CPU that starts nor a trap is passed any context. */
static struct call calls[MACHINE_MAX_CPUS];
static unsigned cpu_count = 1;
static unsigned trap_owner; /* the CPU that reports a trap, + 1 */
static struct stack stacks[MACHINE_MAX_CPUS - 1] __attribute__((aligned(GUARD_SIZE)));

void smp_init(const struct machine *machine, uint64_t boot_id)
{
    for (unsigned i = 0; i < machine->cpu_count && cpu_count < MACHINE_MAX_CPUS; i++)
        if (machine->cpus[i].id != boot_id)
            calls[cpu_count++].id = machine->cpus[i].id;
    calls[0].id = boot_id;
}

unsigned arch_cpu_count(void)
{
    return cpu_count;
}

uint64_t arch_cpu_id(unsigned cpu)
{
    return cpu < cpu_count ? calls[cpu].id : UINT64_MAX;
}

/* Both sides may want to move on at the same time; one of them finds that it came too late. */
static bool move(struct call *call, enum call_state from, enum call_state to)
{
    return __atomic_compare_exchange_n(&call->state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* False: still in `state` after the limit, and given up. */
static bool leaves(struct call *call, enum call_state state, uint64_t limit_ns)
{
    struct wait wait = arch_wait_begin(limit_ns);

    while (__atomic_load_n(&call->state, __ATOMIC_ACQUIRE) == state)
        if (!arch_wait_goes_on(&wait))
            return !move(call, state, CALL_GIVEN_UP);
    return true;
}

bool arch_start_on(unsigned cpu, void (*function)(void *argument), void *argument)
{
    struct call *call;

    if (!cpu || cpu >= cpu_count || calls[cpu].state != CALL_IDLE)
        return false;
    call = &calls[cpu];
    call->function = function;
    call->argument = argument;
    __atomic_store_n(&call->state, CALL_STARTING, __ATOMIC_RELEASE);
    if (cpu_start(cpu, call->id, stacks[cpu - 1].bytes + STACK_SIZE))
        return leaves(call, CALL_STARTING, START_LIMIT_NS);
    return !move(call, CALL_STARTING, CALL_GIVEN_UP);
}

bool arch_wait_for(unsigned cpu, uint64_t limit_ns)
{
    return cpu && cpu < cpu_count && leaves(&calls[cpu], CALL_RUNNING, limit_ns) &&
           move(&calls[cpu], CALL_DONE, CALL_IDLE);
}

bool arch_run_on(unsigned cpu, void (*function)(void *argument), void *argument, uint64_t limit_ns)
{
    return arch_start_on(cpu, function, argument) && arch_wait_for(cpu, limit_ns);
}

_Noreturn void smp_main(unsigned cpu)
{
    struct call *call = &calls[cpu];

    if (move(call, CALL_STARTING, CALL_RUNNING)) {
        call->function(call->argument);
        move(call, CALL_RUNNING, CALL_DONE);
    }
    cpu_stop();
}

bool smp_is_guard(uint64_t address)
{
    uint64_t offset = address - (uintptr_t)stacks;

    if (address >= (uintptr_t)stack_guard && address < (uintptr_t)stack_bottom)
        return true;
    return offset < sizeof(stacks) && offset % sizeof(stacks[0]) < GUARD_SIZE;
}

bool smp_is_stack(uint64_t address)
{
    if (address >= (uintptr_t)stack_bottom && address < (uintptr_t)stack_top)
        return true;
    return address - (uintptr_t)stacks < sizeof(stacks) && !smp_is_guard(address);
}

bool smp_claim_trap(unsigned cpu)
{
    unsigned owner = 0;

    if (__atomic_load_n(&calls[cpu].state, __ATOMIC_ACQUIRE) == CALL_GIVEN_UP)
        cpu_stop(); /* its test is over */
    if (__atomic_compare_exchange_n(&trap_owner, &owner, cpu + 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return true;
    if (owner != cpu + 1)
        cpu_stop();
    return false;
}
