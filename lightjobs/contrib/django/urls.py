"""The page in a Django project: `path("jobs/", include("lightjobs.contrib.django.urls"))`.

Staff may look; those with the permission `lightjobs.operate` may also change something. Others are
sent to the login. Django's sessions say who somebody is, and its CSRF token where a form is from.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.middleware.csrf import get_token
from django.urls import re_path
from django.views.decorators.csrf import csrf_protect
from werkzeug.wrappers import Response

from ...web import settings as web_settings
from ...web.access import Authorized
from ...web.app import WebApp
from ...web.store import Store
from ...web.visit import FORM_FIELDS

PERMISSION = "lightjobs.operate"
"""Who has it may change something."""

_LEVEL = "lightjobs.django.level"


@cache
def _app() -> WebApp:
    """The page. The engine is the one of the settings, opened at the first request."""
    options = web_settings.options(hide_payloads=web_settings.hides_payloads())
    return WebApp(Store(), Authorized(lambda request: request.environ[_LEVEL]), options)


def _page(request: HttpRequest, path: str) -> HttpResponse:
    level = _level(request)
    answer = Response.from_app(_app(), _environ(request, path, level))
    is_page = request.method == "GET" and not path.startswith("api/")
    if answer.status_code == 403 and is_page and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    found = HttpResponse(answer.get_data(), status=answer.status_code)
    del found.headers["Content-Type"]
    for name, value in answer.headers.items():
        if name == "Set-Cookie":
            found.cookies.load(value)
        else:
            found.headers[name] = value
    return found


def _level(request: HttpRequest) -> str | None:
    """What the user may do."""
    user = request.user
    if not user.is_active or not user.is_authenticated:
        return None
    if user.has_perm(PERMISSION):
        return "write"
    return "read" if user.is_staff else None


def _environ(request: HttpRequest, path: str, level: str | None) -> dict[str, Any]:
    """The WSGI environment of `request`, also where Django itself got it by ASGI."""
    try:
        body = request.body
    except RawPostDataException:  # a form with files, which this page has not
        raise BadRequest("a form of this page has no files") from None
    prefix = request.path.removesuffix(path).rstrip("/")
    fields = {"csrfmiddlewaretoken": get_token(request)} if level == "write" else {}
    return {
        **{name: value for name, value in request.META.items() if isinstance(value, str)},
        "SCRIPT_NAME": prefix.encode().decode("latin-1"),
        "PATH_INFO": f"/{path}".encode("utf-8", "surrogateescape").decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "REMOTE_USER": request.user.get_username(),
        _LEVEL: level,
        FORM_FIELDS: fields,
    }


page = csrf_protect(_page)  # also in a project that does not check each request

app_name = "lightjobs"
urlpatterns = [re_path(r"^(?P<path>[\s\S]*)$", page, name="page")]
