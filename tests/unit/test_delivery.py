"""A push ends within its time, or with an error that says whether the jobs are stored."""

from __future__ import annotations

import time

import pytest

from lightjobs.engines.delivery import ConnectionLost, Refused, Unsent, deliver
from lightjobs.errors import SchemaOutdated, StoreInDoubt, StoreUnavailable


def push(*errors):
    """A push that raises `errors`, one at each attempt, and then returns the number of attempts."""
    attempts = []

    def attempt(_deadline):
        attempts.append(1)
        if len(attempts) <= len(errors):
            raise errors[len(attempts) - 1]
        return len(attempts)

    attempt.attempts = attempts
    return attempt


@pytest.mark.parametrize("error", [StoreUnavailable("locked"), Unsent("broken pipe")])
def test_a_push_that_stored_nothing_is_tried_again(error):
    assert deliver(push(error, error), 1, 5, "store") == 3


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ConnectionLost("reset"), StoreInDoubt, "may or may not have been stored: reset"),
        (Refused("bad password"), StoreUnavailable, "was not stored: bad password"),
    ],
)
@pytest.mark.parametrize(("count", "jobs"), [(1, "the job"), (7, "the batch of 7 jobs")])
def test_an_error_that_a_second_attempt_cannot_mend_is_raised_at_once(
    error, kind, text, count, jobs
):
    attempt = push(error)
    with pytest.raises(StoreUnavailable, match=f"^store: {jobs} {text}$") as caught:
        deliver(attempt, count, 5, "store")
    assert type(caught.value) is kind
    assert len(attempt.attempts) == 1


def test_attempts_end_at_the_deadline_that_each_is_told():
    deadlines = set()
    begun = time.monotonic()

    def attempt(patience):
        assert time.monotonic() < begun + 5, "it would go on for ever"
        deadlines.add(patience.deadline)
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable, match="store: the job was not stored: away"):
        deliver(attempt, 1, 0.3, "store")
    (deadline,) = deadlines
    assert begun + 0.3 <= deadline
    assert begun + 0.04 < time.monotonic() < deadline + 0.2


def test_an_answer_begins_the_time_anew_but_no_attempt_begins_after_the_first_deadline():
    told = []

    def attempt(patience):
        time.sleep(0.2)
        patience.answered()
        told.append(patience.deadline - time.monotonic())
        raise StoreUnavailable("undone")

    with pytest.raises(StoreUnavailable, match="store: the job was not stored: undone"):
        deliver(attempt, 1, 0.3, "store")
    assert all(0.25 < left <= 0.3 for left in told)
    assert len(told) == 2


def test_other_errors_pass_unchanged():
    error = SchemaOutdated("run `lightjobs migrate:up`")
    with pytest.raises(SchemaOutdated) as caught:
        deliver(push(error), 1, 5, "store")
    assert caught.value is error
