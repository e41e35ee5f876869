# SPDX-License-Identifier: BSD-2-Clause
"""The reference device's server for vfio-user, with a VMM that is this file once more: it is started with
the folder of the sockets and the name of the function that plays it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile

import ktap
from ktap import check, test

SERVER = os.path.join(ktap.HOME, "build", "host", "refdev")
NAMES = ("iommu", "edu0", "edu1", "blk", "rng")

VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO = range(1, 6)
GET_IRQ_INFO, SET_IRQS, REGION_READ, REGION_WRITE, RESET = 7, 8, 9, 10, 13
REPLY, NO_REPLY, ERROR = 1, 0x10, 0x20
BAR0, CONFIG = 0, 7
INTX, MSI, MSIX = range(3)
EVENTFD, TRIGGER, UNMASK, NONE = 4, 0x20, 0x10, 1
RAM = 0x100000
RAM_SIZE = 0x10000
EDU_BUFFER = 0x40000


class Link:
    """One device, as a VMM has it."""

    def __init__(self, folder: str, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(os.path.join(folder, name))

    def send(self, command: int, payload: bytes = b"", fds: tuple[int, ...] = (), **header: int) -> None:
        fields = {"size": 16 + len(payload), "flags": 0, **header}
        data = struct.pack("<HHIII", 7, command, fields["size"], fields["flags"], 0) + payload
        socket.send_fds(self.socket, [data], list(fds))

    def reply(self, command: int) -> tuple[int, bytes]:
        """The error, 0 for none, and the payload."""
        header = self.socket.recv(16, socket.MSG_WAITALL)
        number, echoed, size, flags, error = struct.unpack("<HHIII", header)
        payload = self.socket.recv(size - 16, socket.MSG_WAITALL) if size > 16 else b""
        check((number, echoed) == (7, command), header)
        check(flags == (REPLY | ERROR if error else REPLY), header)
        return error, payload

    def ask(self, command: int, payload: bytes = b"", fds: tuple[int, ...] = ()) -> tuple[int, bytes]:
        self.send(command, payload, fds)
        return self.reply(command)

    def must(self, command: int, payload: bytes = b"", fds: tuple[int, ...] = ()) -> bytes:
        error, answer = self.ask(command, payload, fds)
        check(error == 0, command, os.strerror(error))
        return answer

    def read(self, region: int, offset: int, count: int) -> bytes:
        return self.must(REGION_READ, struct.pack("<QII", offset, region, count))[16:]

    def write(self, region: int, offset: int, width: int, value: int) -> None:
        data = value.to_bytes(width, "little")
        self.must(REGION_WRITE, struct.pack("<QII", offset, region, width) + data)

    def set_irqs(self, flags: int, index: int, start: int, count: int, *fds: int) -> int:
        return self.ask(SET_IRQS, struct.pack("<5I", 20, flags, index, start, count), fds)[0]

    def is_closed(self) -> bool:
        return self.socket.recv(1) == b""


def links(folder: str) -> dict[str, Link]:
    return {name: Link(folder, name) for name in NAMES}


def map_ram(link: Link, offset: int = 0, size: int = RAM_SIZE) -> tuple[int, int]:
    """The memory's descriptor, and the error."""
    ram = os.memfd_create("ram")
    os.truncate(ram, RAM_SIZE)
    return ram, link.ask(DMA_MAP, struct.pack("<IIQQQ", 32, 3, offset, RAM, size), (ram,))[0]


def fired(eventfd: int) -> bool:
    """Whether it was written to since it was last asked."""
    try:
        return bool(os.eventfd_read(eventfd) > 0)  # type: ignore[attr-defined]
    except BlockingIOError:
        return False


def new_eventfd() -> int:
    return int(os.eventfd(0, os.EFD_NONBLOCK))  # type: ignore[attr-defined]


# -- VMMs ------------------------------------------------------------------------------------


def vmm_reads_and_writes(folder: str) -> None:
    link = links(folder)["iommu"]
    version = link.must(VERSION, struct.pack("<HH", 0, 0) + b"{}\0")
    check(version.startswith(b'\0\0\0\0{"capabilities":') and version.endswith(b"\0"), version)
    check(not os.path.exists(folder), "the folder is still there")
    check(struct.unpack("<4I", link.must(GET_INFO, bytes(16))) == (16, 3, 9, 5))
    for index, size in (BAR0, 0x4000), (1, 0), (CONFIG, 256):
        answer = link.must(GET_REGION_INFO, struct.pack("<4I16x", 32, 0, index, 0))
        check(struct.unpack_from("<Q", answer, 16) == (size,), index, answer)
    check(struct.unpack("<4I", link.must(GET_IRQ_INFO, struct.pack("<4I", 16, 0, MSIX, 0)))[3] == 4)
    config = link.read(CONFIG, 0, 256)
    check(config[:4] == b"\xf4\x1a\x57\x10" and len(config) == 256, config)
    link.write(CONFIG, 4, 2, 6)
    check(link.read(CONFIG, 4, 2) == b"\6\0")
    link.must(RESET)
    check(link.read(CONFIG, 4, 2) == b"\0\0")


