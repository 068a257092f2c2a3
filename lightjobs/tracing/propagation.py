"""The trace that travels with a job: W3C's headers in its options, as TRACE_OPTION."""

from __future__ import annotations

import json

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ..model import TRACE_OPTION

PARENT = "traceparent"

_TRACE = TraceContextTextMapPropagator()
_BAGGAGE = W3CBaggagePropagator()
_MARK = f'"{TRACE_OPTION}"'


def headers_of(context: Context, with_baggage: bool) -> dict[str, str]:
    """What is to travel with a job that is dispatched in `context`."""
    headers: dict[str, str] = {}
    _TRACE.inject(headers, context)
    if with_baggage:
        _BAGGAGE.inject(headers, context)
    return headers


def with_headers(options: str | None, headers: dict[str, str]) -> str:
    """The options of a job, with these headers in place of those that it may have."""
    if options is None:
        return json.dumps({TRACE_OPTION: headers})
    return json.dumps({**json.loads(options), TRACE_OPTION: headers})


def headers_in(options: str | None) -> dict[str, str]:
    """The headers in the options of a job; {} for none."""
    if options is None or _MARK not in options:
        return {}
    try:
        stored = json.loads(options)[TRACE_OPTION]
    except (ValueError, TypeError, KeyError):  # something else has written it
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: value for name, value in stored.items() if isinstance(value, str)}


def context_of(headers: dict[str, str], with_baggage: bool) -> Context:
    """The context in which a job with these headers was dispatched; an empty one for none."""
    context = _TRACE.extract(headers, Context())
    return _BAGGAGE.extract(headers, context) if with_baggage else context
