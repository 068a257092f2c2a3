"""Files and functions of the library stay small enough to be read at once. ruff sees to their
complexity."""

from __future__ import annotations

import ast
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "lightjobs"

FILE_LINES = 300
"""A file may be longer if it says "Over 300 lines because …" in its docstring."""
MOST_FILE_LINES = 400
FUNCTION_LINES = 40
REASON = f"Over {FILE_LINES} lines because "


def name(path):
    return path.relative_to(LIBRARY).as_posix()


def files_longer_than(limit):
    """The Python, Lua and SQL files of the library that have more lines, with their text."""
    files = [path for path in LIBRARY.rglob("*") if path.suffix in (".py", ".lua", ".sql")]
    assert len(files) > 200
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    return {path: text for path, text in texts.items() if len(text.splitlines()) > limit}


def test_no_file_is_too_long():
    assert [name(path) for path in files_longer_than(MOST_FILE_LINES)] == []


def test_a_file_that_is_rather_long_says_why():
    files = files_longer_than(FILE_LINES)
    assert [name(path) for path, text in files.items() if not explained(path, text)] == []


def explained(path, text):
    if path.suffix != ".py":
        return REASON in text
    return REASON in " ".join((ast.get_docstring(ast.parse(text)) or "").split())


def test_no_function_is_too_long():
    found = {
        f"{name(path)}: {node.name}"
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert found == set()
