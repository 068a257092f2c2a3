"""Spans of dispatches and runs, seen by an exporter in memory."""

import asyncio
import json
import logging
import time

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
)
from opentelemetry.trace import SpanKind, StatusCode, TraceFlags

from lightjobs import Job, current
from lightjobs.engines.where import Where
from lightjobs.errors import SettingsError, StoreUnavailable
from lightjobs.execution import exchanges, middleware_chain
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.executor import execute, timed_out
from lightjobs.execution.run import Run
from lightjobs.model import Failed, NewJob, Status
from lightjobs.process import log_fields
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import Settings
from lightjobs.testing import Jobs
from lightjobs.tracing import Tracing, attributes, propagation
from lightjobs.tracing.instrumentor import LightjobsInstrumentor
from tests.support.engines import Wrapped

from .support import claim, new_job, ran
from .working import Worker

SECRET = "4111-1111"


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


class AsyncWork(Work):
    timeout = 0.2

    async def handle(self):
        await asyncio.sleep(5 if self.payload.get("end") == "sleep" else 0)
        super().handle()


class Limited(Work):
    def rateLimit(self):
        return {"limit": 0, "hours": 1}


class Dispatches(Job):
    def handle(self):
        Work().dispatch()


class OnTime(Work):
    timeout = 0.2


@pytest.fixture
def memory():
    return InMemorySpanExporter()


@pytest.fixture
def tracing(engine, configured, memory, monkeypatch):
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


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_a_run_is_linked_to_its_dispatch(tracing, engine, memory, concurrency, job):
    tracer = tracing()
    with tracer.start_as_current_span("request") as request:
        id = job().setQueue("q").dispatch({"card": SECRET})
    Worker(engine, concurrency=concurrency, queues=("q",)).run()
    (send,), (process,) = sent(memory), processed(memory)
    assert (send.name, process.name) == ("send q", "process q")
    assert send.parent.span_id == request.get_span_context().span_id
    assert process.parent is None
    assert linked(process) == ids(send)
    assert process.context.trace_id != send.context.trace_id
    assert ran == [process.context]
    assert send.attributes["messaging.message.id"] == id
    assert process.attributes["messaging.message.id"] == id
    assert process.attributes["lightjobs.outcome"] == "done"
    assert process.status.status_code is StatusCode.UNSET
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_a_run_can_be_part_of_the_trace_of_its_dispatch(tracing, engine, memory, job):
    tracing(follow="parent")
    job().dispatch()
    Worker(engine).run()
    (send,), (process,) = sent(memory), processed(memory)
    assert process.parent.span_id == send.context.span_id
    assert process.context.trace_id == send.context.trace_id
    assert process.links == ()


def test_the_attributes_are_those_that_are_promised(tracing, engine, memory):
    tracing(settings=Settings("database", database=DatabaseSettings("pgsql", host="db.example")))
    Work().setPriority("higher").dispatch({"card": SECRET})
    Worker(engine).run()
    (send,), (process,) = sent(memory), processed(memory)
    common = {
        "messaging.system": "lightjobs",
        "messaging.destination.name": "default",
        "messaging.message.id": send.attributes["messaging.message.id"],
        "messaging.message.body.size": len(f'{{"card":"{SECRET}"}}'),
        "server.address": "db.example",
        "server.port": 5432,
        "lightjobs.handler": process.attributes["lightjobs.handler"],
    }
    assert common["lightjobs.handler"].endswith(".Work")
    assert dict(send.attributes) == {
        **common,
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "lightjobs.priority": "higher",
    }
    assert dict(process.attributes) == {
        **common,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "lightjobs.attempt": 1,
        "lightjobs.fence": process.attributes["lightjobs.fence"],
        "lightjobs.outcome": "done",
        "lightjobs.wait": process.attributes["lightjobs.wait"],
    }
    assert process.attributes["lightjobs.wait"] >= 0
    assert process.instrumentation_scope.schema_url == attributes.SCHEMA_URL
    assert SECRET not in "".join(each.to_json() for each in memory.get_finished_spans())


def test_dispatch_many_is_one_span_that_all_its_runs_are_linked_to(tracing, engine, memory):
    tracing()
    Work.dispatchMany([{}, {}, {}])
    Worker(engine).run()
    (send,) = sent(memory)
    assert send.attributes["messaging.batch.message_count"] == 3
    assert "messaging.message.id" not in send.attributes
    assert [linked(each) for each in processed(memory)] == [ids(send)] * 3


