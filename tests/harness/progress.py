# SPDX-License-Identifier: BSD-2-Clause
"""What a person sees of a run: lines, and on a terminal one more at the bottom that says how far it is."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys

COLOURS = (
    (re.compile(r"^not ok|^# (FAIL|ERROR|CRASH|HANG|XPASS|XSKIP|PLAN|error)\b|^error:"), "31"),
    (re.compile(r"# (WARN|XFAIL)\b"), "33"),
    (re.compile(r"# SKIP\b|^#"), "2"),
    (re.compile(r"^ok "), "32"),
)


class Screen:
    """Lines to stdout. Where that can't be written to, the run goes on: its files matter more."""

    def __init__(self) -> None:
        self.trouble = ""
        terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._live = terminal
        self._colour = terminal and not os.environ.get("NO_COLOR")
        self._status = ""

    def say(self, line: str) -> None:
        if self._colour:
            colour = next((colour for pattern, colour in COLOURS if pattern.search(line)), "")
            line = f"\x1b[{colour}m{line}\x1b[0m" if colour else line
        self._write(("\r\x1b[K" if self._status else "") + line + "\n" + self._status)

    def show(self, status: str) -> None:
        """The line at the bottom; '' takes it away."""
        if self._live and status != self._status:
            self._status = status[: shutil.get_terminal_size().columns - 1]
            self._write("\r\x1b[K" + self._status)

    def warn(self, text: str) -> None:
        """To stderr, if that can be written to."""
        with contextlib.suppress(OSError):
            print(f"run.sh: {text}", file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        """BrokenPipeError: nobody reads any more."""
        if self.trouble:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            silence()
            raise
        except OSError as error:
            self.trouble = f"stdout: {error.strerror}"
            silence()


def silence() -> None:
    """The interpreter must not try to flush what can't be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
