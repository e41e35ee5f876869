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


class Boot:
    """A running VMM. Iterate over `lines()`; afterwards `why` says how it ended."""

    def __init__(self, argv: list[str], log_path: str, timeout: float, idle: float) -> None:
        self.why = ""
        self.timed_out = False
        self._deadline = time.monotonic() + timeout if timeout else None
        self._idle = idle
        with open(log_path, "ab") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Ends the VMM and all that it started, at once."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def lines(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        buffer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if not self._wait(selector):
                    break
                chunk = os.read(descriptor, 65536)
                if not chunk:
                    break
                buffer += chunk
                *whole, buffer = buffer.split(b"\n")
                if len(buffer) > LINE_MAX:
                    whole, buffer = [*whole, buffer], b""
                yield from (line.rstrip(b"\r") for line in whole)
        if buffer:
            yield buffer
        self._finish()

    def _wait(self, selector: selectors.BaseSelector) -> bool:
        """False: the time is up."""
        now = time.monotonic()
        limit = self._idle or None
        reason = f"no output for {self._idle:g} s"
        if self._deadline is not None and (limit is None or self._deadline - now < limit):
            limit = max(self._deadline - now, 0)
            reason = "no end within the time limit of the VM"
        if selector.select(limit):
            return True
        self.timed_out = True
        self.why = reason
        return False

    def _finish(self) -> None:
        if self.timed_out:
            self.kill()
            return
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
            self.why = "the VMM closed its console and did not end"
            return
        if status < 0:
            self.why = f"the VMM was killed by {signal.Signals(-status).name}"
        else:
            self.why = f"the VMM ended with status {status}"