def test_each_retry_is_a_span_of_its_own(tracing, engine, memory):
    tracing()
    Work().dispatch({"end": "raise"})
    Worker(engine).run()
    first, second = processed(memory)
    assert [each.attributes["lightjobs.attempt"] for each in (first, second)] == [1, 2]
    assert [each.attributes["lightjobs.outcome"] for each in (first, second)] == [
        "retried",
        "failed",
    ]
    assert first.context.trace_id != second.context.trace_id
    assert linked(first) == linked(second)
    for each in (first, second):
        assert each.attributes["error.type"] == "ValueError"
        assert each.status.status_code is StatusCode.ERROR
        (event,) = each.events
        assert event.name == "exception"
        assert event.attributes["exception.message"] == "ValueError: boom"
        assert "in handle" in event.attributes["exception.stacktrace"]


@pytest.mark.parametrize(("job", "end"), [(Work, "release"), (Limited, None)])
def test_a_run_that_is_released_has_not_failed(tracing, engine, memory, job, end):
    tracing()
    job().dispatch({"end": end})
    Worker(engine).run()
    (process,) = processed(memory)
    assert process.attributes["lightjobs.outcome"] == "released"
    assert process.status.status_code is StatusCode.UNSET
    assert process.events == ()
    assert "error.type" not in process.attributes


@pytest.mark.parametrize(
    ("handler", "payload", "kind"),
    [
        (Work, '{"end": "fail"}', "lightjobs.errors.PermanentJobFailure"),
        (AsyncWork, '{"end": "sleep"}', "timeout"),
        (OnTime, '{"end": "sleep"}', "timeout"),
        (Work, "[1]", "lightjobs.errors.PayloadError"),
    ],
)
def test_a_run_that_fails_says_why(tracing, engine, memory, handler, payload, kind):
    tracing()
    current.dispatch([new_job(handler, payload, options='{"attempts": 1}')])
    Worker(engine).run()
    process = processed(memory)[-1]
    assert process.attributes["error.type"] == kind
    assert process.status.status_code is StatusCode.ERROR
    assert process.attributes["lightjobs.outcome"] == "failed"


def test_an_unknown_handler_has_a_span_too(tracing, engine, memory):
    tracing()
    current.dispatch([NewJob("App\\Gone", "default", "{}")])
    Worker(engine, unknown_after=0.0).run()
    (process,) = processed(memory)
    assert process.attributes["lightjobs.handler"] == "App.Gone"
    assert process.attributes["error.type"] == "lightjobs.errors.UnknownHandler"


def test_a_run_that_was_killed_at_its_timeout_gets_a_span_in_another_process(
    tracing, engine, memory
):
    tracing()
    id = OnTime().dispatch()
    before = trace.get_current_span()
    timed_out(engine.find(id).claim(1), Failed(id, 1, "timed out after 0.2 s"))
    (process,) = processed(memory)
    assert process.attributes["error.type"] == "timeout"
    assert linked(process) == ids(sent(memory)[0])
    assert process.end_time - process.start_time >= 0.2e9
    assert trace.get_current_span() is before


def test_a_cancelled_run_says_so(tracing, engine, memory):
    class Cancelled(Job):
        def handle(self):
            ran[0].cancelled = True

    tracing()
    Cancelled().dispatch()
    engine.register("w", 60.0)
    (held,) = engine.claim("w", ["default"], 1)
    ran.append(Run(held))
    run_here(execute(ran[0]), False)
    (process,) = processed(memory)
    assert process.attributes["lightjobs.outcome"] == "cancelled"
    assert process.attributes["error.type"] == "cancelled"


def test_what_a_handler_dispatches_is_part_of_its_run(tracing, engine, memory):
    tracing()
    Dispatches().dispatch()
    Worker(engine).run()
    outer, inner = sent(memory)
    run = next(each for each in processed(memory) if linked(each) == ids(outer))
    assert inner.parent.span_id == run.context.span_id


def test_dispatches_of_coroutines_belong_to_the_spans_of_their_own(tracing, engine, memory):
    tracer = tracing()

    async def one(name):
        with tracer.start_as_current_span(name):
            await Work().dispatchAsync()
            await Work.dispatchManyAsync([{}, {}])
            return trace.get_current_span().get_span_context().span_id

    async def main():
        return await asyncio.gather(one("a"), one("b"))

    parents = asyncio.run(main())
    assert sorted(each.parent.span_id for each in sent(memory)) == sorted(parents * 2)


def test_moments_of_the_schedule_and_jobs_of_a_test_are_traced(tracing, engine, memory):
    tracing()
    scheduler = Scheduler(engine, [Schedule().job(Work).name("work").everySeconds(1).entry()])
    other = Scheduler(engine, scheduler._entries)
    for each in (scheduler, other):
        each.begin(1000.0)
    for each in (scheduler, other):
        each.tick(1001.0)
    (made,) = options(engine)
    assert {"trace", "entry", "slot"} == set(made)
    assert len(sent(memory)) == 1, "the moment that was refused is no dispatch"
    with Jobs() as jobs:
        Work().dispatch()
        jobs.work()
    assert len(sent(memory)) == 2
    assert linked(processed(memory)[0]) == ids(sent(memory)[1])


