"""Dependency injection: parameters that are filled with what a worker has made at its start.

Which ones those are is worked out once for each function. Nearly all functions have none.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any, NamedTuple

from ..errors import LightjobsError
from ..payloads.annotations import of_parameter
from .state import Values

INJECTED = ("handle", "onSuccess", "onFailure")
"""The methods of a job whose parameters are filled."""


class Parameter(NamedTuple):
    """A parameter that is annotated with a class."""

    name: str
    type: type[Any]
    has_default: bool


Injected = tuple[tuple[str, tuple[Parameter, ...]], ...]
"""The methods of a job that have parameters to be filled, and these."""


def required(function: FunctionType, bound: int) -> list[str]:
    """The names of the parameters without a default, after the first `bound` ones."""
    code, defaults = function.__code__, function.__defaults__ or ()
    last = code.co_argcount + code.co_kwonlyargcount
    return [
        *code.co_varnames[bound : code.co_argcount - len(defaults)],
        *(
            name
            for name in code.co_varnames[code.co_argcount : last]
            if name not in (function.__kwdefaults__ or {})
        ),
    ]


def parameters(function: Any, bound: int) -> tuple[Parameter, ...]:
    """The parameters of `function` that can be filled: those after the first `bound` ones that are
    passed by name and annotated with a class. What a decorator has made of a function counts as it
    is: it may pass arguments itself."""
    if not isinstance(function, FunctionType):
        return ()
    code = function.__code__
    first = max(bound, code.co_posonlyargcount)
    names = code.co_varnames[first : code.co_argcount + code.co_kwonlyargcount]
    needed = required(function, bound) if names else []
    annotated = ((name, of_parameter(function, name)) for name in names)
    return tuple(
        Parameter(name, kind, name not in needed) for name, kind in annotated if _is_class(kind)
    )


def of_job(job: type[Any], base: type[Any]) -> Injected:
    """The parameters of the methods of the class `job` that can be filled. The methods of `base`
    have none."""
    found = []
    for name in INJECTED:
        if getattr(job, name) is not getattr(base, name):
            raw = inspect.getattr_static(job, name)
            bound = 0 if isinstance(raw, staticmethod) else 1
            found.append((name, parameters(getattr(raw, "__func__", raw), bound)))
    return tuple((name, each) for name, each in found if each)


def arguments(
    parameters: Iterable[Parameter], where: str, values: Values, context: object = None
) -> dict[str, Any]:
    """What to pass to the function called `where`: for each parameter, the one of `values`, or the
    `context`, that is an instance of its type. Raises LightjobsError when several fit, or none
    does and the parameter has no default."""
    there = dict(values)
    if context is not None:
        there["context"] = context
    passed = {}
    for each in parameters:
        fitting = _fitting(each.type, there)
        if len(fitting) == 1:
            passed[each.name] = there[fitting[0]]
        elif fitting or not each.has_default:
            problem = "several values fit" if fitting else "no value fits"
            raise LightjobsError(
                f"{where}() takes {each.name}: {each.type.__qualname__}, and {problem}; "
                f"{values.described()}"
            )
    return passed


def _fitting(kind: type[Any], there: Mapping[str, Any]) -> list[str]:
    """The names of the values that are of exactly this type; if there are none, of those that are
    of a type derived from it."""
    exact = [name for name, value in there.items() if type(value) is kind]
    return exact or [name for name, value in there.items() if isinstance(value, kind)]


def _is_class(annotation: Any) -> bool:
    """Whether a value can be told to be an instance of `annotation`."""
    try:
        isinstance(None, annotation)
    except TypeError:  # a protocol, a TypedDict, Any
        return False
    return isinstance(annotation, type)
