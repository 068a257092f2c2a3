"""Spans of runs, seen by an exporter in memory."""

import asyncio
import logging

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from lightjobs import Job, current
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.executor import execute, timed_out
from lightjobs.execution.run import Run
from lightjobs.model import Failed, NewJob
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import Settings
from lightjobs.tracing import attributes

from .support import new_job, ran
from .traced import (
    Work,
    ids,
    linked,
    memory_fixture,  # noqa: F401
    processed,
    sent,
    tracing_fixture,  # noqa: F401
)
from .working import Worker

SECRET = "4111-1111"


class AsyncWork(Work):
    timeout = 0.2

    async def handle(self):
        await asyncio.sleep(5 if self.payload.get("end") == "sleep" else 0)
        super().handle()


class Limited(Work):
    def rateLimit(self):
        return {"limit": 0, "hours": 1}


class OnTime(Work):
    timeout = 0.2


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
