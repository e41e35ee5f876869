# SPDX-License-Identifier: BSD-2-Clause
"""What is run, and the guest's command lines that ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import expect
import reports
from machines import Machine
from options import Options
from placeholders import Files
from protocol import glob_matches
from series import PLAN_MAX
from vmm import Adapter

GLOBS_MAX = 100  # of one command line; the guest takes 128 (CMDLINE_RUN_MAX in lib/cmdline/cmdline.h)
# Words that tell the guest what its boots are for (lib/cmdline/cmdline.h).
RESUME, ISOLATE, LIST = ["resume"], ["isolate", "reset-broken"], ["list"]


@dataclass
class Job:
    """What is run: a machine, the adapter of its VMM, and what the guest is asked to do."""

    machine: Machine
    adapter: Adapter
    options: Options
    folder: reports.Folder | None  # None: nothing is written
    argv: list[str] = field(default_factory=list)  # with @GUEST@ where the guest's command line goes
    files: Files = field(default_factory=Files)
    expectations: expect.Expectations | None = None

    def guest(self, globs: list[str], first: int = 1, more: Sequence[str] = RESUME) -> str:
        options = self.options
        if self.adapter.deaf():
            return ""
        words = [f"seed={options.seed}", f"seconds={options.seconds}"]
        words += ["icount"] * options.icount + list(more)
        words += [f"run={','.join(globs)}"] if globs else []
        return " ".join(words + self.machine.guest + ([f"from={first}"] if first > 1 else []))

    def fits(self, globs: list[str]) -> bool:
        return len(globs) <= GLOBS_MAX and len(self.guest(globs, PLAN_MAX, ISOLATE)) <= self.adapter.guest_max

    def described(self, status: int, boots: int) -> tuple[dict[str, str], dict[str, object]]:
        """What the files of results say of it: properties, and the document that becomes results.json."""
        options, adapter = self.options, self.adapter
        properties = {
            "machine": self.machine.name,
            "arch": self.machine.arch,
            "vmm": f"{adapter.name} {adapter.version}",
            "accel": adapter.accel,
            "seed": options.seed,
        }
        guest = self.guest(options.globs)
        argv = [word.replace("@GUEST@", guest) for word in self.argv] or [adapter.path]
        document: dict[str, object] = {
            "tool": "viommu-guest",
            "version": options.version,
            **properties,
            "vmm": {"name": adapter.name, "version": adapter.version, "path": argv[0], "args": argv[1:]},
            "icount": options.icount,
            "strict": options.strict,
            "at_least": options.at_least,
            "exit": status,
            "boots": boots,
        }
        return properties, document


def select(listed: list[tuple[str, str]], globs: list[str]) -> tuple[list[str], str]:
    """The ids that the guest would run, and the first glob that matches none."""

    def selects(glob: str, test_id: str, kind: str) -> bool:
        return (kind == "default" or glob[0] not in "*?") and glob_matches(glob, test_id)

    if not globs:
        return [test_id for test_id, kind in listed if kind == "default"], ""
    chosen = [test_id for test_id, kind in listed if any(selects(glob, test_id, kind) for glob in globs)]
    unknown = [glob for glob in globs if not any(selects(glob, *one) for one in listed)]
    return chosen, unknown[0] if unknown else ""
