"""The page under a prefix of a Flask application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request

from ...errors import SettingsError


def mount(app: flask.Flask, prefix: Any, authorize: Callable[[Any], object] | None) -> None:
    """Serve the page at `prefix`, to those whom `authorize` lets in. Raises SettingsError."""
    if not isinstance(prefix, str) or not prefix.startswith("/") or prefix.endswith("/"):
        raise SettingsError(
            f"LIGHTJOBS_WEB_PREFIX is {prefix!r}; allowed: a path such as /jobs, which begins with "
            "a slash and ends with none"
        )
    if authorize is None:
        raise SettingsError(
            "LIGHTJOBS_WEB_PREFIX is set, but nothing says who may see the page; allowed: "
            "Lightjobs(authorize=…), a function that returns 'read', 'write' or None"
        )
    from ...web import wsgi_app  # needs the extra `web`

    def inside(request: Request) -> object:
        with app.request_context(request.environ):  # so that it finds the session
            return authorize(flask.request)

    page = wsgi_app(authorize=inside)
    # A view would be called behind the application's own checks of forms, which know no page of
    # ours.
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {prefix: page})  # type: ignore[method-assign]
