"""What middleware is told of runs: that they are claimed, have ended and are settled."""

from contextvars import ContextVar

import pytest

from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.errors import StoreUnavailable
from lightjobs.execution import registry
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.executor import execute
from lightjobs.execution.hooks import has_hook
from lightjobs.execution.run import Run
from lightjobs.middleware import Middleware
from lightjobs.model import Done, Failed, HandBack, Release, Settlement
from tests.support.engines import Wrapped

from .middlewares import (
    AsyncWork,
    Outer,
    Unhooked,
    Watcher,
    Work,
    _forget,  # noqa: F401
    seen,
    using_fixture,  # noqa: F401
)
from .support import claim
from .working import Worker


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
