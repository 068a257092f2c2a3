"""What each worker calls when it starts and stops: the functions with @on_start and @on_stop."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from types import FunctionType
from typing import Any, NamedTuple, NoReturn, TypeVar

from ..errors import JobDefinitionError, LightjobsError
from ..text import shortened
from . import injection
from .job_values import refuse_generator
from .state import Values

F = TypeVar("F", bound=Callable[..., Any])
Finish = Callable[[Coroutine[Any, Any, Any]], Any]
"""Returns the result of a coroutine, or raises what it raises."""

_log = logging.getLogger("lightjobs.worker")


class _Called(NamedTuple):
    """A function to be called."""

    function: FunctionType
    parameters: tuple[injection.Parameter, ...]

    @property
    def place(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def call(self, values: Values, finish: Finish) -> Any:
        result = self.function(**injection.arguments(self.parameters, self.place, values))
        return finish(result) if inspect.iscoroutine(result) else result


_starting: dict[str, _Called] = {}
"""The on_start functions in the order of their registration, by name."""
_stopping: dict[str, _Called] = {}
"""The on_stop functions likewise, by place: their names need not differ."""

_of_worker: ContextVar[Values | None] = ContextVar("lightjobs state", default=None)
"""The state of the worker whose code is running. Each run inherits it from the worker's thread."""

_here = Values()
"""The state of jobs that this process runs without a worker."""
_called_here: set[str] = set()
"""The on_start functions that were called for `_here`."""
_lock = threading.RLock()


def on_start(function: F) -> F:
    """Have each worker call `function` once when it starts, before its first job, in the process or
    thread where its jobs run. Unless it returns None, the result is the attribute of
    `self.context.state` that has the name of the function.

    It may be `async def`: it runs on the event loop of the worker's async jobs. Its parameters are
    filled with what earlier on_start functions returned, by the classes that annotate them. If it
    raises, the worker does not start. Raises JobDefinitionError for anything but a function, and
    when another on_start function has the same name.
    """
    called = _checked(function, "on_start")
    known = _starting.get(called.function.__name__)
    if known is not None and known.place != called.place:
        raise JobDefinitionError(
            f"two on_start functions have the name {called.function.__name__!r}: {known.place} and "
            f"{called.place}; rename one of them, since the name is that of its value"
        )
    _starting[called.function.__name__] = called
    return function


def on_stop(function: F) -> F:
    """Have each worker call `function` once when it stops and no job of it runs any more. The last
    one registered is called first. It may be `async def`, and its parameters are filled, as with
    `on_start`. What it raises is logged. A worker that is killed calls none."""
    called = _checked(function, "on_stop")
    _stopping[called.place] = called
    return function


def _checked(function: Any, decorator: str) -> _Called:
    if not inspect.isfunction(function):
        shown = shortened(repr(function))
        raise JobDefinitionError(f"@{decorator} decorates {shown}; allowed: a function")
    called = _Called(function, injection.parameters(function, 0))
    refuse_generator(function, called.place)
    filled = {each.name for each in called.parameters}
    for name in injection.required(function, 0):
        if name not in filled:
            raise JobDefinitionError(
                f"{called.place}() requires the argument {name}; allowed: parameters that are "
                "annotated with the class of what an on_start function returns"
            )
    return called


def start(finish: Finish) -> None:
    """Call the on_start functions, for the worker that runs in this thread. Raises LightjobsError
    when one of them raises."""
    values = Values()
    before = _of_worker.set(values)
    try:
        for name, called in list(_starting.items()):
            _add(values, name, called, finish)
    except BaseException:
        _of_worker.reset(before)
        raise


def stop(finish: Finish) -> None:
    """Call the on_stop functions, for the worker that runs in this thread, if it was started and
    has not been stopped. What they raise is logged."""
    values = _of_worker.get()
    if values is None:
        return
    for called in reversed(list(_stopping.values())):
        try:
            called.call(values, finish)
        except BaseException:
            _log.exception("the on_stop function %s raised", called.place)
    _of_worker.set(None)


def of_worker() -> Values | None:
    """The state of the worker whose code is running; None if none does."""
    return _of_worker.get()


def here() -> Values:
    """The state of jobs that this process runs without a worker. The first call, and each after
    more job modules were imported, calls the on_start functions that are new, except the async
    ones. Raises LightjobsError when one of them raises."""
    with _lock:
        for name, called in list(_starting.items()):
            if name in _called_here:
                continue
            if inspect.iscoroutinefunction(called.function):
                _here.absent.append(name)
            else:
                _add(_here, name, called, _refuse)
            _called_here.add(name)
    return _here


def _add(values: Values, name: str, called: _Called, finish: Finish) -> None:
    try:
        value = called.call(values, finish)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        text = " ".join(str(error).split())
        raise LightjobsError(
            f"the on_start function {called.place} raised {type(error).__name__}: {text}"
        ) from error
    if value is not None:
        values[name] = value


def _refuse(coroutine: Coroutine[Any, Any, Any]) -> NoReturn:
    coroutine.close()
    raise LightjobsError("its result is to be awaited, which only a worker can do")
