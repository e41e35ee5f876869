# SPDX-License-Identifier: BSD-2-Clause
"""One VMM process: started in a session of its own, read line by line, never left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator

LINE_MAX = 65536
CONSOLE_MAX = 64 << 20  # bytes of one boot; more is a guest that prints for ever
END_LIMIT = 10  # seconds for the VMM to end when its guest has said that it is done


class Boot:
    """A running VMM. Iterate over `lines()`; afterwards `why` says how it ended.

    `timeout` is for the whole boot, `silence` between two outputs, in seconds; 0 means no limit.
    """

    def __init__(self, argv: list[str], log_path: str, timeout: float, silence: float) -> None:
        self.why = ""
        self.cut_short = b""  # a last line without an end
        self.timed_out = False
        self._timeout = timeout
        self._silence = silence
        self._started = time.monotonic()
        with open(log_path, "ab") as log:
            self._log_path, self._log_start = log_path, log.tell()
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def extend(self, seconds: float) -> None:
        """More time for the whole boot: its tests were told to take it."""
        if self._timeout:
            self._timeout += seconds

    def expect_end(self) -> None:
        """The guest is done: from now on silence means that the VMM does not end."""
        if self._silence:
            self._silence = min(self._silence, END_LIMIT)

    def kill(self) -> None:
        """Ends the VMM and all that it started, at once."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def errors(self, count: int) -> list[bytes]:
        """The last lines that this VMM wrote to its stderr."""
        with open(self._log_path, "rb") as log:
            log.seek(self._log_start)
            return log.read().splitlines()[-count:]

    def lines(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        buffer, total = b"", 0
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while self._wait(selector):
                chunk = os.read(descriptor, 65536)
                if not chunk:
                    break
                total += len(chunk)
                if total > CONSOLE_MAX:
                    self._give_up(f"more than {CONSOLE_MAX >> 20} MiB of output")
                    break
                *whole, buffer = (buffer + chunk).split(b"\n")
                if len(buffer) > LINE_MAX:
                    whole, buffer = [*whole, buffer], b""
                yield from (line.rstrip(b"\r") for line in whole)
        self.cut_short = buffer
        self._finish()

    def _give_up(self, why: str) -> None:
        self.timed_out = True
        self.why = why

    def _wait(self, selector: selectors.BaseSelector) -> bool:
        """Until there is output or the console is closed. False: the time is up."""
        wait = self._silence or None
        if self._timeout:
            left = self._started + self._timeout - time.monotonic()
            if left <= 0:
                self._give_up(f"no end within {self._timeout:g} s")
                return False
            wait = min(wait or left, left)
        if selector.select(wait):
            return True
        if self._silence and wait == self._silence:
            self._give_up(f"no output for {self._silence:g} s")
        else:
            self._give_up(f"no end within {self._timeout:g} s")
        return False

    def _finish(self) -> None:
        if self.timed_out:
            self.kill()
            return
        try:
            status = self._process.wait(timeout=END_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            self.why = "the VMM closed its console and did not end"
            return
        self.kill()  # what it may have started and left
        if status < 0:
            self.why = f"the VMM was killed by {signal.Signals(-status).name}"
        else:
            self.why = f"the VMM ended with status {status}"
