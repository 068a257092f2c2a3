import asyncio
import json
import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lightjobs import Job, JobDefinitionError, PayloadError, PermanentJobFailure, current
from lightjobs.engines.memory import MemoryEngine
from lightjobs.errors import JobReleased
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.text import shortened


class Pay(Job):
    queue = "payments"
    attempts = 3
    retryAfter = "+30 seconds"

    def handle(self):
        return self.payload


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue", ""),
        ("queue", "a,b"),
        ("queue", " a"),
        ("queue", "a\n"),
        ("queue", "x" * 56),
        ("queue", None),
        ("queue", 7),
        ("delay", "when pigs fly"),
        ("delay", -1),
        ("delay", -0.5),
        ("delay", True),
        ("delay", float("nan")),
        ("delay", float("inf")),
        ("delay", 10**10),
        ("delay", []),
        ("delay", timedelta(seconds=-1)),
        ("delay", timedelta(days=40_000)),
        ("delay", date(2027, 1, 2)),
        ("delay", datetime(2027, 1, 2)),
        ("delay", datetime(9999, 1, 1, tzinfo=UTC)),
        ("delay", None),
        ("retryAfter", "when pigs fly"),
        ("retryAfter", 30),
        ("attempts", 0),
        ("attempts", -1),
        ("attempts", "3"),
        ("attempts", 1.0),
        ("attempts", True),
        ("attempts", 10**7),
        ("priority", "urgent"),
        ("priority", 1),
        ("priority", []),
    ],
)
def test_a_wrong_attribute_is_refused_at_class_definition_and_in_its_setter(name, value):
    with pytest.raises(JobDefinitionError) as caught:
        type("Wrong", (Job,), {name: value})
    shown = shortened(repr(value))
    assert str(caught.value).startswith(f"Wrong.{name} is {shown}; allowed: ")
    setter = "set" + name[0].upper() + name[1:]
    with pytest.raises(JobDefinitionError) as caught:
        getattr(Pay(), setter)(value)
    assert str(caught.value).startswith(f"{setter}() is {shown}; allowed: ")


def test_a_refused_value_is_shown_escaped_and_short():
    with pytest.raises(JobDefinitionError) as caught:
        Pay().setQueue("\x1b[31m" + "x" * 500)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_inherited_attributes_hold(engine):
    class More(Pay):
        pass

    assert engine.find(More().dispatch()).queue == "payments"


def test_dispatch_returns_the_id_as_text_and_stores_the_job(engine):
    id = Pay().dispatch({"payment": 42})
    stored = engine.find(id)
    assert type(id) is str
    assert (stored.queue, stored.payload, stored.options) == ("payments", '{"payment":42}', None)
    assert stored.handler == f"{__name__}.Pay"


def test_setters_are_fluent_and_touch_only_this_job(engine):
    job = Pay()
    assert (
        job.setPayload({"a": 1})
        .setQueue("urgent")
        .setDelay("+1 hour")
        .setAttempts(7)
        .setRetryAfter("+9 seconds")
        .setPriority("highest")
    ) is job
    stored = engine.find(job.dispatch())
    due = time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + 3600))
    assert (stored.queue, stored.priority, stored.payload) == ("urgent", 2, '{"a":1}')
    assert stored.scheduled_at[:16] == due
    assert json.loads(stored.options) == {"attempts": 7, "retryAfter": "+9 seconds"}
    plain = engine.find(Pay().dispatch())
    assert (plain.queue, plain.options, plain.priority) == ("payments", None, 0)


def test_values_set_fluently_are_stored_with_the_job(engine):
    class Boom(Job):
        def handle(self):
            raise ValueError("boom")

    Boom().setAttempts(2).setRetryAfter("+1 hour").dispatch()
    engine.register("w", 30)
    (claim,) = engine.claim("w", ["default"], 1)
    outcome = drive(execute(Run(claim))).outcome
    assert outcome.due > time.time() + 3590


def test_dispatch_without_an_argument_keeps_what_set_payload_gave(engine):
    job = Pay().setPayload({"a": 1})
    assert engine.find(job.dispatch()).payload == '{"a":1}'
    assert engine.find(job.dispatch({})).payload == "{}"
    assert engine.find(Pay().dispatch()).payload == "{}"


def test_the_payload_is_that_of_the_moment_of_dispatch(engine):
    payload = {"a": [1]}
    id = Pay().dispatch(payload)
    payload["a"].append(2)
    assert engine.find(id).payload == '{"a":[1]}'


@pytest.mark.parametrize("payload", [{"a": {1}}, {1: 1}, [1], "x", 7, {"a": float("nan")}])
def test_a_payload_that_is_not_a_json_object_is_refused_at_dispatch(engine, payload):
    for call in (
        Pay().dispatch,
        Pay().dispatchSync,
        lambda value: Pay().setPayload(value).dispatch(),
        lambda value: Pay.dispatchMany([{}, value]),
    ):
        with pytest.raises(PayloadError):
            call(payload)
    assert engine.stats() == {}


def test_the_size_limit_of_the_settings_holds(engine, configured):

    current.use(engine, configured._replace(max_payload=10))
    assert Pay().dispatch({"a": 1})
    with pytest.raises(PayloadError, match="at most 10"):
        Pay().dispatch({"a": 12345})


