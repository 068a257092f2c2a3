"""Tracing with an exporter in memory: jobs that are traced, and the spans that are made of them."""

import json
import time

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from lightjobs import Job, current
from lightjobs.engines.where import Where
from lightjobs.execution import exchanges
from lightjobs.model import Status
from lightjobs.process import log_fields
from lightjobs.tracing import Tracing

from .support import ran


class Work(Job):
    attempts = 2

    def handle(self):
        ran.append(trace.get_current_span().get_span_context())
        match self.payload.get("end"):
            case "raise":
                raise ValueError("boom")
            case "release":
                self.release("+1 hour")
            case "fail":
                self.failPermanently("no use")
            case "sleep":
                time.sleep(5)


@pytest.fixture(name="memory")
def memory_fixture():
    return InMemorySpanExporter()


@pytest.fixture(name="tracing")
def tracing_fixture(engine, configured, memory, monkeypatch):
    """Configure tracing, with these values of the class."""
    monkeypatch.setattr(log_fields, "source", None)
    monkeypatch.setattr(exchanges, "watcher", None)
    ran.clear()

    def use(engine=engine, settings=configured, sampler=None, **values):
        def provider(self):
            made = TracerProvider(sampler=sampler, shutdown_on_exit=False)
            made.add_span_processor(SimpleSpanProcessor(memory))
            return made

        kind = type("Traced", (Tracing,), {"provider": provider, **values})
        current.use(engine, settings._replace(middleware=(kind,)))
        return trace.get_tracer("test", tracer_provider=kind().provider())

    return use


def spans(memory, kind):
    return [each for each in memory.get_finished_spans() if each.kind is kind]


def linked(run):
    """The trace and span that the one link of a run's span leads to."""
    (link,) = run.links
    return ids(link)


def ids(span):
    return span.context.trace_id, span.context.span_id


def sent(memory):
    return spans(memory, SpanKind.PRODUCER)


def processed(memory):
    return spans(memory, SpanKind.CONSUMER)


def options(engine):
    found = engine.browse(Where(status=Status.NEW), 10)
    return [each.options and json.loads(each.options) for each in found]
