# SPDX-License-Identifier: BSD-2-Clause
"""The one place that starts and ends processes. Whatever they start in their turn is ended with them.

Each has a process group of its own; what leaves that comes to us when its parent ends, where Linux lets us be a
subreaper (prctl(2)), and is ended by end_all().
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SIGNALS = tuple(
    getattr(signal, f"SIG{name}")
    for name in "HUP INT QUIT TERM USR1 USR2 ALRM VTALRM PROF XCPU IO PWR".split()
)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PYTHON = [sys.executable, "-E", "-s", "-B"]  # as run.sh starts it
CHUNK = 1 << 16
DRAIN_MAX = 1 << 21  # bytes of one pipe after the process has ended: more than a pipe holds
POLL = 0.1  # seconds, where the kernel has no pidfd


class Stopped(SystemExit):
    """By a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


# Signals that have come. Python drops an exception that comes in a hook of fork(2): while one is under way they wait,
# and whoever reads a child raises them.
_arrived: list[int] = []
_forking: list[bool] = []


def _stop(number: int, _frame: object) -> None:
    _arrived.append(number)
    if not _forking:
        raise Stopped(number)


def signal_name(number: int) -> str:
    """Most of the real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _end_with_parent() -> None:
    """Of a new process: nobody else is there to end it where we are killed."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def prepare() -> None:
    """Signals end us by an exception, and orphans of our children become ours."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def ignore_signals() -> None:
    """While the last things are done."""
    _arrived.clear()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _waited(path: str) -> float:
    """The second number of a schedstat: nanoseconds on a run queue."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    return 0.0


class Running(Protocol):
    """What is read until it ends, here or elsewhere."""

    status: int | None  # when it has ended; negative: by that signal
    silent: bool  # its stdout is closed
    trouble: str  # why it is gone, where it did not end by itself and its place is to blame

    def read(self, wait: float | None) -> dict[str, bytes] | None:
        """As Child.read()."""

    def kill(self) -> None:
        """As Child.kill()."""

    def starved(self) -> float:
        """As Child.starved()."""

    def end(self) -> None:
        """As Child.end()."""


class Child:
    """A running process, whose stdout and stderr are read by read()."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        keep: Sequence[int] = (),
    ) -> None:
        """`keep` are descriptors to close when it has ended."""
        self.status: int | None = None  # when it has ended; negative: by that signal
        self.silent = False  # its stdout is closed
        self.trouble = ""
        self._keep = list(keep)
        _forking.append(True)
        try:
            self.popen = self._start(argv, environment, stdin)
        finally:
            _forking.pop()
        assert self.popen.stdout and self.popen.stderr
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.popen.stdout, selectors.EVENT_READ, "out")
        self._selector.register(self.popen.stderr, selectors.EVENT_READ, "err")
        self._end = -1
        with contextlib.suppress(OSError, AttributeError):
            self._end = os.pidfd_open(self.popen.pid)
            self._selector.register(self._end, selectors.EVENT_READ, "end")

    @staticmethod
    def _start(argv: Sequence[str], environment: Mapping[str, str] | None, stdin: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # Not beside other threads: what Python does between fork and exec may wait for them.
            preexec_fn=_end_with_parent if threading.active_count() == 1 else None,
        )

    def read(self, wait: float | None) -> dict[str, bytes] | None:
        """What is at hand of `out` and `err`, after `wait` seconds at most; None when the process has ended, whoever
        else holds its pipes, and its output is read."""
        if _arrived:
            raise Stopped(_arrived[0])
        if self.status is not None:
            return None
        deadline = None if wait is None else time.monotonic() + max(wait, 0)
        while True:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            pause = left if self._end >= 0 else POLL if left is None else min(POLL, left)
            ready = {key.data for key, _ in self._selector.select(pause)}
            if "end" in ready or self._end < 0 and not ready and self.popen.poll() is not None:
                return self._rest()
            if got := {name: self._take(name) for name in ready}:
                return got
            if left == 0:
                return {}

    def starved(self) -> float:
        """Seconds that the thread which waited longest could have run and no CPU was free; 0 where nobody counts."""
        return max((_waited(path) for path in glob.glob(f"/proc/{self.popen.pid}/task/*/schedstat")), default=0.0)

    def _take(self, name: str) -> bytes:
        stream = self.popen.stdout if name == "out" else self.popen.stderr
        assert stream is not None
        data = os.read(stream.fileno(), CHUNK)
        if not data:
            self._selector.unregister(stream)
            self.silent |= name == "out"
        return data

    def _rest(self) -> dict[str, bytes]:
        """What the pipes still hold of the ended process."""
        if self._end >= 0:
            self._selector.unregister(self._end)
        rest = {"out": b"", "err": b""}
        while ready := {key.data for key, _ in self._selector.select(0)}:
            for name in ready:
                rest[name] += self._take(name)
            if max(len(data) for data in rest.values()) > DRAIN_MAX:
                break
        self.status = self.popen.wait()
        return rest

    def kill(self) -> None:
        """Its process group, at once. Whoever reads it then sees its end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kills it and forgets it."""
        self.kill()
        status = self.popen.wait()
        self.status = status if self.status is None else self.status
        self._selector.close()
        for stream in (self.popen.stdout, self.popen.stderr, self.popen.stdin):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        for descriptor in [*self._keep, *([self._end] if self._end >= 0 else [])]:
            os.close(descriptor)
        self._keep, self._end = [], -1


def children() -> list[int]:
    with contextlib.suppress(OSError):
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    return []


def end_all() -> None:
    """Kills what is left of all that was started; each death may bring us another orphan."""
    while pids := children():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


@dataclass
class Finished:
    status: int | None  # None: it was ended by us
    out: str
    err: str
    why: str = ""  # it was ended by us

    def last_words(self) -> str:
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return self.why or (lines[-1] if lines else f"status {self.status}")


def run(
    argv: Sequence[str],
    limit: float,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    output_max: int = 1 << 20,
) -> Finished:
    """A command, for `limit` seconds and `output_max` bytes of output at most. OSError: it can't be started."""
    child = Child(argv, environment, subprocess.PIPE)
    got = {"out": b"", "err": b""}
    why, deadline = "", time.monotonic() + limit
    try:
        with contextlib.suppress(OSError):
            assert child.popen.stdin is not None
            child.popen.stdin.write(stdin)
            child.popen.stdin.close()
        while (data := child.read(deadline - time.monotonic())) is not None:
            for name, more in data.items():
                got[name] += more
            if child.status is None and time.monotonic() >= deadline:
                why = f"no end within {limit:g} s"
            elif max(map(len, got.values())) > output_max:
                why = f"more than {output_max >> 10} KiB of output"
            if why:
                break
    finally:
        child.end()
    out, err = (got[name][:output_max].decode("utf-8", "replace") for name in ("out", "err"))
    return Finished(None if why else child.status, out, err, why)