def test_a_dispatch_that_the_store_refuses_has_an_error(tracing, engine, memory):
    def away(_jobs):
        raise StoreUnavailable("away")

    tracing(engine=Wrapped(engine, push=away))
    with pytest.raises(StoreUnavailable):
        Work().dispatch()
    (send,) = sent(memory)
    assert send.status.status_code is StatusCode.ERROR
    assert send.attributes["error.type"] == "lightjobs.errors.StoreUnavailable"


def test_what_is_not_sampled_adds_nothing_to_jobs(tracing, engine, memory):
    tracing(sampler=ParentBased(ALWAYS_OFF))
    Work().dispatch()
    assert options(engine) == [None]
    Worker(engine).run()
    assert memory.get_finished_spans() == ()
    assert not ran[0].trace_flags.sampled


def test_follow_parent_inherits_the_decision_not_to_sample(tracing, engine, memory):
    tracing(follow="parent", sampler=ParentBased(ALWAYS_OFF))
    Work().dispatch()
    (made,) = options(engine)
    flags = int(made["trace"]["traceparent"].rpartition("-")[2], 16)
    assert not flags & TraceFlags.SAMPLED
    Worker(engine).run()
    assert memory.get_finished_spans() == ()


def test_the_trace_stands_next_to_other_options(tracing, engine, memory):
    tracing()
    Work().setAttempts(1).setHeaders({"a": "1"}).dispatch({"end": "raise"})
    (made,) = options(engine)
    assert (made["attempts"], made["headers"]) == (1, {"a": "1"})
    assert set(made["trace"]) == {"traceparent"}
    Worker(engine).run()
    assert processed(memory)[0].attributes["lightjobs.outcome"] == "failed"


@pytest.mark.parametrize("wanted", [False, True])
def test_baggage_travels_if_it_is_asked_for(tracing, engine, wanted):
    class Reads(Job):
        def handle(self):
            ran.append(baggage.get_baggage("tenant"))

    tracing(baggage=wanted)
    token = context.attach(baggage.set_baggage("tenant", "acme"))
    Reads().dispatch()
    context.detach(token)
    Worker(engine).run()
    assert ran == ["acme" if wanted else None]


@pytest.mark.parametrize(
    "stored",
    [
        '{"trace": 5}',
        '{"trace": {"traceparent": 5}}',
        '{"trace": {"traceparent": "x"}}',
        '["trace"',
    ],
)
def test_a_trace_that_cannot_be_read_breaks_no_run(tracing, engine, memory, stored):
    tracing()
    engine.push([new_job(Work, options=stored)])
    Worker(engine).run()
    (process,) = processed(memory)
    assert process.links == ()
    assert process.attributes["lightjobs.outcome"] == "done"


def test_without_a_provider_nothing_is_done(engine, configured):
    current.use(engine, configured._replace(middleware=(Tracing,)))
    Work().dispatch()
    assert options(engine) == [None]
    ran.clear()
    Worker(engine).run()
    assert not ran[0].is_valid
    assert log_fields.source is None


def test_a_provider_that_the_program_sets_up_later_is_used(
    tracing, engine, configured, memory, monkeypatch
):
    current.use(engine, configured._replace(middleware=(Tracing,)))
    for _ in range(2):
        Work().dispatch()
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", made)
    Work().dispatch()
    assert len(sent(memory)) == 1


def test_a_provider_that_cannot_be_made_is_logged_once_and_breaks_nothing(tracing, engine, caplog):
    def provider(self):
        raise OSError("no such host")

    current.use(
        engine, Settings("memory", middleware=(type("Broken", (Tracing,), {"provider": provider}),))
    )
    Work.dispatchMany([{}, {}])
    Work().dispatch()
    Worker(engine).run()
    assert engine.stats() == {}
    assert caplog.text.count("this process records no spans") == 1


def test_a_wrong_follow_is_a_clear_error():
    with pytest.raises(SettingsError, match="follow is 'child'; allowed: link, parent"):
        middleware_chain.load([type("Odd", (Tracing,), {"follow": "child"})])


def test_close_flushes_the_provider(tracing):
    flushed = []

    class Provider(TracerProvider):
        def force_flush(self, timeout_millis=30000):
            flushed.append(timeout_millis)
            return True

    made = type("Own", (Tracing,), {"provider": lambda self: Provider(shutdown_on_exit=False)})()
    made.close()
    assert flushed == [], "nothing was recorded"
    made.before_push([new_job(Work)])
    made.close()
    assert flushed == [2000]


