"""Django's connections around each job, so that a restart of the database fails none."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from ...execution.async_bridge import Next
from ...execution.middleware import Middleware
from ...execution.run import Run


class DjangoConnections(Middleware):
    """Closes what is broken or too old, as Django does around each request. Connections that stay
    open are asked whether they still work before a job's first query, also where
    CONN_HEALTH_CHECKS is off.

    Django keeps connections by thread, and apart from those of code on an event loop. So they are
    closed where the handler makes its queries, and once more where its hook does. Without a worker
    the job is part of a request, a command or a test, whose connections are not the job's.
    """

    awaits = False  # around sync jobs, only next() is awaited

    async def handle(self, run: Run, next: Next) -> Any:
        await _look_after(run)
        try:
            return await next()
        finally:
            await _look_after(run)

    def on_settle(self, run: Run) -> None:
        if run.timeouts is not None:
            _renew()


async def _look_after(run: Run) -> None:
    if run.timeouts is None:
        return
    if run.is_async:  # Django's async queries run in a thread
        await sync_to_async(_renew)()
    else:
        _renew()


def _renew() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
        connection.health_check_enabled = True
