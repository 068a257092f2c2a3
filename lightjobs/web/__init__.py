"""A page that shows the queues and, to those who may, lets them act. `lightjobs web` serves it;
`wsgi_app` and `asgi_app` mount it in another program.

The page reads the store. It imports neither the project's job modules nor `config/schedule.py`.
"""

from ..extras import require

require("web", "werkzeug", "jinja2")

from .mounting import asgi_app, wsgi_app  # noqa: E402 - the extra comes first

__all__ = ["asgi_app", "wsgi_app"]
