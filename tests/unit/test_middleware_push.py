"""What middleware does before and after jobs are pushed."""

import asyncio
import json
from contextvars import ContextVar

import pytest

from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.middleware import Middleware
from lightjobs.model import Status
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler
from lightjobs.testing import Jobs
from tests.support.engines import Wrapped

from .middlewares import Marks, Watcher, Work, _forget, seen, using_fixture  # noqa: F401


def test_on_push_is_called_with_the_id_once_the_store_has_the_job(using, engine):
    using(Watcher)
    first = Work().setQueue("q").dispatch()
    rest = Work.dispatchMany([{}, {}])
    expected = [("push", first, "q"), *(("push", id, "default") for id in rest)]
    assert seen == expected

    def away(_jobs):
        raise StoreUnavailable("away")

    using(Watcher, engine=Wrapped(engine, push=away))
    with pytest.raises(StoreUnavailable):
        Work().dispatch()
    assert seen == expected


def options(engine):
    return [json.loads(each.options) for each in engine.browse(Where(status=Status.NEW), 100)]


def marks(engine):
    return [each["mark"] for each in options(engine)]


def scheduler_of(engine):
    made = Scheduler(engine, [Schedule().job(Work).name("work").everySeconds(1).entry()])
    made.begin(1000.0)
    return made


def test_before_push_adds_options_on_every_way_of_dispatching(using, engine):
    using(Marks)
    Work().dispatch()
    Work().setAttempts(3).dispatch()
    Work.dispatchMany([{}, {}])

    async def main():
        await Work().dispatchAsync()
        await Work.dispatchManyAsync([{}, {}])

    asyncio.run(main())
    assert marks(engine) == ["marked"] * 7
    assert seen == [("before", 1), ("before", 1), ("before", 2), ("before", 1), ("before", 2)]
    assert {"attempts": 3, "mark": "marked"} in options(engine)


def test_before_push_is_called_in_the_context_of_the_coroutine(using, engine):
    class Named(Marks):
        def mark(self, job):
            return name.get()

    async def one(value):
        name.set(value)
        await Work().dispatchAsync()

    async def main():
        await asyncio.gather(one("a"), one("b"))

    name = ContextVar("name")
    using(Named)
    asyncio.run(main())
    assert sorted(marks(engine)) == ["a", "b"]


def test_before_push_sees_jobs_of_a_callers_transaction_and_of_a_test(using, engine):
    using(Marks)
    Work().dispatch(connection=object())
    with Jobs() as jobs:
        Work().dispatch()
        assert marks(engine) == ["marked"]
        (stored,) = jobs.stored()
        assert json.loads(stored.options) == {"mark": "marked"}


def test_before_push_sees_the_slots_of_a_schedule(using, engine):
    using(Marks)
    scheduler_of(engine).tick(1001.0)
    (made,) = options(engine)
    assert (made["entry"], made["mark"]) == ("work", "marked")


def test_before_push_that_raises_in_the_scheduler_passes_the_moment_over(using, engine, caplog):
    class Broken(Marks):
        def mark(self, job):
            raise ValueError("boom")

    using(Broken)
    scheduler_of(engine).tick(1001.0)
    assert options(engine) == []
    assert "passed over" in caplog.text
    assert "before_push" in caplog.text


def test_what_before_push_raises_reaches_the_caller_and_nothing_is_stored(using, engine):
    class Refuses(Marks):
        def mark(self, job):
            raise ValueError("not today")

    using(Refuses)
    with pytest.raises(ValueError, match="not today"):
        Work().dispatch()
    with pytest.raises(ValueError, match="not today"):
        asyncio.run(Work().dispatchAsync())
    assert options(engine) == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda jobs: None, "returned <class 'NoneType'>; allowed: a sequence of NewJob"),
        (lambda jobs: ["job"], "allowed: a sequence of NewJob"),
        (lambda jobs: iter(jobs), "allowed: a sequence of NewJob"),
        (lambda jobs: [], "was given 1 jobs and returned 0; allowed: as many, in the same order"),
        (lambda jobs: [jobs[0]._replace(queue="a,b")], "returned the queue 'a,b'; allowed: a name"),
        (lambda jobs: [jobs[0]._replace(options={"a": 1})], "returned the options {'a': 1};"),
        (lambda jobs: [jobs[0]._replace(options="[1]")], "allowed: JSON text of an object"),
    ],
)
def test_what_before_push_may_not_return_is_a_clear_error(using, engine, make, reason):
    class Odd(Middleware):
        def before_push(self, jobs):
            return make(jobs)

    using(Odd)
    with pytest.raises(LightjobsError) as caught:
        Work().dispatch()
    assert "Odd.before_push" in str(caught.value)
    assert reason in str(caught.value)
    assert options(engine) == []


def test_on_not_pushed_is_called_when_the_store_did_not_take_the_jobs(using, engine):
    def away(_jobs):
        raise StoreUnavailable("away")

    using(Marks, engine=Wrapped(engine, push=away))
    with pytest.raises(StoreUnavailable):
        Work().dispatch()
    with pytest.raises(StoreUnavailable):
        asyncio.run(Work().dispatchAsync())
    told = ("not pushed", 1, "StoreUnavailable")
    assert seen == [("before", 1), told, ("before", 1), told]


def test_on_not_pushed_is_called_when_another_scheduler_was_faster(using, engine):
    using(Marks)
    schedulers = [scheduler_of(engine) for _ in range(2)]
    for each in schedulers:
        each.tick(1001.0)
    assert seen == [("before", 1), ("before", 1), ("not pushed", 1, "NoneType")]
