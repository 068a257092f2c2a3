"""The project's retry policy: what counts for a class that sets no value of its own."""

import pytest

from lightjobs import Backoff, Job, current, env, job
from lightjobs.engines.memory import MemoryEngine
from lightjobs.errors import SettingsError
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Failed, Release
from lightjobs.settings.settings import RetryPolicy, Settings, examine, load


class Silent(Job):
    handler = "test.silent"

    def handle(self):
        raise RuntimeError


class Mixin:
    attempts = 7


class Says(Job):
    handler = "test.says"
    attempts = 2
    timeout = None
    retryAfter = "+9 seconds"


class Inherits(Mixin, Job):
    handler = "test.inherits"


class Backs(Job):
    handler = "test.backs"
    retryAfter = Backoff(attempts=6)


@job(name="test.function")
def function() -> None: ...


@job(name="test.saying", attempts=2)
def saying() -> None: ...


def policy(**values):
    current.use(MemoryEngine(), Settings("memory", retry_policy=RetryPolicy(**values)))


def values(kind):
    return kind().attempts, kind().retryAfter, kind().timeout


def test_it_counts_where_a_class_says_nothing():
    policy(attempts=5, retry_after="+1 minute", timeout=30.0)
    assert values(Silent) == (5, "+1 minute", 30.0)
    assert values(Says) == (2, "+9 seconds", None)
    assert values(Inherits) == (7, "+1 minute", 30.0)
    assert values(Backs) == (6, Backs.retryAfter, 30.0)
    assert function.as_job().attempts == 5
    assert saying.as_job().attempts == 2
    assert Silent().setAttempts(3).attempts == 3
    assert Silent().maxAttempts() == 5


def test_without_one_the_values_are_lightpacks_again():
    policy(attempts=5, retry_after="+1 minute", timeout=30.0)
    policy(timeout=2.0)
    assert values(Silent) == (1, "now", 2.0)
    current.use(None)
    assert values(Silent) == (1, "now", None)


def test_a_backoff_brings_its_attempts_unless_the_policy_or_the_class_has_some():
    policy(retry_after=Backoff(attempts=6))
    assert Silent().attempts == 6
    assert Says().attempts == 2
    policy(retry_after=Backoff(attempts=6), attempts=9)
    assert Silent().attempts == 9

    class Later(Job):
        handler = "test.later"

    assert Later().attempts == 9
    policy(attempts=3)
    assert Later().attempts == 3


def test_runs_follow_it():
    policy(attempts=2, retry_after="+1 hour")
    engine = current.engine()
    Silent().dispatch({})
    engine.register("w", 30)
    outcomes = []
    for _ in range(2):
        (claim,) = engine.claim("w", ["default"], 1)
        run = Run(claim)
        run_here(execute(run), run.needs_loop())
        outcomes.append(run.outcome)
        if isinstance(run.outcome, Release):
            assert run.outcome.due > 3000
            engine.settle("w", [run.outcome._replace(due=0.0)])
    assert [type(each) for each in outcomes] == [Release, Failed]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+30 seconds", "+30 seconds"),
        ("+10 seconds, +1 minute,+1 hour", ["+10 seconds", "+1 minute", "+1 hour"]),
    ],
)
def test_the_environment_sets_it(monkeypatch, text, found):
    for key, value in {"ATTEMPTS": "4", "RETRY_AFTER": text, "TIMEOUT": "2.5"}.items():
        monkeypatch.setenv(f"JOB_{key}", value)
    assert load().retry_policy == (4, found, 2.5)
    current.use(None)
    current.settings()
    assert values(Silent) == (4, found, 2.5)


def test_config_may_have_a_backoff(project):
    project(
        {
            "config/jobs.py": "from lightjobs import Backoff\n"
            "jobs = {'retry_after': Backoff(attempts=8, base=1), 'timeout': 60}\n"
        }
    )
    env.forget()
    current.use(None)
    current.settings()
    assert values(Silent) == (8, Backoff(attempts=8, base=1), 60.0)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("JOB_ATTEMPTS", "0", "a whole number from 1 to 1000000"),
        ("JOB_ATTEMPTS", "many", "a whole number from 1 to 1000000"),
        ("JOB_RETRY_AFTER", "soonish", "what PHP's strtotime reads, several of that, or a Back"),
        ("JOB_RETRY_AFTER", "+1 minute,", "what PHP's strtotime reads"),
        ("JOB_TIMEOUT", "0", "seconds, more than 0 and at most 1,000,000"),
        ("JOB_TIMEOUT", "nan", "seconds, more than 0"),
        ("JOB_TIMEOUT", "2000000", "seconds, more than 0"),
    ],
)
def test_a_wrong_value_is_named(call, ready, monkeypatch, key, value, allowed):
    monkeypatch.setenv(key, value)
    problem = f"{key} is {value!r}; allowed: {allowed}"
    status, out, _err = call("check")
    assert (status, f"problem: {problem}" in out) == (1, True)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("value", ["5", "[]", "['now', 'soonish']", "object()"])
def test_a_wrong_value_in_config_is_named(project, value):
    project({"config/jobs.py": f"jobs = {{'retry_after': {value}}}\n"})
    (problem,) = examine().problems
    assert problem.startswith("JOB_RETRY_AFTER is ")


class Decides(Job):
    handler = "test.decides"

    def handle(self): ...

    def retryAfter(self):
        return "+3 seconds" if self.payload else self.retryAfter

    def maxAttempts(self):
        return self.attempts + 1


class ByAttribute(Job):
    handler = "test.by-attribute"

    def handle(self): ...

    @property
    def attempts(self):
        return self.attempts * 2


def test_a_method_that_decides_starts_from_the_policy_of_the_present():
    policy(attempts=5, retry_after="+1 minute")
    assert Decides().setPayload({}).retryAfter == "+1 minute"
    assert Decides().setPayload({"n": 1}).retryAfter == "+3 seconds"
    assert Decides().setPayload({}).maxAttempts() == 6
    assert ByAttribute().attempts == 10
    policy(attempts=3)
    assert Decides().setPayload({}).maxAttempts() == 4
    assert ByAttribute().attempts == 6
