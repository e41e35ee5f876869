/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI host bridges of a tree (IEEE 1275's PCI bus binding, host-generic-pci.yaml): which there are,
 * and whether one can be used. Every reader of a tree asks here, so that all take the same ones.
 */
#pragma once

#include "lib/fdt/fdt.h"

/*
 * Configuration space of buses bus_first..bus_last; `ecam` is that of bus_first: 1 MiB a bus, or
 * with is_cam 64 KiB. An unusable one says CAM and has room for ECAM: which of the two it is, is
 * unknown.
 */
struct fdt_pci_host {
    uint16_t segment;
    uint8_t bus_first, bus_last;
    uint64_t ecam;
    bool is_cam, is_unusable;
};

/* The first host bridge after `previous` (FDT_NONE: from the root) that is enabled. */
uint32_t fdt_find_pci_host(const struct fdt *fdt, uint32_t previous);
/* Whether the node is one. */
bool fdt_is_pci_host(const struct fdt *fdt, uint32_t node);
/*
 * False, with a report: its domain or its buses have odd cells, are out of range, or are an earlier
 * bridge's, or its configuration space is not for the CPU to reach. A bridge without a domain has
 * one of its own.
 */
bool fdt_read_pci_host(const struct fdt *fdt, uint32_t node, struct fdt_pci_host *host,
                       const struct sink *sink);
