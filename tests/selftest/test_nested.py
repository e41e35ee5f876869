# SPDX-License-Identifier: BSD-2-Clause
"""The machine that carries a VMM: its root file system, and a boot of it with a program in lkvm's place."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
import sys
import tempfile

import ktap
from ktap import check, run_sh, test

sys.path.insert(0, os.path.join(ktap.HOME, "tests", "nested"))
import initramfs  # noqa: E402


def entries(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """What a cpio archive of the kind `newc` holds: mode and content by path."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        check(archive[at : at + 6] == b"070701" and at % 4 == 0, f"no entry at byte {at}")
        fields = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[at + 110 : at + 110 + name_size - 1].decode()
        data = at + 110 + name_size + -(110 + name_size) % 4
        if name == "TRAILER!!!":
            return found
        found[name] = (mode, archive[data : data + size])
        at = data + size + -size % 4


@test
def root_file_system_holds_the_files_and_their_folders() -> None:
    directory = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    files = {"init": b"#!", "lib/deep/er.so": b"12345", "empty": b""}
    for path, content in files.items():
        with open(os.path.join(directory, os.path.basename(path)), "wb") as file:
            file.write(content)
    sources = {path: os.path.join(directory, os.path.basename(path)) for path in files}
    packed = initramfs.pack(sources)
    check(packed == initramfs.pack(sources), "two archives of the same files differ")
    found = entries(gzip.decompress(packed))
    for path, content in files.items():
        check(found[path] == (stat.S_IFREG | 0o755, content), path, found.get(path))
    check(stat.S_ISDIR(found["lib"][0]) and stat.S_ISDIR(found["lib/deep"][0]), found)
    check(stat.S_ISCHR(found["dev/console"][0]), found)
    check(list(found).index("lib") < list(found).index("lib/deep") < list(found).index("lib/deep/er.so"))


def fake_lkvm() -> str:
    path = os.path.join(tempfile.mkdtemp(dir=ktap.SCRATCH.name), "lkvm")
    source = os.path.join(ktap.HOME, "tests", "nested", "fake_lkvm.c")
    subprocess.run(["gcc", "-static", "-O1", "-Wall", "-Werror", source, "-o", path], check=True)
    return path


@test
def console_comes_out_of_the_machine_unchanged_and_a_second_boot_is_there_too() -> None:
    ran = run_sh("-m", "kvmtool-x86-nested", "-s", "5", LKVM=fake_lkvm())
    if "# SKIP no kernel" in ran.out:
        print(f"# not judged: {ran.out.splitlines()[-1]}")
        return
    ran.ends(1, "3 passed, 1 failed, 0 skipped")
    ran.says("# command line 'seed=5 seconds=2 resume viommu.ep=scan'", '# \ttabs, "quotes", two  blanks')
    ran.says("not ok 2 a.dies # CRASH the VMM was killed by SIGABRT", "# vmm: Error: planted", "ok 3 a.again")
    check("of the console" in ran.text("vmm.log") and "# no end" in ran.text("console.log"))
    check("of the console" not in ran.text("console.log"), ran.text("console.log"))


if __name__ == "__main__":
    ktap.main("harness.nested")
