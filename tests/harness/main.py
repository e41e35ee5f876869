# SPDX-License-Identifier: BSD-2-Clause
"""Boots the guest under a VMM and judges what it says; called by run.sh. options.py has its usage."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until process.prepare() a Ctrl-C just ends us

import io  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402

if sys.version_info < (3, 11):
    sys.exit(f"run.sh: Python 3.11 or later is needed, {sys.executable} is {sys.version.split()[0]}")

import build  # noqa: E402
import expect  # noqa: E402
import machines  # noqa: E402
import many  # noqa: E402
import options as opt
import placeholders
import process
import reports
import vmm
import vmm.command
import vmm.saved
from build import HOME
from job import Job
from machines import Machine
from placeholders import Files
from progress import Screen, silence
from series import Stop
from session import DeadKvm, Session
from vmm.base import Settings, Unusable, kvm_lacking

MACHINES = os.path.join(HOME, "tests", "harness", "machines.toml")
EXPECT = os.path.join(HOME, "tests", "harness", "expect")
PLAIN = re.compile(r"[a-zA-Z0-9_.,:=/+-]+")


def own_version() -> str:
    with open(os.path.join(HOME, "Makefile"), encoding="utf-8") as file:
        match = re.search(r"^VERSION := (.*)", file.read(), re.M)
    return match[1] if match else ""


def adapter_of(machine: Machine, options: opt.Options) -> vmm.Adapter:
    accel = options.accel
    if accel == "auto":
        accel = "tcg" if kvm_lacking(machine.arch) else "kvm"
    settings = Settings(
        options.qemu, options.programs, accel, options.icount, options.debug, options.dry, options.words
    )
    adapter = vmm.adapter(machine, settings)
    for mode, flag in (("icount", "--icount"), ("debug", "-d")):
        if getattr(options, mode) and mode not in adapter.modes:
            raise Unusable(f"{machine.name}: {adapter.name} has no {flag}")
    return adapter


def quoted(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def print_command(machine: Machine, options: opt.Options) -> int:
    adapter = adapter_of(machine, options)
    adapter.look()
    job = Job(machine, adapter, options, None)
    argv, remarks = placeholders.shown(adapter.command(), machine, adapter.place, job.guest(options.globs))
    for remark in adapter.remarks() + remarks:
        print(remark.replace("@GUEST@", quoted(job.guest(options.globs))), file=sys.stderr)
    print(" ".join(quoted(word) for word in argv))
    return opt.PASSED


def get_ready(job: Job) -> str:
    """Packages, the build, the VMM, the files; why the machine is skipped, '' if it is not."""
    adapter, machine = job.adapter, job.machine
    if not job.options.no_build:
        build.need(adapter.packages())
    adapter.look()
    job.expectations = expect.Expectations(EXPECT, adapter.name, adapter.version, machine.arch, machine.name)
    if job.options.words:  # another machine than the one whose skips are known
        job.expectations.reasons = []
    if not job.options.no_build:
        build.make(adapter.targets(), machine.arch)
    if skip := adapter.lacking():
        return skip
    if adapter.deaf() and (job.options.globs or job.options.list):
        raise Unusable(f"{adapter.deaf()}, and GLOB and -l need that")
    if adapter.deaf():
        job.options.seed = "the guest's own"
    adapter.prepare()
    job.argv = job.files.expand(adapter.command(), machine, adapter.place)
    return ""


def build_for(chosen: list[Machine], options: opt.Options) -> bool:
    """Once for all. False: each has to see and to say for itself why it can't be built."""
    adapters = [adapter_of(machine, options) for machine in chosen]
    try:
        build.need(sorted({name for adapter in adapters for name in adapter.packages()}))
        for arch in sorted({machine.arch for machine in chosen}):
            of_arch = [adapter for adapter in adapters if adapter.machine.arch == arch]
            build.make(sorted({target for adapter in of_arch for target in adapter.targets()}), arch)
    except build.Failed:
        return False
    return True


def say_before(job: Job, listed: machines.Machines, screen: Screen) -> None:
    if job.options.list:
        for machine in listed.all.values():
            screen.say(f"machine {machine.name} ({machine.arch})")
    if job.options.debug:
        debugger = "gdb" if job.machine.arch == os.uname().machine else "gdb-multiarch"
        symbols = os.path.join(job.adapter.place, "viommu-guest.elf")
        commands = "-ex 'target remote :1234' -ex 'hbreak kmain' -ex continue"
        print(f"the VM waits for: {debugger} {symbols} {commands}", file=sys.stderr, flush=True)


