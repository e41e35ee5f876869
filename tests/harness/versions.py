# SPDX-License-Identifier: BSD-2-Clause
"""Versions and ranges of them: `>=7.2,<8`."""

from __future__ import annotations

import operator
import re

Version = tuple[int, ...]
RANGE = re.compile(r"(>=|<=|>|<|==)\s*(\d+(?:\.\d+)*)")
OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq}


def parse(text: str) -> Version | None:
    """None for what is no version, as `unknown`.

    What follows a dash tells of a build. Of 53.0-246-gae44c2971, as git describes it, the 246 commits since 53.0 count:
    it is 53.0.246, later than 53.0. Nothing else of a build does.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)*)(?:-(\d+)-g[0-9a-f]+)?(?:-\S*)?", text)
    if not match:
        return None
    numbers = match[1].split(".") + ([match[2]] if match[2] else [])
    return tuple(int(part) for part in numbers)


def bounds(text: str) -> list[tuple[str, Version]]:
    found = [RANGE.fullmatch(part.strip()) for part in text.split(",")]
    if None in found:
        raise ValueError(f"'{text}' is no range of versions, such as '>=7.2,<8'")
    return [(match[1], tuple(int(part) for part in match[2].split("."))) for match in found if match]


def holds(text: str, version: Version) -> bool:
    """7.2 is before 7.2.1, and `==7.2` holds both."""
    for name, bound in bounds(text):
        left = version[: len(bound)] if name == "==" else version
        if not OPERATORS[name](left, bound):
            return False
    return True
