#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the guest, boots it and judges what it says. With tests/nested, the only text that knows a VMM's
# command line; the machines themselves are data in tests/harness/machines, the judging is in tests/harness.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/harness/setup.sh
. "$home/tests/harness/setup.sh"
# shellcheck source=tests/nested/kvmtool.sh
. "$home/tests/nested/kvmtool.sh"

usage() {
    cat <<'TEXT'
usage: ./run.sh [options] [GLOB...] [-- VMM-ARGUMENTS...]
  GLOB             ids of tests: 'conformance.map.*', conformance.map, 'bench.*'
                   default: every test that -l does not mark as run by name only
  -a ARCH          the CPU: x86_64, aarch64 or riscv64
  -m MACHINE       a line of tests/harness/machines; default: the first one of ARCH, q35
  -l               list the tests of the image and the machines
  -n               print the VMM's command line and stop
  -s SEED          of everything random, decimal or 0x; default: another one each run, printed
  -t SECONDS       duration of each stress test; default 2
  -o DIR           where console.log, results.ktap, junit.xml, results.json and vmm.log go;
                   default build/results/MACHINE
  -d               wait for gdb before the first instruction; no time limits
  --strict         WARN and XFAIL count as failures
  --icount         deterministic: the VM's clock counts instructions
  -h, --help       this text
environment:
  QEMU=            the QEMU to use, a command or a path
  ACCEL=           tcg (default), kvm, or auto: kvm where it can be used
  LKVM=            kvmtool's lkvm to use, a command or a path; of several, with : between, the first for
                   the machine's CPU; default: the one in PATH
  TIMEOUT=         seconds that a VM may take beside the -t of its tests; default 120
  NO_INSTALL=1     never install packages: name them and exit with status 2
exit status:
  0 nothing failed, 1 a test failed, 2 usage, missing tool or build failure,
  3 the VM gave no verdict
TEXT
}

fail() {
    echo "run.sh: $*" >&2
    exit 2
}

number() { # WHAT VALUE PATTERN
    [[ $2 =~ ^($3)$ ]] || fail "$1: '$2' is not a number that can be used"
}

arch='' machine='' seed='' seconds=2 results=''
list='' dry='' debug='' icount=''
globs=() vmm_arguments=() judge=()

while [ $# -gt 0 ]; do
    case $1 in
    -a | -m | -s | -t | -o)
        [ -n "${2:-}" ] || fail "$1 takes an argument; -h for help"
        case $1 in
        -a) arch=$2 ;;
        -m) machine=$2 ;;
        -s) seed=$2 ;;
        -t) seconds=$2 ;;
        -o) results=$2 ;;
        esac
        shift
        ;;
    -l) list=1 ;;
    -n) dry=1 ;;
    -d) debug=1 ;;
    --strict) judge+=(--strict) ;;
    --icount) icount=1 ;;
    -h | --help) usage && exit 0 ;;
    --) shift && vmm_arguments=("$@") && break ;;
    -*) fail "unknown option '$1'; -h for help" ;;
    '' | *[!a-zA-Z0-9_.*?]*) fail "'$1' is not a glob of test ids: letters, digits, _ . * ?" ;;
    *) globs+=("$1") ;;
    esac
    shift
done
accel=${ACCEL:-tcg}
timeout=${TIMEOUT:-120}
[ -z "$seed" ] || number -s "$seed" '0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19}|1[0-8][0-9]{18}'
number -t "$seconds" '[0-9]{1,7}' && seconds=$((10#$seconds))
number TIMEOUT "$timeout" '[0-9]{1,7}' && timeout=$((10#$timeout))
seed=${seed:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}

# The machine, as words.
machines() { sed 's/#.*//' "$home/tests/harness/machines" | awk 'NF'; }
read -r -a words < <(machines | awk -v name="$machine" -v arch="$arch" \
    '(name == "" || $1 == name) && (arch == "" || $2 == arch) { print; exit }') ||
    fail "no machine is called '${machine:-*}' and has CPU '${arch:-*}'; tests/harness/machines has:" \
        "$(machines | awk '{ printf "%s%s (%s)", sep, $1, $2; sep = ", " }')"
machine=${words[0]} arch=${words[1]}
build=$home/build/$arch
results=${results:-$home/build/results/$machine}

# A machine of kvmtool's; where words of QEMU's are before it, one of QEMU's that carries it.
vmm=qemu carried=''
case " ${words[*]:2} " in
' =kvmtool '*) vmm=kvmtool ;;
*' =kvmtool '*) vmm=kvmtool carried=-carried ;;
esac

case $accel in
auto) if [ -z "$(kvm_lacking "$arch")" ]; then accel=kvm; else accel=tcg; fi ;;
'' | *[!a-z0-9,=-]*) fail "ACCEL: '$accel' is not an accelerator" ;;
esac
[ $vmm = qemu ] || [ -z "$icount$debug" ] || fail "$machine: kvmtool has neither --icount nor -d"
if [ -n "$icount" ]; then
    [[ $accel = tcg* ]] || fail "--icount needs ACCEL=tcg, not $accel"
    # Every instruction is a nanosecond of the guest's, and takes longer than that.
    [ -n "${TIMEOUT:-}" ] || timeout=1200
    judge+=(--icount)
