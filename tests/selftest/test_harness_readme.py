# SPDX-License-Identifier: BSD-2-Clause
"""Every command in the README of tests/harness is run, and its examples of TOML are read."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile

import ktap
from ktap import HOME, check, test

README = os.path.join(HOME, "tests", "harness", "README.md")
# They run all of the above, or change the tree.
NOT_RUN = ("--record", "tests/check/python.sh")


def blocks() -> list[str]:
    with open(README, encoding="utf-8") as file:
        return re.findall(r"(?:^    .*\n)+", file.read(), re.M)


def commands() -> list[list[str]]:
    lines = [line for block in blocks() for line in block.splitlines() if re.match(r"    (\./|python3|tests/)", line)]
    return [shlex.split(line, comments=True) for line in lines]


@test
def commands_work() -> None:
    check(len(commands()) > 8, commands())
    for command in commands():
        check(os.path.exists(os.path.join(HOME, command[0] if "/" in command[0] else command[2])), command)
        if not any(word in NOT_RUN for word in command):
            done = subprocess.run(
                command, cwd=HOME, env=ktap.environment({}), capture_output=True, encoding="utf-8", timeout=300
            )
            check(done.returncode == 0, shlex.join(command), done.stdout[-2000:], done.stderr[-2000:])


@test
def examples_are_what_they_seem() -> None:
    (machine,) = [block for block in blocks() if "[mine]" in block]
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "machines.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(machine)
    ran = ktap.run_sh("-n", "--machines", path, QEMU=ktap.FAKE)
    ran.ends(0)
    check("viommu.ep=scan" in ran.out, ran.out)
    (deviation,) = [block for block in blocks() if "[[deviation]]" in block]
    with open(os.path.join(HOME, "tests", "harness", "expect", "qemu.toml"), encoding="utf-8") as file:
        check("\n".join(line.strip() for line in deviation.splitlines()) in file.read())


if __name__ == "__main__":
    ktap.main("harness.harness_readme")