def vmm_maps_memory(folder: str) -> None:
    all_links = links(folder)
    edu = all_links["edu0"]
    ram, error = map_ram(all_links["iommu"])
    check(error == 0, error)
    os.pwrite(ram, b"abcdefgh", 0x100)
    edu.write(CONFIG, 4, 2, 6)

    def transfer(source: int, destination: int, command: int) -> None:
        for offset, value in (0x80, source), (0x88, destination), (0x90, 8), (0x98, command):
            edu.write(BAR0, offset, 8, value)

    transfer(RAM + 0x100, EDU_BUFFER, 1)
    transfer(EDU_BUFFER, RAM + 0x200, 3)
    check(os.pread(ram, 8, 0x200) == b"abcdefgh")
    all_links["iommu"].must(DMA_UNMAP, struct.pack("<IIQQ", 24, 0, RAM, RAM_SIZE))
    transfer(EDU_BUFFER, RAM + 0x300, 3)
    check(os.pread(ram, 8, 0x300) == bytes(8), "memory that is no longer there was written")


def vmm_takes_line_and_message(folder: str) -> None:
    edu, eventfd = links(folder)["edu0"], new_eventfd()
    check(edu.set_irqs(EVENTFD | TRIGGER, INTX, 0, 1, eventfd) == 0)
    edu.write(BAR0, 0x60, 4, 1)
    check(fired(eventfd), "the line was not told of")
    edu.write(BAR0, 0x60, 4, 2)
    check(not fired(eventfd), "the line was told of although it is masked")
    check(edu.set_irqs(NONE | UNMASK, INTX, 0, 1) == 0)
    check(fired(eventfd), "the line is still asserted, and was not told of")
    edu.write(BAR0, 0x64, 4, 3)
    check(edu.set_irqs(NONE | UNMASK, INTX, 0, 1) == 0)
    check(not fired(eventfd), "the line was told of although it is not asserted")
    check(edu.set_irqs(NONE | TRIGGER, INTX, 0, 0) == 0)
    message = new_eventfd()
    check(edu.set_irqs(EVENTFD | TRIGGER, MSI, 0, 1, message) == 0)
    edu.write(CONFIG, 4, 2, 6)
    edu.write(CONFIG, 0x42, 2, 1)
    edu.write(BAR0, 0x60, 4, 1)
    check(fired(message) and not fired(eventfd))


def break_device(iommu: Link) -> None:
    """Its request queue lies where there is no memory."""
    iommu.must(RESET)
    iommu.write(CONFIG, 4, 2, 6)
    iommu.write(CONFIG, 0x42, 2, 1 << 15)
    for width, offset, value in (
        (1, 20, 3), (4, 8, 1), (4, 12, 1), (1, 20, 11), (2, 16, 2), (2, 26, 0xFFFF),
        (8, 32, 0x10000), (8, 40, 0x20000), (8, 48, 0x30000), (2, 28, 1), (1, 20, 15),
    ):  # fmt: skip
        iommu.write(BAR0, offset, width, value)
    check(iommu.read(BAR0, 20, 1)[0] & 64, "the device does not need a reset")


def vmm_takes_vectors(folder: str) -> None:
    iommu, eventfds = links(folder)["iommu"], [new_eventfd() for _ in range(4)]
    check(iommu.set_irqs(EVENTFD | TRIGGER, MSIX, 0, 4, *eventfds) == 0)
    break_device(iommu)
    check([fired(eventfd) for eventfd in eventfds] == [False, False, True, False])
    check(iommu.set_irqs(EVENTFD | TRIGGER, MSIX, 2, 1) == 0)
    break_device(iommu)
    check(not any(fired(eventfd) for eventfd in eventfds), "a vector fired that has no eventfd")
    pending = iommu.read(BAR0, 0x1C00, 4)
    check(pending == b"\4\0\0\0", "pending:", pending)
    check(iommu.set_irqs(EVENTFD | TRIGGER, MSIX, 2, 1, eventfds[2]) == 0)
    check(fired(eventfds[2]), "what was pending did not fire")


