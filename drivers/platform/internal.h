/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of platform_discover(). */
#pragma once

#include "drivers/platform/platform.h"

/* Fills builtins[] and the source TOPOLOGY_BUILTIN. */
void platform_read_builtins(struct platform *platform, const struct sink *diagnostics);
/* Fills the other sources, and what they make together. `by_options`: by boot options. */
void platform_read_topology(struct platform *platform, const struct topology *by_options,
                            const struct sink *diagnostics);