def test_a_delay_is_stored_as_the_due_time(engine):
    class Later(Job):
        delay = "+5 minutes"

        def handle(self):
            pass

    Later().dispatch()
    assert engine.stats()["default"]["delayed"] == 1
    Later().setDelay("now").dispatch()
    assert engine.stats()["default"] | {"new": 2, "delayed": 1} == engine.stats()["default"]


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (30, 30),
        (90.5, 90.5),
        (timedelta(hours=1), 3600),
        (timedelta(microseconds=500_000), 0.5),
        (100 * 365 * 86_400, 100 * 365 * 86_400),
    ],
)
def test_a_delay_may_be_seconds_or_a_timedelta(pushed, delay, seconds):
    before = time.time()
    Pay().setDelay(delay).dispatch()
    type("Later", (Pay,), {"delay": delay})().dispatch()
    type("Later", (Pay,), {"delay": lambda self: delay})().dispatch()
    assert all(before + seconds <= new.due <= time.time() + seconds for new in pushed)
    assert len(pushed) == 3


def test_a_delay_may_be_a_moment_of_any_zone(pushed):
    moment = datetime.now(timezone(timedelta(hours=-7))) + timedelta(days=1)
    Pay().setDelay(moment).dispatch()
    assert pushed[0].due == moment.timestamp()


def test_no_wait_and_a_moment_of_the_past_are_now_by_the_stores_clock(pushed):
    for delay in (0, 0.0, timedelta(0), "now", datetime(1, 1, 1, tzinfo=UTC)):
        Pay().setDelay(delay).dispatch()
    assert [new.due for new in pushed] == [None] * 5


@pytest.fixture
def pushed(configured):
    """What was pushed to the engine."""
    jobs = []

    class Noting(MemoryEngine):
        def push(self, new):
            jobs.extend(new)
            return super().push(new)

    current.use(Noting(), configured)
    return jobs


def test_dispatch_many_on_the_class_stores_one_each_in_order(engine):
    ids = Pay.dispatchMany({"n": n} for n in range(10))
    assert [engine.find(id).payload for id in ids] == [f'{{"n":{n}}}' for n in range(10)]
    assert {engine.find(id).queue for id in ids} == {"payments"}
    assert Pay.dispatchMany([]) == []


def test_dispatch_many_on_a_job_keeps_what_was_set(engine):
    ids = Pay().setQueue("urgent").setAttempts(5).dispatchMany([{}, {}])
    found = [engine.find(id) for id in ids]
    assert {(job.queue, job.options) for job in found} == {("urgent", '{"attempts": 5}')}


def test_dispatch_many_goes_in_batches(engine, configured):
    sizes = []

    class Counting(MemoryEngine):
        def push(self, jobs):
            sizes.append(len(jobs))
            return super().push(jobs)

    current.use(Counting(), configured)
    ids = Pay.dispatchMany([{}] * 12_001)
    assert sizes == [5000, 5000, 2001]
    assert len(set(ids)) == 12_001


def test_dispatch_sync_returns_what_handle_returns(engine):
    assert Pay().dispatchSync({"a": (1, 2)}) == {"a": [1, 2]}
    assert Pay().setPayload({"a": 1}).dispatchSync() == {"a": 1}
    assert engine.stats() == {}


def test_dispatch_sync_of_an_async_job_runs_also_inside_a_running_loop(engine):
    class Async(Job):
        async def handle(self):
            await asyncio.sleep(0)
            return threading.current_thread().name, self.payload

    assert Async().dispatchSync({"a": 1}) == ("MainThread", {"a": 1})

    async def inside():
        return Async().dispatchSync({"a": 1}), Pay().dispatchSync({"a": 2})

    (thread, payload), other = asyncio.run(inside())
    assert thread != "MainThread"
    assert (payload, other) == ({"a": 1}, {"a": 2})


def test_dispatch_sync_lets_through_what_handle_raises(engine):
    class Boom(Job):
        attempts = 3

        def handle(self):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Boom().dispatchSync()


def test_dispatch_sync_runs_a_fresh_object_with_the_values_set(engine):
    class Looks(Job):
        def handle(self):
            self.payload["seen"] = True
            return self, self.attempts, self.context.attempt

    job = Looks().setAttempts(4).setPayload({"a": 1})
    ran, attempts, attempt = job.dispatchSync()
    assert ran is not job
    assert (attempts, attempt) == (4, 1)
    assert job.getPayload() == {"a": 1}


def test_fail_permanently_and_release_end_the_run():
    with pytest.raises(PermanentJobFailure, match="stolen"):
        Pay().failPermanently("stolen")
    before = int(time.time())
    with pytest.raises(JobReleased) as caught:
        Pay().release("+10 seconds")
    assert before + 10 <= caught.value.due <= time.time() + 10
    assert caught.value.attempts == "keep"


def test_release_refuses_wrong_arguments():
    with pytest.raises(ValueError, match="keep, count, reset"):
        Pay().release(attempts="double")
    with pytest.raises(ValueError, match="pigs"):
        Pay().release("when pigs fly")
    with pytest.raises(ValueError, match="delay is 30; allowed: what PHP's strtotime reads"):
        Pay().release(30)


def test_a_job_that_has_not_run_has_no_exception_and_an_empty_payload():
    assert Pay().getException() is None
    assert Pay().getPayload() == {}
    assert Pay().maxAttempts() == 3
    assert Pay().setAttempts(9).maxAttempts() == 9
