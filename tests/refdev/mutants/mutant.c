// SPDX-License-Identifier: BSD-2-Clause
/* The table of mutants, from mutants.def and hostile.def. */
#include "tests/refdev/mutants/mutant.h"

#include "lib/array/array.h"

#include <stdio.h>
#include <string.h>

enum ref_mutant ref_mutant;
bool ref_mutant_is_met;

static const struct {
    const char *name, *variant, *text, *clauses;
} mutants[] = {
    {"", "", "", ""},
#define REF_MUTANT(name, variant, text, ...) {#name, variant, text, #__VA_ARGS__},
#include "tests/refdev/mutants/hostile.def"
#include "tests/refdev/mutants/mutants.def"
#undef REF_MUTANT
};

#define MUTANTS ARRAY_LENGTH(mutants)

bool ref_choose_mutant(const char *name)
{
    for (unsigned i = 1; i < MUTANTS; i++)
        if (!strcmp(mutants[i].name, name)) {
            ref_mutant = (enum ref_mutant)i;
            return true;
        }
    return false;
}

void ref_list_mutants(void)
{
    for (unsigned i = 1; i < MUTANTS; i++)
        printf("%s\t%s\t%s\t%s\n", mutants[i].name, mutants[i].variant, mutants[i].clauses,
               mutants[i].text);
}
