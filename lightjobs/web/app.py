"""The page as a WSGI application: from a request to its answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, RequestURITooLarge
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Request, Response

from ..engines import answer_limit
from ..metrics import exposition
from ..metrics.store import StoreMetrics
from ..watching.figures import Figures
from . import assets, headers, refusals, rendering, routes
from .access import Access
from .options import Options
from .origin import Hosts, check_origin, has_bearer
from .page import Action, Form
from .store import Store
from .visit import FORM_FIELDS, Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_logger = logging.getLogger("lightjobs.web")

LONGEST_QUERY = 16_384
"""Characters of an address's query."""

MOST_SENT = 1_000_000
"""Bytes of a form."""

READ_LIMIT = 2.0
"""How many seconds a page waits for each answer of the store."""

CHANGE_LIMIT = 10.0
"""The same for a change."""


class _Target(NamedTuple):
    """Where an address leads."""

    endpoint: str
    values: Mapping[str, Any]


class WebApp:
    """The page. It keeps nothing of a visitor, so any number of processes may serve it."""

    def __init__(
        self, store: Store, access: Access, options: Options, hosts: Hosts | None = None
    ) -> None:
        self._store = store
        self._access = access
        self._options = options
        self._hosts = hosts or Hosts((), is_loopback=False)
        self._figures = Figures()
        self._routes = routes.table()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MOST_SENT
        request.max_form_memory_size = MOST_SENT
        response = self._respond(request)
        headers.secure(response, self._options.frame_ancestors)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        urls = self._routes.bind("localhost", request.root_path)
        try:
            urls = self._routes.bind_to_environ(request.environ)
            return self._answer(request, urls)
        except Exception as error:
            return refusals.answer(refusals.refused(error), request, urls)

    def _answer(self, request: Request, urls: MapAdapter) -> Response:
        if len(request.query_string) > LONGEST_QUERY:
            raise RequestURITooLarge(f"Its query has more than {LONGEST_QUERY:,} characters.")
        found = _found(urls)
        if isinstance(found, _Target) and found.endpoint in routes.OPEN:
            return self._open(request, found)
        self._hosts.check(request)
        if (admitted := self._access.admitted(request)) is not None:
            return admitted
        visitor = self._access.visitor(request)
        if isinstance(found, HTTPException):
            raise found
        if found.endpoint == routes.METRICS:
            return self._show_metrics(request)
        visit = Visit(
            request=request,
            engine=self._store.engine(),
            figures=self._figures,
            options=self._options,
            visitor=visitor,
            urls=urls,
            page=found.endpoint.removeprefix("api:"),
            values=found.values,
            is_api=found.endpoint.startswith("api:"),
        )
        if request.method == "POST":
            if FORM_FIELDS not in request.environ:
                check_origin(request, self._hosts)
            return self._change(visit)
        return self._show(visit)

    def _open(self, request: Request, found: _Target) -> Response:
        if found.endpoint == "static":
            return assets.serve(request, found.values["version"], found.values["file"])
        if found.endpoint == "robots":
            return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")
        return self._health()

    def _health(self) -> Response:
        """Whether the store answers. It is asked every two seconds at most, and says no more:
        anybody may ask."""

        def ask() -> bool:
            with answer_limit.at_most(READ_LIMIT):
                self._store.engine().ensure_ready()
            return True

        try:
            is_up = self._figures.get("health", ask, READ_LIMIT)
        except Exception:
            is_up = False
        return rendering.as_json({"store": "up" if is_up else "down"}, 200 if is_up else 503)

    def _show_metrics(self, request: Request) -> Response:
        """What the store tells, for Prometheus: the same as `lightjobs metrics` serves."""
        format = exposition.content_type(request.headers.get("Accept", ""))
        metrics = StoreMetrics(self._store.engine(), figures=self._figures)
        return Response(exposition.text(metrics.families(), format), content_type=format)

    def _show(self, visit: Visit) -> Response:
        page = routes.BY_NAME[visit.page]
        with answer_limit.at_most(READ_LIMIT):
            data = page.view(visit, **visit.values)
        if visit.is_api:
            return rendering.as_json(data)
        return rendering.page(visit, f"pages/{page.name}.html", page.title, data, routes.MENU)

    def _change(self, visit: Visit) -> Response:
        """Carry out an action, or ask before."""
        if not visit.may_write:
            raise Forbidden
        if visit.is_api and not has_bearer(visit.request):
            raise Forbidden("The API is changed by a bearer token only.")
        form = _form(visit.request)
        name, action = _chosen(visit, form)
        with answer_limit.at_most(CHANGE_LIMIT):
            if action.question is not None and not visit.is_api:
                question = action.question(visit, form, **visit.values)
                if question is not None and not _is_answered(form, question.typed):
                    data = {"question": question, "form": form, "failed": "sure" in form}
                    return rendering.page(
                        visit, "question.html", "Are you sure?", data, routes.MENU, polls=False
                    )
            done = action.run(visit, form, **visit.values)
        self._figures.forget()
        _logger.info(
            "user=%r address=%s action=%s:%s which=%r count=%d",
            *(visit.visitor.user, visit.request.remote_addr or "-"),
            *(visit.page, name, done.which, done.count),
        )
        if visit.is_api:
            return rendering.as_json({"message": done.message, "count": done.count})
        to = done.to or visit.url(visit.page, **visit.values)
        return rendering.redirect(visit.request, to, done.message)


def _found(urls: MapAdapter) -> _Target | HTTPException:
    """Where the address leads, or why nowhere. That is told only to those who may look."""
    try:
        return _Target(*urls.match())
    except HTTPException as error:
        return error


def _form(request: Request) -> Form:
    """What was sent. Raises BadRequest, RequestEntityTooLarge."""
    if not request.is_json:
        return request.form
    sent = request.get_json()
    if not isinstance(sent, dict):
        raise BadRequest("Allowed: a JSON object.")
    form: Form = MultiDict()
    for name, value in sent.items():
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, (str, int, float)):
                raise BadRequest(f"{name[:50]!r} has a value that is not text or a number.")
            form.add(name, str(each))
    return form


def _chosen(visit: Visit, form: Form) -> tuple[str, Action]:
    actions = routes.BY_NAME[visit.page].actions
    name = form.get("action", "")
    if name not in actions:
        raise BadRequest(f"action is {name[:30]!r}; allowed: {', '.join(actions)}")
    return name, actions[name]


def _is_answered(form: Form, typed: str | None) -> bool:
    """Whether the question was answered by yes, and what had to be typed was."""
    given = form.get("typed", "").strip().replace(",", "")
    return form.get("sure") == "yes" and (typed is None or given == typed)
