# SPDX-License-Identifier: BSD-2-Clause
"""Checks of a run's results that the tests of the topology share."""

from __future__ import annotations

import json

from ktap import Ran, check

DMA = "conformance.translation"
ORDINARY = "conformance.detach"
EVERY_FUNCTION = 0, 0xFFFF


def verdicts(ran: Ran) -> dict[str, str]:
    check(ran.status in (0, 1), ran.status, ran.out, ran.err)
    return {test["id"]: test["verdict"] for test in json.loads(ran.text("results.json"))["tests"]}


def is_judged(ran: Ran, **expected: str) -> None:
    """By the last part of the id."""
    found = {name.rpartition(".")[2]: verdict for name, verdict in verdicts(ran).items()}
    for name, verdict in expected.items():
        check(found.get(name) == verdict, name, found.get(name), ran.out, ran.err)


def is_fine(ran: Ran, suite: str, *but: str) -> None:
    """The suite was run and nothing failed or warned, nor did anything else but the tests named."""
    found = verdicts(ran)
    passed = [name for name, verdict in found.items() if name.startswith(suite) and verdict == "PASS"]
    bad = [name for name, verdict in found.items() if verdict not in ("PASS", "SKIP", "XFAIL")]
    check(len(passed) > 4, passed, ran.out, ran.err)
    check(sorted(name.rpartition(".")[2] for name in bad) == sorted(but), bad, but, ran.out)


def is_said(ran: Ran, *words: str) -> None:
    """In one line."""
    lines = ran.text("console.log").splitlines()
    check(any(all(word in line for word in words) for line in lines), words, ran.out, ran.err)