def test_log_records_of_a_job_name_its_trace(tracing, engine, memory, caplog):
    class Logs(Job):
        def handle(self):
            self.context.logger.info("hello")

    tracing()
    Logs().dispatch()
    with caplog.at_level(logging.INFO, "lightjobs.job"):
        Worker(engine).run()
    (record,) = [each for each in caplog.records if each.name == "lightjobs.job"]
    (process,) = processed(memory)
    assert record.trace_id == f"{process.context.trace_id:032x}"
    assert record.span_id == f"{process.context.span_id:016x}"


def test_options_keep_a_trace_only_once():
    made = propagation.with_headers('{"trace": {"traceparent": "a"}, "attempts": 3}', {"x": "y"})
    assert json.loads(made) == {"trace": {"x": "y"}, "attempts": 3}
    assert propagation.headers_in(claim(options=made).options) == {"x": "y"}


def operation(memory, name):
    found = memory.get_finished_spans()
    return [each for each in found if each.attributes["messaging.operation.name"] == name]


def test_claims_and_settlements_have_spans_if_that_is_asked_for(tracing, engine, memory):
    tracing(spans={"receive", "settle"})
    Work.dispatchMany([{}, {}])
    Work().dispatch()
    Worker(engine).run()
    sends = [ids(each) for each in sent(memory)]
    received, settled = operation(memory, "receive"), operation(memory, "settle")
    for name, found in (("receive", received), ("settle", settled)):
        assert {each.name for each in found} == {f"{name} default"}
        assert {each.kind for each in found} == {SpanKind.CLIENT}
        assert {each.attributes["messaging.operation.type"] for each in found} == {name}
        counts = [each.attributes.get("messaging.batch.message_count", 1) for each in found]
        assert sum(counts) == 3
        links = [ids(link) for each in found for link in each.links]
        assert set(links) == set(sends)
        assert all(each.parent is None and each.end_time >= each.start_time for each in found)
    assert received[0].start_time <= processed(memory)[0].start_time
    assert settled[-1].end_time >= processed(memory)[-1].end_time


@pytest.mark.parametrize("asked", [(), ("receive",), ("settle",)])
def test_only_the_spans_that_are_asked_for_are_made(tracing, engine, memory, asked):
    tracing(spans=asked)
    Work().dispatch()
    Worker(engine).run()
    made = {name for name in ("receive", "settle") if operation(memory, name)}
    assert made == set(asked)


def test_a_wrong_name_in_spans_is_a_clear_error():
    with pytest.raises(SettingsError, match="spans has 'recieve'; allowed: receive, settle"):
        middleware_chain.load([type("Odd", (Tracing,), {"spans": {"recieve"}})])


def test_spans_that_cannot_be_made_change_nothing_about_jobs(tracing, engine, monkeypatch, caplog):
    def broken(*_arguments):
        raise OSError("full")

    tracing(spans={"receive", "settle"})
    monkeypatch.setattr(attributes, "of_exchange", broken)
    Work().dispatch()
    Worker(engine).run()
    assert engine.stats() == {}
    assert caplog.text.count("this changes nothing else") == 2


def test_what_instruments_all_programs_leaves_a_project_its_own_tracing(monkeypatch):
    class Own(Tracing):
        pass

    monkeypatch.setattr(middleware_chain, "_first", [])
    LightjobsInstrumentor().instrument()
    try:
        assert [type(each) for each in middleware_chain.load([]).claims] == [Tracing]
        assert [type(each) for each in middleware_chain.load([Own]).claims] == [Own]
    finally:
        LightjobsInstrumentor().uninstrument()
    assert middleware_chain.load([]) is None


def test_a_sampler_can_decide_by_queue_and_handler_before_more_is_made(
    tracing, engine, memory, monkeypatch
):
    class Picky(Sampler):
        def should_sample(self, parent_context, trace_id, name, kind, attributes, links):
            seen.append((name, attributes))
            return SamplingResult(Decision.DROP)

        def get_description(self):
            return "picky"

    def never(_claim):
        raise AssertionError("a run that is not sampled pays for nothing of its own")

    seen = []
    tracing(sampler=Picky())
    monkeypatch.setattr(attributes, "of_claim", never)
    for _ in range(2):
        engine.push([new_job(Work, queue="q")])
        Worker(engine, queues=("q",)).run()
    assert [name for name, _attributes in seen] == ["process q"] * 2
    for _name, given in seen:
        assert given["messaging.destination.name"] == "q"
        assert given["lightjobs.handler"].endswith(".Work")
    assert memory.get_finished_spans() == ()
