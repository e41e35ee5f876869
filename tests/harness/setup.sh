# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# What a build, a run and the tests need, as Debian packages, and how each is known to be there.
# Sourced; need() exits with status 2 where something is missing and can't be installed.

# A package, and what proves that it is there: a command, or a path that may hold wildcards.
packages_build='
clang clang
gnu-efi /usr/include/efi/efi.h
lld ld.lld
llvm llvm-ar
make make
newlib-source /usr/src/newlib/newlib-*.tar.xz
python3 python3
xz-utils xz
'
packages_qemu_x86_64='
qemu-system-x86 qemu-system-x86_64
'
packages_firmware_x86_64='
ovmf /usr/share/OVMF/OVMF_CODE_4M.fd
'
packages_qemu_aarch64='
qemu-system-arm qemu-system-aarch64
'
packages_firmware_aarch64='
qemu-efi-aarch64 /usr/share/AAVMF/AAVMF_CODE.fd
'
packages_firmware_riscv64='
u-boot-qemu /usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin
'
packages_qemu_riscv64='
qemu-system-misc qemu-system-riscv64
'
packages_test='
acpica-tools iasl
binutils nm
clang-format clang-format
device-tree-compiler dtc
gcc gcc
libc6-dev /usr/include/stdio.h
libfdt-dev /usr/include/libfdt.h
libclang-rt-dev /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a
shellcheck shellcheck
mypy mypy
pycodestyle pycodestyle
pyflakes3 pyflakes3
python3-coverage python3-coverage
'

# Prints the packages of a list that are not there.
missing() {
    local package proof
    while read -r package proof; do
        case $proof in
        '') ;;
        /*) compgen -G "$proof" >/dev/null || echo "$package" ;;
        *) command -v "$proof" >/dev/null || echo "$package" ;;
        esac
    done
}

# apt_install PACKAGE...: as root, and not before apt knows where the packages are.
apt_install() {
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    local install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive
        apt-get install -qq -y --no-install-recommends "$@")
    local fresh
    fresh=$(find /var/lib/apt/lists -name '*_Packages*' -mtime -7 -print -quit 2>/dev/null || true)
    if [ -n "$fresh" ] && "${install[@]}"; then
        return 0
    fi
    "${root[@]}" apt-get update -qq && "${install[@]}"
}

# need LIST...: installs what is missing, or says in one line what would.
need() {
    local packages sudo='' who=''
    mapfile -t packages < <(printf '%s\n' "$@" | missing)
    [ ${#packages[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null; then sudo='sudo '; else who=' (as root)'; fi
        sudo -n true 2>/dev/null || NO_INSTALL=1
    fi
    if [ -n "${NO_INSTALL:-}" ] || ! command -v apt-get >/dev/null; then
        echo "packages are missing$who: ${sudo}apt-get update &&" \
            "${sudo}apt-get install --no-install-recommends ${packages[*]}" >&2
        exit 2
    fi
    echo "installing with apt-get: ${packages[*]}" >&2
    if ! apt_install "${packages[@]}" >&2; then
        echo "apt-get could not install: ${packages[*]}" >&2
        exit 2
    fi
}
