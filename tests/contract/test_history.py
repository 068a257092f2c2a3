"""The history of runs: rates that are noted, added up and dropped, and samples of the queues."""

import time

import pytest

from lightjobs.errors import LightjobsError
from lightjobs.notes.observed import NOTHING, PARTS, SAMPLE, SPANS, Rate, sums

from .support import HOSTILE, in_threads

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
