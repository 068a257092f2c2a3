import asyncio
import json
import logging
import threading
import time
from contextvars import ContextVar

import pytest

from lightjobs import Job, SettingsError, current
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.execution import executor, middleware_chain, registry
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.executor import execute
from lightjobs.execution.hooks import has_hook
from lightjobs.execution.run import Run
from lightjobs.middleware import Logging, Middleware, Timing, with_options
from lightjobs.model import Done, Failed, HandBack, Release, Settlement, Status
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler
from lightjobs.settings.settings import examine, load
from lightjobs.testing import Jobs
from tests.support.engines import Wrapped

from .support import claim, run
from .working import Worker

seen = []


class Work(Job):
    attempts = 2
    retryAfter = "+1 hour"

    def handle(self):
        seen.append("handle")
        if "raise" in self.payload:
            raise ValueError(self.payload["raise"])
        return 42

    def onSuccess(self):
        seen.append("success")


class AsyncWork(Work):
    async def handle(self):
        await asyncio.sleep(0)
        return super().handle()


class Outer(Middleware):
    name = "outer"

    async def handle(self, run, next):
        seen.append(f"{self.name} before {type(run.job).__name__}")
        result = await next()
        seen.append(f"{self.name} after {result}")
        return result


class Inner(Outer):
    name = "inner"


class Watcher(Middleware):
    def on_push(self, job_id, job):
        seen.append(("push", job_id, job.queue))

    def on_claim(self, claim):
        seen.append(("claim", claim.id, claim.attempts))

    def on_settle(self, run):
        seen.append(("settle", run.claim.id, type(run.outcome)))


@pytest.fixture(autouse=True)
def _forget():
    seen.clear()


@pytest.fixture
def using(engine, configured):
    """Configure the given middleware."""

    def use(*entries, engine=engine):
        current.use(engine, configured._replace(middleware=entries))

    return use


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_the_first_of_the_list_is_outermost_around_sync_and_async_handlers(using, job):
    using(Outer, Inner)
    assert type(run(job).outcome) is Done
    name = job.__name__
    before = [f"outer before {name}", f"inner before {name}", "handle"]
    assert seen == [*before, "inner after 42", "outer after 42"]


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_what_a_handler_raises_passes_through_and_may_be_changed(using, job):
    class Translates(Middleware):
        async def handle(self, run, next):
            try:
                return await next()
            except ValueError as error:
                if str(error) == "fine":
                    return None
                run.job.failPermanently("translated")

    using(Translates)
    assert type(run(job, '{"raise":"fine"}').outcome) is Done
    outcome = run(job, '{"raise":"not fine"}').outcome
    assert (type(outcome), outcome.exception.split("\n")[0]) == (Failed, "translated")


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_middleware_that_raises_counts_as_the_handler_raising(using, job):
    class Refuses(Middleware):
        async def handle(self, run, next):
            raise SystemExit("no")

    using(Refuses)
    outcome = run(job).outcome
    assert type(outcome) is Release
    assert seen == []


class Waits(Middleware):
    """Awaits before and after, as middleware that calls another service does."""

    async def handle(self, run, next):
        await asyncio.sleep(0.001)
        try:
            result = await next()
        except BaseException as error:
            seen.append(type(error).__name__)
            raise
        await asyncio.sleep(0.001)
        seen.append("waited")
        return result


def test_middleware_may_await_around_sync_and_async_jobs_alike(using, engine, concurrency):
    using(Outer, Waits)
    Work().dispatch()
    AsyncWork().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert engine.stats() == {}
    for name in ("Work", "AsyncWork"):
        assert f"outer before {name}" in seen
    assert (seen.count("handle"), seen.count("waited"), seen.count("outer after 42")) == (2, 2, 2)


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, StopIteration])
def test_what_a_sync_job_raises_reaches_middleware_that_awaits(using, raised):
    class Raises(Job):
        def handle(self):
            raise raised("boom")

    using(Waits)
    for _ in range(2):  # the loop may have been given up: the next job has another
        outcome = run(Raises).outcome
        assert type(outcome) is Failed
    assert len(seen) == 2
    assert type(run(Work).outcome) is Done
    assert seen[2:] == ["handle", "waited"]


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, StopIteration])
def test_what_a_sync_job_raises_passes_through_every_loop_and_none_stays_broken(using, raised):
    class Raises(Job):
        def handle(self):
            raise raised("boom")

    using(Waits, Outer, Waits, Outer, Waits)
    for _ in range(2):
        assert type(run(Raises).outcome) is Failed
    assert len([each for each in seen if "before" not in each]) == 6
    seen.clear()
    assert type(run(Work).outcome) is Done
    assert seen.count("waited") == 3


