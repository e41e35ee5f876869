#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The whole suite against every variant of reference device (tests/refdev/device/variants.c), natively: a KTAP
# report of one run after the other. $VARIANT, $RUN (a glob of test ids) and $SEED choose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

guest=build/host/viommu-guest
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
globs=("${RUN:-conformance.*}")
[ -n "${RUN:-}" ] || globs+=('discovery.*' 'topology.*' 'stress.*walk*' bench.attach_and_detach bench.probe_request)

# Where the IOMMU is, of which nothing in the machine tells.
options_of() {
    case $1 in
    *+packed) echo "$(options_of "${1%+packed}") ring=packed" ;;
    mmio*) echo "virtio_mmio.device=4K@0x32000000:6 viommu=mmio:0x32000000 viommu.ep=00:00.0-00:1f.7:0" ;;
    *) echo "viommu=pci:00:01.0 viommu.ep=00:00.0-00:1f.7:0" ;;
    esac
}

status=0
# The variants, and some with packed rings for everything.
variants=${VARIANT:-$(REFDEV=list $guest) usual+packed mmio+packed late+packed no-indirect+packed}
for variant in $variants; do
    REFDEV=${variant%+packed} python3 -B tests/harness/run.py --machine="host-$variant" \
        --results="build/results/host-$variant" --arch=host --vmm=refdev --vmm-version="$variant" --accel=none \
        --version=native --expect=tests/harness/expect --seed="$seed" --seconds=1 --timeout=60 \
        --guest="seed=$seed seconds=1 run=$(IFS=, && echo "${globs[*]}") $(options_of "$variant")" \
        -- $guest @GUEST@ || status=1
done
exit $status
