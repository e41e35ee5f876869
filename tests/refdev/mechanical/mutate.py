# SPDX-License-Identifier: BSD-2-Clause
"""Writes C sources that hold every mechanical mutant of others, one of which is chosen when the program runs.

usage: mutate.py OUT LIST SOURCE... -- COMPILER-ARGUMENTS...

Each SOURCE goes to OUT/SOURCE, changed so that each operator, constant, condition, assignment, return and call that
stands in a function is one of mutate.h's macros: they do as before, and something else if the mutant of their
number is chosen. LIST gets a line for each mutant: its number, source, line, function, kind, and what it does to
which text. What a macro with parameters expands to, what the compiler has to know while it compiles, and what the
switch of a mutant made by hand decides, is left as it is. Needs Debian's python3-clang.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

try:
    from clang.cindex import Cursor, CursorKind as K, Index, StorageClass, TranslationUnit, TypeKind  # type: ignore
except ImportError:
    sys.exit("mutate.py: there is no clang.cindex for this python3: install python3-clang")

# What stands for an operator, and what its mutants are, in the order of mutate.h.
OPERATORS = {
    "<": ("LESS", ["<=", ">="]),
    "<=": ("LESS_EQUAL", ["<", ">"]),
    ">": ("GREATER", [">=", "<="]),
    ">=": ("GREATER_EQUAL", [">", "<"]),
    "==": ("EQUAL", ["!="]),
    "!=": ("NOT_EQUAL", ["=="]),
    "+": ("PLUS", ["-"]),
    "-": ("MINUS", ["+"]),
    "*": ("TIMES", ["+"]),
    "/": ("OVER", ["*"]),
    "%": ("MODULO", ["+"]),
    "&": ("AND", ["|"]),
    "|": ("OR", ["&"]),
    "^": ("EXCLUSIVE", ["|"]),
    "<<": ("LEFT", [">>"]),
    ">>": ("RIGHT", ["<<"]),
    "&&": ("BOTH", ["||"]),
    "||": ("EITHER", ["&&"]),
}
ASSIGNMENTS = (K.COMPOUND_ASSIGNMENT_OPERATOR,)
STEPS = ("++", "--")
INTEGERS = (
    *(TypeKind.BOOL, TypeKind.CHAR_U, TypeKind.UCHAR, TypeKind.USHORT, TypeKind.UINT, TypeKind.ULONG),
    *(TypeKind.ULONGLONG, TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.SHORT, TypeKind.INT, TypeKind.LONG),
    *(TypeKind.LONGLONG, TypeKind.ENUM),
)
CONSTANT_RESULTS = {"true": "false", "false": "true"}
BY_HAND = ("MUTANT(", "mutate_")  # tests/refdev/mutants
SHOWN = 60  # characters of a text in the list


@dataclass
class Mutant:
    number: int
    source: str
    line: int
    function: str
    kind: str
    text: str

    def __str__(self) -> str:
        return "\t".join((str(self.number), self.source, str(self.line), self.function, self.kind, self.text))


@dataclass
class Edit:
    """Text before and behind an extent; an outer one's is outside an inner one's."""

    start: int
    end: int
    before: str
    behind: str


@dataclass
class Source:
    """One file, its edits and its mutants; offsets are of bytes."""

    name: str
    text: bytes
    first: int  # number of the next mutant
    edits: list[Edit] = field(default_factory=list)
    replaced: list[tuple[int, int, str]] = field(default_factory=list)
    mutants: list[Mutant] = field(default_factory=list)
    macros: set[tuple[int, int]] = field(default_factory=set)  # extents of uses with parameters
    names: set[tuple[int, int]] = field(default_factory=set)  # ... without
    function: str = ""
    result: TypeKind = TypeKind.VOID  # of the function

    def slice(self, start: int, end: int) -> str:
        return self.text[start:end].decode()

    def add(self, cursor: Cursor, kind: str, what: str) -> int:
        start, end = extent(cursor)
        text = " ".join(self.slice(start, end).split())
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
        number = self.first + len(self.mutants)
        self.mutants.append(Mutant(number, self.name, cursor.location.line, self.function, kind, f"{what}: {shown}"))
        return number

    def wrap(self, cursor: Cursor, before: str, behind: str) -> None:
        self.edits.append(Edit(*extent(cursor), before, behind))

    def is_macro(self, cursor: Cursor) -> bool:
        """All of it is one use of a macro with parameters."""
        return extent(cursor) in self.macros

    def is_name(self, cursor: Cursor) -> bool:
        """... without."""
        return extent(cursor) in self.names

    def is_in_macro(self, cursor: Cursor) -> bool:
        """It is a part of a use."""
        start, end = extent(cursor)
        return any(first <= start and end <= last and (first, last) != (start, end) for first, last in self.macros)

    def written(self) -> str:
        """The edits carried out."""
        inserts: dict[int, list[tuple[int, int, str]]] = {}
        for edit in self.edits:
            size = edit.end - edit.start
            inserts.setdefault(edit.start, []).append((1, -size, edit.before))
            inserts.setdefault(edit.end, []).append((0, size, edit.behind))
        pieces, at = [], 0
        replaced = {start: (end, text) for start, end, text in self.replaced}
        for offset in sorted({*inserts, *replaced}):
            pieces.append(self.slice(at, offset))
            at = offset
            pieces += [text for *_, text in sorted(inserts.get(offset, []), key=lambda one: one[:2])]
            if offset in replaced:
                at, text = replaced[offset]
                pieces.append(text)
        return "".join([*pieces, self.slice(at, len(self.text))])


def extent(cursor: Cursor) -> tuple[int, int]:
    return cursor.extent.start.offset, cursor.extent.end.offset


def is_integer(cursor: Cursor) -> bool:
    return cursor.type.get_canonical().kind in INTEGERS


# -- one kind of site each ---------------------------------------------------------------------


def operator(source: Source, cursor: Cursor) -> None:
    left, right = list(cursor.get_children())
    start, end = extent(left)[1], extent(right)[0]
    sign = source.slice(start, end).strip()
    if sign not in OPERATORS or not all(map(is_integer, (cursor, left, right))):
        return
    macro, others = OPERATORS[sign]
    numbers = [source.add(cursor, "operator", f"{sign} to {other}") for other in others]
    source.wrap(cursor, f"MUTATE_{macro}({numbers[0]}, (", "))")
    source.replaced.append((start, end, "), ("))


def constant(source: Source, cursor: Cursor) -> None:
    if is_integer(cursor) and source.slice(*extent(cursor)) not in CONSTANT_RESULTS:
        source.wrap(cursor, f"MUTATE_CONSTANT({source.add(cursor, 'constant', 'one more')}, (", "))")


def condition(source: Source, cursor: Cursor) -> None:
    source.wrap(cursor, f"MUTATE_CONDITION({source.add(cursor, 'condition', 'negated')}, (", "))")


def statement(source: Source, cursor: Cursor, kind: str) -> None:
    source.wrap(cursor, f"MUTATE_STATEMENT({source.add(cursor, kind, 'left out')}, (", "))")


def returned(source: Source, cursor: Cursor, kind: TypeKind) -> None:
    if other := CONSTANT_RESULTS.get(source.slice(*extent(cursor))):
        source.wrap(cursor, f"MUTATE_CONDITION({source.add(cursor, 'return', other)}, (", "))")
    elif kind == TypeKind.BOOL:
        number = source.add(cursor, "return", "false")
        source.add(cursor, "return", "true")
        source.wrap(cursor, f"MUTATE_BOOL({number}, (", "))")
    elif kind in INTEGERS or kind == TypeKind.POINTER:
        source.wrap(cursor, f"MUTATE_RETURN({source.add(cursor, 'return', '0')}, (", "))")


# -- the walk ----------------------------------------------------------------------------------


def is_assignment(source: Source, cursor: Cursor) -> bool:
    if cursor.kind == K.BINARY_OPERATOR:
        left, right = list(cursor.get_children())
        return source.slice(extent(left)[1], extent(right)[0]).strip() == "="
    if cursor.kind == K.UNARY_OPERATOR:
        start, end = extent(cursor)
        text = source.slice(start, end)
        return text.startswith(STEPS) or text.endswith(STEPS)
    return cursor.kind in ASSIGNMENTS


def children(cursor: Cursor) -> list[Cursor]:
    """Those that are computed when the program runs."""
    found = list(cursor.get_children())
    if cursor.kind == K.CASE_STMT:
        return found[1:]
    if cursor.kind == K.CXX_UNARY_EXPR:
        return []
    if cursor.kind == K.VAR_DECL:
        if cursor.storage_class == StorageClass.STATIC:
            return []
        return found[-1:] if found and found[-1].kind.is_expression() and has_value(cursor) else []
    return found


def has_value(cursor: Cursor) -> bool:
    return any(token.spelling == "=" for token in cursor.get_tokens())


def is_designator(source: Source, cursor: Cursor) -> bool:
    """`[1] = ` in a list of values."""
    start, end = extent(cursor)
    return source.slice(0, start).rstrip().endswith(("{[", ", [", "\n[", ",\n[", " [")) and source.slice(
        end, end + 8
    ).replace(" ", "").startswith("]=")


def is_by_hand(source: Source, cursor: Cursor) -> bool:
    """It is for mutants made by hand, or what one of them decides."""
    deciding = condition_of(cursor) or cursor
    if cursor.kind.is_statement() and deciding is cursor:
        return False
    return any(word in source.slice(*extent(deciding)) for word in BY_HAND)


def condition_of(cursor: Cursor) -> Cursor | None:
    found = list(cursor.get_children())
    if cursor.kind in (K.IF_STMT, K.WHILE_STMT, K.CONDITIONAL_OPERATOR):
        return found[0]
    if cursor.kind == K.DO_STMT:
        return found[1]
    return None


def bodies_of(cursor: Cursor) -> list[Cursor]:
    """What stands as a statement below it."""
    found = list(cursor.get_children())
    return {
        K.COMPOUND_STMT: found,
        K.IF_STMT: found[1:],
        K.WHILE_STMT: found[1:],
        K.FOR_STMT: found[-1:],
        K.CASE_STMT: found[1:],
        K.DEFAULT_STMT: found,
    }.get(cursor.kind, [])


def conditions(source: Source, cursor: Cursor) -> None:
    if asked := condition_of(cursor):
        condition(source, asked)


def statements(source: Source, cursor: Cursor) -> None:
    for body in bodies_of(cursor):
        if is_by_hand(source, body):
            continue
        if body.kind == K.CALL_EXPR:
            statement(source, body, "call")
        elif is_assignment(source, body):
            statement(source, body, "assignment")


def mutate(source: Source, cursor: Cursor) -> None:
    """The cursor and all below it, outside in. All of a macro's use may be changed, but no part of it."""
    if source.is_macro(cursor) or source.is_in_macro(cursor) or is_by_hand(source, cursor):
        return
    if source.is_name(cursor):
        if cursor.kind in (K.INTEGER_LITERAL, K.PAREN_EXPR, K.BINARY_OPERATOR):
            constant(source, cursor)
        return
    below = children(cursor)
    conditions(source, cursor)
    statements(source, cursor)
    if cursor.kind == K.RETURN_STMT and below:
        returned(source, below[0], source.result)
    if cursor.kind == K.BINARY_OPERATOR and not is_assignment(source, cursor):
        operator(source, cursor)
    if cursor.kind == K.INTEGER_LITERAL and not is_designator(source, cursor):
        constant(source, cursor)
    for child in below:
        mutate(source, child)


