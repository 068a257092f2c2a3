"""Whether jobs of a class can run: checked when the class is defined, and once more at its first
dispatch, when decorators such as `@dataclass` have changed it.

A worker knows a class only by importing its module. It makes an object without arguments, and
calls its methods without arguments, except those that it can inject. A class that does not fit
would otherwise be stored well and fail in the worker, where its author does not look.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Set
from difflib import get_close_matches
from types import FrameType, FunctionType
from typing import Any

from ..errors import JobDefinitionError
from . import by_method, injection, job_values, near_names

CALLED = {
    "handle": "what was dispatched is in self.payload",
    "onSuccess": "what was dispatched is in self.payload",
    "onFailure": "the exception is self.getException()",
    "onQueue": "what was dispatched is in self.payload",
    "maxAttempts": "the number of this run is self.context.attempt",
    "rateLimit": "what was dispatched is in self.payload",
    "uniqueKey": "what was dispatched is in self.payload",
    "group": "what was dispatched is in self.payload",
}
"""The methods that are called, and where a method finds what it may have wanted as an argument.
Those of `injection.INJECTED` may be `async def`, and have parameters."""

INJECTABLE = (
    "parameters annotated with the class of what an on_start function returns (a class that is "
    "imported before this one is defined, and not under TYPE_CHECKING)"
)
"""The arguments that `injection.INJECTED` may require."""

OTHERS_HANDLE = {
    "run": "Lightpack's word",
    "execute": "the word of older Lightpack versions",
    "perform": "the word of Sidekiq and Oban",
}
"""What other queues call `handle`."""

_MAIN = ("__main__", "__mp_main__")
"""The program that was started, and the same in a child process of multiprocessing."""

_IMPORTS = "<frozen importlib._bootstrap>"
"""The file name of Python's import machinery in a frame."""


def check(job: type[Any], base: type[Any]) -> None:
    """Check a class derived from `base`, the class Job, while it is being defined. Raises
    JobDefinitionError for what can be seen to be wrong at that moment."""
    near_names.refuse(job, {*job_values.ATTRIBUTES, *CALLED, "formerHandlers"})
    for name in job_values.ATTRIBUTES:
        method = by_method.adopt(job, name)
        if method is not None:
            _check_method(job, name, method)
    job_values.check_class(job)
    for name in CALLED:
        if getattr(job, name) is not getattr(base, name):
            _check_method(job, name, inspect.getattr_static(job, name))
    if job.handle is not base.handle:
        if not getattr(job.handle, "__isabstractmethod__", False):
            _check_making(job)
        return
    for name, whose in OTHERS_HANDLE.items():
        if callable(job.__dict__.get(name)):
            raise JobDefinitionError(
                f"{job.__name__} has {name}() but no handle(): {name} is {whose} for it; rename "
                "the method to handle"
            )


def problem(job: type[Any], has_handle: bool) -> str | None:
    """Why no worker can run the finished class `job`, and what to do; None if one can."""
    if not has_handle and "handler" not in job.__dict__:
        return f"{job.__name__} has no handle() method{_nearest_to_handle(job)}"
    try:
        _check_making(job)
    except JobDefinitionError as error:
        return str(error)
    return None


def local(job: type[Any]) -> str | None:
    """Why no other process can find the class `job`, and what to do; None if one can. To be called
    while the class is being defined.

    A class with a `handler` of its own is found by that name, so its author answers for it. A class
    that a function makes while a module is imported is made in each process that imports the
    module.
    """
    if "handler" in job.__dict__:
        return None
    place = f"{job.__module__}.{job.__qualname__}"
    advice = (
        "move it to the top level of a module in app_jobs (or in another package that JOB_MODULES "
        "names) and import it from there, or give it a handler name that a worker knows"
    )
    if job.__module__ in _MAIN:
        return f"{place} is in the program that was started, where no worker finds it; {advice}"
    if not all(part.isidentifier() for part in job.__module__.split(".")):
        return f"{place} is in no module that a worker could import; {advice}"
    if job.__qualname__.endswith("<lambda>"):
        return f"{place} is a lambda, which has no name; write a def"
    if "<locals>" in job.__qualname__ and not _is_importing():
        return f"{place} was made in a function, where no worker finds it; {advice}"
    return None


def _check_method(job: type[Any], name: str, raw: Any) -> None:
    where = f"{job.__name__}.{name}"
    function = raw.fget if isinstance(raw, property) else getattr(raw, "__func__", raw)
    if not callable(function) and not hasattr(raw, "__get__"):
        raise job_values.refusal(where, raw, "a method")
    job_values.refuse_generator(function, where)
    if name not in injection.INJECTED and inspect.iscoroutinefunction(function):
        raise JobDefinitionError(f"{where} is async def; allowed: def, since it is not awaited")
    bound = 0 if isinstance(raw, staticmethod) else 1
    found = CALLED.get(name, "what was dispatched is in self.payload")
    allowed = f"only self, since {found}"
    if name not in injection.INJECTED:
        _check_call(where, function, bound, allowed)
        return
    filled = {each.name for each in injection.parameters(function, bound)}
    _check_call(where, function, bound, f"{allowed}, and {INJECTABLE}", filled)


def _check_making(job: type[Any]) -> None:
    """Check that a worker can make an object of the class."""
    for name in ("__init__", "__new__"):
        made_by = getattr(job, name)
        if made_by is not getattr(object, name):
            _check_call(
                f"{job.__name__}.{name}",
                made_by,
                1,
                "arguments with defaults, since a worker passes none; what differs from job to "
                "job belongs in the payload",
            )


def _check_call(
    where: str, function: Any, bound: int, allowed: str, filled: Set[str] = frozenset()
) -> None:
    """Raise JobDefinitionError if `function` needs arguments besides the first `bound` ones and
    those that are `filled`. What a decorator has made of a function counts as it is, and not as
    what it wraps: it may pass arguments itself."""
    if not isinstance(function, FunctionType):
        return
    code = function.__code__
    if code.co_argcount < bound and not code.co_flags & inspect.CO_VARARGS:
        raise JobDefinitionError(f"{where}() takes no argument; allowed: one, `self`")
    needed = [name for name in injection.required(function, bound) if name not in filled]
    if needed:
        plural = "arguments" if len(needed) > 1 else "argument"
        raise JobDefinitionError(
            f"{where}() requires the {plural} {', '.join(needed)}; allowed: {allowed}"
        )


def _nearest_to_handle(job: type[Any]) -> str:
    """What to do about the missing method, as the end of a sentence."""
    methods = [name for name, value in vars(job).items() if isinstance(value, FunctionType)]
    near = get_close_matches("handle", methods, 1, 0.7)
    if near:
        return f"; did you mean {near[0]}() to be it?"
    return "; write one, or dispatch a subclass that has one"


def _is_importing() -> bool:
    """Whether this thread is importing a module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTS:
            return True
        frame = frame.f_back
    return False
