"""What is called once the store has accepted the outcome of a run: the middleware's `on_settle`,
then the job's `onSuccess` or `onFailure`."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable

from ..model import Expired, Failed, HandBack, Release
from . import middleware_chain
from .async_bridge import finish
from .run import Run

_log = logging.getLogger("lightjobs.worker")


def has_hook(run: Run) -> bool:
    """Whether there is anything to call: middleware that overrides `on_settle`, or the hook that
    this outcome calls for, if the job's class overrides it."""
    chain = middleware_chain.current
    if chain is not None and chain.settles:
        return type(run.outcome) is not HandBack
    if run.registered is None or run.job is None:
        return False
    if run.exception is None:
        return run.registered.has_success_hook
    return run.registered.has_failure_hook and type(run.outcome) is Failed


def hook_needs_loop(run: Run) -> bool:
    """Whether `execute_hook` of this run needs an event loop."""
    return inspect.iscoroutinefunction(getattr(run.job, _name(run), None))


async def execute_hook(run: Run) -> None:
    """Call the middleware and the hook. What they raise is logged and changes nothing."""
    middleware_chain.settled(run)
    if run.job is None or type(run.outcome) in (Release, Expired):  # it is to run again, or never
        return
    name = _name(run)
    try:
        if run.exception is not None:
            run.job.__dict__["exception"] = run.exception
        result = getattr(run.job, name)(**run.arguments(name))
        if hook_needs_loop(run):
            await result
        elif isinstance(result, Awaitable):  # of a plain function around an async one
            finish(result)
    except BaseException:
        _log.exception(
            "%s of %s raised; the job's outcome stands",
            name,
            run.claim.handler,
            extra={"job_id": run.claim.id, "job_handler": run.claim.handler},
        )


def _name(run: Run) -> str:
    return "onSuccess" if run.exception is None else "onFailure"
