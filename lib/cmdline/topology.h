/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of the boot options that describe a topology, for machines that describe none or a wrong
 * one. They take precedence over every other description.
 *
 *     viommu=pci:[SSSS:]BB:DD.F
 *         The IOMMU is this PCI function (hexadecimal; segment 0 by default).
 *     viommu=mmio:BASE
 *         ... the virtio-mmio register block at this address.
 *     viommu.ep=BDF:ID
 *         The PCI function BDF, [SSSS:]BB:DD.F as above, is behind the IOMMU that the last viommu=
 *         named, and is endpoint ID there.
 *     viommu.ep=BDF-BDF:ID
 *         ... every function from the first to the second (both included, in the first one's
 *         segment); ID is the first one's, the others follow by their distance.
 *     viommu.ep=BASE:ID
 *         ... the device whose register block is at BASE.
 *     viommu.ep=scan
 *         The IOMMU is asked by ATTACH which ids it knows, of 0 to 0xff and 0x10000 to 0x100ff,
 * where kvmtool's are, and each DMA engine shows by which of them it goes. No viommu= is needed.
 *     viommu.ep=scan:FIRST-LAST
 *         ... of these ids, both included, at most 65536.
 *
 * Both may be repeated, viommu= for several IOMMUs. BASE and ids are decimal or 0x and hexadecimal.
 * An IOMMU that its own range covers is left out of it.
 *
 *     topology=WHICH              which descriptions are used: auto (the default), all that are
 *                                 there except viot-v8, which looks like a damaged viot; or one
 *                                 of dt, viot, viot-v8, viot-draft, iort, builtin, options; or off,
 *                                 none. Of several VIOTs the first of the layout that is named
 *                                 counts. builtin-v1 to builtin-v4 also say what a virtio-iommu's
 *                                 own configuration holds, which else is found out.
 */
#pragma once

#include "lib/text/scan.h"
#include "lib/topology/topology.h"

/* What `auto` means. */
struct topology_choice cmdline_topology_auto(void);
/* Reads the value of topology=; *out is untouched when false. */
bool cmdline_topology(struct scan *scan, struct topology_choice *out);

/* Reads one value and adds what it says; nothing when false, with *scan saying why. */
bool cmdline_viommu(struct scan *scan, struct topology *out);
bool cmdline_viommu_ep(struct scan *scan, struct topology *out);
