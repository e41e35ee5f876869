# SPDX-License-Identifier: BSD-2-Clause
"""A console that was saved (--console): nothing is booted, and its lines are judged as those of a VM."""

from __future__ import annotations

from machines import Machine
from protocol import START

from .base import LOG_LINE, Adapter, Unusable


def machine(path: str) -> Machine:
    return Machine("console", "host", "saved", [path])


class Saved(Adapter):
    """The Nth boot that the file holds, which begins with KTAP's first line, is what the Nth boot prints."""

    name = "console"
    noise = LOG_LINE

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.accel, self.version = "saved", "unknown"

    def packages(self) -> list[str]:
        return []

    def targets(self) -> list[str]:
        return []

    def look(self) -> None:
        (self.path,) = self.machine.words
        try:
            with open(self.path, "rb") as file:
                begins = sum(line.rstrip(b"\r\n").endswith(START.encode()) for line in file)
        except OSError as error:
            raise Unusable(f"--console: {self.path}: {error.strerror}") from error
        self.boots_max = max(begins, 1)

    def deaf(self) -> str:
        return "a console that was saved is not booted again"

    def command(self) -> list[str]:
        # What is between the end of a boot and the next one is of the firmware's, or nobody's.
        shown = f"boot == @BOOT@ && (!is_over || boot == {self.boots_max}) || !boot && @BOOT@ == 1"
        program = f"/{START}\\r?$/ {{ boot++; is_over = 0 }} {shown} {{ print }} /^EXIT: STATUS=/ {{ is_over = 1 }}"
        return ["env", "LC_ALL=C", "awk", program, self.path]
