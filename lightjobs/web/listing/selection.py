"""Which jobs a visitor has chosen: a status, a queue, a handler and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...engines.where import Where, error_class
from ...model import Stored
from ...text import shortened
from ...watching.shown_status import SHOWN
from ..visit import Visit
from .search import Search, Word, class_name, words_of


@dataclass(frozen=True, slots=True)
class Selection:
    """The jobs of one status that fit the filters of an address."""

    status: str
    """In the words that people see."""
    queue: str | None
    handler: str | None
    """The stored handler."""
    exception: str | None
    """The class of the error."""
    batch: str | None
    """The id of the batch."""
    text: str
    """The words as they were typed."""
    words: tuple[Word, ...]
    fits: Callable[[Stored], bool] | None
    """What a job is asked that the store does not look for in an index; None for nothing."""

    @property
    def where(self) -> Where:
        """What the store looks for when it lists the jobs: filters for which it has an index. The
        others might have it read a million jobs to find none."""
        return Where(queue=self.queue, batch=self.batch)

    @property
    def whole(self) -> Where | None:
        """All filters, for the store; None if it does not know them all. It does not tell waiting
        jobs from delayed ones."""
        if self.words or self.status in ("waiting", "delayed"):
            return None
        return Where(
            status=SHOWN[self.status],
            queue=self.queue,
            handler=self.handler,
            exception=self.exception,
            batch=self.batch,
        )

    @property
    def only_word(self) -> str | None:
        """The one word that is searched for, which may be an id."""
        is_one = len(self.words) == 1 and not self.words[0].key
        return self.words[0].value if is_one else None

    def described(self, *, to_log: bool = False) -> str:
        """The filters in words that follow "jobs"; "" for none. Words that may quote a payload are
        not written `to_log`."""
        parts = []
        if self.handler is not None:
            parts.append(f" of {shortened(class_name(self.handler))}")
        if self.exception is not None:
            parts.append(f" with {shortened(self.exception)}")
        if self.batch is not None:
            parts.append(f" of the batch {shortened(self.batch)}")
        if self.queue is not None:
            parts.append(f" in the queue {shortened(self.queue)}")
        for key, value in self.words:
            shown = "…" if to_log and key in ("", "payload") else shortened(value)
            parts.append(f" with {key + ' ' if key else ''}{shown}")
        return "".join(parts)


def selection(visit: Visit) -> Selection:
    """What the address chooses. Raises BadRequest."""
    status = visit.choice("status", tuple(SHOWN), "waiting")
    queue, handler = visit.filter("queue"), visit.filter("handler")
    exception, batch = visit.filter("exception"), visit.filter("batch")
    text = (visit.filter("q") or "").strip()
    words = words_of(text)
    named = [word for word in words if word.key == "queue" and not set("*?") & set(word.value)]
    if queue is None and len(named) == 1:
        queue = named[0].value  # the store has an index for it
        words = tuple(word for word in words if word not in named)
    search = Search(words, visit.options)

    def fits(job: Stored) -> bool:
        return (
            (handler is None or job.handler == handler)
            and (exception is None or error_class(job.exception) == exception)
            and search.fits(job)
        )

    is_needed = bool(words) or handler is not None or exception is not None
    asked = fits if is_needed else None
    return Selection(status, queue, handler, exception, batch, text, words, asked)
