"""Spans of dispatches, and what they store with jobs."""

import asyncio
import json

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import StatusCode

from lightjobs import Job
from lightjobs.errors import StoreUnavailable
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler
from lightjobs.testing import Jobs
from lightjobs.tracing import propagation
from tests.support.engines import Wrapped

from .support import claim, new_job, ran
from .traced import (
    Work,
    ids,
    linked,
    memory_fixture,  # noqa: F401
    options,
    processed,
    sent,
    tracing_fixture,  # noqa: F401
)
from .working import Worker


class Dispatches(Job):
    def handle(self):
        Work().dispatch()


def test_dispatch_many_is_one_span_that_all_its_runs_are_linked_to(tracing, engine, memory):
    tracing()
    Work.dispatchMany([{}, {}, {}])
    Worker(engine).run()
    (send,) = sent(memory)
    assert send.attributes["messaging.batch.message_count"] == 3
    assert "messaging.message.id" not in send.attributes
    assert [linked(each) for each in processed(memory)] == [ids(send)] * 3


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


def test_options_keep_a_trace_only_once():
    made = propagation.with_headers('{"trace": {"traceparent": "a"}, "attempts": 3}', {"x": "y"})
    assert json.loads(made) == {"trace": {"x": "y"}, "attempts": 3}
    assert propagation.headers_in(claim(options=made).options) == {"x": "y"}
