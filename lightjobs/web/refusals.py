"""What is answered when a page cannot be had: an error as a page or as JSON, never a traceback."""

from __future__ import annotations

import logging

from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Request, Response

from ..errors import LightjobsError, SchemaOutdated, SettingsError, StoreUnavailable
from . import rendering

_logger = logging.getLogger("lightjobs.web")

_TITLES = {
    400: "This request is not understood",
    401: "Who are you?",
    403: "You may not do this",
    404: "There is no such page",
    405: "This cannot be done here",
    413: "This is too long",
    414: "This address is too long",
    421: "This is not the host you mean",
    429: "Too many wrong tries",
    500: "This page has failed",
    503: "The store is away",
}

_TEXTS: dict[type[HTTPException], str] = {
    NotFound: "The address leads nowhere. Perhaps what it named is gone.",
    MethodNotAllowed: "This page cannot be used in this way.",
    RequestEntityTooLarge: "What was sent is longer than this page accepts.",
    InternalServerError: "The log has the reason.",
    Forbidden: "You may look, but not change anything.",
}
"""What is said in the place of Werkzeug's texts."""


def refused(error: Exception) -> HTTPException:
    """What a visitor is told of `error`. The log has the rest."""
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, StoreUnavailable):
        return ServiceUnavailable(f"{error}. This page stays up: it looks again every few seconds.")
    if isinstance(error, SchemaOutdated):
        return ServiceUnavailable(str(error))
    if isinstance(error, SettingsError):  # its text may quote settings
        _logger.error("the settings are wrong: %s", error)
        return ServiceUnavailable("The settings are wrong; the log says which.")
    if isinstance(error, LightjobsError):
        return ServiceUnavailable(str(error))
    _logger.error("a page has failed", exc_info=error)
    return InternalServerError()


def answer(error: HTTPException, request: Request, urls: MapAdapter) -> Response:
    """`error` as a page, or as JSON where that is asked for."""
    code = error.code or 500
    text = error.description or ""
    if text == type(error).description:
        text = _TEXTS.get(type(error), text)
    title = _TITLES.get(code, "This cannot be had")
    if wants_json(request):
        response = rendering.as_json({"error": title, "reason": text, "status": code}, code)
    else:
        response = rendering.plain_page(urls, "refused.html", title, code, code=code, text=text)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if isinstance(error, (ServiceUnavailable, TooManyRequests)):
        response.headers["Retry-After"] = str(error.retry_after or 5)
    if isinstance(error, Unauthorized) and error.www_authenticate:
        for challenge in error.www_authenticate:
            response.headers.add("WWW-Authenticate", challenge.to_header())
    return response


def wants_json(request: Request) -> bool:
    """Whether the sender is a program: it asks the API, or for JSON before HTML."""
    if request.path == "/api" or request.path.startswith("/api/"):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )
