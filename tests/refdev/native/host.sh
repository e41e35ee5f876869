#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The whole suite against every variant of reference device (tests/refdev/device/variants.c), natively: a KTAP
# report of one run after the other. $VARIANT, $RUN (a glob of test ids) and $SEED choose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

guest=build/host/viommu-guest
globs=("${RUN:-conformance.*}")
[ -n "${RUN:-}" ] || globs+=('discovery.*' 'topology.*' 'stress.*walk*' bench.attach_and_detach bench.probe_request)

# Where the IOMMU is, which nothing in the machine describes.
options_of() {
    case $1 in
    *+packed) echo "$(options_of "${1%+packed}") ring=packed" ;;
    mmio*) echo "virtio_mmio.device=4K@0x32000000:6 viommu=mmio:0x32000000 viommu.ep=00:00.0-00:1f.7:0" ;;
    *) echo "viommu=pci:00:01.0 viommu.ep=00:00.0-00:1f.7:0" ;;
    esac
}

# The variants, and some with packed rings for everything: a machine each.
mkdir -p build/results
machines=build/results/host.toml
for variant in ${VARIANT:-$(REFDEV=list $guest) usual+packed mmio+packed late+packed no-indirect+packed}; do
    printf '["host-%s"]\narch = "host"\nvmm = "native"\nguest = "%s"\nenvironment = { REFDEV = "%s" }\n' \
        "$variant" "$(options_of "$variant")" "${variant%+packed}"
done >$machines

TIMEOUT=60 exec ./run.sh --no-build --machines $machines -m '*' ${SEED:+-s "$SEED"} -t 1 "${globs[@]}"
