"""What people see of a store: its workers, the latency of its queues, and the history of runs."""

import time

import pytest

from lightjobs.errors import LightjobsError
from lightjobs.notes.observed import NOTHING, PARTS, SAMPLE, SPANS, Rate, Running, WorkerNote, sums
from lightjobs.notes.worker_notes import note_text

from .support import claim_one, drain, in_threads, push, worker

HOSTILE = "'; DROP TABLE jobs; -- \\\"<b>{}é💥"


def note(**changes):
    made = WorkerNote(
        host="box",
        pid=7,
        parent=6,
        version="1.2",
        python="3.11.2",
        since=1000.5,
        lease=30.0,
        queues=("mail", "default"),
        concurrency=4,
        state="working",
        memory=50_000_000,
        busy=1,
        ended={"done": 3, "failed": 1},
        running=(Running("9", "App\\Jobs\\Slow", "mail", 2, 1001.25),),
    )
    return made._replace(**changes)


# Workers and their notes.


def test_registered_workers_are_listed_by_name_with_the_rest_of_their_lease(engine):
    names = [worker(engine, 100.0), worker(engine, 300.0)]
    found = engine.workers()
    assert [each.name for each in found] == sorted(names)
    left = {each.name: each.lease_left for each in found}
    assert 40 < left[names[0]] <= 100
    assert 240 < left[names[1]] <= 300
    assert all(each.note is None for each in found)


def test_a_beat_brings_the_workers_note(engine):
    first, second = worker(engine), worker(engine)
    assert engine.beat([first, second], 30.0, {first: note_text(note())}) == []
    notes = {each.name: each.note for each in engine.workers()}
    assert notes == {first: note(), second: None}


def test_a_note_stays_until_there_is_another(engine):
    name = worker(engine)
    engine.beat([name], 30.0, {name: note_text(note())})
    engine.beat([name], 30.0)
    engine.beat([name], 30.0, {})
    assert engine.workers()[0].note == note()
    engine.beat([name], 30.0, {name: note_text(note(state="idle", running=()))})
    assert engine.workers()[0].note == note(state="idle", running=())


def test_a_note_with_odd_text_comes_back_as_it_was(engine):
    name = worker(engine)
    odd = note(host=HOSTILE, queues=(HOSTILE,), running=(Running("1", HOSTILE, HOSTILE, 1, 2.0),))
    engine.beat([name], 30.0, {name: note_text(odd)})
    assert engine.workers()[0].note == odd


def test_a_note_that_cannot_be_read_is_no_note(engine):
    name = worker(engine)
    for text in ("", "{", "[]", "null", '{"v": 99}', "💥", '{"host":1}'):
        engine.beat([name], 30.0, {name: text})
        assert engine.workers()[0].note is None


def test_a_worker_that_was_recovered_is_forgotten_with_its_note(engine):
    name, other = worker(engine), worker(engine)
    engine.beat([name, other], 30.0, {name: note_text(note()), other: note_text(note(pid=8))})
    engine.recover(name)
    assert [(each.name, each.note) for each in engine.workers()] == [(other, note(pid=8))]
    # A beat of a forgotten worker brings nothing back.
    assert engine.beat([name], 30.0, {name: note_text(note())}) == [name]
    assert [each.name for each in engine.workers()] == [other]


def test_a_worker_whose_lease_ended_is_listed_as_overdue(engine):
    name = worker(engine, 0.05)
    time.sleep(0.2)
    (found,) = engine.workers()
    assert (found.name, found.is_silent) == (name, True)
    assert -60 < found.lease_left < 0


def test_a_silent_worker_is_told_from_one_that_beats(engine):
    name = worker(engine)
    engine.beat([name], 30.0, {name: note_text(note(lease=30.0))})
    (beating,) = engine.workers()
    assert not beating.is_silent
    assert beating.silent_for < 10
    assert beating._replace(lease_left=9.0).is_silent


# How long claims waited, and how long queues have waited.


