"""Dispatches that are pushed together are answered alone."""

import pytest

from lightjobs.engines import group_commit
from lightjobs.engines.delivery import ConnectionLost, Refused, deliver
from lightjobs.engines.null import NullEngine
from lightjobs.errors import (
    LightjobsError,
    LoginRefused,
    SchemaOutdated,
    StoreInDoubt,
    StoreUnavailable,
)
from lightjobs.model import NewJob


class Dispatch:
    def __init__(self, *payloads):
        self.jobs = [NewJob("Work", "default", payload) for payload in payloads]
        self.cancelled = False

    def is_cancelled(self):
        return self.cancelled


class Store(NullEngine):
    """Raises what `met(payloads)` returns; otherwise it stores the jobs, whose ids are their
    payloads."""

    name = "test"

    def __init__(self, met=lambda payloads: None):
        super().__init__()
        self.pushes, self.stored, self._met = [], [], met

    def push(self, jobs):
        payloads = [job.payload for job in jobs]
        self.pushes.append(payloads)
        error = self._met(payloads)
        if isinstance(error, StoreUnavailable):
            deliver(lambda patience: _raise(error), len(jobs), 0, self.name)
        if error is not None:
            raise error
        self.stored += payloads
        return payloads


def _raise(error):
    raise error


def push(store, dispatches):
    """The answer to each of `dispatches`."""
    answers = {}

    def answer(group, given):
        answers.update(zip(group, given, strict=True))

    group_commit.push(store, dispatches, answer)
    return [answers.get(each) for each in dispatches]


def test_one_push_stores_a_group_and_each_dispatch_gets_its_own_ids():
    store = Store()
    assert push(store, [Dispatch("a"), Dispatch("b", "c"), Dispatch("d")]) == [
        ["a"],
        ["b", "c"],
        ["d"],
    ]
    assert store.pushes == [["a", "b", "c", "d"]]


@pytest.mark.parametrize(
    "error",
    [
        Refused("too large"),
        LightjobsError("a trigger raises"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    ],
)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_refusal_meets_only_the_dispatch_that_it_is_about(error, place):
    store = Store(lambda payloads: error if "bad" in payloads else None)
    names = ["bad" if n == place else str(n) for n in range(7)]
    answers = push(store, [Dispatch(name) for name in names])
    assert [answer for n, answer in enumerate(answers) if n != place] == [
        [name] for name in names if name != "bad"
    ]
    assert str(error) in str(answers[place])
    assert store.stored == [name for name in names if name != "bad"]


def test_the_jobs_of_one_dispatch_stay_together_when_the_group_is_refused():
    store = Store(lambda payloads: LightjobsError("no") if "bad" in payloads else None)
    answers = push(store, [Dispatch("a", "bad"), Dispatch("b", "c")])
    assert isinstance(answers[0], LightjobsError)
    assert answers[1] == store.stored == ["b", "c"]


def test_a_group_in_doubt_is_not_pushed_again(monkeypatch):
    monkeypatch.setattr(group_commit, "GROUP_JOBS", 2)
    store = Store(lambda payloads: ConnectionLost("no reply"))
    answers = push(store, [Dispatch("a"), Dispatch("b"), Dispatch("c"), Dispatch("d", "e")])
    assert store.pushes == [["a", "b"]]
    assert [type(answer) for answer in answers] == [StoreInDoubt] * 2 + [StoreUnavailable] * 2
    assert list(map(str, answers)) == [
        *["test: the job may or may not have been stored: no reply"] * 2,
        "test: the job was not stored: no reply",
        "test: the batch of 2 jobs was not stored: no reply",
    ]
    assert len({id(answer) for answer in answers}) == 4


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StoreUnavailable("away"), StoreUnavailable),
        (LoginRefused("wrong password"), LoginRefused),
        (SchemaOutdated("no table"), SchemaOutdated),
    ],
)
def test_a_store_that_is_away_is_asked_once_for_all_that_wait(monkeypatch, error, kind):
    monkeypatch.setattr(group_commit, "GROUP_JOBS", 2)
    store = Store(lambda payloads: error)
    answers = push(store, [Dispatch(str(n)) for n in range(5)])
    assert store.pushes == [["0", "1"]]
    assert [type(answer) for answer in answers] == [kind] * 5
    assert len({id(answer) for answer in answers}) == 5
    assert all(str(error) in str(answer) for answer in answers)


def test_a_store_that_goes_away_between_two_halves_has_taken_the_first():
    def met(payloads):
        if len(payloads) == 4:
            return LightjobsError("refused")
        return StoreUnavailable("away") if "2" in payloads else None

    store = Store(met)
    answers = push(store, [Dispatch(str(n)) for n in range(4)])
    assert answers[:2] == [["0"], ["1"]]
    assert [str(answer) for answer in answers[2:]] == ["test: the job was not stored: away"] * 2
    assert store.pushes == [["0", "1", "2", "3"], ["0", "1"], ["2", "3"]]


def test_an_error_that_does_not_tell_whether_jobs_are_stored_ends_their_group_only(monkeypatch):
    monkeypatch.setattr(group_commit, "GROUP_JOBS", 2)
    store = Store(lambda payloads: OSError("reset") if "b" in payloads else None)
    answers = push(store, [Dispatch("a"), Dispatch("b"), Dispatch("c")])
    assert [type(answer) for answer in answers] == [OSError, OSError, list]
    assert store.pushes == [["a", "b"], ["c"]]


def test_an_error_that_cannot_be_copied_reaches_everyone():
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one)

    error = Odd(1, 2)
    assert push(Store(lambda payloads: error), [Dispatch("a"), Dispatch("b")]) == [error, error]


def test_a_group_is_bounded_by_its_jobs_and_its_bytes(monkeypatch):
    monkeypatch.setattr(group_commit, "GROUP_JOBS", 3)
    monkeypatch.setattr(group_commit, "GROUP_BYTES", 10)
    store = Store()
    sizes = [1, 1, 1, 1, 9, 12, 1]
    push(store, [Dispatch("x" * size) for size in sizes])
    assert [list(map(len, pushed)) for pushed in store.pushes] == [[1, 1, 1], [1, 9], [12], [1]]


def test_what_was_cancelled_before_its_group_is_pushed_is_left_out(monkeypatch):
    monkeypatch.setattr(group_commit, "GROUP_JOBS", 1)
    first, second, third = Dispatch("a"), Dispatch("b"), Dispatch("c")

    def met(payloads):
        second.cancelled = True

    store = Store(met)
    assert push(store, [first, second, third]) == [["a"], None, ["c"]]
    assert store.stored == ["a", "c"]
