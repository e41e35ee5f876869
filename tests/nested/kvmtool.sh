# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# kvmtool, which takes KVM to run, and the machine of QEMU's that carries it where this one has no KVM.
# Sourced by run.sh.
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# kvm_lacking ARCH: prints why VMs of that CPU can't be run by KVM here; nothing if they can.
kvm_lacking() {
    if [ "$1" != "$(uname -m)" ]; then
        echo "KVM runs VMs of this machine's CPU, $(uname -m), and not of $1"
    elif [ ! -w /dev/kvm ]; then
        echo "no KVM: /dev/kvm can't be written to"
    elif [ "$1" = x86_64 ] && ! grep -qwE '^flags.*(vmx|svm)' /proc/cpuinfo; then
        echo "no KVM: the CPU has neither vmx nor svm"
    fi
}

# cpu_of FILE: prints the CPU of an ELF file (System V ABI: e_machine); nothing for another file.
cpu_of() {
    local bytes
    read -r -a bytes < <(od -An -v -w20 -N20 -tx1 "$1")
    case "${bytes[*]:0:4} ${bytes[*]:18:2}" in
    '7f 45 4c 46 3e 00') echo x86_64 ;;
    '7f 45 4c 46 b7 00') echo aarch64 ;;
    '7f 45 4c 46 f3 00') echo riscv64 ;;
    esac
}

# find_lkvm ARCH: prints the path of the first lkvm for that CPU, of those that LKVM= names with ':'
# between or else of the one in PATH. A script, say, is for the CPU of this machine. Status 2: one that
# is named does not exist.
find_lkvm() {
    local name path cpu
    local -a names
    IFS=: read -r -a names <<<"${LKVM:-lkvm}"
    for name in "${names[@]}"; do
        if ! path=$(command -v "$name"); then
            [ -z "${LKVM:-}" ] || return 2
            continue
        fi
        cpu=$(cpu_of "$path")
        if [ "${cpu:-$(uname -m)}" = "$1" ]; then
            echo "$path"
            return
        fi
    done
}

# lkvm_version ARCH LKVM: prints it; `unknown` where that lkvm can't be asked.
lkvm_version() {
    local version=''
    if [ -n "$2" ] && [ "$1" = "$(uname -m)" ]; then
        version=$("$2" version 2>/dev/null | sed -n 's/^kvm tool \([0-9.]*[0-9]\).*/\1/p') || true
    fi
    echo "${version:-unknown}"
}

# Options of the kernel that carries lkvm: its console, which is the last one of these that is there.
# shellcheck disable=SC2034
carrier_options='console=ttyAMA0 console=ttyS0 quiet panic=-1'

# carrier_lacking ARCH LKVM: prints why no machine of QEMU's can carry that lkvm; nothing if it can.
carrier_lacking() {
    local log=$home/build/nested/$1.log
    if [ -z "$(cpu_of "$2")" ]; then
        echo "$2 is no ELF file"
    elif [ "$1" != "$(uname -m)" ] && llvm-readelf -l "$2" | grep -q INTERP; then
        echo "the libraries of $2, which is for another CPU, are not at hand: build lkvm-static"
    else
        mkdir -p "$home/build/nested"
        flock "$home/build/.lock" "$home/tests/nested/host.sh" "$1" "$home/build/nested/$1" 2>"$log" ||
            echo "no kernel for the machine that carries lkvm: $(tail -n 1 "$log")"
    fi
}

# make_carrier ARCH LKVM FILE WORD...: leaves at FILE the root file system of the machine that runs the
# lkvm with these words, where @BUILD@/ stands for a place in it.
make_carrier() {
    local arch=$1 lkvm=$2 file=$3 word library
    local host=$home/build/nested/$arch
    local entries=(init="$home/tests/nested/init" lkvm="$lkvm" arguments="$file.arguments")
    shift 3
    for word in "$@"; do
        [[ $word != @BUILD@/* ]] || entries+=("${word#@BUILD@/}=$home/build/$arch/${word#@BUILD@/}")
    done
    for library in $(ldd "$lkvm" 2>/dev/null | grep -o '/[^ ]*' || true); do
        entries+=("${library#/}=$library")
        # The C library opens this one when a thread is cancelled, as lkvm's are at its end.
        word=${library%/*}/libgcc_s.so.1
        [[ $library != */libc.so.* || ! -e $word ]] || entries+=("${word#/}=$word")
    done
    for word in "$host"/*; do
        [ "${word##*/}" = vmlinuz ] || entries+=("${word##*/}=$word")
    done
    printf '%s\n' "${@//@BUILD@/}" >"$file.arguments"
    python3 -B "$home/tests/nested/initramfs.py" "$file" "${entries[@]}"
}