def test_a_sync_job_has_no_event_loop_around_it_although_its_middleware_has(using):
    class Loops(Job):
        def handle(self):
            seen.append(asyncio.run(asyncio.sleep(0, "own loop")))

    using(Waits)
    assert type(run(Loops).outcome) is Done
    assert seen == ["own loop", "waited"]


def test_middleware_that_awaits_may_run_a_sync_job_twice_or_not_at_all(using):
    class Again(Waits):
        async def handle(self, run, next):
            await asyncio.sleep(0)
            for _ in range(run.job.payload["times"]):
                await next()

    using(Again)
    for times in (0, 2):
        assert type(run(Work, f'{{"times": {times}}}').outcome) is Done
    assert seen == ["handle", "handle"]


@pytest.mark.parametrize("around", [0.0, 5.0], ids=["in the handler", "in the middleware"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_jobs_timeout_covers_its_middleware(using, engine, concurrency, around, asynchronous):
    class Slow(Middleware):
        async def handle(self, run, next):
            try:
                await asyncio.sleep(around)
                return await next()
            finally:
                seen.append("tidied up")

    class Sleeps(Job):
        timeout = 0.3

        def handle(self):
            time.sleep(5)
            seen.append("slept it out")

    class SleepsAsync(Sleeps):
        async def handle(self):
            await asyncio.sleep(5)
            seen.append("slept it out")

    using(Slow)
    id = (SleepsAsync if asynchronous else Sleeps)().dispatch()
    if (
        concurrency == 1 or asynchronous
    ):  # a thread that waits in a system call cannot be interrupted
        Worker(engine, concurrency=concurrency).run()
        assert engine.find(id).exception.startswith("timed out after 0.3 s")
        assert seen == ["tidied up"]


def test_middleware_that_awaits_works_in_a_thread_with_a_running_loop(using):
    using(Waits)

    async def main():
        return Work().dispatchSync({})

    assert asyncio.run(main()) == 42
    assert seen == ["handle", "waited"]


def test_middleware_that_awaits_against_its_promise_fails_the_job_and_not_the_worker(
    using, engine, concurrency
):
    class Promises(Waits):
        awaits = False

    using(Promises)
    bad = Work().setAttempts(1).dispatch()
    AsyncWork().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert "event loop" in engine.find(bad).exception
    assert engine.stats()["default"] | {"new": 0, "failed": 1} == engine.stats()["default"]
    assert seen == ["handle", "waited", "success"]


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


def test_on_claim_and_on_settle_are_called_for_each_run(using, engine, concurrency):
    done = Work().dispatch()
    again = Work().dispatch({"raise": "once"})
    failed = Work().setAttempts(1).dispatch({"raise": "ever"})
    using(Watcher)
    Worker(engine, concurrency=concurrency).run()
    assert {each for each in seen if each[0] == "claim"} == {
        ("claim", id, 1) for id in (done, again, failed)
    }
    assert {each for each in seen if each[0] == "settle"} == {
        ("settle", done, Done),
        ("settle", again, Release),
        ("settle", failed, Failed),
    }
    assert seen.index(("settle", done, Done)) < seen.index("success")


def test_a_job_without_a_class_is_reported_as_claimed_and_failed(using, engine):
    class Gone(Unhooked):
        handler = "gone"

    using(Watcher)
    id = Gone().dispatch()
    del registry._registered["gone"]
    Worker(engine, unknown_after=0.0).run()
    assert seen == [("push", id, "default"), ("claim", id, 1), ("settle", id, Failed)]


def test_a_refused_outcome_is_not_reported_as_settled(using):
    class Refusing(MemoryEngine):
        def settle(self, worker, outcomes):
            return [Settlement.LOST] * len(super().settle(worker, outcomes))

    engine = Refusing()
    using(Watcher, engine=engine)
    id = Work().dispatch()
    Worker(engine).run()
    assert seen == [("push", id, "default"), ("claim", id, 1), "handle"]


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_what_an_observing_method_raises_is_logged_and_changes_nothing(
    using, engine, caplog, error
):
    class Broken(Middleware):
        def on_claim(self, claim):
            raise error("claim")

        def on_settle(self, run):
            raise error("settle")

    class BrokenPush(Middleware):
        def on_push(self, job_id, job):
            raise ValueError("push")

    using(BrokenPush, Broken, Watcher)
    id = Work().dispatch()
    Worker(engine).run()
    assert engine.find(id) is None
    assert seen == [
        ("push", id, "default"),
        ("claim", id, 1),
        "handle",
        ("settle", id, Done),
        "success",
    ]
    for name in ("BrokenPush.on_push", "Broken.on_claim", "Broken.on_settle"):
        assert f"{name} raised" in caplog.text


class Marks(Middleware):
    def before_push(self, jobs):
        seen.append(("before", len(jobs)))
        return [with_options(job, mark=self.mark(job)) for job in jobs]

    def mark(self, job):
        return "marked"

    def on_not_pushed(self, jobs, error):
        seen.append(("not pushed", len(jobs), type(error).__name__))


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


def test_close_is_bounded_and_logs_what_it_raises(using, caplog, monkeypatch):
    class Broken(Middleware):
        def close(self):
            seen.append("broken")
            raise SystemExit(1)

    class Hangs(Middleware):
        def close(self):
            seen.append("hangs")
            hung.wait()

    hung = threading.Event()
    monkeypatch.setattr(middleware_chain, "CLOSE_SECONDS", 0.05)
    using(Broken, Hangs)
    middleware_chain.close()
    hung.set()
    assert seen == ["broken", "hangs"]
    assert "Broken.close raised" in caplog.text
    assert "took longer than 0.05 s to close" in caplog.text


def test_middleware_without_a_method_takes_the_quick_path_of_it(using, engine, monkeypatch):
    """Not even `handled` is entered for middleware that does not override `handle`, nor does a job
    without hooks wait for its settlement for middleware without `on_settle`."""

    async def refused(run):
        raise AssertionError("handled() was called")

    using(Marks)
    monkeypatch.setattr(executor, "handled", refused)
    assert type(run(Unhooked).outcome) is Done
    assert not has_hook(run(Unhooked))


class Ends(Middleware):
    def on_claim(self, claim):
        mark.set(claim.id)

    def on_end(self, run):
        seen.append((type(run.outcome), mark.get() == run.claim.id))
        raise SystemExit("changes nothing")

    def on_settle(self, run):
        seen.append("settled")


mark = ContextVar("mark", default=None)


class LimitedWork(Work):
    def rateLimit(self):
        return {"limit": 0, "hours": 1}


@pytest.mark.parametrize(
    ("job", "payload", "outcome"),
    [
        (Work, {}, Done),
        (AsyncWork, {}, Done),
        (Work, {"raise": "x"}, Release),
        (LimitedWork, {}, Release),
    ],
)
def test_on_end_is_called_for_every_run_with_its_variables(
    using, engine, concurrency, job, payload, outcome
):
    using(Ends)
    job().setRetryAfter("+1 hour").dispatch(payload)
    Worker(engine, concurrency=concurrency).run()
    told = [each for each in seen if each not in ("handle", "success")]
    assert told == [(outcome, True), "settled"]


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_dispatch_sync_goes_through_handle_and_nothing_else(using, job):
    using(Watcher, Outer)
    assert job().dispatchSync() == 42
    assert seen == [f"outer before {job.__name__}", "handle", "outer after 42"]


def test_the_sync_engine_calls_all_four_methods(using):
    using(Watcher, Outer, engine=SyncEngine())
    id = Work().dispatch()
    assert seen == [
        ("claim", id, 1),
        "outer before Work",
        "handle",
        "outer after 42",
        ("settle", id, Done),
        "success",
        ("push", id, "default"),
    ]


class Unhooked(Job):
    def handle(self):
        pass


def test_without_middleware_there_is_nothing_to_call(engine):
    assert middleware_chain.current is None
    assert not has_hook(run(Unhooked))


def test_middleware_is_forgotten_with_the_settings_it_came_from(using):
    using(Watcher)
    assert has_hook(run(Unhooked))
    current.use(None)
    assert middleware_chain.current is None
    assert not has_hook(run(Unhooked))


def test_the_engine_of_the_project_comes_with_its_middleware(project):
    project(
        {
            "config/jobs.py": "import lightjobs\n"
            "jobs = {'engine': 'memory', 'middleware': ['more_jobs.Counts']}\n",
            "more_jobs.py": "from lightjobs.middleware import Middleware\n"
            "class Counts(Middleware):\n    def on_push(self, job_id, job): pushes.append(job_id)\n"
            "pushes = []\n",
        }
    )
    id = Work().dispatch()
    import more_jobs

    assert more_jobs.pushes == [id]


class Unmakeable(Middleware):
    def __init__(self, size):
        pass


class AsyncSettle(Middleware):
    async def on_settle(self, run):
        pass


class SyncHandle(Middleware):
    def handle(self, run, next):
        pass


class YieldingClaim(Middleware):
    def on_claim(self, claim):
        yield claim


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, "names 5; allowed: subclasses of"),
        (Work, "allowed: subclasses of"),
        (Outer(), "allowed: subclasses of"),
        ("lightjobs.Job", "names lightjobs.Job; allowed: subclasses of"),
        ("no.such.Thing", "names no.such.Thing: ModuleNotFoundError: No module named 'no'"),
        ("lightjobs.middleware.Nothing", "AttributeError"),
        ("Logging", "names Logging: ValueError"),
        (Unmakeable, "TypeError"),
        (AsyncSettle, "whose on_settle must be a plain `def`"),
        (YieldingClaim, "whose on_claim must be a plain `def` without yield"),
        (SyncHandle, "whose handle must be an `async def` without yield"),
    ],
)
def test_a_bad_entry_is_a_settings_error_that_names_it(entry, reason):
    with pytest.raises(SettingsError) as caught:
        middleware_chain.load([Logging, entry])
    assert str(caught.value).startswith("config/jobs.py: middleware names ")
    assert reason in str(caught.value)


