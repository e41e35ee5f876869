# SPDX-License-Identifier: BSD-2-Clause
"""More hostile users than test_attacks.py has: files of machines, options, guests and VMMs."""

from __future__ import annotations

import os
import subprocess
import time

import ktap
from hostile import MACHINE, is_clear, is_red, scratch, script, text_file
from ktap import check, run_fake, test

# -- files of machines ----------------------------------------------------------------------------

NESTED = 40


@test
def machines_that_make_no_sense_are_named() -> None:
    laughs = "".join(f'p{n} = ["p{n - 1}", "p{n - 1}"]\n' for n in range(1, NESTED))
    long = "".join(f'p{n} = ["p{n - 1}"]\n' for n in range(1, 3000))
    for text, *words in (
        ("", "no machine"),
        ('parts = "abc"\n[m]\narch = "x86_64"\nparts = ["abc"]\n', "parts"),
        ('parts = ["abc"]\n[m]\narch = "x86_64"\nparts = ["abc"]\n', "parts"),
        (f'{MACHINE}needs = {{ plug = "edu" }}\n', "m", "plug", "edu"),
        (f'{MACHINE}[m.dtb]\nfoo = "x"\n', "m", "dtb", "foo"),
        (f'{MACHINE}[m.dtb]\niommu = "/x"\n', "m", "dtb", "pci"),
        ('[m]\narch = "x86_64"\nparts = ["-dtb @DTB@"]\n', "m", "@DTB@", "dtb"),
        ('[m]\narch = "x86_64"\nparts = ["-dtb @DISC@"]\n', "m", "@DISC@"),
        (f'{MACHINE}packages = ["nosuch"]\n', "m", "packages", "nosuch"),
        (f'{MACHINE}packages = ["x[$(id >&2)]"]\n', "m", "packages"),
        (f'{MACHINE}guest = "run=a.b"\n', "m", "guest", "run="),
        (f'{MACHINE}environment = {{ "A=B" = "x" }}\n', "m", "environment", "A=B"),
        ('[m]\narch = "x86_64"\nparts = ["-append\\u0000"]\n', "m", "\\x00"),
        (f'[m]\narch = "x86_64"\nparts = ["p{NESTED - 1}"]\n[parts]\np0 = "-x"\n{laughs}', "more than"),
        (f'[m]\narch = "x86_64"\nparts = ["p2999"]\n[parts]\np0 = "-x"\n{long}', "deep"),
        ("x = " + "[" * 5000 + "]" * 5000, "deep"),
        (f"x = {'9' * 5000}", "machines.toml"),
        ('[m]\narch = "x86_64"\nparts = ["a"]\n[parts]\na = ["b"]\nb = ["a"]\n', "a part of itself"),
        ('[m]\narch = 5\n', "m", "arch", "5"),
        ('["a b"]\narch = "x86_64"\n', "a b"),
    ):
        ran = run_fake("a.b=pass", "--machines", text_file(text))
        is_clear(ran, 2, "machines.toml", *words)


@test
def file_of_machines_without_an_end_is_refused() -> None:
    is_clear(run_fake("a.b=pass", "--machines", "/dev/zero"), 2, "/dev/zero", "MiB")
    is_clear(run_fake("a.b=pass", "--machines", "/tmp"), 2, "/tmp")


