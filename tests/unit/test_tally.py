"""What a worker counts of its runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from lightjobs.errors import JobReleased, JobTimeout
from lightjobs.execution.run import Run
from lightjobs.model import Claim, Done, Failed, HandBack, Outcome, Release, Settlement
from lightjobs.notes.observed import BOUNDS, MOST_PAIRS, OTHER, part_of
from lightjobs.workers.tally import MOST_EXCEPTIONS, Counts, Tally, error_name, read_counts
from lightjobs.workers.vitals import OUTCOMES, Totals

ACCEPTED = Settlement.ACCEPTED
numbers = itertools.count()


def ended(
    outcome: type[Outcome] = Done,
    error: BaseException | None = None,
    *,
    queue: str = "default",
    handler: str = "Pay",
    seconds: float = 0.001,
    waited: float = 0.0,
    started_after: float = 0.0,
) -> Run:
    """A run that has ended."""
    id = str(next(numbers))
    run = Run(Claim(id, 1, handler, queue, "{}", 1, 0, "", None, waited))
    text = None if isinstance(error, JobReleased) else "text"
    more = {Release: (0.0, 1, text), Failed: (text,)}.get(outcome, ())
    run.outcome, run.exception, run.seconds = outcome(id, 1, *more), error, seconds
    run.claimed_at, run.started_at = 100.0, 100.0 + started_after
    return run


def counted(*runs: Run, answers: Sequence[Settlement | None] = ()) -> Counts:
    """What a tally counts of `runs`, settled as one batch."""
    tally = Tally()
    given = answers or [ACCEPTED] * len(runs)
    tally.settled(runs, [(run.outcome, each) for run, each in zip(runs, given, strict=True)])
    return read_counts(tally.text())


def only(counts: Counts) -> Totals:
    (totals,) = counts.runs.values()
    return totals


def parts(distribution: Sequence[int]) -> dict[int, int]:
    """The parts of a distribution that are not empty."""
    return {part: count for part, count in enumerate(distribution) if count}


def outcomes(totals: Totals) -> dict[str, int]:
    return {name: n for name, n in zip(OUTCOMES, totals.ended, strict=True) if n}


@pytest.mark.parametrize(
    ("run", "answer", "outcome"),
    [
        (ended(), ACCEPTED, "done"),
        (ended(Release, ValueError("x")), ACCEPTED, "retried"),
        (ended(Release, JobTimeout(1)), ACCEPTED, "retried"),
        (ended(Release, JobReleased(0.0, "keep")), ACCEPTED, "released"),
        (ended(Failed, ValueError("x")), ACCEPTED, "failed"),
        (ended(), Settlement.CANCELLED, "cancelled"),
        (ended(), Settlement.LOST, "lost"),
        (ended(), None, "lost"),
    ],
)
def test_a_run_counts_by_what_became_of_it(
    run: Run, answer: Settlement | None, outcome: str
) -> None:
    for others in ([], [ended()]):
        counts = counted(*others, run, answers=[ACCEPTED for _ in others] + [answer])
        expected = {outcome: 1}
        if others:
            expected["done"] = expected.get("done", 0) + 1
        assert outcomes(only(counts)) == expected


def test_a_job_that_was_handed_back_has_not_run() -> None:
    assert counted(ended(HandBack)).runs == {}


def test_queues_and_handlers_of_a_batch_are_counted_apart() -> None:
    counts = counted(
        *(ended(), ended(handler="Mail"), ended(queue="slow"), ended()),
        *(ended(Failed, ValueError("x"), handler="Mail"), ended()),
    )
    assert {pair: outcomes(totals) for pair, totals in counts.runs.items()} == {
        ("default", "Pay"): {"done": 3},
        ("default", "Mail"): {"done": 1, "failed": 1},
        ("slow", "Pay"): {"done": 1},
    }


@pytest.mark.parametrize("seconds", [[0.001] * 3, [0.001, 0.3, 0.004, 7.0], [0.003, 0.003]])
def test_durations_fall_into_their_parts(seconds: list[float]) -> None:
    totals = only(counted(*[ended(seconds=each) for each in seconds]))
    expected: dict[int, int] = {}
    for each in seconds:
        expected[part_of(each)] = expected.get(part_of(each), 0) + 1
    assert parts(totals.durations) == expected
    assert totals.seconds == pytest.approx(sum(seconds))


def test_a_wait_is_that_for_the_claim_and_that_for_the_start() -> None:
    totals = only(counted(ended(waited=2.0, started_after=0.25)))
    assert parts(totals.waits) == {part_of(2.25): 1}
    assert totals.waited == pytest.approx(2.25)


def test_waits_that_differ_are_counted_one_by_one() -> None:
    waits = [70.0, 20.0, 20.0, 0.002]
    totals = only(counted(*[ended(waited=each) for each in waits]))
    assert parts(totals.waits) == {part_of(70): 1, part_of(20): 2, part_of(0.002): 1}
    assert totals.waited == pytest.approx(sum(waits))


def test_waits_between_two_like_ones_are_like_them() -> None:
    totals = only(counted(*[ended(waited=each) for each in (9.0, 8.0, 7.0)]))
    assert parts(totals.waits) == {part_of(8.0): 3}
    assert totals.waited == pytest.approx(24.0)


def test_what_is_longer_than_all_bounds_has_a_part_too() -> None:
    totals = only(counted(ended(seconds=1e6, waited=1e6)))
    assert parts(totals.durations) == parts(totals.waits) == {len(BOUNDS): 1}


def test_beyond_most_pairs_the_handler_is_other() -> None:
    tally = Tally()
    for number in range(MOST_PAIRS + 5):
        run = ended(handler=f"Job{number}")
        tally.settled([run], [(run.outcome, ACCEPTED)])
    counts = read_counts(tally.text())
    assert len(counts.runs) == MOST_PAIRS + 1
    assert counts.runs[("default", OTHER)].ended[0] == 5
    assert ("default", "Job3") in counts.runs


def test_errors_are_counted_by_class() -> None:
    counts = counted(
        *(ended(Failed, ValueError("x")), ended(Release, ValueError("y")), ended()),
        *(ended(Failed, JobTimeout(1)), ended(Release, JobReleased(0.0, "keep"))),
    )
    assert counts.exceptions == {
        ("default", "Pay", "ValueError"): 2,
        ("default", "Pay", "JobTimeout"): 1,
    }


def test_beyond_most_exceptions_the_class_is_other() -> None:
    errors = [type(f"Error{n}", (Exception,), {})("x") for n in range(MOST_EXCEPTIONS + 3)]
    counts = counted(*[ended(Failed, error) for error in errors])
    assert len(counts.exceptions) == MOST_EXCEPTIONS + 1
    assert counts.exceptions[("default", OTHER, OTHER)] == 3


def test_an_error_is_named_as_a_traceback_names_it() -> None:
    class Own(Exception):
        pass

    assert error_name(ValueError()) == "ValueError"
    assert error_name(JobTimeout(1)) == "JobTimeout"
    assert error_name(Own()) == f"{__name__}.{Own.__qualname__}"


def test_runs_whose_process_has_ended_are_counted_without_a_duration() -> None:
    tally = Tally()
    tally.reclaimed("default", "Pay", None)
    tally.reclaimed("default", "Pay", Failed("1", 1, "x"))
    tally.reclaimed("default", "Pay", Done("1", 1))
    tally.reclaimed("default", "Pay", Release("1", 1, 0.0, 1, "ValueError: x"))
    totals = only(read_counts(tally.text()))
    assert outcomes(totals) == {"lost": 1, "failed": 1, "done": 1, "retried": 1}
    assert (parts(totals.durations), parts(totals.waits)) == ({}, {})
    assert tally.changes == 4


def test_names_survive_whatever_is_in_them() -> None:
    odd = 'ü"\\\n\ud800☃'
    counts = counted(ended(handler=odd))
    assert list(counts.runs) == [("default", odd)]