def test_a_claim_tells_how_long_its_job_was_due(engine):
    push(engine, due=time.time() - 100)
    assert 99 < claim_one(engine).waited < 160


def test_the_wait_of_each_job_of_a_batch_is_its_own(engine):
    for age in (100, 10_000, 1000):
        push(engine, due=time.time() - age)
    waits = [claim.waited for claim in drain(engine)]
    assert [round(wait, -2) for wait in waits] == [10_000, 1000, 100]


def test_a_wait_is_never_negative_and_without_the_delay_that_was_asked_for(engine):
    push(engine)
    push(engine, due=time.time() + 0.3)
    assert 0 <= claim_one(engine).waited < 30
    time.sleep(0.4)
    assert 0 <= claim_one(engine).waited < 30


def test_latency_is_the_age_of_the_oldest_due_job_of_each_queue(engine):
    now = time.time()
    push(engine, due=now - 100, queue="a")
    push(engine, due=now - 1000, queue="a", priority=-2)
    push(engine, due=now - 10, queue="a", priority=2)
    push(engine, due=now - 50, queue="b")
    push(engine, due=now + 500, queue="later")
    found = engine.latency()
    assert sorted(found) == ["a", "b"]
    assert 999 < found["a"] < 1060
    assert 49 < found["b"] < 110


def test_latency_counts_paused_queues_but_no_paused_running_or_ended_jobs(engine):
    now = time.time()
    push(engine, due=now - 100, queue="stopped")
    engine.pause_queue("stopped")
    (paused,) = push(engine, due=now - 100, queue="p")
    engine.pause(paused)
    push(engine, due=now - 100, queue="r")
    claim_one(engine, queue="r")
    assert list(engine.latency()) == ["stopped"]


def test_latency_of_an_empty_store_is_empty(engine):
    assert engine.latency() == {}


def test_latency_copes_with_odd_names_of_queues(engine):
    push(engine, queue=HOSTILE, due=time.time() - 100)
    push(engine, queue="a'b")
    assert sorted(engine.latency()) == sorted([HOSTILE, "a'b"])


# The history.

MINUTE = int(time.time()) // 60 * 60


def rate(**fields):
    made = Rate(60, MINUTE, "mail", "App\\Jobs\\Send")
    return made._replace(**fields)


def parts(*pairs):
    """A distribution with these counts at these places."""
    counts = list(NOTHING)
    for place, count in pairs:
        counts[place] = count
    return tuple(counts)


FULL = rate(
    done=5,
    retried=4,
    released=3,
    failed=2,
    milliseconds=12_345,
    durations=tuple(range(1, PARTS + 1)),
    waits=tuple(range(PARTS, 0, -1)),
)


def test_rates_come_back_as_they_were_noted(engine):
    engine.monitoring.note_rates([FULL])
    assert engine.rates(60, MINUTE - 3600) == [FULL]
    assert FULL.runs == 14


def test_rates_are_added_to_what_is_there(engine):
    engine.monitoring.note_rates([FULL, rate(done=1, durations=parts((0, 1)))])
    engine.monitoring.note_rates([rate(failed=1, waits=parts((15, 1)), milliseconds=5)])
    (found,) = engine.rates(60, MINUTE)
    assert (found.done, found.retried, found.released, found.failed) == (6, 4, 3, 3)
    assert found.milliseconds == 12_350
    assert found.durations == (2, *FULL.durations[1:])
    assert found.waits == (*FULL.waits[:-1], 2)