@pytest.mark.parametrize("value", ["'lightjobs.middleware.Logging'", "5", "{}"])
def test_a_middleware_setting_that_is_not_a_list_is_refused(project, value):
    project({"config/jobs.py": f"import lightjobs\njobs = {{'middleware': {value}}}\n"})
    (problem,) = examine()[1]
    assert problem.startswith("middleware in config/jobs.py is ")
    assert problem.endswith("allowed: a list of classes or their dotted paths")


def test_the_setting_takes_classes_and_paths(project):
    project(
        {
            "config/jobs.py": "from lightjobs.middleware import Timing\n"
            "jobs = {'middleware': [Timing, 'lightjobs.middleware.Logging']}\n"
        }
    )
    made = middleware_chain.load(load().middleware)
    assert [type(each) for each in made.handles] == [Timing]
    assert [type(each) for each in made.settles] == [Logging]


def test_logging_logs_each_step_without_the_payload(using, engine, caplog):
    caplog.set_level(logging.INFO)
    using(Logging)
    done = Work().dispatch({"card": "4111"})
    failed = Work().setAttempts(1).dispatch({"raise": "4111"})
    again = Work().dispatch({"raise": "4111"})
    Worker(engine).run()
    said = [each for each in caplog.records if each.name == "lightjobs.middleware"]
    texts = [each.getMessage() for each in said]
    handler = f"{__name__}.Work"
    for text in (
        f"pushed {handler} {done} to default",
        f"claimed {handler} {done} from default, attempt 1",
        f"done {handler} {done}",
        f"failed {handler} {failed} by ValueError",
        f"released {handler} {again} by ValueError",
    ):
        assert text in texts
    assert "4111" not in "".join(texts)
    assert {each.levelname for each in said if "failed" in each.getMessage()} == {"WARNING"}
    assert {each.job_id for each in said if "done" in each.getMessage()} == {done}


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_timing_logs_how_long_a_handler_took_even_if_it_raised(using, engine, caplog, job):
    class Slow(job):
        def handle(self):
            time.sleep(0.02)
            return super().handle()

    caplog.set_level(logging.INFO)
    using(Timing)
    Slow().setAttempts(1).dispatch({"raise": "no"})
    Worker(engine).run()
    (text,) = [text for text in caplog.messages if " took " in text]
    assert float(text.split(" took ")[1].split()[0]) >= 0.02
    assert "begun 0 s after" in text or "begun 1 s after" in text