def functions(unit: TranslationUnit, path: str) -> Iterator[Cursor]:
    for cursor in unit.cursor.get_children():
        if cursor.kind == K.FUNCTION_DECL and cursor.is_definition():
            if cursor.location.file and cursor.location.file.name == path:
                yield cursor


def read(path: str, first: int, arguments: list[str]) -> Source:
    unit = Index.create().parse(path, arguments, options=TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
    if errors := [str(one) for one in unit.diagnostics if one.severity >= 3]:
        sys.exit(f"{path}: {errors[0]}")
    with open(path, "rb") as file:
        source = Source(path, file.read(), first)
    for cursor in unit.cursor.get_children():
        if cursor.kind == K.MACRO_INSTANTIATION and cursor.location.file and cursor.location.file.name == path:
            start, end = extent(cursor)
            if b"(" in source.text[start:end]:
                source.macros.add((start, end))
            else:
                source.names.add((start, end))
    for function in functions(unit, path):
        source.function = function.spelling
        source.result = function.result_type.get_canonical().kind
        for child in function.get_children():
            if child.kind == K.COMPOUND_STMT:
                mutate(source, child)
    return source


def main() -> None:
    end = sys.argv.index("--")
    out, listed, *paths = sys.argv[1:end]
    lines: list[str] = []
    for path in paths:
        source = read(path, len(lines) + 1, sys.argv[end + 1 :])
        lines += map(str, source.mutants)
        os.makedirs(os.path.dirname(os.path.join(out, path)), exist_ok=True)
        with open(os.path.join(out, path), "w", encoding="utf-8") as file:
            file.write(f'#include "tests/refdev/mechanical/mutate.h"\n#line 1 "{path}"\n{source.written()}')
    with open(listed, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    main()
