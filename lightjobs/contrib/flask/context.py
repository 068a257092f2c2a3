"""Flask's application context around each run."""

from __future__ import annotations

from typing import Any, ClassVar

import flask

from ...execution.async_bridge import Next
from ...execution.middleware import Middleware
from ...execution.run import Run


class AppContext(Middleware):
    """Has a run find `current_app` and a `g` of its own, and has the functions of
    `teardown_appcontext` called when it ends. A job that runs inside a request, as with
    JOB_ENGINE=sync, is part of that."""

    awaits = False  # around sync jobs, only next() is awaited
    app: ClassVar[flask.Flask]
    """The application of this process; the last one that was made, if there are several."""

    async def handle(self, run: Run, next: Next) -> Any:
        if run.timeouts is None and flask.has_app_context():
            return await next()
        with self.app.app_context():
            return await next()
