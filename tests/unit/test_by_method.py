"""Attributes that a class decides by a method, as Lightpack's classes do, and names that no worker
would read."""

import json
import time
from datetime import datetime

import pytest

from lightjobs import Backoff, Job, JobDefinitionError, job
from lightjobs.model import Failed, Release

from .support import run


class Ported(Job):
    def queue(self):
        return "eu" if self.payload.get("eu") else "us"

    def delay(self):
        return f"+{self.payload.get('hours', 0)} hours"

    @property
    def priority(self):
        return "higher"

    def attempts(self):
        return 3

    def retryAfter(self):
        return f"+{10 * self.context.attempt} minutes"

    @staticmethod
    def timeout():
        return 30

    @classmethod
    def noRetry(cls):
        return (KeyError,)

    def handle(self):
        raise (self.payload and KeyError("no")) or ValueError("boom")


def delay_of(stored):
    times = [datetime.fromisoformat(text) for text in (stored.created_at, stored.scheduled_at)]
    return round((times[1] - times[0]).total_seconds() / 3600, 2)


def test_methods_decide_what_a_job_is_stored_with(engine):
    stored = engine.find(Ported().dispatch({"eu": True, "hours": 2}))
    assert (stored.queue, stored.priority, delay_of(stored)) == ("eu", 1, 2.0)
    assert stored.options is None
    assert engine.find(Ported().dispatch()).queue == "us"


def test_dispatch_many_asks_for_each_payload(engine):
    job = Ported().setPayload({"its": "own"})
    found = [engine.find(id) for id in job.dispatchMany([{"eu": 1, "hours": 1}, {}, {"eu": 1}])]
    assert [(each.queue, delay_of(each)) for each in found] == [
        ("eu", 1.0),
        ("us", 0.0),
        ("eu", 0.0),
    ]
    assert job.getPayload() == {"its": "own"}


def test_a_setter_comes_before_the_method(engine):
    job = Ported().setQueue("mine").setDelay("now").setAttempts(7).setTimeout(None)
    stored = engine.find(job.dispatch({"eu": True, "hours": 2}))
    assert (stored.queue, delay_of(stored)) == ("mine", 0.0)
    assert json.loads(stored.options) == {"attempts": 7, "timeout": None}


def test_methods_decide_what_follows_a_run():
    outcome = run(Ported, attempts=2).outcome
    assert type(outcome) is Release
    assert outcome.due == pytest.approx(time.time() + 20 * 60, abs=5)
    assert type(run(Ported, attempts=3).outcome) is Failed
    assert type(run(Ported, '{"a":1}').outcome) is Failed  # noRetry
    assert Ported().timeout == 30


def test_on_queue_and_max_attempts_are_lightpacks_methods(engine):
    class Regional(Job):
        queue = "mail"

        def onQueue(self):
            return f"{self.queue}-{self.payload['region']}"

        def maxAttempts(self):
            return 5

        def handle(self):
            raise ValueError

    assert engine.find(Regional().dispatch({"region": "eu"})).queue == "mail-eu"
    (id,) = Regional().setQueue("x").dispatchMany([{"region": "us"}])
    assert engine.find(id).queue == "x-us"
    assert type(run(Regional, attempts=4).outcome) is Release
    assert type(run(Regional, attempts=5).outcome) is Failed
    assert Ported().setQueue("plain").onQueue() == "plain"


def test_a_method_may_start_from_what_the_class_inherits():
    class Base(Job):
        retryAfter = "+1 minute"

        def handle(self):
            raise ValueError

    class Slow(Base):
        def retryAfter(self):
            return [self.retryAfter, "+1 hour"]

    class Slower(Slow):
        def retryAfter(self):
            return [*self.retryAfter, "+1 day"]

    assert Slower().retryAfter == ["+1 minute", "+1 hour", "+1 day"]
    assert Slower().setRetryAfter("now").retryAfter == "now"


def test_a_mixin_decides_too():
    class Patient:
        def retryAfter(self):
            return "+1 day"

    class X(Patient, Job):
        attempts = 2

        def handle(self):
            raise ValueError

    assert run(X).outcome.due == pytest.approx(time.time() + 86_400, abs=5)