def run_session(session: Session, listed: machines.Machines, dead: str = "") -> int:
    """`dead` is why KVM was given up for this one: what lacks then hides no failure."""
    job = session.job
    skip = get_ready(job)
    session.take_notes()
    say_before(job, listed, session.screen)
    if skip and dead:
        return session.stop(Stop(opt.NO_VERDICT, f"KVM runs no guest here ({dead}), and without it: {skip}"))
    if skip:
        return session.skip(skip)
    return session.print_list() if job.options.list else session.judge()


def run_machine(machine: Machine, listed: machines.Machines, options: opt.Options) -> int:
    screen = Screen()
    folder = None
    if not options.list:
        folder = reports.Folder(options.results or os.path.join(HOME, "build", "results", machine.name))
    adapter = adapter_of(machine, options)
    job = Job(machine, adapter, options, folder)
    session = Session(job, screen)
    try:
        try:
            return run_session(session, listed)
        except DeadKvm as dead:
            session.kill()
            options.accel = "tcg"
            job.adapter, job.files = adapter_of(machine, options), Files()
            session = Session(job, screen)
            session.run.notes.append(f"KVM runs no guest here ({dead}): tcg is used")
            return run_session(session, listed, str(dead))
    except BrokenPipeError:
        session.interrupted(128 + 13, "nobody reads the results")
        return 128 + 13
    except process.Stopped as stopped:
        process.ignore_signals()
        session.interrupted(int(str(stopped.code)), f"ended by signal {stopped.number}")
        raise
    except (OSError, ValueError, Unusable, build.Failed) as error:
        session.interrupted(opt.USAGE, str(error) or "packages are missing")
        raise
    finally:
        process.ignore_signals()
        session.kill()
        process.end_all()
        job.files.remove()
        if folder:
            folder.close()
        if screen.trouble:
            screen.warn(screen.trouble)


def refuse_several(options: opt.Options) -> None:
    """What goes with one machine only."""
    if options.dry:
        return
    for flag, is_given in (("-d", options.debug), ("-l", options.list)):
        if is_given:
            raise opt.Bad(f"{flag} takes one machine, and -m '{options.machines}' has several")
    if options.machines_file and not os.path.isfile(options.machines_file):
        raise opt.Bad(f"--machines: '{options.machines_file}' is no file, which several machines need: each reads it")


def choose(listed: machines.Machines, options: opt.Options) -> list[Machine]:
    if options.vmm_command:
        return [vmm.command.machine(options.vmm_command, options.image, options.arch or "x86_64")]
    if options.console:
        return [vmm.saved.machine(options.console)]
    return listed.choose(options.machines, options.arch)


def run(arguments: list[str]) -> int:
    options = opt.parse(arguments, os.environ)
    if options.help:
        print(opt.HELP)
        return opt.PASSED
    listed = machines.Machines(options.machines_file or MACHINES)
    chosen = choose(listed, options)
    if len(chosen) > 1:
        refuse_several(options)
    options.seed = options.seed or opt.random_seed()
    options.version = own_version()
    if options.dry:
        return max(print_command(machine, options) for machine in chosen)
    if len(chosen) > 1:
        extra = ["--no-build"] if options.no_build or build_for(chosen, options) else []
        return many.run_all([machine.name for machine in chosen], options, [*extra, *arguments])
    return run_machine(chosen[0], listed, options)


def main() -> int:
    # Whoever started us may have closed what a process can count on.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(descriptor)
    for stream, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(number, "r" if number == 0 else "w", encoding="utf-8"))
    process.prepare()
    for output in (sys.stdout, sys.stderr):
        assert isinstance(output, io.TextIOWrapper)
        os.set_blocking(output.fileno(), True)
        output.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return run(sys.argv[1:])
    except BrokenPipeError:
        silence()
        return 128 + 13
    except (OSError, ValueError, Unusable, build.Failed) as error:
        if str(error):
            print(f"run.sh: {error}", file=sys.stderr)
        return opt.USAGE
    finally:
        process.end_all()


if __name__ == "__main__":
    sys.exit(main())
