# SPDX-License-Identifier: BSD-2-Clause
"""One boot of a VMM: read line by line within limits of time and size, never left behind."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import process

LINE_MAX = 65536
CONSOLE_MAX = 64 << 20  # bytes of one boot; more is a guest that prints for ever
LOG_MAX = 16 << 20  # bytes of one run's vmm.log
END_LIMIT = 10  # seconds for the VMM to end when its guest has said that it is done
LOOK_AGAIN = 1  # seconds, at most, between two looks at the console; what is beyond them is not the VMM's time
FORGIVEN = 10  # boots' times, at most, that a VMM is given for those in which no CPU ran it
WORDS_FIRST, WORDS_LAST, WORD_MAX = 3, 6, 500  # lines of the VMM's own that are shown, characters of one


class Log:
    """A file of limited size: what exceeds it, or finds the disk full, is left out, and the cut is marked."""

    def __init__(self, path: str, limit: int) -> None:
        self.trouble = ""
        self._bytes_left = limit
        self._limit = limit
        self._path = path
        self._file = open(path, "wb", buffering=0)

    def write(self, data: bytes) -> None:
        if self.trouble or not data:
            return
        cut = data[: self._bytes_left]
        self._bytes_left -= len(cut)
        try:
            self._file.write(cut)
            if len(cut) < len(data):
                self.trouble = f"{self._path}: cut after {self._limit >> 20} MiB"
                self._file.write(f"\n[cut after {self._limit >> 20} MiB]\n".encode())
        except OSError as error:
            self.trouble = f"{self._path}: {error.strerror}"

    def close(self) -> None:
        self._file.close()


@dataclass
class Limits:
    """In seconds; 0: none."""

    boot: float
    silence: float


class Boot:
    """A running VMM. Iterate over `lines()`; afterwards `why` says how it ended, `status` with which status.

    The limits are those of the whole boot and of the time between two outputs. `noise` is how a line of the VMM's own
    log begins, which may share the console with the guest; it goes to the log of the VMM.
    """

    def __init__(
        self,
        child: process.Running,
        log: Log,
        limits: Limits,
        show_stderr_after: float = 0,
        noise: re.Pattern[bytes] | None = None,
    ) -> None:
        self.why = ""
        self.cut_short = b""  # a last line without an end
        self.timed_out = False
        self.is_carriers = False  # what ended is the carrier, not the VMM
        self.is_over = False  # the guest has said that it is done
        self._log = log
        self._limits = limits
        self._silence = limits.silence  # until the next words
        self._first_words, self._last_words = b"", b""
        self._child = child
        self._noise, self._torn = noise, b""
        now = time.monotonic()
        self._end = now + limits.boot if limits.boot else None
        self._heard = now
        self.started = now
        self._looked = now
        self.away = 0.0  # seconds in which we did not look, or the VMM did not run
        self._starved, self._starved_looked = 0.0, now
        self._forgivable = limits.boot * FORGIVEN
        self._show_stderr_at = now + show_stderr_after if show_stderr_after else None

    def extend(self, seconds: float) -> None:
        """More time for the whole boot: -t asks its tests to take longer."""
        if self._end is not None and not self.is_over:
            self._end += seconds

    def expect_words(self, seconds: float) -> None:
        """The guest has announced what may hang the VMM: its next words come so soon, or never."""
        if self._limits.silence:
            self._silence = min(seconds, self._limits.silence)

    def expect_end(self) -> None:
        """The guest is done: what is left is for the VMM to end, whatever else it prints."""
        if not self.is_over:
            self.is_over = True
            self._end = time.monotonic() + END_LIMIT

    def kill(self) -> None:
        """Another thread may be reading its lines: those end."""
        self._child.kill()

    @property
    def status(self) -> int | None:
        return self._child.status

    def words(self) -> list[bytes]:
        """The first and the last lines that this VMM wrote to its stderr."""
        first, last = self._first_words, self._last_words
        lines = (first + last if len(last) < LINE_MAX else first + b"\n" + last).splitlines()
        if len(lines) > WORDS_FIRST + WORDS_LAST:
            lines = [*lines[:WORDS_FIRST], b"...", *lines[-WORDS_LAST:]]
        return [line[:WORD_MAX] + b"..." * (len(line) > WORD_MAX) for line in lines]

    def lines(self) -> Iterator[bytes | None]:
        """Of the console. None, once: it is silent so far, and there is output on the VMM's stderr."""
        buffer, total = b"", 0
        while not self.why and (got := self._read()) is not None:
            self._hear(got.get("err", b""))
            chunk = got.get("out", b"")
            if chunk:
                self._heard, self._show_stderr_at = time.monotonic(), None
                self._silence = self._limits.silence
            if self._show_stderr_at and self._first_words and time.monotonic() >= self._show_stderr_at:
                self._show_stderr_at = None
                yield None
            total += len(chunk)
            if total > CONSOLE_MAX:
                self._give_up(f"more than {CONSOLE_MAX >> 20} MiB of output")
                break
            *whole, buffer = (buffer + chunk).split(b"\n") if chunk else [buffer]
            if len(buffer) > LINE_MAX:
                whole, buffer = [*whole, buffer], b""
            yield from (line.rstrip(b"\r") for line in self._of_the_guest(whole))
        self.cut_short = self._torn + buffer
        self._finish()

    def _of_the_guest(self, lines: list[bytes]) -> Iterator[bytes]:
        """Without what the VMM itself writes between them, and in the middle of one, always up to a line's end."""
        for line in lines:
            found = self._noise.search(line) if self._noise else None
            if not found:
                yield self._torn + line
                self._torn = b""
                continue
            self._hear(line[found.start() :] + b"\n")
            self._torn = (self._torn + line[: found.start()])[-LINE_MAX:]

    def _hear(self, words: bytes) -> None:
        self._log.write(words)
        free = LINE_MAX - len(self._first_words)
        self._first_words += words[:free]
        self._last_words = (self._last_words + words[free:])[-LINE_MAX:]

    def _give_up(self, why: str) -> None:
        self.timed_out = True
        self.why = why

    def _read(self) -> dict[str, bytes] | None:
        """The next output; None: the VMM has ended or the time is up."""
        if self._child.silent:
            self.expect_end()
        now = time.monotonic()
        left = None if self._end is None else self._end - now
        silent = None
        if self._limits.silence and not self.is_over:
            silent = self._heard + self._silence - now
        waits = [wait for wait in (left, silent) if wait is not None]
        if waits and min(waits) <= 0:
            if self._child.silent:
                self.why = "the VMM closed its console and did not end"
            elif self.is_over:
                self._give_up(f"the VMM did not end within {END_LIMIT} s after EXIT")
            elif left is not None and left <= 0:
                self._give_up(f"no end within {self._end - self.started:g} s" if self._end else "")
            else:
                self._give_up(f"no output for {self._silence:g} s")
            return None
        if self._show_stderr_at and self._first_words:
            waits.append(self._show_stderr_at - now)
        got = self._child.read(min([LOOK_AGAIN, *waits]))
        self._forgive()
        return got

    def _forgive(self) -> None:
        """We may have been stopped, or nobody reads what we print: the VMM has to wait then, and is not late."""
        now = time.monotonic()
        away = now - self._looked - LOOK_AGAIN
        self._looked = now
        if away > LOOK_AGAIN:
            self._give(away)
        elif now - self._starved_looked >= LOOK_AGAIN and self._forgivable > 0:
            self._give(self._starved_since(now))

    def _starved_since(self, now: float) -> float:
        """A busy host: time that the VMM wanted to run in and could not, which the guest does not count either."""
        passed, starved = now - self._starved_looked, self._child.starved()
        more = min(max(starved - self._starved, 0), passed, self._forgivable)
        self._starved, self._starved_looked = starved, now
        self._forgivable -= more
        return more

    def _give(self, seconds: float) -> None:
        self.away += seconds
        self._heard += seconds
        self._end = None if self._end is None else self._end + seconds

    def _finish(self) -> None:
        if self._child.trouble:
            self.why, self.is_carriers = self._child.trouble, True
        if not self.why:
            status = self._child.status
            if status is not None and status < 0:
                self.why = f"the VMM was killed by {process.signal_name(-status)}"
            else:
                self.why = f"the VMM ended with status {status}"
        self._child.end()
