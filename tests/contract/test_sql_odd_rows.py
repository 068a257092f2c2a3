"""Rows that somebody has changed in the table: each fails with a reason or runs."""

from functools import partial
from itertools import product

import pytest

from lightjobs.engines.sql.engine import UNCOUNTABLE
from lightjobs.engines.where import Where
from lightjobs.model import Failed, Settlement
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import claim_one, push, unwaited, worker

SQL = ["sqlite", "postgresql", "mariadb", *MYSQL]
BEYOND = [2**31 - 1, -4]
"""Integers to which one cannot be added, or that no claim has given."""
FLEXIBLE = [1.5, 2**63 - 1, -(2**63), 1e300, "many", b"\xff"]
"""What a column of SQLite can hold beside."""

on = partial(pytest.mark.parametrize, indirect=["engine"])
odd_values = on(
    ("engine", "odd"), [*product(SQL, BEYOND), *product(["sqlite"], FLEXIBLE)], ids=repr
)


@pytest.fixture
def engine(request):
    made = STORES[request.param](request).engine
    made.schema.install()
    yield made
    made.close()


def change(engine, id, column, value):
    """Store `value` as only somebody beside lightjobs would."""
    database = engine._db
    sql = f"UPDATE jobs SET {column} = "  # noqa: S608
    if database.dialect.name == "sqlite":
        database.ask(f"{sql}? WHERE id = ?", (value, id))
        return
    if database.dialect.name == "mysql":
        database.execute("SET SESSION sql_mode = ''")
    database.execute(f"{sql}%(value)s WHERE id = %(id)s", {"value": value, "id": int(id)})
    engine.close()


@odd_values
@pytest.mark.parametrize("column", ["attempts", "fence"])
def test_a_row_whose_numbers_cannot_be_counted_on_fails_with_a_reason(engine, column, odd):
    bad, good = push(engine, 2)
    change(engine, bad, column, odd)
    name = worker(engine)
    assert [claim.id for claim in engine.claim(name, ["q"], 5)] == [good]
    stored = engine.find(bad)
    assert (stored.status, stored.exception) == ("failed", UNCOUNTABLE)
    assert [claim.id for claim in engine.held(name)] == [good]


@on("engine", SQL)
@pytest.mark.parametrize("column", ["attempts", "fence"])
def test_a_row_claimed_by_a_worker_that_died_before_failing_it_fails_all_the_same(
    engine, column, monkeypatch
):
    bad, good = push(engine, 2)
    change(engine, bad, column, 2**31 - 1)
    name = worker(engine)
    monkeypatch.setattr(type(engine), "settle", lambda *_: None)
    engine.claim(name, ["q"], 5)
    monkeypatch.undo()
    assert [claim.id for claim in engine.held(name)] == [good]
    assert engine.find(bad).exception == UNCOUNTABLE


@odd_values
def test_recoveries_that_are_no_count_cost_at_most_their_own_job(engine, odd):
    bad, good = push(engine, 2)
    change(engine, bad, "recoveries", odd)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 5)
    assert {type(claim.recoveries) for claim in claims} == {int}
    assert engine.held(name) == unwaited(*claims)
    assert engine.recover(name) == 2
    assert engine.find(good).status == "new"
    assert engine.find(bad).status in ("new", "failed")


@on("engine", SQL)
@pytest.mark.parametrize("move", ["cancel", "requeue"])
def test_a_fence_that_cannot_rise_stops_no_move(engine, move):
    push(engine, 2)
    name = worker(engine)
    for claim in engine.claim(name, ["q"], 2):
        change(engine, claim.id, "fence", 2**31 - 1)
    assert engine.move(move, Where(queue="q")) == 2


@odd_values
def test_a_priority_that_is_none_of_the_five_becomes_the_normal_one(engine, odd):
    if engine._db.dialect.name != "sqlite":
        odd = max(min(odd, 2**15 - 1), -(2**15))  # a smallint
    bad, good = push(engine, 2)
    change(engine, bad, "priority", odd)
    engine.maintain()
    name = worker(engine)
    assert {claim.id for claim in engine.claim(name, ["q"], 5)} == {bad, good}
    assert engine.find(bad).priority == 0


@on("engine", ["sqlite", "mariadb", *MYSQL])
@pytest.mark.parametrize("column", ["scheduled_at", "created_at"])
@pytest.mark.parametrize("moment", ["0000-00-00 00:00:00", "2020-00-00 00:00:00"])
def test_a_moment_that_is_none_holds_up_no_queue(engine, column, moment):
    bad, good = push(engine, 2)
    change(engine, bad, column, moment)
    assert engine.wait(["q"], 0)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 5)
    assert {claim.id for claim in claims} == {bad, good}
    outcomes = [Failed(claim.id, claim.fence, "boom") for claim in claims]
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 2


@on("engine", SQL)
@pytest.mark.parametrize("microseconds", [2**31 - 1, -(2**31)])
def test_microseconds_beyond_a_second_hold_up_no_queue(engine, microseconds):
    bad, good = push(engine, 2, due=1000)
    change(engine, bad, "scheduled_us", microseconds)
    assert engine.wait(["q"], 0)
    assert {claim.id for claim in engine.claim(worker(engine), ["q"], 5)} == {bad, good}


@on("engine", ["sqlite"])
def test_text_for_a_due_time_holds_up_no_wait(engine):
    (odd,) = push(engine)
    change(engine, odd, "scheduled_at", "tomorrow")
    assert not engine.wait(["q"], 0)
    push(engine, priority=1)
    assert engine.wait(["q"], 0)
    assert claim_one(engine).id != odd


@on(("engine", "moment"), [("sqlite", ""), *((name, "0000-00-00") for name in ("mariadb", *MYSQL))])
def test_a_job_that_was_due_at_no_time_has_not_waited(engine, moment):
    (id,) = push(engine)
    change(engine, id, "scheduled_at", moment)
    assert claim_one(engine).waited == 0.0


@on("engine", SQL)
def test_a_job_that_was_due_long_ago_has_waited_as_long(engine):
    (id,) = push(engine)
    change(engine, id, "scheduled_at", "1969-12-31 23:59:59")
    assert claim_one(engine).waited > 1.7e9