def vmm_asks_in_vain(folder: str) -> None:
    all_links = links(folder)
    iommu = all_links["iommu"]
    wrong = {
        "an unknown message": (99, bytes(64), errno.ENOSYS),
        "file descriptors of a region": (6, bytes(64), errno.ENOSYS),
        "a short message": (SET_IRQS, bytes(16), errno.EINVAL),
        "another major version": (VERSION, struct.pack("<HH", 1, 0) + b"{}\0", errno.EPROTO),
        "less data than said": (REGION_WRITE, struct.pack("<QII", 4, CONFIG, 4) + b"\0", errno.EINVAL),
        "a read of 2^32 - 1 bytes": (REGION_READ, struct.pack("<QII", 0, CONFIG, 0xFFFFFFFF), errno.EINVAL),
        "a read behind the region": (REGION_READ, struct.pack("<QII", 0x4000, BAR0, 1), errno.EINVAL),
        "a read at 2^64 - 1": (REGION_READ, struct.pack("<QII", 2**64 - 1, BAR0, 1), errno.EINVAL),
        "a read across the end": (REGION_READ, struct.pack("<QII", 255, CONFIG, 2), errno.EINVAL),
        "an odd width": (REGION_READ, struct.pack("<QII", 0, BAR0, 3), errno.EINVAL),
        "an odd offset": (REGION_READ, struct.pack("<QII", 2, BAR0, 4), errno.EINVAL),
        "an absent region": (REGION_READ, struct.pack("<QII", 0, 2**31, 1), errno.EINVAL),
        "information on an absent region": (GET_REGION_INFO, struct.pack("<4I16x", 32, 0, 9, 0), errno.EINVAL),
        "information on an absent index": (GET_IRQ_INFO, struct.pack("<4I", 16, 0, 3, 0), errno.EINVAL),
    }
    for what, (command, payload, expected) in wrong.items():
        error, _ = iommu.ask(command, payload)
        check(error == expected, what, "got", error, "expected", expected)
    for flags, index, start, count in (
        (EVENTFD | TRIGGER, MSIX, 2**32 - 1, 2), (EVENTFD | TRIGGER, MSIX, 2, 3), (NONE | TRIGGER, MSIX, 0, 1),
        (EVENTFD | TRIGGER, 3, 0, 1), (EVENTFD | TRIGGER, MSI, 0, 1), (NONE | UNMASK, MSIX, 0, 1), (0, MSIX, 0, 1),
    ):  # fmt: skip
        check(iommu.set_irqs(flags, index, start, count) == errno.EINVAL, flags, index, start, count)
    check(iommu.set_irqs(EVENTFD | TRIGGER, MSIX, 0, 4, new_eventfd()) == errno.EINVAL)
    for offset, size in (0, RAM_SIZE + 1), (1, RAM_SIZE), (2**64 - 1, 1), (0, 2**64 - 1):
        check(map_ram(iommu, offset, size)[1] == errno.ENOMEM, offset, size)
    errors = [map_ram(iommu, 0, 0x1000)[1] for _ in range(100)]
    check(errors[0] == 0 and errors[-1] == errno.ENOMEM, errors)
    iommu.send(RESET, flags=NO_REPLY)
    check(iommu.read(CONFIG, 0, 2) == b"\xf4\x1a", "a reply came that nobody wanted")
    check(all_links["edu1"].read(BAR0, 0, 4) == b"\xed\0\0\1")


def vmm_makes_no_sense(folder: str) -> None:
    all_links = links(folder)
    all_links["iommu"].send(VERSION, size=8)
    all_links["edu0"].send(VERSION, size=0xFFFFFFFF)
    all_links["blk"].send(VERSION, flags=REPLY)
    for name in "iommu", "edu0", "blk":
        check(all_links[name].is_closed(), name)
    check(all_links["edu1"].read(BAR0, 0, 4) == b"\xed\0\0\1")


def vmm_dies_within_a_message(folder: str) -> None:
    links(folder)["iommu"].send(VERSION, b"\0\0", size=64)
    os.kill(os.getpid(), signal.SIGKILL)


def vmm_ends_at_once(_folder: str) -> None:
    sys.exit(7)


# -- tests -----------------------------------------------------------------------------------


