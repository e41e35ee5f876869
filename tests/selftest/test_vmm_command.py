# SPDX-License-Identifier: BSD-2-Clause
"""A VMM by its command line (--vmm-command), and consoles that were saved (--console)."""

from __future__ import annotations

import json
import os
import tempfile

import ktap
from ktap import Ran, check, run_sh, test

CONSOLE = "KTAP version 1\n1..2\n# run a.b\nok 1 a.b\n# run a.c\nok 2 a.c # SKIP planted\nEXIT: STATUS=1\n"


def run_command(command: str, *arguments: str, **extra: str) -> Ran:
    settings = {"FAKE_TESTS": "a.b=pass a.c=pass", "TIMEOUT": "20", **extra}
    return run_sh("--no-build", "-t", "0", "--vmm-command", command, *arguments, **settings)


def saved(text: str) -> str:
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "saved.console")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


def judged(text: str, *arguments: str) -> Ran:
    return run_sh("--console", saved(text), *arguments)


@test
def script_that_prints_a_console_is_a_vmm() -> None:
    ran = run_command(ktap.script(f"#!/bin/sh\ncat <<END\n{CONSOLE}END\n"))
    ran.ends(0, "1 passed, 0 failed, 1 skipped")
    check("# note: --vmm-command has no @GUEST@" in ran.out, ran.out)
    check(json.loads(ran.text("results.json"))["vmm"]["version"] == "unknown")


@test
def placeholders_of_the_command() -> None:
    vmm = ktap.script('#!/bin/sh\nprintf "KTAP version 1\\n# %s\\n# $1\\n# $2\\n# $(stat -c %s "$3")\\n" "$4"\n')
    ran = run_command(f"{vmm} 'two words' @IMAGE@ @DISK@ 'x @GUEST@'", "-s", "5", "--", "more")
    ran.says("# x seed=5 seconds=0 resume", "# two words", "# 1048576")
    check("build/x86_64/viommu-guest.elf" in ran.out, ran.out)
    for arch, kind, image in (
        ("x86_64", "bzimage", "x86_64/viommu-guest.bzimage"),
        ("aarch64", "", "aarch64/viommu-guest.image"),
        ("riscv64", "efi", "riscv64/viommu-guest.efi"),
    ):
        ran = run_sh("-n", "-a", arch, "--vmm-command", "no-such @IMAGE@", *(["--image", kind] if kind else []))
        ran.ends(0)
        check(ran.out.strip().endswith(f"/build/{image}"), ran.out)


@test
def guest_is_told_what_to_run_and_where_to_go_on() -> None:
    ran = run_command(f"{ktap.FAKE} -append @GUEST@", "a.*", FAKE_TESTS="a.b=CRASH a.c=pass b.c=fail:C-1")
    ran.ends(1, "1 passed, 1 failed, 0 skipped")
    check("from=2" in ran.text("console.log"), ran.text("console.log"))


@test
def console_may_be_a_file() -> None:
    told = "#!/bin/sh\necho on stdout\nrm -f \"$1\"\n(sed -n 1,4p {0}; sleep 0.3; sed 1,4d {0}) >\"$1\"\nexit $2\n"
    vmm = ktap.script(told.format(saved(CONSOLE)))
    ran = run_command(f"{vmm} @CONSOLE@ 0")
    ran.ends(0, "1 passed, 0 failed, 1 skipped")
    check("on stdout" in ran.text("vmm.log") and "on stdout" not in ran.text("console.log"))
    dying = ktap.script('#!/bin/sh\nprintf "KTAP version 1\\n1..1\\n# run a.b\\n" >"$1"\nkill -ABRT $$\n')
    ran = run_command(f"{dying} @CONSOLE@")
    ran.ends(1)
    ran.says("not ok 1 a.b # CRASH the VMM was killed by SIGABRT")


@test
def command_without_a_guest_has_one_boot() -> None:
    ran = run_command(ktap.FAKE + " -append seed=1", FAKE_TESTS="a.b=CRASH a.c=pass")
    ran.ends(1, "0 passed, 2 failed, 0 skipped")
    ran.says("not ok 2 missing.2 # PLAN no result was printed")
    ran = run_command("/bin/true", "a.b")
    ran.ends(2)
    check("has no @GUEST@, and GLOB and -l need that" in ran.err, ran.err)


@test
def log_of_the_vmm_on_its_console_hides_no_verdict() -> None:
    log = "2026-11-30T07:14:04.416544517 [anonymous-instance:fc_vcpu 0] Invalid MMIO read @ 0xeec00000:0x2\n"
    console = log + CONSOLE.replace("ok 1 a.b", f"o{log}k 1 {log}{log}a.b") + log
    for ran in (run_command(f"cat {saved(console)}"), judged(console)):
        ran.ends(0, "1 passed, 0 failed, 1 skipped")
        ran.says("ok 1 a.b")
        check(ran.text("vmm.log") == log * 5, ran.text("vmm.log"))


@test
def mistakes_are_named() -> None:
    cases: tuple[tuple[list[str], list[str]], ...] = (
        (["--vmm-command", "a '"], ["--vmm-command", "quotation"]),
        (["--vmm-command", " "], ["--vmm-command", "no word"]),
        (["--vmm-command", "x @KERNEL@"], ["@KERNEL@", "IMAGE, GUEST"]),
        (["--vmm-command", "/no/such/vmm", "--no-build"], ["/no/such/vmm"]),
        (["--vmm-command", "x", "--image", "elf"], ["--image", "'elf'", "pvh, bzimage, efi"]),
        (["--vmm-command", "x", "-a", "mips"], ["mips", "riscv64"]),
        (["--vmm-command", "x", "-m", "q35"], ["--vmm-command", "-m"]),
        (["--image", "pvh"], ["--image", "--vmm-command"]),
        (["--console", "x", "a.b"], ["--console", "GLOB"]),
        (["--console", "/no/such/console"], ["/no/such/console", "No such file"]),
    )
    for arguments, words in cases:
        ran = run_sh(*arguments)
        ran.ends(2)
        missing = [word for word in words if word not in ran.err]
        check(not missing and ran.err.count("\n") == 1, arguments, ran.err)


@test
def saved_console_has_the_verdicts_of_its_run() -> None:
    tests = "a.b=fail:C-1 a.c=CRASH a.d=pass a.e=signal:9 a.f=warn:C-2"
    ran = ktap.run_fake(tests)
    again = judged(ran.text("console.log"))
    for document in (first := json.loads(ran.text("results.json")), second := json.loads(again.text("results.json"))):
        check(document["boots"] == 3, document["boots"])
    names = [[(one["id"], one["verdict"]) for one in document["tests"]] for document in (first, second)]
    check(names[0] == names[1] and again.status == 1, names)


@test
def saved_console_may_have_parts_or_no_end() -> None:
    other = CONSOLE.replace("a.", "b.")
    judged(CONSOLE + other).ends(0, "2 passed, 0 failed, 2 skipped")
    listing = "KTAP version 1\n# test a.b default\nEXIT: STATUS=1\n"
    judged("SeaBIOS\x1b[2J" + listing + CONSOLE.replace("\n", "\r\n")).ends(0, "1 passed, 0 failed, 1 skipped")
    ran = judged(CONSOLE.partition("ok 2")[0])
    ran.ends(1)
    ran.says("not ok 2 a.c # CRASH the VMM ended with status 0")
    judged("").ends(3)
    judged("KTAP version 1\n1..0\n").ends(3)


if __name__ == "__main__":
    ktap.main("harness.vmm_command")
