"""Jobs in Redis whose fields somebody has changed: set aside or run, at the price of no other."""

import pytest

from lightjobs.model import Failed, Settlement
from tests.support.stores import STORES

from .support import claim_one, drain, push, worker

NO_COUNTS = ["nan", "inf", "-3", "1.5", "1e300", "9007199254740993", "9999999999999999999"]


@pytest.fixture
def engine(request):
    made = STORES["redis-hash"](request).engine
    yield made
    made.close()


def put_field(engine, id, field, text):
    engine._node.client.hset(f"{engine._prefix}job:{id}", field, text)


@pytest.mark.parametrize("field", ["fence", "attempts", "recoveries"])
@pytest.mark.parametrize("text", NO_COUNTS)
def test_a_job_whose_numbers_cannot_be_counted_on_is_set_aside(engine, field, text):
    odd, good = push(engine, 2)
    put_field(engine, odd, field, text)
    assert [claim.id for claim in drain(engine)] == [good]
    reason = f"its {field} is not a number that can be counted up"
    assert engine.find(odd).exception == f"set aside: {reason}"


def test_a_job_that_became_odd_in_its_workers_hands_costs_no_other_its_recovery(engine):
    odd, good = push(engine, 2)
    name = worker(engine)
    engine.claim(name, ["q"], 2)
    put_field(engine, odd, "fence", "nan")
    assert [claim.id for claim in engine.held(name)] == [good]
    assert engine.recover(name) == 1
    assert engine.find(odd).exception.startswith("set aside: its fence")
    assert [claim.id for claim in drain(engine)] == [good]


def test_the_outcome_of_a_job_that_became_odd_meanwhile_is_refused_and_the_job_set_aside(engine):
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    put_field(engine, claim.id, "fence", "nan")
    assert engine.settle(name, [Failed(claim.id, claim.fence, "boom")]) == [Settlement.LOST]
    assert engine.find(claim.id).exception.startswith("set aside: its fence")


@pytest.mark.parametrize("odd", [b"x" * 48, b"caf\xe9", b"ends in NUL\0"])
def test_a_job_whose_id_does_not_fit_a_workers_journal_is_set_aside(engine, odd):
    (good,) = push(engine)
    client = engine._node.client
    client.copy(f"jobs:job:{good}", b"jobs:job:" + odd)
    client.rename(f"jobs:job:{good}", b"jobs:job:" + b"y" * 47)
    client.zadd("jobs:queue:q", {odd: 1, b"y" * 47: 1})
    assert [claim.id for claim in drain(engine)] == ["y" * 47]
    assert client.hget("jobs:aside", odd) == b"its id is not text of at most 47 plain characters"


@pytest.mark.parametrize("text", ["99", "1.5", "nan", "high"])
def test_a_priority_that_is_none_of_the_five_counts_as_normal(engine, text):
    (id,) = push(engine)
    put_field(engine, id, "priority", text)
    for _ in range(2):
        name = worker(engine)
        assert claim_one(engine, name).id == id
        engine.recover(name)
    assert engine.find(id).priority == 0


def test_a_due_time_that_no_clock_shows_holds_up_no_recovery(engine):
    odd, good = push(engine, 2)
    put_field(engine, odd, "scheduled_at", "9" * 400 + "-01-01 00:00:00")
    name = worker(engine)
    engine.claim(name, ["q"], 2)
    assert engine.recover(name) == 2
    assert {claim.id for claim in drain(engine)} == {odd, good}
