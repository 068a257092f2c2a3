"""Spans of dispatches that are on their way to the store."""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.trace import Span

MOST = 10_000
"""Of dispatches whose end nobody tells: their oldest spans are forgotten."""


@dataclass(slots=True)
class _Send:
    span: Span
    left: int
    """How many of its jobs have not been told of."""


class Sends:
    """The spans, by the `traceparent` that their jobs carry."""

    def __init__(self) -> None:
        self._open: dict[str, _Send] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def begin(self, parent: str, span: Span, jobs: int) -> None:
        """`jobs` jobs with the header `parent` are about to be stored."""
        if len(self._open) >= MOST:
            self._open.pop(next(iter(self._open)), None)
        self._open[parent] = _Send(span, jobs)

    def arrived(self, parent: str) -> Span | None:
        """One of them was stored. Returns the span if that was the last."""
        send = self._open.get(parent)
        if send is None:
            return None
        send.left -= 1
        return self.drop(parent) if send.left <= 0 else None

    def drop(self, parent: str) -> Span | None:
        """Forget the span and return it."""
        send = self._open.pop(parent, None)
        return None if send is None else send.span
