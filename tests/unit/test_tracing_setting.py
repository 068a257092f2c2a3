"""Which spans are made, by which provider: what a project may set."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
)
from opentelemetry.trace import SpanKind, TraceFlags

from lightjobs import current
from lightjobs.errors import SettingsError
from lightjobs.execution import middleware_chain
from lightjobs.process import log_fields
from lightjobs.settings.settings import Settings
from lightjobs.tracing import Tracing, attributes
from lightjobs.tracing.instrumentor import LightjobsInstrumentor

from .support import new_job, ran
from .traced import (
    Work,
    ids,
    memory_fixture,  # noqa: F401
    options,
    processed,
    sent,
    tracing_fixture,  # noqa: F401
)
from .working import Worker


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
