# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What a build, a run and the tests need, as Debian packages, and how each is known to be there.
# Sourced; need() exits with status 2 where something is missing and can't be installed.

# package, and the path or command that proves it
packages_run='
clang clang
lld ld.lld
llvm llvm-ar
newlib-source /usr/src/newlib
qemu-system-x86 qemu-system-x86_64
python3 python3
xz-utils xz
make make
'
packages_test="$packages_run
gcc gcc
libc6-dev /usr/include/stdio.h
clang-format clang-format
shellcheck shellcheck
"

# Prints the packages of a list that are not there.
missing() {
    local package proof
    while read -r package proof; do
        case $proof in
        '') ;;
        /*) [ -e "$proof" ] || echo "$package" ;;
        *) command -v "$proof" >/dev/null || echo "$package" ;;
        esac
    done
}

# need LIST: installs what is missing, or says in one line what to install.
need() {
    local packages root=()
    packages=$(missing <<<"$1" | sort -u | tr '\n' ' ')
    packages=${packages% }
    [ -n "$packages" ] || return 0
    # The list holds words of ours only: splitting it is meant.
    # shellcheck disable=SC2206
    local words=($packages)
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            NO_INSTALL=1
        fi
        root=(sudo)
    fi
    if [ -n "${NO_INSTALL:-}" ] || ! command -v apt-get >/dev/null; then
        echo "missing packages; run: apt-get install --no-install-recommends $packages" >&2
        exit 2
    fi
    echo "installing: $packages" >&2
    if ! { "${root[@]}" apt-get update -qq &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "${words[@]}"; } >&2; then
        echo "apt-get could not install: $packages" >&2
        exit 2
    fi
}
