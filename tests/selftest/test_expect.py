# SPDX-License-Identifier: BSD-2-Clause
"""Known deviations: what a file of them may say, which hold for a VMM, and what they make of a result."""

from __future__ import annotations

import functools
import os
import sys
import tempfile

import ktap
from ktap import HOME, check, refused, test

sys.path.insert(0, os.path.join(HOME, "tests", "harness"))
import expect  # noqa: E402
import versions  # noqa: E402
from protocol import Finding, Result  # noqa: E402

ID = "conformance.map.overlap_is_rejected"
CLAUSE, OTHER = "IOMMU_MAP_D07", "IOMMU_MAP_D08"
GOOD: dict[str, object] = {
    **{"test": ID, "reason": "known", "evidence": "line 1"},
    **{"clauses": [CLAUSE], "versions": [">=7.2,<8"]},
}


def changed(**more: object) -> dict[str, object]:
    return {**GOOD, **more}


def folder(*entries: dict[str, object], text: str = "") -> str:
    """Of a file for a VMM called `vmm`."""
    directory = tempfile.mkdtemp(dir=ktap.SCRATCH.name)
    with open(os.path.join(directory, "vmm.toml"), "w", encoding="utf-8") as file:
        file.write(text)
        for entry in entries:
            lines = [f"{key} = {str(value).lower() if value is True else repr(value)}" for key, value in entry.items()]
            file.write("\n".join(["[[deviation]]", *lines, ""]))
    return directory


def expectations(*entries: dict[str, object], version: str = "7.2.22", arch: str = "cpu") -> expect.Expectations:
    return expect.Expectations(folder(*entries), "vmm", version, arch, "machine")


def judged(verdict: str, failed: list[str], died: bool = False, **more: object) -> str:
    findings = [Finding("FAIL", clause, "MUST", "status", "seen") for clause in failed]
    result = Result(1, ID, verdict, "text", [], failed, failed, findings)
    expectations({**GOOD, **more}).apply(result, died)
    return result.verdict


def warned(found: list[str], failed: list[str], **more: object) -> Result:
    findings = [Finding("FAIL" if one in failed else "WARN", one, "SHOULD", "status", "seen") for one in found]
    verdict = "FAIL" if failed else "WARN" if found else "PASS"
    result = Result(1, ID, verdict, "text", [], found, failed, findings)
    expectations({**GOOD, **more}).apply(result)
    return result


@test
def expectation_covers_every_clause() -> None:
    check(judged("FAIL", [CLAUSE]) == "XFAIL")
    check(judged("FAIL", [CLAUSE], clauses=[CLAUSE, OTHER]) == "XFAIL")
    check(judged("FAIL", [CLAUSE, OTHER]) == "FAIL")
    check(judged("FAIL", []) == "FAIL", "no clause was named")


@test
def expectation_that_passes_is_noticed() -> None:
    check(judged("PASS", []) == "XPASS" and judged("SKIP", []) == "SKIP")
    check(judged("PASS", [], may_pass=True) == "PASS")
    check(judged("PASS", [], may_pass=["machine"]) == "PASS")
    check(judged("PASS", [], may_pass=["another"]) == "XPASS")
    check(judged("WARN", []) == "XPASS", "what was a FAIL is none any more")
    check(judged("WARN", [], may_pass=True) == "WARN")


@test
def unexpected_finding_is_the_headline() -> None:
    result = warned([CLAUSE, OTHER], [CLAUSE, OTHER])
    check(result.verdict == "FAIL" and result.message.startswith(f"{OTHER} seen"), result.message)


@test
def expectation_hides_nothing_else() -> None:
    beside = warned([CLAUSE, OTHER], [CLAUSE])
    check(beside.verdict == "WARN" and OTHER in beside.message and "known" in beside.message, beside)
    check(warned([CLAUSE, OTHER], [CLAUSE], clauses=[CLAUSE, OTHER]).verdict == "XFAIL")
    check(warned([CLAUSE], []).verdict == "XPASS", "a FAIL that has become a WARN")
    check(warned([CLAUSE], [], may_pass=True).verdict == "WARN")


