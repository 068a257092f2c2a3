"""Context variables: each run has its own, so nothing that a run sets reaches another run or the
program around it."""

from __future__ import annotations

import sys
from contextvars import Context, copy_context
from typing import Any

_DECIMAL = "decimal_context"
"""The name of the variable in which `decimal` keeps its precision and rounding."""


class Origin:
    """The values that runs begin with: those of the thread that makes this object."""

    __slots__ = ("_decimal", "_values")

    def __init__(self) -> None:
        self._values = copy_context()
        self._decimal = _decimal_context(self._values)

    def fresh(self) -> Context:
        """The context of a new run."""
        context = self._values.copy()
        if self._decimal is not None:
            # A copy of a context holds the same objects, and this one is changed in place:
            # `decimal.getcontext().prec = 2` would stay for all later runs.
            context.run(sys.modules["decimal"].setcontext, self._decimal.copy())
        return context


def adopt(context: Context) -> None:
    """Set in the current context what was set in `context`, a copy of it."""
    current = copy_context()
    for variable, value in context.items():
        if variable not in current or current[variable] is not value:
            variable.set(value)


def _decimal_context(values: Context) -> Any:
    decimal = sys.modules.get("decimal")
    if decimal is None:
        return None
    kept = (value for variable, value in values.items() if variable.name == _DECIMAL)
    return next((value for value in kept if isinstance(value, decimal.Context)), None)
