#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Everything that `make test` runs, one step a line: a name, then a command that prints KTAP or that only
# has an exit status. Steps of one paragraph run side by side. All steps run, whatever the others say;
# the table at the end adds them up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/harness/setup.sh
. tests/harness/setup.sh
need "$packages_build" "$packages_qemu_x86_64" "$packages_qemu_aarch64" "$packages_qemu_riscv64" \
    "$packages_firmware_x86_64" "$packages_firmware_aarch64" "$packages_firmware_riscv64" "$packages_test"

# The steps call make themselves: they are not part of the make that called this.
unset MAKEFLAGS MFLAGS MAKELEVEL

machines() { python3 -B tests/harness/machines.py; }

{
    # The machines wait for their endpoints for most of the time; the steps before check time limits.
    cat <<STEPS
check       timeout 1800 make -s -j$(nproc) check

aarch64     timeout 1800 make -s -j$(nproc) ARCH=aarch64 check

riscv64     timeout 1800 make -s -j$(nproc) ARCH=riscv64 check

images      python3 -B tests/selftest/test_images.py

unit        timeout 1800 make -s -j$(nproc) unit

fuzz        timeout 900 make -s -j$(nproc) fuzz FUZZ_SECONDS=3

coverage    timeout 1800 make -s -j$(nproc) coverage-host

host        timeout 1800 make -s -j$(nproc) host

compositions timeout 1800 make -s -j$(nproc) compositions

random      timeout 1800 make -s -j$(nproc) compositions RANDOM=40 SEED=1

mutants     timeout 1800 make -s -j$(nproc) mutants

mutants-vm  timeout 1200 make -s -j$(nproc) mutants-vm

harness     tests/selftest/coverage.sh

steps       python3 -B tests/selftest/test_steps.py
tree        python3 -B tests/selftest/test_devicetree.py
options     python3 -B tests/selftest/test_run_sh.py
commands    python3 -B tests/selftest/test_harness_readme.py
server      python3 -B tests/selftest/test_refdev.py

readme      python3 -B tests/selftest/test_readme.py

real        python3 -B tests/selftest/test_real.py
topology    python3 -B tests/selftest/test_topology.py

virt        python3 -B tests/selftest/test_topology_virt.py
cpus        python3 -B tests/selftest/test_many_cpus.py

nested      python3 -B tests/selftest/test_nested.py
vmms        python3 -B tests/selftest/test_kvm_vmms.py

STEPS
    echo '2 a CPU'
    for machine in $(machines); do
        echo "$machine ./run.sh -m $machine"
    done
    echo
    echo "equivalent  python3 -B tests/selftest/test_equivalent_machines.py"
    echo "stress      ./run.sh -t 3 -o build/results/stress stress.*"
    echo "bench       ./run.sh -t 1 -o build/results/bench bench.*"
} | python3 -B tests/harness/steps.py
