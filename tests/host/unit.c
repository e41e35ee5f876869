// SPDX-License-Identifier: BSD-2-Clause
#include "tests/host/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The unit under test has no way to pass a context through CHECK; one process runs one unit. */
static bool failed;

void unit_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    failed = true;
    printf("# %s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

uint64_t unit_random(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

uint8_t *unit_read_file(const char *path, size_t *size)
{
    enum { STEP = 0x10000 };
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;

    if (!file) {
        perror(path);
        exit(1);
    }
    *size = 0;
    do {
        bytes = realloc(bytes, *size + STEP);
        *size += fread(bytes + *size, 1, STEP, file);
    } while (!feof(file) && !ferror(file));
    fclose(file);
    return realloc(bytes, *size);
}

int unit_main(const char *suite, const struct unit *units, size_t count)
{
    int status = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("KTAP version 1\n1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        failed = false;
        units[i].run();
        printf("%s %zu unit.%s.%s\n", failed ? "not ok" : "ok", i + 1, suite, units[i].name);
        status |= failed;
    }
    return status;
}