def test_timing_leaves_out_handlers_faster_than_slow(using, engine, caplog):
    class OnlySlow(Timing):
        slow = 5.0

    caplog.set_level(logging.INFO)
    using(OnlySlow)
    Work().dispatch()
    Worker(engine).run()
    assert " took " not in caplog.text


def test_a_job_handed_back_is_not_reported_as_settled(using):
    class Limited(Work):
        def rateLimit(self):
            return {"limit": 1, "hours": 1}

    def away(_key, _most, _seconds):
        raise StoreUnavailable("away")

    using(Watcher)
    made = Run(claim(registry.handler_of(Limited)), store=Wrapped(MemoryEngine(), hit=away))
    ended = drive(execute(made))
    assert type(ended.outcome) is HandBack
    assert not has_hook(ended)


def test_on_settle_middleware_does_not_make_other_hooks_run(using, engine, caplog):
    class Fails(Work):
        def onFailure(self):
            seen.append("failure")

    class Gone(Unhooked):
        handler = "gone for good"

    using(Watcher)
    Fails().dispatch({"raise": "once"})
    Gone().dispatch()
    del registry._registered["gone for good"]
    Worker(engine, unknown_after=0.0).run()
    assert {each[2] for each in seen if each[0] == "settle"} == {Release, Failed}
    assert "failure" not in seen
    assert "raised" not in caplog.text
