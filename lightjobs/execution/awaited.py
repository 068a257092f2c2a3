"""Whether middleware needs an event loop around a sync job: read from the source of its `handle`
unless its class says so itself."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from types import CodeType

from .middleware import Middleware

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def needs_loop(middleware: Middleware) -> bool:
    """Whether `handle` of `middleware` may await anything but `next()`. True if its source cannot
    be read."""
    if middleware.awaits is not None:
        return middleware.awaits
    code = getattr(type(middleware).handle, "__code__", None)
    return code is None or _awaits_more_than_next(code)


@cache
def _awaits_more_than_next(code: CodeType) -> bool:
    try:
        # The lines of a method are indented, and a class keeps them together.
        (outer,) = ast.parse("class _:\n" + _indented(inspect.getsource(code))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return True
    function = outer.body[0] if isinstance(outer, ast.ClassDef) else None
    if not isinstance(function, ast.AsyncFunctionDef) or code.co_argcount != 3:
        return True
    next_name = code.co_varnames[2]
    return any(_awaits(node, next_name) for each in function.body for node in _within(each))


def _indented(source: str) -> str:
    return source if source[:1].isspace() else " " + source.replace("\n", "\n ")


def _within(node: ast.AST) -> list[ast.AST]:
    """`node` and what is below it, without the functions that are defined there."""
    if isinstance(node, _SCOPES):
        return []
    return [node, *(each for child in ast.iter_child_nodes(node) for each in _within(child))]


def _awaits(node: ast.AST, next_name: str) -> bool:
    if isinstance(node, ast.Await):
        call = node.value
        is_next = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        return not (is_next and call.func.id == next_name)  # type: ignore[attr-defined]
    if isinstance(node, ast.comprehension):
        return bool(node.is_async)
    return isinstance(node, (ast.AsyncFor, ast.AsyncWith))
