# SPDX-License-Identifier: BSD-2-Clause
"""What test_hostile.py and test_unlucky.py share: runs that end badly, and what a user must see of them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET

import ktap
from ktap import Ran, check, run_fake

MACHINE = '[m]\narch = "x86_64"\nparts = ["-append @GUEST@"]\n'


def scratch(name: str = "") -> str:
    return os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), name)


def text_file(text: str, name: str = "machines.toml") -> str:
    path = scratch(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def is_clear(ran: Ran, status: int, *words: str) -> None:
    """One line, no traceback, and the words."""
    ran.ends(status)
    check(len(ran.err.splitlines()) == 1 and "Traceback" not in ran.err + ran.out, ran.out, ran.err[-3000:])
    for word in words:
        check(word in ran.err, word, ran.err[-3000:])


def document(ran: Ran) -> dict[str, object]:
    found = json.loads(ran.text("results.json"))
    assert isinstance(found, dict)
    return found


def is_red(ran: Ran, status: int) -> None:
    """For whoever reads only one of the files, too, and without a traceback."""
    ran.ends(status)
    check("Traceback" not in ran.err and status, ran.err)
    suite = ET.parse(os.path.join(ran.results, "junit.xml")).getroot()
    check(int(suite.get("failures", "0")) + int(suite.get("errors", "0")), ran.text("junit.xml"))
    lines = ran.text("results.ktap").splitlines()
    check([line for line in lines if line.startswith(("not ok", "# error: "))], lines)


def script(lines: str, *arguments: str, **extra: str) -> Ran:
    """A VMM that is a shell script; it has a version."""
    vmm = ktap.script(f"#!/bin/sh\ncase \"$*\" in *--version*|*help*) echo version 1.0; exit;; esac\n{lines}\n")
    return run_fake("", *arguments, QEMU=vmm, **extra)


def wait_for(path: str, text: str) -> None:
    """Not for long: what does not come in seconds does not come."""
    for _ in range(400):
        with contextlib.suppress(FileNotFoundError):
            with open(path, encoding="utf-8", errors="replace") as file:
                if text in file.read():
                    return
        time.sleep(0.05)
    raise AssertionError(f"no '{text}' in {path}")


def begin(tests: str, *arguments: str, **extra: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*ktap.RUN_SH, "--no-build", *arguments],
        env=ktap.environment({"QEMU": ktap.FAKE, "TIMEOUT": "20", "FAKE_TESTS": tests, **extra}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