fi

# What it takes, and the image.
if [ -z "$dry" ]; then
    packages_qemu=packages_qemu_$arch
    [ -n "${QEMU:-}" ] || [ $vmm$carried = kvmtool ] || packages_build+=${!packages_qemu}
    packages_firmware=packages_firmware_$arch
    [[ ${words[*]} != */usr/* ]] || packages_build+=${!packages_firmware}
    need "$packages_build"
fi
qemu=''
name=${QEMU:-qemu-system-$arch}
for candidate in "$name" "$name-system-$arch" "$name/qemu-system-$arch"; do
    [ -n "$qemu" ] || [ -d "$candidate" ] || ! command -v "$candidate" >/dev/null || qemu=$candidate
done
[ -n "$qemu" ] || [ $vmm$carried = kvmtool ] || fail "no QEMU at '$name'"
if [ -z "$dry" ]; then
    # Two runs at once must not build the same files.
    targets=(image)
    [[ " ${words[*]} " != *\ @REFDEV=* ]] || targets+=(refdev)
    mkdir -p "$home/build"
    flock "$home/build/.lock" make -s --no-print-directory -j"$(nproc)" -C "$home" "${targets[@]}" \
        ARCH="$arch" >&2 || fail "the image does not build"
fi

# The guest's command line; the harness adds from=N after a crash.
guest="seed=$seed seconds=$seconds${icount:+ icount}${list:+ list}"
if [ ${#globs[@]} -gt 0 ]; then
    guest+=" run=$(IFS=, && echo "${globs[*]}")"
fi

# The VMM's words for its refusal to start a machine of these words; nothing if it starts.
refusal() {
    local words
    words=$(echo quit | timeout 60 "$qemu" -accel "$accel" -nodefaults -no-user-config -display none \
        -S -monitor stdio "$@" 2>&1 >/dev/null) || echo "${words##*$'\n'}"
}

# The VMM's command line.
version=$("$qemu" --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*[0-9]\).*/\1/p' || true)
hardware=() devices='' skip='' launcher=() device='' place=$build
for word in "${words[@]:2}"; do
    case $word in
    \?*)
        [ -n "$devices" ] || devices=$("$qemu" -device help 2>/dev/null || true)
        if [[ $devices == *"name \"${word:1}\""* ]]; then hardware+=(-device "${word:1}"); fi
        ;;
    !!?*)
        [ -n "$devices" ] || devices=$("$qemu" -device help 2>/dev/null || true)
        [[ $devices == *"name \"${word:2}\""* ]] || skip="no ${word:2} in QEMU $version"
        ;;
    !?*)
        # Whether it goes into this machine, which is the words before it, only a start can tell.
        if [ -z "$dry$skip" ] && [ -z "$(refusal "${hardware[@]}")" ]; then
            skip=$(refusal "${hardware[@]}" -device "${word:1}")
        fi
        hardware+=(-device "${word:1}")
        ;;
    \<?*)
        if [ "$(printf '%s\n' "${word:1}" "$version" | sort -V | head -n 1)" = "${word:1}" ]; then
            skip="needs a QEMU before ${word:1}, this one is $version"
        fi
        ;;
    @REFDEV=*@)
        device=${word#@REFDEV=} device=${device%@}
        launcher=(env REFDEV="$device" "$home/build/host/refdev")
        ;;
    +?*) guest+=" ${word:1}" ;;
    =kvmtool)
        carrier=("${hardware[@]}") hardware=()
        [ -z "$carried" ] || place=@BUILD@
        ;;
    *) hardware+=("${word//@BUILD@/$place}") ;;
    esac
