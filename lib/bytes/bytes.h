/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Little-endian fields of tables, read a byte at a time: the fields of firmware tables
 * are not aligned, and a wide load from an odd address faults on some CPUs. The caller has checked the
 * bounds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t bytes_le16(const void *at)
{
    const uint8_t *byte = at;

    return (uint16_t)(byte[0] | byte[1] << 8);
}

static inline uint32_t bytes_le32(const void *at)
{
    const uint8_t *byte = at;

    return bytes_le16(byte) | (uint32_t)bytes_le16(byte + 2) << 16;
}

static inline uint64_t bytes_le64(const void *at)
{
    const uint8_t *byte = at;

    return bytes_le32(byte) | (uint64_t)bytes_le32(byte + 4) << 32;
}

/* Sum modulo 256: 0 over the whole of an intact ACPI structure. */
static inline uint8_t bytes_sum(const void *at, size_t size)
{
    const uint8_t *byte = at;
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + byte[i]);
    return sum;
}

/* Index of the first byte that is not zero; `size` if there is none. */
static inline size_t bytes_first_set(const void *at, size_t size)
{
    const uint8_t *byte = at;
    size_t i = 0;

    while (i < size && byte[i] == 0)
        i++;
    return i;
}
