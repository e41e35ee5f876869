# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the harness share: @test, check(), run_sh() with the fake VMM, and KTAP on stdout."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.dirname(os.path.dirname(HERE))
FAKE = os.path.join(HERE, "fake_vmm.py")
LIMIT = 120  # seconds for one run of run.sh

# run.sh; or what it starts, when the lines are counted that its tests run (coverage.sh).
RUN_SH = os.environ.get("RUN_SH", os.path.join(HOME, "run.sh")).split()

VMMS = ("LKVM", "CLOUD_HYPERVISOR", "CROSVM", "FIRECRACKER", "ALIOTH")  # variables that name one

TESTS: list[Callable[[], None]] = []


def test(function: Callable[[], None]) -> Callable[[], None]:
    TESTS.append(function)
    return function


def check(condition: object, *shown: object) -> None:
    if not condition:
        raise AssertionError(" ".join(str(value) for value in shown))


def refused(function: Callable[[], object], *words: str) -> None:
    """With an exception, one line that holds the words."""
    try:
        function()
    except Exception as error:
        for word in words:
            check(word in str(error) and "\n" not in str(error), repr(word), "not in:", repr(error))
    else:
        check(False, "accepted:", *words)


def script(text: str, name: str = "vmm") -> str:
    """An executable file."""
    path = os.path.join(tempfile.mkdtemp(dir=SCRATCH.name), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


def poor_path(*lacking: str) -> str:
    """A PATH of one directory that has all commands but some."""
    directory = tempfile.mkdtemp(dir=SCRATCH.name)
    for source in ("/bin", "/usr/bin", "/sbin", "/usr/sbin"):
        for name in os.listdir(source):
            target = os.path.join(directory, name)
            if name not in lacking and not os.path.lexists(target):
                os.symlink(os.path.join(source, name), target)
    return directory


class Skipped(Exception):
    """The machine that a test is about can't be had with this VMM, or on this host."""


def main(suite: str) -> None:
    print(f"KTAP version 1\n1..{len(TESTS)}", flush=True)
    failed = 0
    for number, function in enumerate(TESTS, 1):
        try:
            function()
            print(f"ok {number} {suite}.{function.__name__}", flush=True)
        except Skipped as reason:
            print(f"ok {number} {suite}.{function.__name__} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {suite}.{function.__name__} # FAIL", flush=True)
    sys.exit(1 if failed else 0)


@dataclass
class Ran:
    """A finished process: what it printed, how it ended, and the directory of its results."""

    status: int
    out: str
    err: str
    results: str

    def text(self, name: str) -> str:
        with open(os.path.join(self.results, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def says(self, *lines: str) -> None:
        """Each of the lines must be there, whole."""
        for line in lines:
            check(line in self.out.splitlines(), f"no line '{line}' in:\n{self.out}{self.err}")

    def needs_the_machine(self) -> Ran:
        """Skips the test where the machine was skipped."""
        for line in self.out.splitlines():
            if line.startswith("1..0 # SKIP "):
                raise Skipped(line.removeprefix("1..0 # SKIP "))
        return self

    def ends(self, status: int, total: str = "") -> None:
        check(self.status == status, f"status {self.status}, not {status}:\n{self.out}{self.err}")
        if total:
            check(self.out.splitlines()[-1:] == [total], f"not '{total}':\n{self.out}{self.err}")


def wait_for_file(path: str, text: str) -> None:
    """Until there is such a file that holds the text."""
    for _ in range(LIMIT * 20):
        if os.path.exists(path):
            return wait_for(path, text)
        time.sleep(0.05)
    raise AssertionError(f"no {path}")


def wait_for(path: str, text: str) -> None:
    """Until the file holds the text."""
    for _ in range(LIMIT * 20):
        with open(path, encoding="utf-8", errors="replace") as file:
            if text in file.read():
                return
        time.sleep(0.05)
    raise AssertionError(f"no '{text}' in {path}")


SCRATCH = tempfile.TemporaryDirectory(prefix="viommu-guest.selftest.")


def processes_with(word: str) -> list[str]:
    """Those that have it in their environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
            if word.encode() in file.read():
                found.append(name)
    return found


def environment(extra: dict[str, str]) -> dict[str, str]:
    """Ours without what would change a run."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in ("QEMU", *VMMS, "ACCEL", "TIMEOUT", "NO_INSTALL", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return {**ours, "NO_INSTALL": "1", "PYTHONDONTWRITEBYTECODE": "1", **extra}


def run_sh(*arguments: str, **extra: str) -> Ran:
    """./run.sh with results in a directory of its own; the keywords are its environment."""
    results = tempfile.mkdtemp(dir=SCRATCH.name)
    done = subprocess.run(
        [*RUN_SH, "-o", results, *arguments],
        env=environment(extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
    )
    return Ran(done.returncode, done.stdout, done.stderr, results)


def run_fake(tests: str, *arguments: str, **extra: str) -> Ran:
    """run.sh with the fake VMM, whose tests are `id=behaviour` words; no stress, short limits."""
    settings = {"QEMU": FAKE, "FAKE_TESTS": tests, "TIMEOUT": "20", **extra}
    return run_sh("--no-build", "-t", "0", *arguments, **settings)
