/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function in software: configuration space with one 32-bit memory BAR, and MSI-X. It does
 * not depend on how its registers are reached: the same functions serve arch/host in one process
 * and an unmodified QEMU from another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REF_VECTORS         4
#define REF_MSIX_TABLE      0x1800 /* in the BAR */
#define REF_MSIX_PENDING    0x1c00
#define REF_MSIX_END        0x2000
#define REF_CONFIG_SIZE     256
#define REF_ALL_ONES(width) ((uint32_t)(UINT64_MAX >> (64 - 8 * (width))))

/* What a function needs of the machine. Addresses are guest-physical. */
struct ref_surroundings {
    /* `size` bytes of memory at the address; NULL where not all of them are memory. */
    void *(*memory)(void *context, uint64_t address, uint64_t size);
    /* Sends an interrupt message. */
    void (*message)(void *context, uint64_t address, uint32_t data);
    /* Asserts or de-asserts INTA# of the function in a slot. */
    void (*line)(void *context, unsigned slot, bool is_asserted);
    void *context;
};

struct ref_function;

/* The BAR, but for MSI-X; `width` is 1, 2, 4 or 8 and the offset a multiple of it. */
struct ref_function_ops {
    uint64_t (*read)(struct ref_function *function, uint32_t offset, unsigned width);
    void (*write)(struct ref_function *function, uint32_t offset, unsigned width, uint64_t value);
    void (*reset)(struct ref_function *function);
    /* Of configuration space, where the function has registers in it; NULL: none. */
    uint32_t (*config_read)(struct ref_function *function, uint16_t offset, unsigned width,
                            uint32_t value);
    void (*config_write)(struct ref_function *function, uint16_t offset, unsigned width,
                         uint32_t value);
};

struct ref_vector {
    uint64_t address;
    uint32_t data, control; /* control bit 0: masked */
};

struct ref_function {
    const struct ref_function_ops *ops;
    const struct ref_surroundings *around;
    unsigned slot; /* device number on bus 0 */
    uint8_t config[REF_CONFIG_SIZE];
    uint8_t writable[REF_CONFIG_SIZE]; /* bits that a write changes */
    uint32_t bar_size;
    uint8_t capability;    /* the last one of the list; 0: none */
    uint8_t msix;          /* the MSI-X capability; 0: none */
    unsigned vector_count; /* of MSI-X */
    struct ref_vector vectors[REF_VECTORS];
    uint32_t pending;
    bool is_asserted; /* the function asserts INTA# */
};

/* Identifiers in the header; `class_code` as in struct pci_function. */
struct ref_identity {
    uint16_t vendor, device, subsystem;
    uint32_t class_code;
    uint8_t revision;
};

/* `bar_size` is a power of two, at least 16. */
void ref_function_init(struct ref_function *function, const struct ref_identity *identity,
                       uint32_t bar_size);
/*
 * Adds a capability of `length` bytes, of which the first two are the list's; returns its offset.
 */
uint8_t ref_add_capability(struct ref_function *function, uint8_t id, const void *bytes,
                           uint8_t length);
/* MSI-X is the first capability, and may be removed when the others are there. */
void ref_add_msix(struct ref_function *function);
/* From 1 to REF_VECTORS of them. */
void ref_limit_vectors(struct ref_function *function, unsigned count);
void ref_remove_msix(struct ref_function *function);
/* A function without a pin has no line: with MSI-X off it interrupts nobody. */
void ref_remove_pin(struct ref_function *function);
bool ref_has_pin(const struct ref_function *function);

/* What the bus does to a function. */
uint32_t ref_config_read(struct ref_function *function, uint16_t offset, unsigned width);
void ref_config_write(struct ref_function *function, uint16_t offset, unsigned width,
                      uint32_t value);
uint64_t ref_bar_read(struct ref_function *function, uint32_t offset, unsigned width);
void ref_bar_write(struct ref_function *function, uint32_t offset, unsigned width, uint64_t value);
void ref_reset(struct ref_function *function);
/* Where the BAR is now; false: decoding is off or it has no address. */
bool ref_bar_base(const struct ref_function *function, uint64_t *base);

bool ref_is_bus_master(const struct ref_function *function);
bool ref_msix_is_enabled(const struct ref_function *function);
/* Sends the message of a vector, or keeps it pending while masked; below vector_count. */
void ref_fire(struct ref_function *function, unsigned vector);
/* INTA#, as long as neither MSI-X nor the command register keeps the function from it. */
void ref_set_line(struct ref_function *function, bool is_asserted);

/* Little-endian fields of configuration space and of registers. */
uint32_t ref_get(const void *bytes, unsigned width);
void ref_put(void *bytes, unsigned width, uint32_t value);
