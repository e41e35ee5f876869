/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the readers by libFuzzer under ASan and UBSan. Each file of tests/unit/fuzz is one
 * program: a function fuzz_one() that hands bytes to a reader and checks what its header promises.
 * While a reader runs nothing may be allocated.
 */
#pragma once

#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes/bytes.h"
#include "lib/mem/view.h"
#include "lib/text/sink.h"

/* libFuzzer watches memory from a thread of its own, which may allocate. */
static _Thread_local bool fuzz_is_reading;

/* Ends the program, so that libFuzzer keeps the input, for which it allocates. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fuzz_is_reading = false;                                                               \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A call of a reader. */
#define FUZZ_READ(call)      (fuzz_is_reading = true, fuzz_ended(call))
#define FUZZ_READ_VOID(call) (fuzz_is_reading = true, (call), fuzz_is_reading = false)

static inline int fuzz_ended(int verdict)
{
    fuzz_is_reading = false;
    return verdict;
}

/* One input, an allocation of exactly `size` bytes. */
static void fuzz_one(const uint8_t *bytes, size_t size);

static void fuzz_allocation(const volatile void *block, size_t size)
{
    (void)block;
    (void)size;
    if (!fuzz_is_reading)
        return;
    FUZZ_CHECK(!"a reader allocates");
}

static void fuzz_release(const volatile void *block)
{
    if (block)
        fuzz_allocation(block, 0);
}

/* A finding of AddressSanitizer is printed with allocations, by which libFuzzer would lose the
 * input. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    fuzz_is_reading = false;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    FUZZ_CHECK(__sanitizer_install_malloc_and_free_hooks(fuzz_allocation, fuzz_release));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_one(bytes, size);
    return 0;
}

/* What a reader said since fuzz_lines was set to 0. */
static unsigned fuzz_lines, fuzz_lines_of_bytes;

static void fuzz_line(void *context, const char *text)
{
    (void)context;
    FUZZ_CHECK(strlen(text) < SINK_LINE_MAX);
    FUZZ_CHECK(*text && !strchr(text, '\n'));
    fuzz_lines++;
    fuzz_lines_of_bytes += strstr(text, " byte ") != NULL;
}

static const struct sink fuzz_sink = {.line = fuzz_line};

static inline void fuzz_forget_lines(void)
{
    fuzz_lines = fuzz_lines_of_bytes = 0;
}

static inline uint8_t *fuzz_copy(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size);

    FUZZ_CHECK(copy);
    return size ? memcpy(copy, bytes, size) : copy;
}

/* Gives an ACPI table the length and the checksum that a fuzzer never finds. */
static inline void fuzz_seal(uint8_t *table, size_t size)
{
    uint32_t length = (uint32_t)size;

    memcpy(table + 4, &length, sizeof(length));
    table[9] = (uint8_t)(table[9] - bytes_sum(table, size));
}
