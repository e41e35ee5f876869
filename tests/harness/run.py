# SPDX-License-Identifier: BSD-2-Clause
"""One run of the guest under a VMM, judged; called by run.sh.

Exit status: 0 nothing failed, 1 a test failed, 2 usage, 3 the VM gave no verdict.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile

import devicetree
import reports
from session import USAGE, Session

DISK_SIZE = 1 << 20
UEFI_DISK = re.compile("@UEFI:([^@]+)@")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description="boots a VM and judges its console")
    for name in ("results", "machine", "arch", "vmm", "vmm-version", "accel", "expect", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--guest", required=True, help="its command line, in place of @GUEST@")
    parser.add_argument("--seconds", type=int, required=True, help="of each stress test")
    parser.add_argument("--timeout", type=float, required=True, help="of a boot; 0: none")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--skip", default="", help="why the machine can't be had")
    split = sys.argv.index("--")
    return parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]


def new_file(files: list[str]) -> str:
    """In memory where that is possible."""
    directory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    descriptor, path = tempfile.mkstemp(prefix="viommu-guest.", dir=directory)
    os.close(descriptor)
    files.append(path)
    return path


def replaced(argv: list[str], files: list[str]) -> list[str]:
    """The command line with files in the place of @DISK@ and @DTB...@; each is added to `files`."""
    if any("@DISK@" in argument for argument in argv):
        disk = new_file(files)
        os.truncate(disk, DISK_SIZE)
        argv = [argument.replace("@DISK@", disk) for argument in argv]
    for index, argument in enumerate(argv):
        if match := devicetree.PLACEHOLDER.fullmatch(argument):
            tree = new_file(files)
            devicetree.make(argv, *match.groups(), tree)
            argv = [*argv[:index], tree, *argv[index + 1 :]]
    return argv


def copied(argv: list[str], files: list[str]) -> tuple[list[str], str | None]:
    """The command line with a copy of the disk in the place of @UEFI:...@, and where that is."""
    for index, argument in enumerate(argv):
        if match := UEFI_DISK.search(argument):
            disk = new_file(files)
            shutil.copyfile(match[1], disk)
            return [*argv[:index], argument.replace(match[0], disk), *argv[index + 1 :]], disk
    return argv, None


def stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def judged(options: argparse.Namespace, argv: list[str]) -> int:
    files: list[str] = []
    session, scratch, disk = None, None, None
    try:
        if options.list:
            # Not a run: what the last one left stays.
            scratch = tempfile.TemporaryDirectory(prefix="viommu-guest.")
            options.results = scratch.name
        reports.prepare(options.results)
        if not options.skip:
            argv, disk = copied(argv, files)
            argv = replaced(argv, files)
        session = Session(options, argv, lambda line: print(line, flush=True), disk)
        if options.skip:
            return session.skip(options.skip)
        return session.print_list() if options.list else session.judge()
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if session and session.boot:
            session.boot.kill()
        for path in files:
            os.remove(path)
        if scratch:
            scratch.cleanup()


def main() -> int:
    options, argv = parse_arguments()
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        return judged(options, argv)
    except BrokenPipeError:
        # Nobody reads any more; the interpreter must not try to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (OSError, ValueError) as error:
        print(f"run.sh: {error}", file=sys.stderr)
        return USAGE


if __name__ == "__main__":
    sys.exit(main())
