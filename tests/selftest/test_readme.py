# SPDX-License-Identifier: BSD-2-Clause
"""The commands of all READMEs, tried as they are: those that end within seconds are run, those that take
long are run dry (make -n, run.sh -n), and those whose program no Debian has are named with that reason."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

import ktap
from ktap import check, test

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGES = "build/images/viommu-guest"
LIMIT = 300  # seconds for one command; a VM under plain emulation takes up to 40

PROGRAM = re.compile(
    r"((?:[A-Z_]+=\S+ )*)(\./run\.sh|make|python3|truncate|lkvm|cloud-hypervisor|firecracker|crosvm|alioth|"
    r"qemu-system-\w+|build/host/viommu-guest)(?: |$)"
)
# What is not run at all: the command begins so, and why.
NOT_RUN = {
    "lkvm ": "no Debian has kvmtool; tests/nested runs it where LKVM names one",
    "CLOUD_HYPERVISOR=": "no Debian has Cloud Hypervisor",
    "make lkvm-static": "a target of kvmtool's own source",
    "cloud-hypervisor ": "no Debian has Cloud Hypervisor",
    "firecracker ": "no Debian has Firecracker",
    "crosvm ": "no Debian has crosvm",
    "alioth ": "no Debian has alioth",
    "make mutants MUTANT=NAME": "NAME stands for a new mutant",
    "./run.sh --console ": "it judges what another run has left",
    "python3 -B tests/selftest/": "a step of make test, or what test_harness_readme.py runs",
}
# Without arguments these are names of programs.
NAMES = ("build/host/viommu-guest", "lkvm", "cloud-hypervisor", "crosvm", "firecracker", "alioth")
# Of make, what ends within seconds; the rest is run dry, which proves that the targets exist.
QUICK = re.compile(r"make help|make (-s )?host .*RUN=|make mutants MUTANT=")


@dataclass(frozen=True)
class Command:
    readme: str
    line: int
    text: str

    def starts(self, *programs: str) -> bool:
        match = PROGRAM.match(self.text)
        return match is not None and match[2].startswith(programs)

    def why_not(self) -> str:
        return next((why for start, why in NOT_RUN.items() if self.text.startswith(start)), "")

    def __str__(self) -> str:
        return f"{self.readme}:{self.line}: {self.text}"


@dataclass
class Readme:
    path: str  # from HOME
    lines: list[str]

    def blocks(self) -> list[tuple[int, str]]:
        """The lines of indented and fenced blocks, with their numbers; a `\\` at the end joins two."""
        found: list[tuple[int, str]] = []
        fence, joined = "", False
        for number, line in enumerate(self.lines, 1):
            if line.lstrip().startswith("```"):
                fence = "" if fence else line.strip()
            elif fence == "```sh" or (not fence and line.startswith("    ")):
                if joined:
                    number, before = found.pop()
                    line = f"{before[:-1].rstrip()} {line.strip()}"
                found.append((number, line.strip()))
                joined = line.endswith("\\")
        return found

    def commands(self) -> list[Command]:
        texts = [(number, re.sub(r"^\$ |  +# .*$", "", text)) for number, text in self.blocks()]
        fenced = False
        for number, line in enumerate(self.lines, 1):
            fenced ^= line.lstrip().startswith("```")
            if not fenced and not line.startswith("    "):
                texts += [(number, span) for span in re.findall(r"`([^`]+)`", line)]
        texts = [(number, text) for number, text in texts if PROGRAM.match(text)]
        texts = [(number, text) for number, text in texts if text not in NAMES]
        return [Command(self.path, number, text.replace("\\|", "|")) for number, text in sorted(texts)]


def read_readmes() -> list[Readme]:
    paths = sorted(glob.glob("**/README.md", root_dir=HOME, recursive=True))
    readmes = []
    for path in paths:
        if not path.startswith("build/"):
            with open(os.path.join(HOME, path), encoding="utf-8") as file:
                readmes.append(Readme(path, file.read().splitlines()))
    return readmes


READMES = read_readmes()
COMMANDS = [command for readme in READMES for command in readme.commands()]


def run(text: str, **extra: str) -> tuple[int, str]:
    """The exit status and all that was printed."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=HOME,
        env={**ours, "NO_INSTALL": "1", "PYTHONDONTWRITEBYTECODE": "1", **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT,
    )
    return done.returncode, done.stdout


def must_run(command: Command, text: str, **extra: str) -> str:
    status, out = run(text, **extra)
    check(status == 0, f"{command}: exit status {status}\n{out[-2000:]}")
    return out


@test
def there_are_commands() -> None:
    for readme in READMES:
        check(readme.commands(), f"{readme.path} has no command")
    for start in NOT_RUN:
        check(any(c.text.startswith(start) for c in COMMANDS), f"no README has '{start}'")
    for command in COMMANDS:
        if command.why_not():
            print(f"# not run: {command}: {command.why_not()}")