@test
def file_of_machines_that_only_one_machine_can_read() -> None:
    for wish, status in (("'*'", 2), ("m", 0)):
        text = MACHINE + MACHINE.replace("[m]", "[n]")
        command = f"{' '.join(ktap.RUN_SH)} --no-build -m {wish} -o {scratch()} --machines <(printf '%s' '{text}')"
        done = subprocess.run(
            ["bash", "-c", command],
            env=ktap.environment({"QEMU": ktap.FAKE, "FAKE_TESTS": "a.b=pass"}),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        check(done.returncode == status and ("is no file" in done.stderr) == (status == 2), done)


# -- options --------------------------------------------------------------------------------------


@test
def options_that_cannot_be_meant_are_refused() -> None:
    for arguments, *words in (
        (["-d", "-m", "q35,pc"], "-d", "one machine"),
        (["-l", "-m", "q35,pc"], "-l", "one machine"),
        (["-m", ","], "''"),
        (["-m", "q35,"], "''"),
        (["-m", "q35", "-a", "aarch64"], "aarch64"),
        (["--at-least", "-1"], "--at-least"),
        (["--at-least", "many"], "--at-least"),
        (["-j", "0"], "-j"),
        (["x" * 5000], "glob"),
    ):
        is_clear(run_fake("a.b=pass", *arguments), 2, *words)  # type: ignore[arg-type]
    is_clear(run_fake("a.b=pass", TIMEOUT="0"), 2, "TIMEOUT")


@test
def environment_of_pythons_does_not_matter() -> None:
    folder = scratch()
    with open(os.path.join(folder, "json.py"), "w", encoding="utf-8") as file:
        file.write("raise SystemExit(0)\n")
    if len(ktap.RUN_SH) > 1:
        return
    lines = "printf 'KTAP version 1\\n1..1\\n# run a.b\\nok 1 a.b\\nEXIT: STATUS=1\\n'"
    for name, value in (
        *(("PYTHONPATH", folder), ("PYTHONHOME", "/nonsense"), ("PYTHONHASHSEED", "x")),
        *(("PYTHONWARNINGS", "error"), ("PYTHONOPTIMIZE", "2"), ("PYTHONINSPECT", "1")),
    ):
        script(lines, **{name: value}).ends(0, "1 passed, 0 failed, 0 skipped")
        script(lines, "-m", "q35,pc", **{name: value}).ends(0, "2 passed, 0 failed, 0 skipped")


@test
def two_machines_with_names_in_odd_order() -> None:
    ran = run_fake("a.b=pass a.c=signal:9", "-m", "pc,q35,q3?", "-j", "7")
    ran.ends(1, "2 passed, 2 failed, 0 skipped")
    check(ran.out.count("# machine ") == 2, ran.out)


# -- guests ---------------------------------------------------------------------------------------


@test
def plans_and_exits_that_lie() -> None:
    for lines, status in (
        ("KTAP version 1\n1..0\nEXIT: STATUS=1", 3),
        ("KTAP version 1\n1..000000\n", 3),
        ("KTAP version 1\nEXIT: STATUS=1", 3),
        ("KTAP version 1\nEXIT: STATUS=1\n1..1\n# run a.b\nok 1 a.b", 3),
        ("KTAP version 1\n1..2\n# run a.b\nok 1 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n1..2\n# run a.b\nok 1 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 1 a.b\nEXIT: STATUS=999", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 1 a.b\nEXIT: STATUS=0", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 1 a.b\nEXIT: STATUS=5", 1),
        ("KTAP version 1\n1..1\nok 1 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..2\n# run a.c\nok 2 a.c\n# run a.b\nok 1 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 999999 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 9999999999 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 1 a.b # TODO\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\n    ok 1 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\nok 1 a.b\nBail out!\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run a.b\n# FAIL MAP_P01 no\nok 1 a.b\nEXIT: STATUS=1", 1),
        ("KTAP version 1\n1..1\n# run run.verdict\nnot ok 1 run.verdict # FAIL x y\nEXIT: STATUS=3", 1),
        ("1..1\n# run a.b\nok 1 a.b\nEXIT: STATUS=1", 3),
    ):
        path = text_file(lines + "\n", "console")
        ran = script(f"cat {path}")
        check("Traceback" not in ran.err, ran.err)
        check(ran.status == status, lines, ran.status, ran.out)
        is_red(ran, status)


@test
def digits_of_other_scripts_are_no_numbers() -> None:
    path = text_file("KTAP version 1\n1..\u0661\n# run a.b\nok \u0661 a.b\nEXIT: STATUS=\u0661\n", "console")
    is_red(script(f"cat {path}"), 3)


@test
def boot_that_prints_an_earlier_ones_results_again() -> None:
    first = "KTAP version 1\n1..3\n# run a.a\nok 1 a.a\n# run a.b\nnot ok 2 a.b # CRASH x\nEXIT: STATUS=5\n"
    second = first.replace("EXIT: STATUS=5\n", "# run a.c\nok 3 a.c\nEXIT: STATUS=1\n")
    paths, mark = (text_file(first, "first"), text_file(second, "second")), scratch("mark")
    ran = script(f"if [ -e {mark} ]; then cat {paths[1]}; else cat {paths[0]}; fi; : >{mark}")
    is_red(ran, 1)
    check("a second result of number 1" in ran.out, ran.out)


@test
def long_ids_and_lines_forge_nothing() -> None:
    path = text_file(
        f"KTAP version 1\n1..1\n# run a.b\n# {'x' * 65535}\n# {'y' * 200000}ok 1 a.b\nEXIT: STATUS=1\n", "console"
    )
    is_red(script(f"cat {path}"), 1)
    name = "a." + "b" * 30000
    path = text_file(f"KTAP version 1\n1..1\n# run {name}\nok 1 {name}\nEXIT: STATUS=1\n", "console")
    script(f"cat {path}").ends(0)


@test
def list_that_is_cut_short_is_no_list() -> None:
    path = text_file("KTAP version 1\n# test a.b default\n# test a.c default\n", "console")
    ran = script(f"cat {path}; kill -9 $$", "-l")
    check(ran.status == 3 and "error: " in ran.out, ran.status, ran.out, ran.err)
    globs = [f"a.{'x' * 60}{number:03}" for number in range(120)]
    path = text_file("KTAP version 1\n" + "".join(f"# test {name} default\n" for name in globs), "console")
    is_red(script(f"cat {path}; kill -9 $$", *globs), 3)


# -- VMMs -----------------------------------------------------------------------------------------


@test
def vmm_that_dies_by_a_signal_without_a_name() -> None:
    ran = run_fake("a.b=pass a.c=signal:40 a.d=pass")
    ran.ends(1, "2 passed, 1 failed, 0 skipped")
    ran.says("not ok 2 a.c # CRASH the VMM was killed by signal 40")
    ran = script("printf 'KTAP version 1\\n1..1\\n# run a.b\\nok 1 a.b\\nEXIT: STATUS=1\\n'; kill -40 $$")
    ran.ends(0)
    check("killed by signal 40 after EXIT" in ran.out, ran.out)


@test
def vmm_that_dies_at_each_stage_is_red() -> None:
    stages = ("KTAP version 1", "1..2", "# run a.b", "ok 1 a.b", "# run a.c", "ok 2 a.c")
    for number in range(len(stages) + 1):
        path = text_file("".join(f"{line}\n" for line in stages[:number]), "console")
        for end in ("exit 0", "kill -TERM $$"):
            ran = script(f"cat {path}; {end}")
            is_red(ran, ran.status if ran.status in (1, 3) else 1)


@test
def vmm_that_goes_on_in_the_background() -> None:
    mark = scratch("pid")
    daemon = f"(setsid sh -c 'echo $$ >{mark}; exec sleep 1000' </dev/null >/dev/null 2>&1 &)"
    started = time.monotonic()
    ran = script(f"{daemon}\nwhile [ ! -s {mark} ]; do sleep 0.05; done")
    is_red(ran, 3)
    with open(mark, encoding="utf-8") as file:
        check(not os.path.exists(f"/proc/{int(file.read())}"), "it lives on")
    check(time.monotonic() - started < 30)


@test
def vmm_that_closes_its_console_and_talks_on() -> None:
    started = time.monotonic()
    ran = script("exec >&-; while :; do echo x >&2; done", TIMEOUT="60")
    is_red(ran, 3)
    check(time.monotonic() - started < 40 and "closed its console" in ran.out, ran.out[-1000:])


@test
def qemu_in_a_folder_with_blanks_and_at_signs() -> None:
    for name, status in (("my qemu, or yours", 0), ("my @GUEST@ qemu", 2)):
        folder = scratch(name)
        os.makedirs(folder)
        with open(os.path.join(folder, "qemu"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec {ktap.FAKE} \"$@\"\n")
        os.chmod(file.name, 0o755)
        done = subprocess.run(
            [*ktap.RUN_SH, "--no-build", "-o", scratch()],
            env=ktap.environment({"QEMU": f"./{name}/qemu", "FAKE_TESTS": "a.b=pass"}),
            cwd=os.path.dirname(folder),
            capture_output=True,
            encoding="utf-8",
        )
        check(done.returncode == status and ("@GUEST@ stands for" in done.stderr) == (status == 2), done)


if __name__ == "__main__":
    ktap.main("harness.hostile")
