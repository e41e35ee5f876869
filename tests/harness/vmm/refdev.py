# SPDX-License-Identifier: BSD-2-Clause
"""QEMU, started through the reference device (tests/refdev/server), which is what is judged then."""

from __future__ import annotations

import os

from .base import HOME
from .qemu import Qemu

SIGNALLED = 128  # and a signal: the launcher's exit status for a VMM that was killed


class Refdev(Qemu):
    name = "refdev"

    def targets(self) -> list[str]:
        return [*super().targets(), "refdev"]

    def command(self) -> list[str]:
        launcher = os.path.join(HOME, "build", "host", "refdev")
        return ["env", f"REFDEV={self.machine.refdev}", launcher, *super().command()]

    def end(self, status: int | None) -> str:
        return super().end(SIGNALLED - status if status is not None and status > SIGNALLED else status)
