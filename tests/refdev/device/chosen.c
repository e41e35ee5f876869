// SPDX-License-Identifier: BSD-2-Clause
#include "tests/refdev/device/chosen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/refdev/mutants/mutant.h"

static void list_kinds(void)
{
    const struct ref_kind *kind;

    for (unsigned i = 0; (kind = ref_kind_at(i)); i++)
        printf("%s\n", kind->name);
}

static _Noreturn void give_up(const char *variable, const char *name, void (*list)(void))
{
    bool is_list = !strcmp(name, "list");

    if (is_list)
        list();
    else
        fprintf(stderr, "%s: there is no '%s'; 'list' lists them\n", variable, name);
    exit(is_list ? 0 : 2);
}

const struct ref_kind *ref_chosen(void)
{
    const char *name = getenv("REFDEV"), *mutant = getenv("REFDEV_MUTANT");
    const struct ref_kind *kind = name ? ref_find_kind(name) : ref_kind_at(0);

    if (!kind)
        give_up("REFDEV", name, list_kinds);
    if (mutant && *mutant && !ref_choose_mutant(mutant))
        give_up("REFDEV_MUTANT", mutant, ref_list_mutants);
    return kind;
}
