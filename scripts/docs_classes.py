"""What the reference says of classes, functions and errors: their signatures and docstrings."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.docs_tables import table

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Shown(NamedTuple):
    """A class or function in the reference."""

    module: str
    name: str
    heading: str = ""
    """What stands in place of the name."""
    only: tuple[str, ...] = ()
    """Its methods that are for programs; all public ones if none is named."""
    without: tuple[str, ...] = ()
    made_by: str = ""
    """How a program makes one: the name of the class, or of a function with the same parameters."""


TOPICS = {
    "jobs": (
        Shown("lightjobs.job_class", "Job"),
        Shown("lightjobs.job_function", "job", "Functions: @job"),
        Shown("lightjobs.execution.context", "JobContext", without=("values", "completion")),
        Shown("lightjobs.execution.backoff", "Backoff", made_by="Backoff"),
    ),
    "programs": (
        Shown("lightjobs.current", "engine"),
        Shown(
            "lightjobs.engines.control",
            "Engine",
            "engine(): jobs and workers",
            only=("cancel", "pause", "resume", "cleanup", "workers", "latency"),
        ),
        Shown(
            "lightjobs.engines.store",
            "JobStore",
            "engine(): queues",
            only=("find", "stats", "pause_queue", "resume_queue", "paused_queues"),
        ),
        Shown("lightjobs.configuration", "configure"),
        Shown("lightjobs.job_results", "result"),
        Shown("lightjobs.job_results", "resultAsync"),
        Shown("lightjobs.workers.embedded", "worker"),
        Shown("lightjobs.execution.lifecycle", "on_start"),
        Shown("lightjobs.execution.lifecycle", "on_stop"),
        Shown("lightjobs.coordination", "Lock", "lock", made_by="lock"),
        Shown("lightjobs.coordination", "Limiter", "limiter", made_by="limiter"),
    ),
    "flow": (
        Shown("lightjobs.flow.chains", "chain"),
        Shown("lightjobs.flow.chains", "Chain", "What chain() returns", without=("links",)),
        Shown("lightjobs.flow.batches", "Batches", "batch"),
        Shown("lightjobs.flow.batches", "Batch", "What batch() returns", without=("links",)),
        Shown("lightjobs.flow.runs", "BatchRun", "What dispatch() of a batch returns"),
    ),
    "schedule": (
        Shown("lightjobs.schedule.builder", "Schedule", "schedule"),
        Shown("lightjobs.schedule.event", "Event", "What schedule.job() returns", (), ("entry",)),
    ),
    "middleware": (Shown("lightjobs.execution.middleware", "Middleware"),),
    "testing": (Shown("lightjobs.testing.jobs", "Jobs"),),
}
"""The parts of the page."""


def topic(name: str) -> str:
    """A part of the page."""
    if name == "errors":
        return errors()
    return "\n\n".join(shown(each) for each in TOPICS[name])


def shown(what: Shown) -> str:
    """A class or function with its heading."""
    node = found(what.module, what.name)
    parts = [f"### {what.heading or what.name}"]
    if isinstance(node, ast.ClassDef):
        if what.made_by:
            parts.append(f"`{what.made_by}({parameters(node)})`")
        if not what.only:
            parts.append(inspect.cleandoc(ast.get_docstring(node) or ""))
        attributes = list(attributes_of(node, what))
        if attributes:
            parts.append(table(("attribute", "default", "meaning"), attributes))
        methods = list(methods_of(node, what))
        parts.append(table(("method", "what it does"), methods))
    else:
        parts += [f"`{signature(node)}`", inspect.cleandoc(ast.get_docstring(node) or "")]
    return "\n\n".join(parts)


def found(module: str, name: str) -> ast.ClassDef | Function:
    """The definition of a class or function. Of overloads it is the last one."""
    source = inspect.getsourcefile(importlib.import_module(module))
    assert source is not None
    tree = ast.parse(Path(source).read_text(encoding="utf-8"))
    nodes = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef | Function) and node.name == name
    ]
    return nodes[-1]


def attributes_of(node: ast.ClassDef, what: Shown) -> Iterator[tuple[str, str, str]]:
    """The public attributes and properties that have a docstring."""
    for statement, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
            text = docstring_in(after)
            if text and is_shown(name, what):
                value = statement.value
                yield f"`{name}`", "" if value is None else f"`{ast.unparse(value)}`", text
    for method in functions(node):
        if is_property(method) and is_shown(method.name, what):
            yield f"`{method.name}`", "", cell(ast.get_docstring(method) or "")


def methods_of(node: ast.ClassDef, what: Shown) -> Iterator[tuple[str, str]]:
    """The public methods."""
    methods = {each.name: each for each in functions(node)}  # of overloads the last one
    for name, method in methods.items():
        if is_shown(name, what) and not is_property(method):
            yield f"`{signature(method)}`", cell(ast.get_docstring(method) or "")


def functions(node: ast.ClassDef) -> Iterator[Function]:
    """What is defined in a class."""
    return (each for each in node.body if isinstance(each, Function))


def is_property(method: Function) -> bool:
    """Whether it is read like an attribute."""
    return any(isinstance(d, ast.Name) and d.id == "property" for d in method.decorator_list)


def is_shown(name: str, what: Shown) -> bool:
    """Whether an attribute or method is for programs."""
    if name.startswith("_") or name in what.without:
        return False
    return not what.only or name in what.only


def docstring_in(statement: ast.stmt | None) -> str:
    """The text of a statement that is nothing but a text; "" for any other."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return cell(str(statement.value.value))
    return ""


def parameters(node: ast.ClassDef) -> str:
    """What an object is made with: what `__init__` takes, or the fields of a dataclass."""
    for method in functions(node):
        if method.name == "__init__":
            return signature(method).partition("(")[2].removesuffix(")")
    return ", ".join(
        f"{ast.unparse(field.target)}={ast.unparse(field.value)}"
        for field in node.body
        if isinstance(field, ast.AnnAssign) and field.value is not None
    )


def signature(function: Function) -> str:
    """How it is called: names and defaults."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for each in (*every, arguments.vararg, arguments.kwarg):
        if each is not None:
            each.annotation = None
    arguments.args = [each for each in arguments.args if each.arg not in ("self", "cls")]
    begin = "async " if isinstance(function, ast.AsyncFunctionDef) else ""
    return f"{begin}{function.name}({ast.unparse(arguments)})"


def errors() -> str:
    """The errors that programs can import, and what each means."""
    module = "lightjobs.errors"
    names = [
        name
        for name in importlib.import_module("lightjobs").__all__
        if isinstance(getattr(importlib.import_module(module), name, None), type)
    ]
    rows = []
    for name in names:
        node = found(module, name)
        assert isinstance(node, ast.ClassDef)
        bases = ", ".join(f"`{ast.unparse(base)}`" for base in node.bases)
        rows.append((f"`{name}`", bases, cell(ast.get_docstring(node) or "")))
    return table(("error", "is a", "meaning"), rows)


def cell(text: str) -> str:
    """A docstring in one line, as a cell of a table has it."""
    return " ".join(inspect.cleandoc(text).split()).replace("|", "\\|")
