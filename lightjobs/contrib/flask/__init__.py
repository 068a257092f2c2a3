"""lightjobs in a Flask application: `Lightjobs(app)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...extras import require

require("flask", "flask")

import flask  # noqa: E402 - the extra comes first

from ... import configuration  # noqa: E402
from ...errors import SettingsError  # noqa: E402
from ...execution import middleware_chain  # noqa: E402
from .command import flask_command  # noqa: E402
from .context import AppContext  # noqa: E402
from .page import mount  # noqa: E402

Authorize = Callable[[Any], object]


class Lightjobs:
    """Fits lightjobs into an application, given here or later to `init_app`.

    `authorize` says who may see the page: it is called with each request to it, inside Flask's
    request context, and returns "read", "write" or None.
    """

    def __init__(self, app: flask.Flask | None = None, authorize: Authorize | None = None) -> None:
        self._authorize = authorize
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Take the settings from `app.config["LIGHTJOBS"]`, a dict of what `lightjobs.configure`
        takes, if it is there. From then on each run of a worker has an application context, there
        is `flask lightjobs`, and the page is mounted at `LIGHTJOBS_WEB_PREFIX`, if that is set.

        Raises SettingsError for wrong settings, and for the prefix without `authorize`.
        """
        settings = app.config.get("LIGHTJOBS")
        if settings is not None:
            if not isinstance(settings, dict):
                raise SettingsError(f"LIGHTJOBS is {type(settings).__name__}; allowed: a dict")
            configuration.configure(**settings)
        AppContext.app = app
        middleware_chain.put_first(AppContext)
        app.extensions["lightjobs"] = self
        app.cli.add_command(flask_command)
        prefix = app.config.get("LIGHTJOBS_WEB_PREFIX")
        if prefix:
            mount(app, prefix, self._authorize)