@test
def known_warning_stays_one() -> None:
    known = warned([CLAUSE], [], verdict="WARN")
    check(known.verdict == "WARN" and known.is_known and known.message == "known: known", known)
    new = warned([CLAUSE, OTHER], [], verdict="WARN")
    check(new.verdict == "WARN" and not new.is_known, new)
    check(warned([CLAUSE], [CLAUSE], verdict="WARN").verdict == "FAIL")
    check(warned([], [], verdict="WARN").verdict == "XPASS")
    check(warned([], [], verdict="WARN", may_pass=True).verdict == "PASS")


SKIPS = """[[skips]]
machine = "machine"
versions = ["==7.2"]
reasons = ["no bridge", "the granule is * bytes"]
"""


def skipped(reason: str, text: str = SKIPS) -> str:
    result = Result(1, ID, "SKIP", reason)
    expect.Expectations(folder(GOOD, text=text), "vmm", "7.2.22", "cpu", "machine").apply(result)
    check(result.verdict == "SKIP" or reason in result.message, result)
    return result.verdict


@test
def skip_for_a_new_reason_is_noticed() -> None:
    check(skipped("no bridge") == "SKIP" and skipped("the granule is 0x1000 bytes") == "SKIP")
    check(skipped("no bridge at all") == "XSKIP" and skipped("MAP_UNMAP is not offered") == "XSKIP")
    check(skipped("MAP_UNMAP is not offered", SKIPS.replace('"machine"', '"another"')) == "SKIP", "has no list")
    check(skipped("MAP_UNMAP is not offered", SKIPS.replace("7.2", "8.0")) == "SKIP", "has no list")


@test
def mistakes_in_skips_are_named() -> None:
    for old, new, *words in (
        ("reasons", "reason", "reason"),
        ('"==7.2"', '"7.2"', "'7.2'", "range"),
        ('machine = "machine"', "machine = []", "machine"),
        ('"no bridge"', "1", "reasons"),
    ):
        refused(functools.partial(skipped, "x", SKIPS.replace(old, new)), "vmm.toml: skips 1", *words)


@test
def only_the_end_of_the_vmm_can_be_expected() -> None:
    for verdict in ("CRASH", "HANG", "ERROR"):
        check(judged(verdict, [CLAUSE], clauses=[CLAUSE, "VMM-DIED"]) == verdict, verdict)
    check(judged("CRASH", [], died=True, clauses=["VMM-DIED"]) == "XFAIL")
    check(judged("HANG", [], clauses=["VMM-HUNG"]) == "XFAIL")
    check(judged("CRASH", [], clauses=["VMM-HUNG"]) == "CRASH" and judged("PASS", [], clauses=["VMM-HUNG"]) == "XPASS")
    check(judged("CRASH", [CLAUSE], died=True) == "CRASH")


@test
def versions_cpus_and_machines_choose() -> None:
    check(list(expectations(GOOD).by_test) == [ID])
    check(not expectations(GOOD, version="8.0").by_test and not expectations(GOOD, version="7.1.9").by_test)
    check(not expectations(changed(arch=["other"])).by_test)
    check(expectations(changed(arch=["other", "cpu"])).by_test)
    check(not expectations(changed(machine="other")).by_test)
    check(expectations(changed(machine="machine")).by_test)
    one, other = changed(arch="cpu"), changed(arch="other", reason="else")
    check(expectations(one, other, arch="other").by_test[ID].reason == "else")


@test
def version_that_no_range_holds_is_named() -> None:
    check(not expectations(GOOD).notes)
    check("vmm 9.9" in (note := expectations(GOOD, version="9.9").notes[0]) and ">=7.2,<8" in note, note)
    check("not known" in expectations(GOOD, version="unknown").notes[0])
    check(not expect.Expectations("/no/such", "vmm", "1", "cpu", "machine").notes, "a VMM without a file")


