# SPDX-License-Identifier: BSD-2-Clause
"""usage: claims.py FILE...: names the tests whose body judges a clause that they do not claim.

Those that claim nothing are left out: walks and benchmarks judge whatever they meet.
"""

from __future__ import annotations

import re
import sys

TEST = re.compile(r"^TEST\((\w+),(.*?)\)\n\{(.*?)^\}", re.S | re.M)
CLAIMS = re.compile(r"CLAUSES\((.*?)\)", re.S)
JUDGES = re.compile(r"\b(?:expect\w*|require)\(\s*test,\s*([A-Z]+_[A-Z0-9_]+),(?:\s*([A-Z]+_[A-Z]*_[A-Z]\d+),)?")


def unclaimed(text: str) -> list[str]:
    found = []
    for name, head, body in TEST.findall(text):
        claims = CLAIMS.search(head)
        judged = {clause for pair in JUDGES.findall(body) for clause in pair if clause}
        if claims and (missing := judged - set(re.findall(r"\w+", claims[1]))):
            found.append(f"{name} judges {', '.join(sorted(missing))}")
    return found


def main() -> int:
    status = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for line in unclaimed(file.read()):
                print(f"{path}: {line}, and does not claim it", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