@test
def make_has_the_targets() -> None:
    for command in {command.text: command for command in COMMANDS}.values():
        if command.starts("make") and not command.why_not():
            quick = QUICK.search(command.text)
            must_run(command, command.text if quick else re.sub(r"\bmake\b", "make -n", command.text))


def ids_of_tests() -> set[str]:
    """Read from the sources, as the linker collects them."""
    found = set()
    for path in glob.glob(os.path.join(HOME, "tests/**/*.c"), recursive=True):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if suite := re.search(r'^#define SUITE "(.*)"', text, re.M):
            found |= {f"{suite[1]}.{name}" for name in re.findall(r"^TEST\((\w+)", text, re.M)}
    return found


@test
def run_sh_takes_the_options() -> None:
    ids = ids_of_tests()
    for command in {command.text: command for command in COMMANDS}.values():
        if not command.starts("./run.sh") or command.why_not():
            continue
        must_run(command, command.text.replace("./run.sh", "./run.sh -n", 1))
        for word in re.findall(r"(?<=[ '])(?:conformance|discovery|topology|stress|bench)\.[\w.*?]+", command.text):
            pattern = re.escape(word).replace(r"\*", ".*").replace(r"\?", ".")
            matches = [i for i in ids if re.fullmatch(rf"{pattern}(\..*)?", i)]
            check(matches, f"{command}: no test matches {word}")


@test
def native_commands_run() -> None:
    status, out = run("make -s native")
    check(status == 0, out)
    for command in COMMANDS:
        if not command.starts("build/host/viommu-guest"):
            continue
        status, out = run(command.text)
        if "=list" in command.text:
            check(status == 0 and out, f"{command}: exit status {status}")
        else:
            check("\nEXIT: STATUS=" in out, f"{command}: no end\n{out[-2000:]}")
            has_bug = "REFDEV_MUTANT=" in command.text
            check(("\nnot ok " in out) == has_bug, f"{command}: {out[-2000:]}")


@test
def qemu_boots_every_image() -> None:
    """In the order of the READMEs, since one command writes what the next one boots."""
    status, out = run("make -s images")
    check(status == 0, out[-2000:])
    with tempfile.TemporaryDirectory() as scratch:
        copy = os.path.join(scratch, os.path.basename(IMAGES))
        for path in glob.glob(os.path.join(HOME, f"{IMAGES}-*")):
            shutil.copy(path, scratch)
        for command in COMMANDS:
            if command.why_not() or not command.starts("qemu-system-", "python3", "truncate"):
                continue
            text = command.text.replace(IMAGES, copy)
            out = must_run(command, text, I=copy, D=os.path.join(scratch, "disk"))
            if command.starts("qemu-system-"):
                check("\n# passed=" in out and "\nEXIT: STATUS=1" in out, f"{command}:\n{out[-3000:]}")


def without_times(line: str) -> str:
    return re.sub(r"clock=\S+|\d+\.\d s$", "", line)


@test
def transcript_is_of_a_real_run() -> None:
    """Every line of it, where this QEMU is the one that it names."""
    block = [text for _number, text in READMES[0].blocks()]
    begin = next(i for i, text in enumerate(block) if text.startswith("$ ./run.sh"))
    command, *lines = block[begin:]
    lines = [without_times(line) for line in lines if line != "..."]
    with tempfile.TemporaryDirectory() as scratch:
        _status, out = run(f"./run.sh -o {scratch} {command.removeprefix('$ ./run.sh')}")
    named = next(match[0] for line in lines if (match := re.search(r"qemu [\d.]+", line)))
    if named not in out:
        print(f"# the transcript is of {named}, which is not here")
        return
    printed = {without_times(line.strip()) for line in out.splitlines()}
    for line in lines:
        check(line in printed, f"README.md: the run does not print '{line}'\n{out}")


@test
def mutants_are_those_of_the_table() -> None:
    with open(os.path.join(HOME, "tests/refdev/mutants/mutants.def"), encoding="utf-8") as file:
        known = dict(re.findall(r'^REF_MUTANT\((\w+), "[^"]*", "([^"]*)"', file.read(), re.M))
    rows = 0
    for readme in READMES:
        for line in readme.lines:
            if match := re.match(r"\| `([A-Z0-9_]+)` \| (.*?) \| IOMMU_", line):
                rows += 1
                check(known.get(match[1]) == match[2], f"{readme.path}: {line}, not '{known.get(match[1])}'")
    check(rows, "no README has a row of mutants.def")


@test
def links_and_paths_exist() -> None:
    for readme in READMES:
        folder = os.path.join(HOME, os.path.dirname(readme.path))
        text = "\n".join(readme.lines)
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            check(os.path.exists(os.path.join(folder, link)), f"{readme.path}: no {link}")
        for path in re.findall(r"`((?:arch|boot|drivers|lib|linker|tests)/[\w./-]*)`", text):
            check(os.path.exists(os.path.join(HOME, path)), f"{readme.path}: no {path}")


if __name__ == "__main__":
    ktap.main("readme")
