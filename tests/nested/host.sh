#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: host.sh ARCH DIRECTORY
# Leaves in DIRECTORY what a machine that carries a nested VMM boots: Debian's cloud kernel `vmlinuz`, the
# modules that KVM needs there and those of VFIO, their names in `modules` and `modules.vfio` in the order of
# loading, and a static `busybox`. Root is not needed and nothing is installed: apt works on package lists of
# its own.
set -euo pipefail
arch=$1 directory=$2
vfio='vfio vfio_virqfd vfio_iommu_type1 vfio-pci-core vfio-pci'
case $arch in
x86_64) debian=amd64 kvm='irqbypass kvm kvm-amd' ;;
aarch64) debian=arm64 kvm='' ;;
*) echo "no kernel for $arch is known" >&2 && exit 1 ;;
esac
[ ! -e "$directory/modules.vfio" ] || exit 0

scratch=$directory.new
rm -rf "$scratch"
mkdir -p "$scratch"/apt/{lists,cache/archives}/partial "$scratch/root"
cd "$scratch"
apt=(-qq -o "Dir::State::Lists=$scratch/apt/lists" -o "Dir::Cache=$scratch/apt/cache"
    -o "APT::Architectures::=$debian" -o APT::Sandbox::User=root)

apt-get "${apt[@]}" update >&2
# The package that everybody asks for depends on the one of the latest version.
kernel=$(apt-cache "${apt[@]}" depends "linux-image-cloud-$debian:$debian" |
    sed -n 's/^ *Depends: \(linux-image-[^:]*\).*/\1/p')
[ -n "$kernel" ] || { echo "apt knows no linux-image-cloud-$debian" >&2 && exit 1; }
apt-get "${apt[@]}" download "$kernel:$debian" "busybox-static:$debian" >&2
for package in *.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C root
done

# take NAME...: the modules that this kernel has, others are part of it or of another one; their names.
take() {
    local name path
    for name in "$@"; do
        path=$(find root/lib/modules -name "$name.ko" -print -quit)
        if [ -n "$path" ]; then
            cp "$path" .
            echo "$name.ko"
        fi
    done
}

cp root/boot/vmlinuz-* vmlinuz
# shellcheck disable=SC2086
take $kvm >modules
# shellcheck disable=SC2086
take $vfio >modules.vfio
cp root/bin/busybox busybox
rm -rf apt root ./*.deb
rm -rf "$directory"
mv "$scratch" "$directory"