def play(name: str, status: int = 0) -> str:
    """What the server and the VMM wrote to stderr; nothing of theirs is left."""
    with tempfile.TemporaryDirectory(dir=ktap.SCRATCH.name) as place:
        done = subprocess.run(
            [SERVER, sys.executable, "-B", os.path.abspath(__file__), "@VFIO@", name],
            env={**os.environ, "TMPDIR": place},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        check(done.returncode == status, "status", done.returncode, done.stdout, done.stderr)
        left = [name for name in os.listdir(place) if ".selftest." not in name]
        check(not left, left)
    return done.stderr


@test
def server_builds() -> None:
    lock = os.path.join(ktap.HOME, "build", ".lock")
    os.makedirs(os.path.dirname(lock), exist_ok=True)
    done = subprocess.run(
        ["flock", lock, "make", "-s", "-C", ktap.HOME, "refdev"], env=ktap.environment({}), capture_output=True
    )
    check(done.returncode == 0, done.stderr)


@test
def registers_are_read_and_written() -> None:
    play("reads_and_writes")


@test
def memory_is_what_is_mapped() -> None:
    play("maps_memory")


@test
def line_and_message_fire_eventfds() -> None:
    play("takes_line_and_message")


@test
def vectors_fire_eventfds() -> None:
    play("takes_vectors")


@test
def nonsense_is_refused_and_named() -> None:
    said = play("asks_in_vain")
    for line in (
        "refdev: iommu: message 99, expected 1 to 5, 7 to 10 or 13",
        "refdev: iommu: message 8 has 0x10 bytes after its header, expected 0x14",
        "refdev: iommu: message 10 has 0x11 bytes after its header, expected 0x14",
    ):
        check(line in said.splitlines(), line, said)


@test
def broken_stream_is_named_and_closed() -> None:
    said = play("makes_no_sense").splitlines()
    for line in (
        "refdev: iommu: message 1: size is 0x8, expected 0x10 to 0x1020",
        "refdev: edu0: message 1: size is 0xffffffff, expected 0x10 to 0x1020",
        "refdev: blk: message 1: flags are 0x1, expected a request, of type 0",
    ):
        check(line in said, line, said)


@test
def death_of_the_vmm_ends_the_server() -> None:
    play("dies_within_a_message", 128 + signal.SIGKILL)


@test
def vmm_that_never_connects_ends_the_server() -> None:
    play("ends_at_once", 7)


@test
def driver_out_of_order_is_an_error_natively() -> None:
    said = run_natively("run=selftest.out_of_order")
    line = "not ok 1 selftest.out_of_order # ERROR out of order: virtio device in slot 1, status 0x0: "
    check(line in said, said)


def run_natively(options: str, endpoints: str = "viommu.ep=00:00.0-00:1f.7:0", **environment: str) -> str:
    guest = os.path.join(ktap.HOME, "build", "host", "viommu-guest")
    options = f"viommu=pci:00:01.0 {endpoints} {options}"
    ran = subprocess.run(
        [guest, options], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    return ran.stdout


@test
def denied_write_that_never_arrives_is_an_error_natively() -> None:
    name = "conformance.fault.unmapped_write"
    said = run_natively(f"run={name}", REFDEV_MUTANT="WRITES_GET_LOST")
    check(f"not ok 1 {name} # ERROR control: " in said and "which is mapped: they did not arrive" in said, said)


@test
def check_of_what_is_not_claimed_is_no_check_natively() -> None:
    name = "selftest.checks_what_it_does_not_claim"
    said = run_natively(f"run={name}")
    check(f"not ok 1 {name} # ERROR the test ended without a check of what it claims" in said, said)


@test
def iommu_that_is_not_driven_is_named_natively() -> None:
    endpoints = "viommu.ep=00:02.0-00:05.7:0x10 viommu=pci:00:01.1 viommu.ep=00:06.0-00:1f.7:0x30"
    said = run_natively("run=conformance.map.one_granule", endpoints, COMPOSITION="two-iommus")
    check("# iommu: virtio-pci 0000:00:01.0, features" in said, said)
    check("# iommu: 0000:00:01.1 is not driven, and neither it nor what is behind it is judged\n" in said, said)
    check("# endpoint 0000:00:06.0 1234:11e8 id 0x30 iommu 1 by options engine edu" in said, said)
    check("ok 1 conformance.map.one_granule\n" in said, said)


@test
def from_behind_the_plan_is_an_error_natively() -> None:
    said = run_natively("run=selftest.passes from=2")
    check("# error: from=2 is behind the last of 1 tests" in said, said)
    check("EXIT: STATUS=5" in said, said)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        globals()[f"vmm_{sys.argv[2]}"](sys.argv[1])
    else:
        ktap.main("selftest.refdev")
