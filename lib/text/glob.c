// SPDX-License-Identifier: BSD-2-Clause
#include "lib/text/glob.h"

#include <stddef.h>
#include <string.h>

static bool names_branch(const char *pattern, const char *text)
{
    size_t length = strlen(pattern);

    return strncmp(pattern, text, length) == 0 && (text[length] == '\0' || text[length] == '.');
}

/*
 * What follows a star is tried at every later character of the text. A failure goes back to the
 * last star only: an earlier one taking more could leave the last one no better choice than it has.
 */
static bool match_wildcards(const char *pattern, const char *text)
{
    const char *after_star = NULL, *retry = NULL;

    while (*text) {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (after_star) {
            pattern = after_star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool glob_match(const char *pattern, const char *text)
{
    return strpbrk(pattern, "*?") ? match_wildcards(pattern, text) : names_branch(pattern, text);
}
