#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the guest, boots it and judges what it says. The only text that knows a VMM's command line;
# the machines themselves are data in tests/machines.
set -euo pipefail
# shellcheck source=tests/setup.sh
. "$(dirname "$0")/tests/setup.sh"

usage() {
    cat <<'TEXT'
usage: ./run.sh [options] [GLOB...] [-- VMM-ARGUMENTS...]
  GLOB             ids of tests, e.g. 'conformance.map.*'; default: all but bench and the long stress
  -a ARCH          the CPU of the image (x86_64)
  -m MACHINE       a line of tests/machines (q35)
  -l               list the tests of the image and the machines
  -n               print the VMM's command line and stop
  -s SEED          of everything random; printed in every run
  -t SECONDS       duration of each stress test (2)
  -o DIR           where console.log, results.ktap, junit.xml, results.json go (build/results/MACHINE)
  -d               wait for gdb
  --strict         WARN and XFAIL count as failures
  --icount         deterministic: the clock counts instructions
  -h, --help       this text
environment: QEMU= (a path), ACCEL= (tcg, kvm), TIMEOUT= (seconds per VM), NO_INSTALL=1
exit: 0 nothing failed, 1 a test failed, 2 usage, missing tool or build failure, 3 no verdict
TEXT
}

fail() {
    echo "run.sh: $*" >&2
    exit 2
}

number() { # NAME VALUE
    [[ $2 =~ ^(0x[0-9a-fA-F]{1,16}|[0-9]{1,19})$ ]] || fail "$1: '$2' is not a number"
}

home=$(cd "$(dirname "$0")" && pwd)
arch='' machine=q35 seed='' seconds=2 results=''
list='' dry='' debug='' strict='' icount=''
globs=() vmm_arguments=()

while [ $# -gt 0 ]; do
    case $1 in
    -a | -m | -s | -t | -o)
        [ $# -ge 2 ] || fail "$1 takes an argument; -h for help"
        case $1 in
        -a) arch=$2 ;;
        -m) machine=$2 ;;
        -s) number -s "$2" && seed=$2 ;;
        -t) number -t "$2" && seconds=$(($2)) ;;
        -o) results=$2 ;;
        esac
        shift
        ;;
    -l) list=1 ;;
    -n) dry=1 ;;
    -d) debug=1 ;;
    --strict) strict=1 ;;
    --icount) icount=1 ;;
    -h | --help) usage && exit 0 ;;
    --) shift && vmm_arguments=("$@") && break ;;
    -*) fail "unknown option $1; -h for help" ;;
    *[!a-zA-Z0-9_.*?]*) fail "'$1' is not a glob of test ids" ;;
    *) globs+=("$1") ;;
    esac
    shift
done

# The line of the machine, as words.
line=$(awk -v name="$machine" '$1 == name' "$home/tests/machines")
[ -n "$line" ] || fail "no machine '$machine' in tests/machines; -l lists them"
read -r -a words <<<"$line"
[ -z "$arch" ] || [ "$arch" = "${words[1]}" ] ||
    fail "machine '$machine' is ${words[1]}, not '$arch'"
arch=${words[1]}
image=$home/build/$arch/viommu-guest.elf
qemu=${QEMU:-qemu-system-$arch}
accel=${ACCEL:-tcg}
seed=${seed:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
results=${results:-$home/build/results/$machine}

[ -n "$dry" ] || need "$packages_run"
command -v "$qemu" >/dev/null || fail "no QEMU at '$qemu'"
[ -n "$dry" ] || make -s -C "$home" image ARCH="$arch" || fail "the image does not build"

# The VMM's command line.
disk=@DISK@
if [ -z "$dry" ]; then
    if [ -w /dev/shm ]; then disk=$(mktemp /dev/shm/viommu-guest.XXXXXX); else disk=$(mktemp); fi
    truncate -s 1M "$disk"
fi
command=("$qemu" -accel "$accel" -nodefaults -no-user-config -display none -no-reboot -serial stdio)
devices=''
for word in "${words[@]:2}"; do
    case $word in
    \?*)
        [ -n "$devices" ] || devices=$("$qemu" -device help 2>/dev/null || true)
        grep -q "^name \"${word#\?}\"" <<<"$devices" && command+=(-device "${word#\?}")
        ;;
    *)
        word=${word//@IMAGE@/$image}
        command+=("${word//@DISK@/$disk}")
        ;;
    esac
done
[ -z "$icount" ] || command+=(-icount "shift=0,sleep=off" -rtc "base=2026-01-01T00:00:00,clock=vm")
[ -z "$debug" ] || command+=(-s -S)
command+=("${vmm_arguments[@]}")

if [ -n "$dry" ]; then
    printf '%q ' "${command[@]}"
    echo
    exit 0
fi
if [ -n "$list" ]; then
    awk '!/^#/ && NF { print "machine " $1 " (" $2 ")" }' "$home/tests/machines"
fi
if [ -n "$debug" ]; then
    echo "waiting for: gdb $image -ex 'target remote :1234'" >&2
fi

# A test has a limit of its own inside the guest; these are for a VM that can't keep it.
timeout=${TIMEOUT:-900} idle=${TIMEOUT:-90}
[ -z "$debug" ] || timeout=0 idle=0
arguments=(--results "$results" --machine "$machine" --arch "$arch" --vmm qemu
    --vmm-version "$("$qemu" --version 2>/dev/null | sed -n 's/.*version \([0-9.]*[0-9]\).*/\1/p;q')"
    --accel "$accel" --expect "$home/tests/expect" --version "$(sed -n 's/^VERSION := //p' "$home/Makefile")"
    --seed "$seed" --seconds "$seconds" --timeout "$timeout" --idle "$idle" --remove "$disk")
[ -z "$strict" ] || arguments+=(--strict)
[ -z "$icount" ] || arguments+=(--icount)
[ -z "$list" ] || arguments+=(--list)
for glob in "${globs[@]}"; do
    arguments+=(--glob "$glob")
done
exec python3 "$home/tests/harness/session.py" "${arguments[@]}" -- "${command[@]}"
