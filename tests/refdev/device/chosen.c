// SPDX-License-Identifier: BSD-2-Clause
/* Reads $REFDEV and $REFDEV_MUTANT. */
#include "tests/refdev/device/chosen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/refdev/mutants/mutant.h"

static void list_variants(void)
{
    const struct ref_variant *variant;

    for (unsigned i = 0; (variant = ref_variant_at(i)); i++)
        printf("%s\n", variant->name);
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

const struct ref_variant *ref_chosen(void)
{
    const char *name = getenv("REFDEV"), *mutant = getenv("REFDEV_MUTANT");
    const struct ref_variant *variant = name ? ref_find_variant(name) : ref_variant_at(0);

    if (!variant)
        give_up("REFDEV", name, list_variants);
    if (mutant && *mutant && !ref_choose_mutant(mutant))
        give_up("REFDEV_MUTANT", mutant, ref_list_mutants);
    return variant;
}
