"""How a child ends: as a Python program does, but without waiting for threads, and within a bound.

A program's exit functions send what telemetry has gathered, write logs and remove temporary
folders. `sys.exit()` would call them, too. But it waits for threads that handlers have left behind,
and in a forked child it would unwind the supervisor's own calls.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import logging
import os
import sys
import threading
import time
import weakref
from typing import NoReturn

from ..execution import middleware_chain
from .logs import streams

EXIT_SECONDS = 5.0
"""How long exit functions may take. They start once the child holds no job any more."""


def forget_inherited() -> None:
    """Drop the exit functions that a forked child has inherited: they are the supervisor's, and
    would be called in both processes."""
    atexit._clear()
    for finalizer in list(getattr(weakref.finalize, "_registry", ())):
        finalizer.atexit = False
    # What the supervisor had registered and this process needs, too.
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    atexit.register(logging.shutdown)
    if "multiprocessing.util" in sys.modules:
        atexit.register(sys.modules["multiprocessing.util"]._exit_function)


def end(status: int) -> NoReturn:
    """Close the middleware, call the exit functions, write what open files have buffered, and end
    the process."""
    with contextlib.suppress(RuntimeError):  # at the limit of threads, the supervisor's grace holds
        threading.Thread(target=_end_late, args=(status,), daemon=True).start()
    try:
        middleware_chain.close()
        atexit._run_exitfuncs()
        _flush_files()
    finally:
        os._exit(status)


def _end_late(status: int) -> NoReturn:
    time.sleep(EXIT_SECONDS)
    streams.write(2, b"lightjobs: an exit function took too long; the worker ends without it\n")
    os._exit(status)


def _flush_files() -> None:
    for found in gc.get_objects():
        # Not isinstance(): it asks a proxy for the object behind it.
        if issubclass(type(found), (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)):
            with contextlib.suppress(Exception):
                found.flush()
