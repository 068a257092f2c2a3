"""The names that jobs of a class are stored under: today's, and those it had before."""

from __future__ import annotations

import re
import sys
from typing import Any

from ..errors import JobDefinitionError
from ..model import HANDLER_LENGTH
from ..text import shortened
from .job_values import refusal

LIGHTPACK_PACKAGE = "app_jobs"
LIGHTPACK_NAMESPACE = "App\\Jobs\\"


def handler_name(job: type[Any]) -> str:
    """The class's own `handler`, or the name PHP would store: `App\\Jobs\\…` for a class in
    `app_jobs`, the dotted path for any other. Raises JobDefinitionError for a name that cannot be
    stored."""
    own = job.__dict__.get("handler")
    if own is not None and not isinstance(own, str):
        allowed = "text, the name to store jobs under; handle is the method that does the work"
        raise refusal(f"{place(job)}.handler", own, allowed)
    return _storable(job, "handler", own if own is not None else _phps_name(job))


def former_names(job: type[Any]) -> tuple[str, ...]:
    """The class's own `formerHandlers`. Raises JobDefinitionError for anything but a tuple or list
    of names."""
    former = job.__dict__.get("formerHandlers", ())
    if not isinstance(former, (tuple, list)) or not all(isinstance(name, str) for name in former):
        raise refusal(f"{place(job)}.formerHandlers", former, "a tuple of handler names")
    return tuple(_storable(job, "formerHandlers", name) for name in former)


def _storable(job: type[Any], attribute: str, name: str) -> str:
    if not 0 < len(name) <= HANDLER_LENGTH or not name.isprintable():
        raise JobDefinitionError(
            f"{place(job)}.{attribute} is {shortened(name)!r}; allowed: 1 to {HANDLER_LENGTH} "
            "printable characters"
        )
    return name


def _phps_name(job: type[Any]) -> str:
    package, *rest = job.__module__.split(".")
    if package != LIGHTPACK_PACKAGE:
        return f"{job.__module__}.{job.__qualname__}"
    module = sys.modules.get(job.__module__)
    if rest and not hasattr(module, "__path__"):
        rest.pop()  # the module's own name does not count, a package's does
    namespace = "".join(studly(part) + "\\" for part in rest)
    return LIGHTPACK_NAMESPACE + namespace + job.__name__


def studly(name: str) -> str:
    """`send_email` as PHP names a class: `SendEmail`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split("_+", name) if part)


def place(job: type[Any]) -> str:
    """Where the class is defined, for messages."""
    return f"{job.__module__}.{job.__qualname__}"


def loosely(name: str) -> str:
    """`name` as people may have typed it: without regard to case and underscores, so that `nap`
    means Nap, and `send_email` SendEmail."""
    return name.replace("_", "").casefold()
