/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of arch/arch.h about I/O ports, for CPUs that have none. */
#pragma once

#include "arch/arch.h"

static inline bool arch_has_ports(void)
{
    return false;
}

static inline uint8_t port_read8(uint16_t port)
{
    (void)port;
    return UINT8_MAX;
}

static inline uint16_t port_read16(uint16_t port)
{
    (void)port;
    return UINT16_MAX;
}

static inline uint32_t port_read32(uint16_t port)
{
    (void)port;
    return UINT32_MAX;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
    (void)port, (void)value;
}

static inline void port_write16(uint16_t port, uint16_t value)
{
    (void)port, (void)value;
}

static inline void port_write32(uint16_t port, uint32_t value)
{
    (void)port, (void)value;
}