def test_rates_of_other_queues_handlers_buckets_and_spans_are_kept_apart(engine):
    others = [
        rate(done=1),
        rate(queue="Mail", done=2),
        rate(handler="app\\jobs\\send", done=3),
        rate(bucket=MINUTE - 60, done=4),
        rate(span=600, bucket=MINUTE // 600 * 600, done=5),
        rate(queue=HOSTILE, handler=HOSTILE, done=6),
    ]
    engine.monitoring.note_rates(others)
    found = engine.rates(60, MINUTE - 3600)
    assert {each.done for each in found} == {1, 2, 3, 4, 6}
    assert [each.bucket for each in found] == [MINUTE - 60, *[MINUTE] * 4]
    assert [each.done for each in engine.rates(600, MINUTE - 3600)] == [5]
    assert [each.done for each in engine.rates(60, 0, queue="mail")] == [4, 1, 3]
    assert [each.done for each in engine.rates(60, 0, handler=HOSTILE)] == [6]
    assert engine.rates(60, 0, queue="nobody") == []
    assert [each.done for each in engine.rates(60, 0, "mail", "app\\jobs\\send")] == [3]


def test_rates_begin_with_the_bucket_that_holds_the_moment(engine):
    engine.monitoring.note_rates([rate(done=1), rate(bucket=MINUTE - 60, done=2)])
    assert [each.done for each in engine.rates(60, MINUTE - 0.5)] == [2, 1]
    assert [each.done for each in engine.rates(60, MINUTE)] == [1]


def test_rates_end_with_the_last_bucket_that_begins_before_the_moment(engine):
    engine.monitoring.note_rates([rate(done=1), rate(bucket=MINUTE - 60, done=2)])
    found = [engine.rates(60, 0, until=MINUTE + more) for more in (-60, 0, 0.5)]
    assert [[each.done for each in rates] for rates in found] == [[], [2], [2, 1]]
    assert [each.done for each in engine.rates(60, MINUTE - 0.5, "mail", until=MINUTE)] == [2]


def history():
    """Rates of two buckets, queues and handlers, and samples of the queues."""
    return [
        FULL,
        FULL._replace(queue="slow"),
        rate(handler=HOSTILE, failed=1, milliseconds=1, durations=parts((15, 1))),
        rate(queue=HOSTILE, handler="", depth=3, latency=0.25),
        rate(handler=SAMPLE, depth=10, latency=2.5),
        rate(bucket=MINUTE - 60, done=1, waits=parts((0, 1))),
        rate(bucket=MINUTE - 120, handler=SAMPLE, depth=0, latency=0.0),
        rate(span=600, bucket=MINUTE // 600 * 600, done=9),
    ]


def test_sums_are_told_by_bucket_and_by_handler(engine):
    engine.monitoring.note_rates(history())
    found = engine.monitoring.sums(60, MINUTE - 3600)
    *earlier, last = found.buckets
    assert earlier == [
        Rate(60, MINUTE - 120, "", SAMPLE, depth=0, latency=0.0),
        Rate(60, MINUTE - 60, "", SAMPLE, done=1, waits=parts((0, 1))),
    ]
    assert last[:9] == (60, MINUTE, "", SAMPLE, 10, 8, 6, 5, 24_691)
    assert last.durations == (*[2 * n for n in range(1, PARTS)], 2 * PARTS + 1)
    assert last.waits == tuple(2 * n for n in range(PARTS, 0, -1))
    assert (last.depth, last.latency) == (13, 2.5)
    hostile, plain = found.handlers
    assert hostile == Rate(60, 0, "", HOSTILE, failed=1, milliseconds=1, durations=parts((15, 1)))
    assert plain[:9] == (60, 0, "", "App\\Jobs\\Send", 11, 8, 6, 4, 24_690)
    assert (plain.waits[0], plain.depth, plain.latency) == (2 * PARTS + 1, None, None)


@pytest.mark.parametrize(
    ("queue", "handler", "ended"),
    [
        (None, None, 0),
        ("mail", None, 0),
        (None, HOSTILE, 0),
        ("mail", "App\\Jobs\\Send", 0),
        (None, SAMPLE, 0),
        ("nobody", None, 0),
        (None, None, 60),
        ("mail", None, 90),
    ],
)
def test_sums_are_those_of_the_rates_with_the_same_arguments(engine, queue, handler, ended):
    engine.monitoring.note_rates(history())
    chosen = (60, MINUTE - 60.5, queue, handler, MINUTE + 60 - ended)
    assert engine.monitoring.sums(*chosen) == sums(engine.rates(*chosen))


def test_sums_of_many_rates(engine):
    many = [
        rate(bucket=MINUTE - 60 * age, queue=f"q{n % 3}", handler=f"h{n}", done=n, failed=1)
        for age in range(120)
        for n in range(10)
    ]
    engine.monitoring.note_rates(many)
    found = engine.monitoring.sums(60, 0)
    assert [each.runs for each in found.buckets] == [55] * 120
    assert [each.runs for each in found.handlers] == [120 * (n + 1) for n in range(10)]


def test_sums_of_no_rates_are_none(engine):
    engine.monitoring.begin_sample(MINUTE)
    assert engine.monitoring.sums(60, 0) == ([], [])


def test_of_depth_and_latency_the_highest_stays(engine):
    sample = rate(handler=SAMPLE, depth=10, latency=2.5)
    engine.monitoring.note_rates([sample])
    engine.monitoring.note_rates([sample._replace(depth=3, latency=7.25)])
    engine.monitoring.note_rates([rate(handler=SAMPLE)])
    (found,) = engine.rates(60, MINUTE)
    assert (found.depth, found.latency) == (10, 7.25)
    assert (found.runs, found.durations) == (0, NOTHING)


def test_no_rates_change_nothing(engine):
    engine.monitoring.note_rates([])
    assert engine.rates(60, 0) == []


@pytest.mark.parametrize("span", [0, 1, -60, 61, 86_400])
def test_a_span_that_is_none_is_named_with_those_that_are(engine, span):
    with pytest.raises(LightjobsError, match=f"{span} seconds; allowed: 60, 600, 3600"):
        engine.rates(span, 0)
    with pytest.raises(LightjobsError, match=f"{span} seconds; allowed: 60, 600, 3600"):
        engine.monitoring.sums(span, 0)


def test_many_rates_are_noted_in_one_call(engine):
    many = [
        rate(queue=f"q{queue}", handler=f"h{handler}", span=span, bucket=MINUTE // span * span)
        for span in SPANS
        for queue in range(20)
        for handler in range(10)
    ]
    engine.monitoring.note_rates([each._replace(done=1) for each in reversed(many)])
    engine.monitoring.note_rates([each._replace(done=1) for each in many])
    for span in SPANS:
        assert [each.done for each in engine.rates(span, 0)] == [2] * 200


def test_rates_that_are_noted_at_the_same_time_are_all_counted(engine):
    rates = [rate(queue=f"q{number}", done=1) for number in range(20)]

    def note_all():
        for _ in range(5):
            engine.monitoring.note_rates(rates)

    def note_all_backwards():
        for _ in range(5):
            engine.monitoring.note_rates(rates[::-1])

    in_threads(note_all, note_all_backwards, note_all)
    assert [each.done for each in engine.rates(60, 0)] == [15] * 20


def test_one_process_samples_a_minute(engine):
    assert engine.monitoring.begin_sample(MINUTE)
    assert not engine.monitoring.begin_sample(MINUTE)
    assert engine.monitoring.begin_sample(MINUTE + 60)
    first = in_threads(*[lambda: engine.monitoring.begin_sample(MINUTE + 120)] * 4)
    assert sorted(first) == [False, False, False, True]


def test_a_sample_that_was_begun_is_not_seen_among_the_rates(engine):
    engine.monitoring.begin_sample(MINUTE)
    assert [each for each in engine.rates(60, 0) if each.queue] == []


def test_old_rates_are_dropped_by_the_upkeep(engine):
    old = [
        rate(span=span, bucket=(MINUTE - kept) // span * span - span, done=1)
        for span, kept in SPANS.items()
    ]
    new = [rate(span=span, bucket=MINUTE // span * span, done=1) for span in SPANS]
    engine.monitoring.note_rates([*old, *new])
    engine.tidy()
    for span in SPANS:
        assert [each.bucket for each in engine.rates(span, 0)] == [MINUTE // span * span]
