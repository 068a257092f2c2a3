import json
import subprocess
import sys
import time
from itertools import product

import pytest

from lightjobs import Backoff, Job, JobDefinitionError
from lightjobs.dispatching.new_jobs import new_jobs
from lightjobs.execution.backoff import _PLAIN, due
from lightjobs.model import Failed, Release
from lightjobs.strtotime import strtotime

from .support import run


class Boom(Job):
    attempts = 10

    def handle(self):
        raise ValueError("boom")


def waits(job, attempt, **fields):
    """Seconds until a failed run number `attempt` is repeated."""
    outcome = run(job, attempts=attempt, **fields).outcome
    assert type(outcome) is Release
    return outcome.due - time.time()


def options(job):
    return new_jobs(job, [{}])[0].options


def test_a_list_has_a_wait_for_each_attempt_and_the_last_for_all_further_ones():
    class Listed(Boom):
        retryAfter = ["+10 seconds", "+1 minute", "+5 minutes"]

    for attempt, seconds in ((1, 10), (2, 60), (3, 300), (4, 300), (9, 300)):
        assert seconds - 2 < waits(Listed, attempt) <= seconds


def test_a_list_or_backoff_set_on_one_job_is_stored_with_it():
    listed = options(Boom().setRetryAfter(["+10 seconds", "+1 hour"]))
    assert json.loads(listed) == {"retryAfter": ["+10 seconds", "+1 hour"]}
    assert 3598 < waits(Boom, 2, options=listed) <= 3600
    backoff = options(Boom().setRetryAfter(Backoff(base=40, cap=60, jitter=0)))
    assert 39 < waits(Boom, 1, options=backoff) <= 40
    assert 59 < waits(Boom, 2, options=backoff) <= 60


def test_waits_double_up_to_the_cap():
    plain = Backoff(jitter=0)
    assert [plain.seconds(n) for n in range(1, 9)] == [2, 4, 8, 16, 32, 64, 120, 120]
    assert plain.seconds(1_000_000) == 120


def test_jitter_spreads_half_of_the_wait_to_both_sides():
    spread = [Backoff().seconds(3) for _ in range(2000)]
    assert 4 <= min(spread) < 4.4
    assert 11.6 < max(spread) <= 12


def test_a_backoff_is_due_from_now():
    assert time.time() + 1 <= due(Backoff(), 1) <= time.time() + 3


def test_a_job_without_attempts_of_its_own_takes_those_of_its_backoff():
    class Four(Job):
        retryAfter = Backoff()

    class Six(Four):
        retryAfter = Backoff(attempts=6)

    class Own(Job):
        attempts = 2
        retryAfter = Backoff()

    class Heir(Own):
        retryAfter = Backoff(attempts=9)

    assert [job.attempts for job in (Four, Six, Own, Heir, Job)] == [4, 6, 2, 2, 1]
    assert Own().setRetryAfter(Backoff()).attempts == 2
    assert Four().setAttempts(7).setRetryAfter(Backoff()).attempts == 7

    class Bare(Job):
        def handle(self):
            pass

    job = Bare().setRetryAfter(Backoff(attempts=3))
    assert json.loads(options(job))["attempts"] == 3


@pytest.mark.parametrize(
    "value", [[], ["+1 minute", "when pigs fly"], [5], "when pigs fly", 5, {"base": 1}, None]
)
def test_a_wrong_policy_is_refused_with_what_is_allowed(value):
    with pytest.raises(JobDefinitionError, match=r"a list of that .* or a Backoff"):
        Boom().setRetryAfter(value)
    with pytest.raises(JobDefinitionError, match=r"Wrong.retryAfter is "):
        type("Wrong", (Job,), {"retryAfter": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempts", 0),
        ("attempts", True),
        ("base", 0),
        ("base", float("nan")),
        ("base", "2"),
        ("cap", 1),
        ("cap", float("inf")),
        ("jitter", -0.1),
        ("jitter", 1.1),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(name, value):
    with pytest.raises(JobDefinitionError, match=f"Backoff's {name} is .*; allowed: "):
        Backoff(**{name: value})


@pytest.mark.parametrize("stored", ['{"jitter": 9}', '{"pigs": 1}'])
def test_a_stored_object_that_is_not_a_backoff_fails_the_job_with_the_reason(stored):
    outcome = run(Boom, attempts=10, options=f'{{"retryAfter": {stored}}}').outcome
    assert type(outcome) is Failed
    assert "Backoff" in outcome.exception


def test_an_exception_of_no_retry_fails_at_once():
    class Declined(ValueError):
        pass

    class Fussy(Job):
        attempts = 5
        noRetry = (Declined, KeyError)

        def handle(self):
            raise {"declined": Declined, "value": ValueError}[self.payload["raise"]]("no")

    assert type(run(Fussy, '{"raise":"declined"}').outcome) is Failed
    assert type(run(Fussy, '{"raise":"other"}').outcome) is Failed
    assert type(run(Fussy, '{"raise":"value"}').outcome) is Release


def test_no_retry_does_not_keep_release_from_putting_the_job_back():
    class Patient(Job):
        noRetry = (Exception,)

        def handle(self):
            self.release("+1 minute", attempts="count")

    outcome = run(Patient).outcome
    assert (type(outcome), outcome.attempts) == (Release, 1)


@pytest.mark.parametrize("value", [ValueError, [ValueError], ("ValueError",), (3,), None])
def test_a_wrong_no_retry_is_refused(value):
    with pytest.raises(JobDefinitionError, match="a tuple of exception types"):
        type("Wrong", (Job,), {"noRetry": value})


def test_what_passes_without_the_parser_can_be_parsed():
    numbers = ["", "+", "-"], ["0", "1", "07", "99999"]
    units = ["second", "minute", "hour", "day", "week"]
    for sign, number, unit, plural in product(*numbers, units, ["", "s"]):
        text = f"{sign}{number} {unit}{plural}"
        assert _PLAIN.fullmatch(text), text
        strtotime(text)
    for text in ("", "+5", "+5 pigs", "+5minutes", "soon", "+5 minutes ago", "5 minutes\n"):
        assert not _PLAIN.fullmatch(text)


def test_a_class_with_plain_waits_does_not_import_the_parser():
    source = (
        "import sys, lightjobs\n"
        "class Plain(lightjobs.Job):\n"
        "    delay, retryAfter = '+5 minutes', ['+30 seconds', '1 hour']\n"
        "assert 'lightjobs.strtotime.parser' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)
