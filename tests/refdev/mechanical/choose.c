// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which mechanical mutant runs: $MECHANICAL is its number. With `map` there is none, and behind each line of
 * the console stands which of them have been come across since the one before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "tests/refdev/mechanical/mutate.h"

unsigned mutant_chosen;
bool mutant_reached[MUTANTS_MAX];

static void tell_reached(void)
{
    const char *before = "# reached";

    for (unsigned i = 0; i < MUTANTS_MAX; i++)
        if (mutant_reached[i]) {
            printf("%s %u", before, i);
            before = "";
        }
    if (!*before)
        printf("\n");
    memset(mutant_reached, 0, sizeof(mutant_reached));
}

__attribute__((constructor)) static void choose(void)
{
    const char *wanted = getenv("MECHANICAL");

    if (!wanted)
        return;
    if (!strcmp(wanted, "map"))
        host_on_line(tell_reached);
    else
        mutant_chosen = (unsigned)strtoul(wanted, NULL, 10);
}
