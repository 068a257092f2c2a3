"""Spans of a worker's exchanges with the store: `receive` and `settle`."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Tracer

from ..model import Claim
from . import attributes, propagation

MOST_LINKS = 128
"""To how many dispatches a span is linked; the SDK keeps no more."""


class ExchangeSpans:
    """Makes spans of those of the two operations that are in `operations`. Each begins a trace of
    its own, linked to the dispatches of its jobs."""

    def __init__(
        self,
        operations: Collection[str],
        tracer: Callable[[], Tracer | None],
        server: Callable[[], attributes.Attributes],
    ) -> None:
        self._operations = operations
        self._tracer = tracer
        self._server = server

    def received(self, claims: Sequence[Claim], since: float) -> None:
        """A claim that was sent at the monotonic moment `since` has brought `claims`."""
        self._make("receive", claims, since)

    def settled(self, claims: Sequence[Claim], since: float) -> None:
        """The store has answered the outcomes of `claims`, which were sent at `since`."""
        self._make("settle", claims, since)

    def _make(self, operation: str, claims: Sequence[Claim], since: float) -> None:
        tracer = self._tracer() if operation in self._operations else None
        if tracer is None:
            return
        now = time.time_ns()
        queue = attributes.common_queue(claims)
        tracer.start_span(
            operation if queue is None else f"{operation} {queue}",
            context=Context(),
            kind=SpanKind.CLIENT,
            attributes={**attributes.of_exchange(operation, claims), **self._server()},
            links=_links(claims),
            start_time=now - int((time.monotonic() - since) * 1e9),
        ).end(now)


def _links(claims: Sequence[Claim]) -> list[Link]:
    found: dict[str, Link] = {}
    for claim in claims:
        headers = propagation.headers_in(claim.options)
        parent = headers.get(propagation.PARENT)
        if parent is None or parent in found:
            continue
        context = propagation.context_of(headers, with_baggage=False)
        dispatch = trace.get_current_span(context).get_span_context()
        if dispatch.is_valid:
            found[parent] = Link(dispatch)
        if len(found) >= MOST_LINKS:
            break
    return list(found.values())