@test
def mistakes_are_named_with_their_place() -> None:
    for entry, words in (
        (changed(test="a.b"), ["a.b", "no test"]),
        (changed(clauses=["IOMMU_MAP_D99"]), [ID, "IOMMU_MAP_D99"]),
        (changed(clauses=[]), ["clauses"]),
        (changed(versions=["7.2"]), ["'7.2'", "range"]),
        (changed(may_pass="yes"), ["may_pass"]),
        (changed(may_pass=[]), ["may_pass"]),
        (changed(verdict="PASS"), ["verdict", "'PASS'", "FAIL or WARN"]),
        (changed(reason=""), ["reason"]),
        (changed(tset="x"), ["tset"]),
        ({k: v for k, v in GOOD.items() if k != "evidence"}, ["evidence"]),
        ({k: v for k, v in GOOD.items() if k != "clauses"}, ["clauses"]),
    ):
        refused(functools.partial(expectations, entry), "vmm.toml: deviation 1", *words)
    for text in ("x = 1\n", "[[deviation]\n", "deviation = 1\n"):
        refused(functools.partial(expect.Expectations, folder(text=text), "vmm", "1", "", ""), "vmm.toml")
    directory = folder()
    with open(os.path.join(directory, "vmm.toml"), "wb") as file:
        file.write(b"# \xff\n")
    refused(lambda: expect.Expectations(directory, "vmm", "1", "", ""), "vmm.toml", "utf-8")


@test
def duplicates_are_named() -> None:
    changes: list[dict[str, object]] = [{}, {"versions": ["==7.2.1"]}, {"arch": "cpu"}, {"versions": ["<9"]}]
    for more in changes:
        refused(functools.partial(expectations, GOOD, {**GOOD, **more}, version="7.2.1"), ID, "duplicate")
    expectations(GOOD, changed(versions=[">=8"]))


@test
def files_of_ours_are_sound() -> None:
    for name in os.listdir(directory := os.path.join(HOME, "tests", "harness", "expect")):
        check(expect.read(os.path.join(directory, name)), name)


@test
def known_versions_of_qemu_have_deviations() -> None:
    """Of each, and on the CPUs whose PCI windows are aliases those of the PCI_CFG window, too; none of another."""
    directory = os.path.join(HOME, "tests", "harness", "expect")
    window = {
        "discovery.pci.pci_cfg_window_reads_the_device",
        "conformance.pci_window.notification_through_the_window",
        "conformance.pci_window.writes_reach_the_common_configuration",
    }
    for version, has_window in (("7.2.22", False), ("10.0.2", True), ("11.1.50", True)):
        on = {
            arch: expect.Expectations(directory, "qemu", version, arch, "q35")
            for arch in ("x86_64", "aarch64", "riscv64")
        }
        check(not any(found.notes for found in on.values()), version)
        check("conformance.attach.reserved_bytes_are_refused" in on["x86_64"].by_test, version)
        for arch in ("aarch64", "riscv64"):
            more = set(on[arch].by_test) - set(on["x86_64"].by_test)
            check(more == (window if has_window else set()), version, arch, more)
    other = expect.Expectations(directory, "qemu", "8.0.0", "x86_64", "q35")
    check(not other.by_test and other.notes)


@test
def ranges_of_versions() -> None:
    for text, version, wanted in (
        *(("==7.2", "7.2.22", True), ("==7.2", "7.20", False), (">=7.2,<8", "7.10.1", True)),
        *(("<8.2", "8.2.0", False), ("<8.2", "8.1.9", True), (">9", "9.0", True), ("<=9", "9.0", False)),
    ):
        parsed = versions.parse(version)
        check(parsed is not None and versions.holds(text, parsed) == wanted, text, version)
    check(versions.parse("unknown") is None and versions.parse("7.x") is None)


if __name__ == "__main__":
    ktap.main("harness.expect")
