"""One request as the views see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from werkzeug.exceptions import BadRequest
from werkzeug.routing import BuildError, MapAdapter
from werkzeug.wrappers import Request

from ..engines.control import Engine
from ..watching.figures import PATIENCE, Figures
from .access import Visitor
from .options import Options

T = TypeVar("T")

POLL_CHOICES = ("2", "5", "15", "off")
"""How many seconds lie between two looks at the store, as `poll` in a page's address."""


GLANCE = 0.15
"""How many seconds a page waits for its numbers when somebody opens it: it is better to see the
rest at once. The page's script asks for those that are missing, and waits longer."""

FORM_FIELDS = "lightjobs.web.form_fields"
"""Where the WSGI environment may have fields that the program in which the page is mounted wants in
each form. It has then also checked where a form comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a view has to work with: who asks, for what, and the store."""

    request: Request
    engine: Engine
    figures: Figures
    options: Options
    visitor: Visitor
    urls: MapAdapter
    page: str
    """The name of the page that is asked for."""
    values: Mapping[str, str]
    """The values in its path."""
    is_api: bool = False
    """Whether a program asks."""
    now: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    missing: list[Hashable] = field(default_factory=list)
    """The numbers that could not be had in time."""

    @property
    def may_write(self) -> bool:
        """Whether the visitor may change something. Otherwise controls are not shown."""
        return self.visitor.level == "write"

    @property
    def form_fields(self) -> Mapping[str, str]:
        """What each form that changes something has to contain besides its own fields."""
        fields: Mapping[str, str] = self.request.environ.get(FORM_FIELDS, {})
        return fields

    @property
    def poll(self) -> str:
        """How often the page is to be refreshed: one of POLL_CHOICES."""
        given = self.text("poll")
        return given if given in POLL_CHOICES else "5"

    @property
    def is_poll(self) -> bool:
        """Whether the script of the page asks for the part that changes."""
        return self.request.headers.get("HX-Request-Type") == "partial"

    def text(self, name: str, default: str = "") -> str:
        """The value of `name` in the address, without spaces around it."""
        return self.request.args.get(name, "").strip() or default

    def whole(self, name: str, default: int, most: int) -> int:
        """The value of `name` in the address, a whole number from 1 to `most`. Raises
        BadRequest."""
        given = self.text(name)
        if not given:
            return default
        if not (given.isascii() and given.isdecimal() and 1 <= int(given[:10]) <= most):
            raise BadRequest(f"{name} is {given[:20]!r}; allowed: a whole number from 1 to {most}")
        return int(given)

    def filter(self, name: str) -> str | None:
        """The value of `name` in the address as it is, by which jobs are chosen; None for none.
        Raises BadRequest for text that no store can look for."""
        given = self.request.args.get(name) or None
        if given is not None and not findable(given):
            raise BadRequest(f"{name} contains a character that no job can have")
        return given

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """The value of `name` in the address, one of `allowed`. Raises BadRequest."""
        given = self.text(name, default)
        if given not in allowed:
            raise BadRequest(f"{name} is {given[:20]!r}; allowed: {', '.join(allowed)}")
        return given

    def figure(self, key: Hashable, query: Callable[[], T]) -> T | None:
        """What `query` finds in the store, shared with other visitors for a while; None if that
        takes too long, which is then shown as "…". A page waits for all its numbers together no
        longer than for one."""
        patience = PATIENCE if self.is_api or self.is_poll else GLANCE
        waited = time.monotonic() - self.began
        found = self.figures.get(key, query, max(0.0, patience - waited))
        if found is None:
            self.missing.append(key)
        return found

    def payload(self, text: str) -> str | None:
        """A payload as it may be shown, with secrets hidden; None if payloads are not shown. Pages
        and searches use a payload only in this form."""
        return None if self.options.hide_payloads else self.options.redaction.shown(text)

    def url(self, page: str, **values: object) -> str:
        """The address of `page`. Values that are not part of its path become its query; None
        leaves one out. The choice of `poll` is kept."""
        given = {name: value for name, value in values.items() if value is not None}
        if "poll" not in given and self.text("poll"):
            given["poll"] = self.poll
        return self.urls.build(page, given)

    def link(self, page: str, **values: object) -> str | None:
        """The address of `page`; None if there is no such page."""
        try:
            return self.url(page, **values)
        except BuildError:
            return None

    def here(self, **changes: object) -> str:
        """The address of this page with `changes` to its query; None leaves a value out."""
        return self.url(self.page, **{**self.request.args.to_dict(), **self.values, **changes})


def findable(text: str) -> bool:
    """Whether every store can be asked for `text`: databases have no NUL, and none has surrogates,
    which a program may send as JSON."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
