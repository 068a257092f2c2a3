"""The page within another program."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from ..engines.control import Engine
from . import settings
from .access import Authorize, Authorized
from .app import WebApp
from .options import Options
from .store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Scope = MutableMapping[str, Any]
"""An ASGI scope: what a server says about a request."""

AuthorizeScope = Callable[[Scope], object | Awaitable[object]]
"""Returns "read", "write" or None, or an awaitable of these: what the sender may do."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

_LEVEL = "lightjobs.web.level"
"""Where the scope has what `authorize` answered."""


def wsgi_app(
    *,
    authorize: Authorize,
    engine: Engine | None = None,
    hide_payloads: bool = False,
    redact: Iterable[str] = (),
    links: Mapping[str, str] | None = None,
    frame_ancestors: str = "'none'",
) -> WSGIApplication:
    """The page as a WSGI application, to be mounted under any prefix.

    `authorize` is called with Werkzeug's request, at every request, and returns "read" for those
    who may look, "write" for those who may also change something, and None for all others.
    `engine` is the engine to show; None means the one of the settings, which is opened at the first
    request. `redact` has regular expressions: keys of payloads in which one is found are hidden
    besides those that always are. `links` are addresses by their text, shown on each job's page,
    in which `{id}` stands for the job's id. `frame_ancestors` says in the words of a
    Content-Security-Policy which pages may show this one in a frame.

    Raises TypeError without `authorize`, SettingsError for wrong `redact` or `links`.
    """
    if not callable(authorize):
        raise TypeError("authorize is missing; allowed: a function that says who may look")
    options = Options(
        hide_payloads=hide_payloads,
        redaction=settings.redaction(list(redact)),
        links=settings.links(links or {}),
        frame_ancestors=_checked(frame_ancestors),
    )
    return WebApp(Store(engine), Authorized(authorize), options)


def asgi_app(*, authorize: AuthorizeScope, **options: Any) -> AsgiApplication:
    """The page as an ASGI application, to be mounted under any prefix. `authorize` is called with
    the scope of each request and may be a coroutine function; for the rest see `wsgi_app`. The
    store is asked in threads, so the event loop is never held up."""
    from a2wsgi import WSGIMiddleware

    if not callable(authorize):
        raise TypeError("authorize is missing; allowed: a function that says who may look")
    wsgi: Any = wsgi_app(authorize=_as_answered, **options)
    page: Any = WSGIMiddleware(wsgi)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            level = authorize(scope)
            if inspect.isawaitable(level):
                level = await level
            await page({**scope, _LEVEL: level}, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    return app


def _as_answered(request: Request) -> object:
    """What `authorize` of the ASGI application has answered: a2wsgi passes the scope on."""
    level: object = request.environ["asgi.scope"][_LEVEL]
    return level


async def _live(receive: Receive, send: Send) -> None:
    """Answer a server that runs the page alone: nothing has to be started or stopped."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _checked(frame_ancestors: str) -> str:
    if not frame_ancestors.isprintable() or {";", ","} & set(frame_ancestors):
        raise ValueError(
            f"frame_ancestors is {frame_ancestors!r}; allowed: sources as in a "
            "Content-Security-Policy, such as 'self' or https://example.com"
        )
    return frame_ancestors