def test_a_backoff_from_a_method_gives_its_attempts():
    class X(Job):
        def retryAfter(self):
            return Backoff(attempts=6) if self.payload else "now"

        def handle(self):
            raise ValueError

    assert X().setPayload({"a": 1}).maxAttempts() == 6
    assert X().setPayload({}).maxAttempts() == 1
    assert type(run(X, '{"a":1}', attempts=5).outcome) is Release


def test_a_wrong_value_names_the_method(engine):
    for name, wrong in {"queue": "a,b", "delay": -5, "retryAfter": 30, "timeout": 0}.items():
        body = {"handle": lambda self: None, name: lambda self, wrong=wrong: wrong}
        with pytest.raises(JobDefinitionError, match=rf"^X\.{name}\(\) is .*; allowed: "):
            getattr(type("X", (Job,), body)(), name)
    wrong = type("X", (Job,), {"handle": lambda self: None, "onQueue": lambda self: None})
    with pytest.raises(JobDefinitionError, match=r"^X\.onQueue\(\) is None; allowed: "):
        wrong().dispatch()
    assert engine.stats() == {}


def test_such_a_method_takes_no_arguments_and_is_not_async():
    async def waits(self):
        return "now"

    with pytest.raises(JobDefinitionError, match=r"X\.delay\(\) requires the argument seconds"):
        type("X", (Job,), {"delay": lambda self, seconds: "now"})
    with pytest.raises(JobDefinitionError, match=r"X\.delay is async def"):
        type("X", (Job,), {"delay": waits})


def test_dispatch_sync_asks_with_the_payload_of_the_run(engine):
    class X(Job):
        def timeout(self):
            return self.payload["timeout"]

        def handle(self):
            return self.timeout

    assert X().dispatchSync({"timeout": 2}) == 2


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("retry_after", "retryAfter"),
        ("retry_delay", "retryAfter"),
        ("retryAftr", "retryAfter"),
        ("max_attempts", "maxAttempts"),
        ("tries", "attempts"),
        ("max_tries", "attempts"),
        ("maxTries", "attempts"),
        ("max_retries", "attempts"),
        ("atempts", "attempts"),
        ("no_retry", "noRetry"),
        ("time_limit", "timeout"),
        ("timout", "timeout"),
        ("queue_name", "queue"),
        ("on_queue", "onQueue"),
        ("on_failure", "onFailure"),
        ("on_error", "onFailure"),
        ("onFaliure", "onFailure"),
        ("on_success", "onSuccess"),
        ("onSucess", "onSuccess"),
        ("rate_limit", "rateLimit"),
        ("prority", "priority"),
    ],
)
def test_a_near_name_is_refused_with_the_one_that_was_meant(name, meant):
    for value in (3, lambda self: None):
        with pytest.raises(JobDefinitionError) as caught:
            type("X", (Job,), {"handle": lambda self: None, name: value})
        assert f"X.{name} is read by no worker; did you mean {meant}?" in str(caught.value)


INNOCENT = """attempt attempted timeouts TIMEOUT RETRY_AFTER Payload Handler _retry_after __tries
    relay handler_name handled handles queues delays priorities url client retryable failure success
    limit rate run_at context_manager payload_type set_queue is_queued"""


@pytest.mark.parametrize("name", INNOCENT.split())
def test_innocent_names_are_left_alone(name):
    for value in (3, lambda self: None):
        assert type("X", (Job,), {"handle": lambda self: None, name: value})


def test_nested_classes_and_inherited_names_are_left_alone():
    class Client:
        retry_after = 5
        tries = 2

    class X(Client, Job):
        class tries:
            pass

        def handle(self):
            pass

    assert X.retry_after == 5


def test_a_policy_that_is_no_method_where_one_is_called_is_refused():
    for name, value in {"rateLimit": {"limit": 1, "minutes": 1}, "maxAttempts": 5}.items():
        with pytest.raises(JobDefinitionError, match=rf"X\.{name} is .*; allowed: a method"):
            type("X", (Job,), {"handle": lambda self: None, name: value})


@pytest.mark.parametrize(
    ("name", "meant"),
    [("retry_after", "retryAfter"), ("tries", "attempts"), ("former_handlers", "formerHandlers")],
)
def test_the_decorator_shows_what_was_meant_too(name, meant):
    with pytest.raises(JobDefinitionError) as caught:
        job(**{name: 1})
    assert f"@job is given {name!r}, did you mean {meant}? allowed: " in str(caught.value)
