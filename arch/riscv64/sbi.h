/* SPDX-License-Identifier: BSD-2-Clause */
/* Supervisor Binary Interface 1.0: chapters 3 (calls), 4 (base), 5 (legacy), 6 (TIME), 9, 10. */
#pragma once

#include <stdint.h>

#define SBI_LEGACY_PUT   0x01
#define SBI_BASE         0x10
#define SBI_BASE_PROBE   3
#define SBI_TIME         0x54494d45
#define SBI_TIME_SET     0
#define SBI_HSM          0x48534d
#define SBI_HSM_START    0
#define SBI_HSM_STOP     1
#define SBI_HSM_STATUS   2
#define SBI_HSM_STOPPED  1 /* a status */
#define SBI_SRST         0x53525354
#define SBI_SRST_RESET   0
#define SBI_SRST_OFF     0 /* a type of reset */
#define SBI_SRST_FAILURE 1 /* a reason */

struct sbi_result {
    int64_t error; /* 0: none */
    uint64_t value;
};

struct sbi_result sbi_call(uint32_t extension, uint32_t function, uint64_t first, uint64_t second,
                           uint64_t third);
