"""The middleware that makes spans of dispatches and of runs."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer, TracerProvider

from .. import current
from ..errors import LightjobsError
from ..execution import exchanges
from ..execution.run import Run
from ..middleware import Middleware
from ..model import Claim, NewJob
from ..process import log_fields
from ..version import __version__
from . import attributes, propagation
from .attributes import (
    ERROR_TYPE,
    FLUSH_MS,
    MESSAGE_ID,
    MOST_KEPT,
    OUTCOME,
    SCHEMA_URL,
    SCOPE,
    WAIT,
)
from .exchange_spans import ExchangeSpans
from .sends import Sends

SPANS = ("receive", "settle")
"""The spans that are made only if they are asked for."""

_log = logging.getLogger("lightjobs.tracing")
_process: ContextVar[Span | None] = ContextVar("lightjobs span", default=None)
"""The span of the run. Each run has its context variables to itself, so it ends with them."""
_made: weakref.WeakSet[Tracing]
_NOWHERE = Context()


class Tracing(Middleware):
    """Makes a span of each dispatch and of each run. A run's span is linked to that of its
    dispatch. Subclass it to choose otherwise; see docs/how-to/tracing.md.

    Without a tracer provider it does nothing. What goes wrong here is logged, and changes nothing
    about dispatches and runs.
    """

    follow = "link"
    """How a run belongs to its dispatch. "link": each run begins a trace of its own, linked to the
    dispatch, with a sampling decision of its own. "parent": it is part of the dispatch's trace and
    sampled as that is; for jobs that follow at once."""
    baggage = False
    """Whether OpenTelemetry's baggage travels with jobs. It is stored with them."""
    spans: Collection[str] = ()
    """What workers make spans of besides runs: "receive", each claim that brings jobs, and
    "settle", each settlement of outcomes. Both may be about hundreds of jobs."""

    def __init__(self) -> None:
        if self.follow not in ("link", "parent"):
            raise LightjobsError(f"follow is {self.follow!r}; allowed: link, parent")
        for kind in self.spans:
            if kind not in SPANS:
                raise LightjobsError(f"spans has {kind!r}; allowed: {', '.join(SPANS)}")
        self._begin()
        _made.add(self)
        if self.spans:
            exchanges.watcher = ExchangeSpans(self.spans, self._ready, self._at_server)

    def provider(self) -> TracerProvider:
        """The tracer provider of this process: by default the global one. Override it to make one
        with an exporter. It is called at the first dispatch or run of each process, so in
        workers after the fork: an exporter's connection must not be shared with other processes."""
        return trace.get_tracer_provider()

    def _begin(self) -> None:
        """Begin without a provider: after a fork, the parent's is not used."""
        self._tracer: Tracer | None = None
        self._provider: TracerProvider | None = None
        self._making = threading.Lock()
        self._is_broken = False
        self._was_absent = False
        self._sends = Sends()
        self._server: attributes.Attributes | None = None
        self._kept: dict[tuple[str, str], tuple[str, attributes.Attributes]] = {}

    def _ready(self) -> Tracer | None:
        """The tracer; None if there is no provider (yet)."""
        if self._tracer is None and not self._is_broken and not self._is_absent():
            with self._making:
                self._make()
        return self._tracer

    def _is_absent(self) -> bool:
        """Whether there still is no SDK: one look, so that programs without one pay no more. The
        name is private to the API. Where it is missing, the provider is asked for each time."""
        return self._was_absent and getattr(trace, "_TRACER_PROVIDER", self) is None

    def _make(self) -> None:
        if self._tracer is not None or self._is_broken:
            return  # another thread was faster
        try:
            provider = self.provider()
        except Exception:
            self._is_broken = True
            _log.exception("provider() raised: this process records no spans")
            return
        if isinstance(provider, trace.ProxyTracerProvider):
            self._was_absent = True  # no SDK, or the program sets it up later
            return
        self._provider = provider
        self._tracer = provider.get_tracer(SCOPE, __version__, SCHEMA_URL)
        log_fields.source = _ids

    def _at_server(self) -> attributes.Attributes:
        if self._server is None:
            self._server = attributes.of_server(current.settings())
        return self._server

    # Dispatches.

    def before_push(self, jobs: Sequence[NewJob]) -> Sequence[NewJob]:
        """Begin the span of a dispatch, and have its jobs carry it."""
        tracer = self._ready()
        if tracer is None or not jobs:
            return jobs
        try:
            return self._sent(tracer, jobs)
        except Exception:
            _log.exception("a dispatch is not traced")
            return jobs

    def _sent(self, tracer: Tracer, jobs: Sequence[NewJob]) -> Sequence[NewJob]:
        queue = attributes.common_queue(jobs)
        span = tracer.start_span(
            "send" if queue is None else f"send {queue}",
            kind=SpanKind.PRODUCER,
            attributes={**attributes.of_send(jobs), **self._at_server()},
        )
        if not span.is_recording() and self.follow != "parent":
            return jobs
        headers = propagation.headers_of(trace.set_span_in_context(span), self.baggage)
        if propagation.PARENT not in headers:
            return jobs
        if span.is_recording():
            self._sends.begin(headers[propagation.PARENT], span, len(jobs))
        made: dict[str | None, str] = {}  # nearly all jobs of a dispatch have the same options
        for job in jobs:
            if job.options not in made:
                made[job.options] = propagation.with_headers(job.options, headers)
        return [job._replace(options=made[job.options]) for job in jobs]

    def on_push(self, job_id: str, job: NewJob) -> None:
        """End the span of a dispatch with the last of its jobs."""
        if not self._sends:
            return
        span = self._sends.arrived(_parent(job))
        if span is not None:
            if "messaging.batch.message_count" not in getattr(span, "attributes", {}):
                span.set_attribute(MESSAGE_ID, job_id)
            span.end()

    def on_not_pushed(self, jobs: Sequence[NewJob], error: BaseException | None) -> None:
        """End the span of a dispatch with its error, or drop it if there was no dispatch."""
        for parent in {_parent(job) for job in jobs} if self._sends else ():
            span = self._sends.drop(parent)
            if span is not None and error is not None:
                kind = attributes.error_type(error)
                span.set_attribute(ERROR_TYPE, kind)
                span.set_status(Status(StatusCode.ERROR, kind))
                span.end()

    # Runs.

    def on_claim(self, claim: Claim) -> None:
        """Begin the span of a run; what the handler does is part of it."""
        tracer = self._tracer or self._ready()
        if tracer is not None:
            span, context = self._started(tracer, claim)
            contexts.attach(trace.set_span_in_context(span, context))
            _process.set(span)

    def _started(
        self, tracer: Tracer, claim: Claim, start: int | None = None
    ) -> tuple[Span, Context]:
        sent, links = _NOWHERE, None
        if claim.options is not None and (headers := propagation.headers_in(claim.options)):
            sent = propagation.context_of(headers, self.baggage)
            if self.follow == "link":
                dispatch = trace.get_current_span(sent).get_span_context()
                links = [Link(dispatch)] if dispatch.is_valid else None
                sent = trace.set_span_in_context(trace.INVALID_SPAN, sent)  # the baggage stays
        key = claim.queue, claim.handler
        name, common = self._kept.get(key) or self._keep(key)
        span = tracer.start_span(name, sent, SpanKind.CONSUMER, common, links, start)
        if span.is_recording():
            span.set_attributes(attributes.of_claim(claim))
        return span, sent

    def _keep(self, key: tuple[str, str]) -> tuple[str, attributes.Attributes]:
        """The name of the spans of all runs from one queue by one handler, and what they say when
        they start. It is kept: most runs are not sampled, and made for each it would take longer
        than all else."""
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        common = {**attributes.of_process(*key), **self._at_server()}
        made = self._kept[key] = f"process {key[0]}", common
        return made

    def on_end(self, run: Run) -> None:
        """End the span of the run. One that was killed at its timeout, with its process and span,
        gets another one."""
        tracer = self._tracer or self._ready()
        if tracer is None:
            return
        span = _process.get()
        if span is None:
            seconds = run.seconds or getattr(run.job, "timeout", None) or 0.0
            span, _context = self._started(tracer, run.claim, time.time_ns() - int(seconds * 1e9))
        if span.is_recording():
            try:
                _describe_end(span, run)
            finally:
                span.end()

    def close(self) -> None:
        """Send what is buffered."""
        flush: Any = getattr(self._provider, "force_flush", None)
        if flush is not None:
            flush(FLUSH_MS)


def _describe_end(span: Span, run: Run) -> None:
    """Say how the run ended."""
    span.set_attributes({OUTCOME: attributes.outcome_of(run), WAIT: run.waited})
    kind = attributes.failure_of(run)
    if kind is None:
        return
    if run.exception is not None and not run.cancelled:
        text = getattr(run.outcome, "exception", None)
        event = attributes.exception_event(run.exception, text)
        span.add_event(attributes.EXCEPTION_EVENT, event)
    span.set_attribute(ERROR_TYPE, kind)
    span.set_status(Status(StatusCode.ERROR, kind))


def _parent(job: NewJob) -> str:
    return propagation.headers_in(job.options).get(propagation.PARENT, "")


def _ids() -> dict[str, str]:
    """What lines of the log say of the current span."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(span.trace_id),
        "span_id": trace.format_span_id(span.span_id),
    }


def _begin_all() -> None:
    for each in list(_made):
        each._begin()


_made = weakref.WeakSet()
os.register_at_fork(after_in_child=_begin_all)
