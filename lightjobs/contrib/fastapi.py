"""Workers in the lifespan of FastAPI, Starlette, Litestar or any framework that takes a lifespan
function. None of them is imported here."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal

from .. import current
from ..engines.unstored import UnstoredEngine
from ..workers.embedded import worker

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]
"""Called with the application; its block is the life of the application in one process."""

_log = logging.getLogger("lightjobs.worker")

_WORKERS = ("--workers", "-w", "--web-concurrency", "-W", "--wc")
"""The options by which uvicorn, gunicorn, hypercorn, granian and litestar are told how many
processes to start."""


def lifespan(
    workers: int = 2,
    schedule: bool = False,
    inner: Lifespan | None = None,
    *,
    queues: Sequence[str] = ("default",),
    grace: float = 25.0,
    sleep: float = 1.0,
    loop: Literal["own", "current"] = "own",
) -> Lifespan:
    """A lifespan function that works `queues` while the application runs; for the arguments see
    `lightjobs.worker`.

    `inner` is the application's own lifespan function. It is entered before the workers start and
    left after they have stopped, so jobs find what it makes; what it yields is yielded. Each
    process of the server starts `workers` threads, and logs one line with their total.
    """

    @asynccontextmanager
    async def lives(app: Any) -> AsyncIterator[Any]:
        if inner is None:
            async with _working():
                yield
        else:
            async with inner(app) as state, _working():
                yield state

    @asynccontextmanager
    async def _working() -> AsyncIterator[None]:
        made = worker(workers, queues, schedule=schedule, grace=grace, sleep=sleep, loop=loop)
        async with made:
            if not isinstance(current.engine(), UnstoredEngine):
                _log_total(workers, ", ".join(queues))
            yield

    return lives


def _log_total(threads: int, queues: str) -> None:
    processes = _processes(sys.argv[1:])
    if processes == 1:
        _log.info("%d threads work the queues %s", threads, queues)
    elif processes is None:
        _log.warning(
            "%d threads of this process work the queues %s, and as many in each other process of "
            "the server",
            *(threads, queues),
        )
    else:
        _log.warning(
            "%d threads of this process work the queues %s; the server has %d processes, so %d "
            "threads in all",
            *(threads, queues, processes, threads * processes),
        )


def _processes(arguments: Sequence[str]) -> int | None:
    """How many processes the server was told to start; None: several, but not how many. A process
    that a server has started has the arguments of the server."""
    if "--reload" in arguments:
        return 1
    words = [word for argument in arguments for word in argument.split("=", 1)]
    told = [words[at + 1] for at in range(len(words) - 1) if words[at] in _WORKERS]
    told.append(os.environ.get("WEB_CONCURRENCY", ""))
    counts = [int(text) for text in told if text.isascii() and text.isdecimal()]
    if counts:
        return max(1, counts[0])
    return 1 if multiprocessing.parent_process() is None else None
