/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of platform_discover(). */
#pragma once

#include "drivers/platform/platform.h"

/* Where the records of a source go. */
struct topology *platform_records(struct platform *platform, enum topology_source source);
/* Fills builtins[] and reads the source TOPOLOGY_BUILTIN. */
void platform_read_builtins(struct platform *platform, const struct sink *diagnostics);
/* Reads the other sources, all but a scan. `by_options`: by boot options. */
void platform_read_topology(struct platform *platform, const struct topology *by_options,
                            const struct sink *diagnostics);
/* Reports what overlaps in what they make together. */
void platform_check_topology(const struct platform *platform, const struct sink *diagnostics);
