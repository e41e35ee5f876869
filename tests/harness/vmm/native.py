# SPDX-License-Identifier: BSD-2-Clause
"""The whole kernel as a process, `make native`, with a variant of the reference device inside."""

from __future__ import annotations

import os

from .base import HOME, Adapter


class Native(Adapter):
    name = "refdev"

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.accel = "none"
        self.version = self.machine.name.removeprefix("host-")

    def packages(self) -> list[str]:
        return ["build", "test"]

    def targets(self) -> list[str]:
        return ["native"]

    def command(self) -> list[str]:
        return [os.path.join(HOME, "build", "host", "viommu-guest"), "@GUEST@"]
