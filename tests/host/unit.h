/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unit tests that run as an ordinary process under ASan and UBSan. Each tests/host/unit_*.c is one
 * program: a table of named functions handed to unit_main(), which prints KTAP and returns the exit
 * status. A failed CHECK is printed with its values and the function goes on.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit {
    const char *name;
    void (*run)(void);
};

/* Runs every unit and prints `ok N unit.<suite>.<name>`; returns 0 if all passed, else 1. */
int unit_main(const char *suite, const struct unit *units, size_t count);

/* The next of a sequence that is the same in every process. */
uint64_t unit_random(void);

/* The bytes of a file, an allocation of exactly *size; ends the program where there is none. */
uint8_t *unit_read_file(const char *path, size_t *size);

/* Prints a diagnostic and marks the running unit as failed. */
void unit_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            unit_fail(__FILE__, __LINE__, "%s", #condition);                                       \
    } while (0)

#define CHECK_EQ(actual, expected)                                                                 \
    do {                                                                                           \
        unsigned long long actual_ = (unsigned long long)(actual);                                 \
        unsigned long long expected_ = (unsigned long long)(expected);                             \
        if (actual_ != expected_)                                                                  \
            unit_fail(__FILE__, __LINE__, "%s is 0x%llx, expected %s = 0x%llx", #actual, actual_,  \
                      #expected, expected_);                                                       \
    } while (0)
