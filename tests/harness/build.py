# SPDX-License-Identifier: BSD-2-Clause
"""The packages that a run needs, and the build of what it boots."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator

import process

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NEED = os.path.join(HOME, "tests", "harness", "need.sh")
LIMIT = 3600  # seconds for apt-get or for make
SAY_AFTER = 5  # seconds of waiting for somebody else's build


class Failed(Exception):
    """Exit status 2; whoever failed has said why, unless there is a text."""


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Two runs at once must not build the same files."""
    os.makedirs(os.path.join(HOME, "build"), exist_ok=True)
    with open(os.path.join(HOME, "build", ".lock"), "w", encoding="ascii") as lock:
        started, is_announced = time.monotonic(), False
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if not is_announced and time.monotonic() - started > SAY_AFTER:
                print("run.sh: waiting for another build", file=sys.stderr, flush=True)
                is_announced = True
            time.sleep(0.05)
        yield


def _run(argv: list[str]) -> int:
    """What it prints goes to our stderr, as it comes."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    child, deadline = process.Child(argv, environment), time.monotonic() + LIMIT
    try:
        while (got := child.read(deadline - time.monotonic())) is not None and time.monotonic() < deadline:
            for data in got.values():
                os.write(sys.stderr.fileno(), data)
    finally:
        child.end()
    return child.status or 0


def need(lists: list[str]) -> None:
    """Installs the packages of lists of setup.sh, or says which are missing."""
    if _run([NEED, *(f"packages_{name}" for name in lists)]):
        raise Failed


def make(targets: list[str], arch: str) -> None:
    cpus = len(os.sched_getaffinity(0))
    of = [] if arch == "host" else [f"ARCH={arch}"]
    with locked():
        if _run(["make", "-s", "--no-print-directory", f"-j{cpus}", "-C", HOME, *targets, *of]):
            raise Failed("the image does not build")
