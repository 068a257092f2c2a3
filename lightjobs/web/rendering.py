"""Pages and JSON from what the views return."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Request, Response

from . import assets, formatting
from .visit import POLL_CHOICES, Visit

_DONE = "lightjobs_done"
"""The cookie that carries an action's message to the page that is shown next."""

_AGES = re.compile(r"(<time [^>]*>)[^<]*")


@cache
def environment() -> Environment:
    """Jinja's environment. All text is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=formatting.printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        at_most=formatting.at_most,
        duration=formatting.duration,
        exactly=lambda text: Markup(escape(text)),
        megabytes=formatting.megabytes,
        heading="#{}".format,
        minute=formatting.minute,
        number=formatting.number,
        percent=formatting.percent,
        plural=formatting.plural,
        time=formatting.time_tag,
        utc=formatting.utc,
    )
    made.globals.update(poll_choices=POLL_CHOICES)
    return made


def prepare() -> None:
    """Compile the templates, so that the first visitor need not wait for that."""
    made = environment()
    for name in made.list_templates():
        made.get_template(name)


def page(
    visit: Visit,
    template: str,
    title: str,
    data: Mapping[str, Any],
    menu: Sequence[Any],
    *,
    polls: bool = True,
) -> Response:
    """The page as HTML, with the pages of `menu`. The page's own script, which asks for it again
    and again, gets only the part that changes, and only if it has changed."""
    layout = "part.html" if visit.is_poll else "layout.html"
    done = "" if visit.is_poll else _message(visit.request)
    text = (
        environment()
        .get_template(template)
        .render(
            **data,
            layout=layout,
            title=title,
            page=visit.page,
            visit=visit,
            url=visit.url,
            static=static_url(visit.urls),
            home=visit.url("overview"),
            menu=menu,
            polls=polls,
            done=done,
        )
    )
    response = _html(text, 200)
    if visit.is_poll:
        response.set_etag(_etag(text, visit))
        response.make_conditional(visit.request)
    elif done:
        response.delete_cookie(_DONE, path=_cookie_path(visit.request))
    return response


def plain_page(urls: MapAdapter, template: str, title: str, status: int, **data: Any) -> Response:
    """A page without the menu, for those of whom is not known whether they may look."""
    text = (
        environment()
        .get_template(template)
        .render(
            **data,
            layout="layout.html",
            title=title,
            page="",
            visit=None,
            static=static_url(urls),
            home=urls.build("overview"),
            menu=(),
            polls=False,
            done="",
        )
    )
    return _html(text, status)


def as_json(data: Mapping[str, Any], status: int = 200) -> Response:
    """The JSON of a page. It is ASCII only, so any text can be in it."""
    return Response(json.dumps(data) + "\n", status=status, mimetype="application/json")


def redirect(request: Request, to: str, message: str) -> Response:
    """Send the browser to `to`, an address of ours, where `message` is shown."""
    response = Response(status=303, headers={"Location": to})
    response.autocorrect_location_header = False
    value = quote(message[:500].encode("utf-8", "replace"))
    response.set_cookie(
        _DONE,
        value,
        max_age=60,
        path=_cookie_path(request),
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return response


def static_url(urls: MapAdapter) -> Any:
    """A function that gives the address of a file in `static/`."""

    def address(file: str) -> str:
        return urls.build("static", {"version": assets.version(), "file": file})

    return address


def _etag(text: str, visit: Visit) -> str:
    """What stands for `text`. Ages do not count, because the script lets them grow by itself, nor
    what a program writes into each form, which may be another each time."""
    text = _AGES.sub(r"\1", text)
    for value in visit.form_fields.values():
        text = text.replace(escape(value), "")
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:24]


def _html(text: str, status: int) -> Response:
    # Stored text may have surrogates, which UTF-8 has not.
    content = text.encode("utf-8", "backslashreplace")
    return Response(content, status=status, content_type="text/html; charset=utf-8")


def _message(request: Request) -> str:
    return unquote(request.cookies.get(_DONE, ""), errors="replace")[:500]


def _cookie_path(request: Request) -> str:
    return request.root_path.rstrip("/") or "/"
