# SPDX-License-Identifier: BSD-2-Clause
"""A VMM that nobody has written an adapter for, by its command line (--vmm-command)."""

from __future__ import annotations

import os
import re
import shlex
import shutil

from machines import Bad, Machine
from placeholders import has, substitute

from .base import LOG_LINE, Adapter, Unusable

# Of each CPU, the first one is the default: what `make image` leaves in the folder of the images.
IMAGES = {
    "x86_64": {"pvh": "viommu-guest.elf", "bzimage": "viommu-guest.bzimage", "efi": "viommu-guest.efi"},
    "aarch64": {"image": "viommu-guest.image", "efi": "viommu-guest.efi"},
    "riscv64": {"image": "viommu-guest.image", "efi": "viommu-guest.efi"},
}
PLACEHOLDERS = ("IMAGE", "GUEST", "DISK", "CONSOLE", "BUILD")


def machine(text: str, kind: str, arch: str) -> Machine:
    """The machine of a command line. Bad: it is none, or there is no such image."""
    images = IMAGES.get(arch)
    if images is None:
        raise Bad(f"--vmm-command: CPU '{arch}', expected one of {', '.join(IMAGES)}")
    name = images.get(kind or next(iter(images)))
    if name is None:
        raise Bad(f"--image: '{kind}' is no image of {arch}, expected one of {', '.join(images)}")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Bad(f"--vmm-command: {error}: {text}") from error
    if not words:
        raise Bad("--vmm-command: no word is in it")
    for found in re.findall("@([A-Z]+)@", " ".join(words)):
        if found not in PLACEHOLDERS:
            raise Bad(f"--vmm-command: @{found}@ stands for nothing, expected one of {', '.join(PLACEHOLDERS)}")
    return Machine("vmm-command", arch, "command", substitute(words, IMAGE=f"@BUILD@/{name}"))


class Command(Adapter):
    """Nothing is known of it: its version is not asked for, and no deviation is expected."""

    noise = LOG_LINE

    def look(self) -> None:
        program = self.machine.words[0]
        self.name, self.version, self.accel = os.path.basename(program), "unknown", "its own choice"
        self.path = shutil.which(program) or ""
        if not self.path and not self.settings.dry:
            raise Unusable(f"--vmm-command: no program '{program}'")
        self.boots_max = 1 if self.deaf() else 0

    def deaf(self) -> str:
        return "" if has(self.machine.words, "GUEST") else "--vmm-command has no @GUEST@"

    def command(self) -> list[str]:
        return [self.path or self.machine.words[0], *self.machine.words[1:], *self.settings.words]
