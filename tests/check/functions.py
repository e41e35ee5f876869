# SPDX-License-Identifier: BSD-2-Clause
"""usage: functions.py LINES FILE...: names the functions that are longer than that many lines."""

from __future__ import annotations

import ast
import sys


def main() -> int:
    limit, long = int(sys.argv[1]), 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read(), path)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
                if (lines := node.end_lineno - node.lineno + 1) > limit:
                    print(f"{path}:{node.lineno}: {node.name}() has {lines} lines, expected {limit} at most")
                    long += 1
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
