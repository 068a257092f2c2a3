"""What a page of the routing table consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

Form = MultiDict[str, str]
"""What a form, or the JSON object of a POST to the API, contains."""

View = Callable[..., Mapping[str, Any]]
"""Called with the Visit and the values in the path. Returns what the template shows and the API
answers: text, numbers, bools, None, and lists and dicts of these. Text may be of any content; None
in the place of a number means that it is still being counted. Raises NotFound or BadRequest."""


TYPED_FROM = 1000
"""Who deletes more jobs than this has to type their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an action has done."""

    message: str
    """One sentence for the page to which the visitor is sent."""
    count: int
    """How many jobs, or other things, were changed."""
    which: str
    """What they were chosen by, for the log: a filter in words. No payloads."""
    to: str | None = None
    """The address to go to; None means the page of the action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a visitor is asked before an action is carried out."""

    text: str
    """The question. It names what is chosen and how many jobs that are."""
    yes: str
    """The word on the button."""
    typed: str | None = None
    """What must be typed before the button counts, such as the number of jobs."""
    may_spread: bool = False
    """Whether the visitor may choose to have jobs run spread over some time: `spread=yes` in the
    form."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Values to add to the form, such as the moment before which jobs must have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a visitor may change. It is chosen by the value of `action` in the form."""

    run: Callable[..., Done]
    """Called with the Visit, the Form and the values in the path. Raises BadRequest for a wrong
    form."""
    question: Callable[..., Question | None] | None = None
    """Called with the same before `run`, unless the form has an answer or comes by the API. None
    means that nothing needs to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: its address, its view, its template and what can be done on it."""

    name: str
    """Its name for `url`; its template is pages/<name>.html."""
    path: str
    """A rule of Werkzeug's. `<name:…>` takes any text, also with slashes."""
    title: str
    view: View
    menu: str | None = None
    """The word in the menu; None leaves it out."""
    key: str | None = None
    """The key that leads to it after a g."""
    actions: Mapping[str, Action] = field(default_factory=dict)
