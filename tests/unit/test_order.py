"""A child's order comes out of its JSON as it went in."""

import json

import pytest

from lightjobs.model import OUTCOMES, Done, Expired, Failed, HandBack, Release
from lightjobs.workers.options import Options
from lightjobs.workers.order import Order

OPTIONS = Options(
    queues=("mail", "naïve 'queue'"),
    queue_order="rotate",
    workers=7,
    concurrency=3,
    sleep=0.25,
    cooldown=60.5,
    max_jobs=11,
    max_memory=1 << 40,
    stop_when_empty=True,
    grace=1.5,
    lease=12.5,
    unknown_after=7.5,
    timeout_grace=0.125,
    keep_history=False,
    log_format="json",
    quiet=True,
)
LATE = [
    Done("1", 2),
    Done("1", 2, "nightly report"),
    Release("2", 3, 1234567890.123456, 4),
    Failed("3", 4, 'timed out after 2 s:\n“ü” \x00 \\ "'),
    HandBack("4", 5),
    Expired("5", 6, "expired: “late”"),
]
ORDER = Order(
    worker="host:12:ab",
    place=1,
    options=OPTIONS,
    parent=123,
    journal=4,
    ready=5,
    busy_flags=6,
    stop_flags=8,
    outage=9,
    run_budget=7,
    late_outcomes=tuple(LATE),
)


def test_an_order_comes_back_with_every_field():
    again = Order.from_json(ORDER.to_json())
    assert again == ORDER
    for name in Order._fields:
        assert getattr(again, name) == getattr(ORDER, name)
        assert type(getattr(again, name)) is type(getattr(ORDER, name))


def test_the_order_of_this_test_leaves_nothing_at_its_default():
    assert all(given != default for given, default in zip(OPTIONS, Options(), strict=True))
    assert {type(outcome) for outcome in LATE} == set(OUTCOMES.values())


@pytest.mark.parametrize("outcome", LATE, ids=lambda outcome: type(outcome).__name__)
def test_a_late_outcome_of_each_kind_comes_back(outcome):
    order = ORDER._replace(late_outcomes=(outcome,))
    (again,) = Order.from_json(order.to_json()).late_outcomes
    assert type(again) is type(outcome)
    assert again == outcome


def test_without_a_budget_and_late_outcomes_it_has_neither():
    bare = ORDER._replace(run_budget=None, late_outcomes=())
    assert Order.from_json(bare.to_json()) == bare
    assert bare.inherited == [4, 5, 6, 8, 9]
    assert ORDER.inherited == [4, 5, 6, 8, 9, 7]


def test_an_order_is_plain_json_that_names_its_fields():
    assert set(json.loads(ORDER.to_json())) == {"version", *Order._fields}