done
command=("${launcher[@]}" "$qemu" -accel "$accel" -nodefaults -no-user-config -display none -no-reboot -serial stdio)
if [ $vmm = qemu ]; then
    command+=("${hardware[@]}")
else
    lkvm=$(find_lkvm "$arch") || fail "LKVM: no lkvm at '$LKVM'"
    [ -n "$lkvm" ] || skip="no lkvm for $arch in ${LKVM:+LKVM=}${LKVM:-PATH}"
    version=$(lkvm_version "$arch" "$lkvm")
    hardware+=("${vmm_arguments[@]}")
    vmm_arguments=()
fi
case $vmm$carried in
kvmtool)
    skip=${skip:-$(kvm_lacking "$arch")} accel=kvm
    command=("${lkvm:-lkvm}" "${hardware[@]}")
    export HOME=$home/build/nested/home # where lkvm keeps a socket for each VM
    [ -n "$dry$skip" ] || mkdir -p "$HOME"
    ;;
kvmtool-carried)
    [ -n "$dry$skip" ] || skip=$(carrier_lacking "$arch" "$lkvm")
    [ -n "$dry$skip" ] || make_carrier "$arch" "$lkvm" "$home/build/nested/$machine" "${hardware[@]}"
    [ -z "$dry" ] || echo "there: lkvm ${hardware[*]//@BUILD@/}" >&2
    accel="kvm in $accel"
    command+=("${carrier[@]}" -kernel "$home/build/nested/$arch/vmlinuz"
        -initrd "$home/build/nested/$machine" -append "$carrier_options -- @GUEST@")
    ;;
esac
[ -z "$icount" ] || command+=(-icount "shift=0,sleep=off" -rtc "base=2026-01-01T00:00:00,clock=vm")
[ -z "$debug" ] || command+=(-s -S)
command+=("${vmm_arguments[@]}")

if [ -n "$dry" ]; then
    disk=${TMPDIR:-/tmp}/viommu-guest.disk
    [[ ${command[*]} != *@DISK@* ]] || echo "the disk: truncate -s 1M $disk" >&2
    command=("${command[@]//@GUEST@/$guest}")
    command=("${command[@]//@DISK@/$disk}")
    tree=${TMPDIR:-/tmp}/viommu-guest.dtb
    for index in "${!command[@]}"; do
        if [[ ${command[index]} =~ @UEFI:([^@]+)@ ]]; then
            image=${BASH_REMATCH[1]}
            command[index]=${command[index]/"${BASH_REMATCH[0]}"/"$image"}
            echo "the options: python3 $home/boot/efi/disk.py --options='$guest' $image" >&2
        fi
        [[ ${command[index]} =~ ^@DTB:(.*),(.*)@$ ]] || continue
        command[index]=$tree
        echo "the device tree: python3 $home/tests/harness/devicetree.py --${BASH_REMATCH[1]} --${BASH_REMATCH[2]} $tree -- COMMAND" >&2
    done
    for word in "${command[@]}"; do
        case $word in
        '' | *[!a-zA-Z0-9_.,:=/+-]*) printf '%s ' "${word@Q}" ;;
        *) printf '%s ' "$word" ;;
        esac
    done
    echo
    exit 0
fi
[ -z "$skip" ] || judge+=(--skip="$skip")
if [ -n "$list" ]; then
    judge+=(--list)
    machines | awk '{ print "machine " $1 " (" $2 ")" }'
fi
if [ -n "$debug" ]; then
    debugger=gdb-multiarch
    [ "$arch" != "$(uname -m)" ] || debugger=gdb
    echo "the VM waits for: $debugger $build/viommu-guest.elf -ex 'target remote :1234' -ex 'hbreak kmain' -ex continue" >&2
    timeout=0
fi

# Whose deviations are to be expected: the reference device has none, whatever VMM it stands behind.
[ -z "$device" ] || vmm=refdev
tool=$(sed -n 's/^VERSION := //p' "$home/Makefile")
exec python3 -B "$home/tests/harness/run.py" "${judge[@]}" --results="$results" --machine="$machine" \
    --arch="$arch" --vmm="$vmm" --vmm-version="$version" --accel="$accel" --version="$tool" \
    --expect="$home/tests/harness/expect" --seed="$seed" --seconds="$seconds" --timeout="$timeout" \
    --guest="$guest" -- "${command[@]}"
