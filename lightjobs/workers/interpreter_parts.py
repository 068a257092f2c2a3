"""The parts of a process's state that Python keeps: paths, streams, hooks, filters, locale."""

from __future__ import annotations

import gc
import locale
import logging
import os
import resource
import socket
import sys
import threading
import time
import warnings
from typing import Any

from .logs import logging_setup
from .part import Part

_LIMITS = [
    getattr(resource, f"RLIMIT_{name}")
    for name in ("AS", "CPU", "DATA", "FSIZE", "NOFILE", "STACK")
    if hasattr(resource, f"RLIMIT_{name}")
]

_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")

_environment: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]
"""The variables as bytes. To compare os.environ itself decodes each of them."""


def quick_look() -> list[Any]:
    """What can be compared in a tenth of a microsecond."""
    return [
        len(sys.modules),
        len(_environment),
        len(sys.path),
        len(warnings.filters),
        sys.stdout,
        sys.stderr,
        sys.excepthook,
        gc.isenabled(),
    ]


def parts(directory: int) -> list[Part]:
    """The parts. `directory` is a descriptor of the directory."""
    return [
        _directory(directory),
        Part("sys.stdout or its like", _streams, _set_streams),
        Part("the environment", _environment.copy, _set_environment, of_libraries=True),
        Part("sys.path", sys.path.copy, _set_path, of_libraries=True),
        Part("the filters of warnings", _filters, _set_filters, of_libraries=True),
        Part("an excepthook", _hooks, _set_hooks, of_libraries=True),
        _loggers(),
        Part("the root logger", _root_logger, _set_root_logger, of_libraries=True),
        Part("the garbage collector", _collector, _set_collector),
        Part("the locale", _locale, _set_locale),
        Part("the umask", _umask, os.umask),
        Part("resource limits", _limits, _set_limits),
        Part("limits of Python", _python_limits, _set_python_limits),
    ]


def _directory(descriptor: int) -> Part:
    # By a descriptor and not by its path: a deployment may rename or replace the directory.
    def identity() -> tuple[int, int]:
        status = os.stat(".")
        return status.st_dev, status.st_ino

    return Part("the directory", identity, lambda _: os.fchdir(descriptor))


def _streams() -> list[object]:
    return [getattr(sys, name) for name in _STREAMS]


def _set_streams(streams: list[object]) -> None:
    for name, stream in zip(_STREAMS, streams, strict=True):
        setattr(sys, name, stream)


def _set_environment(variables: dict[bytes, bytes]) -> None:
    for name in [name for name in _environment if name not in variables]:
        del os.environ[os.fsdecode(name)]
    for name, value in variables.items():
        if _environment.get(name) != value:
            os.environ[os.fsdecode(name)] = os.fsdecode(value)
    time.tzset()  # the zone may have been one of them


def _set_path(path: list[str]) -> None:
    sys.path[:] = path


def _filters() -> list[Any]:
    return [warnings.showwarning, *warnings.filters]


def _set_filters(before: list[Any]) -> None:
    warnings.resetwarnings()  # which also forgets the answers of the filters
    warnings.showwarning, *filters = before
    warnings.filters[:] = filters  # type: ignore[index]


def _hooks() -> list[Any]:
    return [sys.excepthook, sys.unraisablehook, threading.excepthook]


def _set_hooks(hooks: list[Any]) -> None:
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def _loggers() -> Part:
    loggers = logging_setup.loggers()

    def disabled() -> list[bool]:
        return [logger.disabled for logger in loggers]

    return Part("lightjobs' loggers", disabled, lambda _: logging_setup.enable())


def _root_logger() -> tuple[int, int, list[logging.Handler]]:
    root = logging.root
    return root.level, root.manager.disable, list(root.handlers)


def _set_root_logger(before: tuple[int, int, list[logging.Handler]]) -> None:
    level, disabled, handlers = before
    logging.root.setLevel(level)
    logging.disable(disabled)
    logging.root.handlers[:] = handlers


def _collector() -> tuple[bool, tuple[int, ...]]:
    return gc.isenabled(), gc.get_threshold()


def _set_collector(before: tuple[bool, tuple[int, ...]]) -> None:
    enabled, thresholds = before
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


def _set_locale(name: str) -> None:
    locale.setlocale(locale.LC_ALL, name)


def _umask() -> int:
    # It can only be read by setting another one: for a moment, a strict one.
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _limits() -> list[int]:
    return [resource.getrlimit(limit)[0] for limit in _LIMITS]


def _set_limits(soft_limits: list[int]) -> None:
    for limit, soft in zip(_LIMITS, soft_limits, strict=True):
        now, hard = resource.getrlimit(limit)
        if now != soft:
            lowered = hard != resource.RLIM_INFINITY and not 0 <= soft <= hard
            resource.setrlimit(limit, (hard if lowered else soft, hard))


def _python_limits() -> tuple[int, float, float | None]:
    return sys.getrecursionlimit(), sys.getswitchinterval(), socket.getdefaulttimeout()


def _set_python_limits(before: tuple[int, float, float | None]) -> None:
    recursion, interval, timeout = before
    sys.setrecursionlimit(recursion)
    sys.setswitchinterval(interval)
    socket.setdefaulttimeout(timeout)
