"""The routing table: all pages, and which address leads to which.

To add a page:

1. Write its view in a file of its own in `pages/`: `def view(visit: Visit, …) -> dict`. Ask the
   store through `visit.engine`; ask through `visit.figure(key, query)` for whatever may take long
   with a million jobs. The same dict is the answer of `/api/<path>`.
2. Write its template, `templates/pages/<name>.html`. It extends `layout` and fills the blocks
   `live` (what is refreshed) and, if need be, `fixed` and `after` (what is not, above and below it,
   such as a search form). The macros are in `templates/ui.html`; forms that change something are
   made by `ui.post` or `ui.act`. Names of the dict are the template's variables; `visit`, `page`
   and `url` are there, too.
3. Add a Page to PAGES, here. A page that has actions names them; each is a POST to the page's
   address with `action=<its name>`, or to `/api/<path>`. `app.py` has checked that the visitor may
   write before an action is called.
4. Add its rows to the tests in tests/web: the hostile texts and the access table take every page
   of PAGES by themselves; tell them how to reach it if its path has values.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from werkzeug.routing import BaseConverter, Map, Rule

from .page import Page
from .pages import (
    about,
    batch,
    batches,
    failed,
    history,
    job,
    job_actions,
    jobs,
    overview,
    queue,
    queues,
    schedule,
    workers,
)

PAGES: tuple[Page, ...] = (
    Page(name="overview", path="/", title="Overview", view=overview.view, menu="Overview", key="o"),
    Page(
        name="queues",
        path="/queues",
        title="Queues",
        view=queues.view,
        menu="Queues",
        key="q",
        actions=queues.ACTIONS,
    ),
    Page(
        name="queue",
        path="/queues/<name:queue>",
        title="Queue",
        view=queue.view,
        actions=queue.ACTIONS,
    ),
    Page(
        name="jobs",
        path="/jobs",
        title="Jobs",
        view=jobs.view,
        menu="Jobs",
        key="j",
        actions=jobs.ACTIONS,
    ),
    Page(
        name="job",
        path="/jobs/<name:job>",
        title="Job",
        view=job.view,
        actions=job_actions.ACTIONS,
    ),
    Page(
        name="failed",
        path="/failed",
        title="Failed",
        view=failed.view,
        menu="Failed",
        key="f",
        actions=failed.ACTIONS,
    ),
    Page(
        name="batches",
        path="/batches",
        title="Batches",
        view=batches.view,
        menu="Batches",
        key="b",
    ),
    Page(
        name="batch",
        path="/batches/<name:batch>",
        title="Batch",
        view=batch.view,
        actions=batch.ACTIONS,
    ),
    Page(
        name="workers",
        path="/workers",
        title="Workers",
        view=workers.view,
        menu="Workers",
        key="w",
        actions=workers.ACTIONS,
    ),
    Page(
        name="schedule",
        path="/schedule",
        title="Schedule",
        view=schedule.view,
        menu="Schedule",
        key="s",
        actions=schedule.ACTIONS,
    ),
    Page(
        name="history",
        path="/history",
        title="History",
        view=history.view,
        menu="History",
        key="h",
    ),
    Page(name="about", path="/about", title="About", view=about.view, menu="About", key="a"),
)

MENU = tuple(page for page in PAGES if page.menu)
BY_NAME = {page.name: page for page in PAGES}

OPEN = {"health": "/health", "robots": "/robots.txt", "static": "/static/<version>/<path:file>"}
"""What is answered without credentials."""

METRICS = "metrics"
"""The endpoint of `/metrics`, which is neither a page nor JSON."""

_DOTS = {".": "%2E", "..": "%2E%2E"}
"""Browsers take these for the present and the upper folder, also if they are encoded once."""
_WRITTEN = {written: name for name, written in _DOTS.items()}


class AnyText(BaseConverter):
    """Takes any text but an empty one, also with slashes: names are not ours to choose. Slashes are
    encoded where browsers would leave out parts of the path: not everywhere, because some proxies
    refuse them."""

    regex = ".+"
    part_isolating = False

    def to_python(self, value: str) -> str:
        return _WRITTEN.get(value, value)

    def to_url(self, value: str) -> str:
        if value in _DOTS:
            return quote(_DOTS[value])
        parts = value.split("/")
        is_changed = "" in parts or "." in parts or ".." in parts
        return quote(value, safe="" if is_changed else "/")


def table() -> Map:
    """All addresses. The endpoint of a page is its name, that of its JSON `api:` and its name."""
    return Map(
        list(_rules()),
        converters={"name": AnyText},
        merge_slashes=False,  # a queue's name may have two
        strict_slashes=False,
    )


def _rules() -> Iterator[Rule]:
    for name, path in OPEN.items():
        yield Rule(path, endpoint=name, methods=["GET"])
    yield Rule("/metrics", endpoint=METRICS, methods=["GET"])
    for page in PAGES:
        methods = ["GET", "POST"] if page.actions else ["GET"]
        yield Rule(page.path, endpoint=page.name, methods=methods)
        yield Rule(f"/api{page.path}", endpoint=f"api:{page.name}", methods=methods)
