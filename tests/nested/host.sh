#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: host.sh ARCH DIRECTORY
# Leaves in DIRECTORY what a machine that carries a nested VMM boots: Debian's cloud kernel `vmlinuz`, the
# modules that KVM needs there, their names in `modules` in the order of loading, and a static `busybox`.
# Root is not needed and nothing is installed: apt works on package lists of its own.
set -euo pipefail
arch=$1 directory=$2
case $arch in
x86_64) debian=amd64 modules='virt/lib/irqbypass.ko arch/x86/kvm/kvm.ko arch/x86/kvm/kvm-amd.ko' ;;
aarch64) debian=arm64 modules='' ;;
*) echo "no kernel for $arch is known" >&2 && exit 1 ;;
esac
[ ! -e "$directory/busybox" ] || exit 0

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

cp root/boot/vmlinuz-* vmlinuz
: >modules
for module in $modules; do
    cp root/lib/modules/*/kernel/"$module" .
    echo "${module##*/}" >>modules
done
cp root/bin/busybox busybox
rm -rf apt root ./*.deb
rm -rf "$directory"
mv "$scratch" "$directory"
