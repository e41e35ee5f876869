# SPDX-License-Identifier: BSD-2-Clause
"""kvmtool, whose program is lkvm. With a carrier a machine of its is nested, by its name."""

from __future__ import annotations

import re

from .kvm import KvmVmm


class Kvmtool(KvmVmm):
    name = "kvmtool"
    program = "lkvm"
    version_words = ("version",)
    version_line = re.compile(r"^kvm tool ([0-9.]*[0-9])", re.M)
    guest_max = 1800  # of the 2048 that it keeps, some for its own options
    is_carried_by_name = True

    def arguments(self) -> list[str]:
        return ["run", *super().arguments()]
