# SPDX-License-Identifier: BSD-2-Clause
"""What a run leaves behind: results.ktap, junit.xml, results.json."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from dataclasses import asdict

from protocol import Result

FAILED = ("FAIL", "ERROR", "CRASH", "HANG", "XPASS", "PLAN")
LENIENT = ("WARN", "XFAIL")


def is_failure(result: Result, strict: bool) -> bool:
    return result.verdict in FAILED or (strict and result.verdict in LENIENT)


def ktap_line(result: Result, strict: bool) -> str:
    status = "not ok" if is_failure(result, strict) else "ok"
    line = f"{status} {result.number} {result.id}"
    if result.verdict != "PASS":
        line += f" # {result.verdict} {result.message}".rstrip()
    return line


def write_ktap(path: str, header: list[str], plan: int, results: list[Result], strict: bool) -> None:
    with open(path, "w", encoding="utf-8") as out:
        print("KTAP version 1", *header, f"1..{plan}", sep="\n", file=out)
        for result in results:
            for line in result.diagnostics:
                print(line, file=out)
            print(ktap_line(result, strict), file=out)


def write_junit(path: str, properties: dict[str, str], results: list[Result], strict: bool) -> None:
    failures = sum(is_failure(result, strict) for result in results)
    skipped = sum(result.verdict == "SKIP" for result in results)
    suite = ET.Element(
        "testsuite",
        name=f"viommu-guest.{properties['machine']}",
        tests=str(len(results)),
        failures=str(failures),
        skipped=str(skipped),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    group = ET.SubElement(suite, "properties")
    for name, value in properties.items():
        ET.SubElement(group, "property", name=name, value=value)
    for result in results:
        suite_name, _, name = result.id.rpartition(".")
        case = ET.SubElement(
            suite, "testcase", classname=suite_name, name=name, time=f"{result.seconds:.3f}"
        )
        detail = "\n".join([*result.diagnostics, result.message])
        if is_failure(result, strict):
            failure = ET.SubElement(case, "failure", message=result.message, type=result.verdict)
            failure.text = detail
        elif result.verdict == "SKIP":
            ET.SubElement(case, "skipped", message=result.message)
        elif result.diagnostics:
            ET.SubElement(case, "system-out").text = detail
    ET.indent(suite)
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def write_json(path: str, document: dict[str, object], results: list[Result]) -> None:
    document = {**document, "tests": [asdict(result) for result in results]}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(document, out, indent=1)
        out.write("\n")


def remove_old(directory: str) -> None:
    """What an earlier run left must not be taken for this one's."""
    for name in ("console.log", "results.ktap", "junit.xml", "results.json", "vmm.log"):
        try:
            os.remove(os.path.join(directory, name))
        except FileNotFoundError:
            pass
