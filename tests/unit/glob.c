// SPDX-License-Identifier: BSD-2-Clause
/* Globs over test ids: the rules, and the definition beside the matcher on random texts. */
#include <string.h>

#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "lib/text/glob.h"
#include "tests/unit/fixtures/unit.h"

static void globs(void)
{
    static const struct {
        const char *pattern, *text;
        bool expected;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "a.b.c", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "ab", false},
        {"??", "ab", true},
        {"a*", "a", true},
        {"a*", "ba", false},
        {"*a", "bba", true},
        {"*a", "bbab", false},
        {"*ab", "aab", true},
        {"*aab*", "aaaab", true},
        {"a*b*c", "a1b2b3c", true},
        {"a*b*c", "a1c2b", false},
        {"a**b", "ab", true},
        {"?*?", "a", false},
        {"?*?", "ab", true},
        {"*?", "abc", true},
        {"*.?", "a.b", true},
        {"[a]*", "a", false},
        {"[a]*", "[a]b", true},
        {"a\\*", "a*", false},
        {"conformance.map.*", "conformance.map.overlap", true},
        {"conformance.map.*", "conformance.map", false},
        {"conformance.*.overlap*", "conformance.map.overlap_is_rejected", true},
        {"*map*", "conformance.unmap.x", true},
        {"conformance.map", "conformance.map", true},
        {"conformance.map", "conformance.map.overlap", true},
        {"conformance.map", "conformance.mapping", false},
        {"conformance.map", "conformance.ma", false},
        {"conformance.map.", "conformance.map.overlap", false},
        {"conformance", "conformance.map.overlap", true},
        {"map", "conformance.map", false},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (glob_match(cases[i].pattern, cases[i].text) != cases[i].expected)
            unit_fail(__FILE__, __LINE__, "'%s' and '%s': expected %d", cases[i].pattern,
                      cases[i].text, cases[i].expected);
}

/* The definition, word by word; exponential, so for short texts. */
static bool slow_match(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return slow_match(pattern + 1, text) || (*text && slow_match(pattern, text + 1));
    return *text && (*pattern == '?' || *pattern == *text) && slow_match(pattern + 1, text + 1);
}

static void globs_agree_with_the_definition(void)
{
    struct rng rng;
    unsigned matches = 0;

    rng_seed(&rng, 23);
    for (unsigned i = 0; i < 100000; i++) {
        char pattern[8] = "", text[9] = "";
        size_t length = rng_below(&rng, sizeof(pattern) - 1);

        for (size_t k = 0; k < length; k++)
            pattern[k] = "ab*?"[rng_below(&rng, 4)];
        pattern[length] = '*';
        length = rng_below(&rng, sizeof(text));
        for (size_t k = 0; k < length; k++)
            text[k] = "ab"[rng_below(&rng, 2)];
        if (rng_chance(&rng, 1, 2))
            pattern[strlen(pattern) - 1] = "a?"[rng_below(&rng, 2)];
        if (!strpbrk(pattern, "*?"))
            continue;
        matches += glob_match(pattern, text);
        CHECK_EQ(glob_match(pattern, text), slow_match(pattern, text));
    }
    CHECK(matches > 10000);
}

static void many_stars_do_not_blow_up(void)
{
    static char pattern[4096], text[4096];

    for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[sizeof(pattern) - 2] = 'b';
    memset(text, 'a', sizeof(text) - 1);
    CHECK(!glob_match(pattern, text));
}

int main(void)
{
    static const struct unit units[] = {
        {"globs", globs},
        {"globs_agree_with_the_definition", globs_agree_with_the_definition},
        {"many_stars_do_not_blow_up", many_stars_do_not_blow_up},
    };

    return unit_main("glob", units, ARRAY_LENGTH(units));
}
