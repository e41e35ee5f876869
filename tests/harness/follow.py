#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: follow.py FILE COMMAND...

Runs a VMM that writes its console to a file: what comes into the file goes to stdout, what the VMM itself prints to
stderr. Ends as the VMM does, when all of the file has been printed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

PAUSE = 0.05  # seconds between two looks at the file
CHUNK = 1 << 16


def copy(descriptor: int) -> bool:
    """What has been added; whether there was something."""
    data, any_data = os.read(descriptor, CHUNK), False
    while data:
        any_data = True
        while data:
            data = data[os.write(1, data) :]
        data = os.read(descriptor, CHUNK)
    return any_data


def newest(path: str, descriptor: int) -> int:
    """The file that has the name now: a VMM may put a new one in its place."""
    with contextlib.suppress(FileNotFoundError):
        if not os.path.samestat(os.stat(path), os.fstat(descriptor)):
            newer = os.open(path, os.O_RDONLY)
            os.close(descriptor)
            return newer
    return descriptor


def main(path: str, command: list[str]) -> int:
    with open(path, "wb"):
        pass
    file = os.open(path, os.O_RDONLY)  # before the VMM can remove it
    try:
        vmm = subprocess.Popen(command, stdout=2)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    while (status := vmm.poll()) is None:
        if not copy(file):
            file = newest(path, file)
            time.sleep(PAUSE)
    copy(file)
    copy(newest(path, file))
    if status < 0:
        with contextlib.suppress(OSError):  # of those that nobody can ignore
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
