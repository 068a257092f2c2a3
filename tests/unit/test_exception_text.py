"""The text kept with a failed job tells the whole story, the reason first."""

import re

import pytest

from lightjobs import Job
from lightjobs.execution.exception_text import EXCEPTION_BYTES, MESSAGE_BYTES, describe
from lightjobs.model import Failed, Release

from .support import run


def raised(raises):
    """What `raises` raised."""
    try:
        raises()
    except BaseException as error:
        return error


def headings(error):
    """The lines of the text that introduce an exception."""
    return re.findall(r"(?:^|\n\n)((?!Traceback)\S.*)", describe(error))


def caused():
    try:
        looks_up()
    except KeyError as error:
        raise ValueError("no such tenant") from error


def looks_up():
    return {}["acme"]


def in_passing():
    try:
        looks_up()
    except KeyError:
        raise ValueError("no such tenant")  # noqa: B904


def on_purpose():
    try:
        looks_up()
    except KeyError:
        raise ValueError("no such tenant") from None


def grouped():
    errors = [raised(caused), raised(looks_up)]
    nested = ExceptionGroup("inner", [OSError("disk"), raised(looks_up)])
    raise ExceptionGroup("outer", [*errors, nested]) from RuntimeError("the reason for all")


def test_a_cause_is_told_with_its_own_traceback():
    text = describe(raised(caused))
    assert text.startswith("ValueError: no such tenant\n\nTraceback (most recent call last):\n")
    assert headings(raised(caused)) == ["ValueError: no such tenant", "Caused by: KeyError: 'acme'"]
    after = text.partition("Caused by: KeyError")[2]
    assert "Traceback (most recent call last):" in after
    assert "in looks_up" in after


def test_what_was_being_handled_is_told_unless_it_was_suppressed():
    told = ["ValueError: no such tenant", "Raised while handling: KeyError: 'acme'"]
    assert headings(raised(in_passing)) == told
    assert headings(raised(on_purpose)) == told[:1]


def test_the_members_of_groups_come_before_the_causes_of_the_group():
    assert headings(raised(grouped)) == [
        "ExceptionGroup: outer (3 sub-exceptions)",
        "Member 1 of 3: ValueError: no such tenant",
        "Member 1 of 3, caused by: KeyError: 'acme'",
        "Member 2 of 3: KeyError: 'acme'",
        "Member 3 of 3: ExceptionGroup: inner (2 sub-exceptions)",
        "Member 3 of 3, member 1 of 2: OSError: disk",
        "Member 3 of 3, member 2 of 2: KeyError: 'acme'",
        "Caused by: RuntimeError: the reason for all",
    ]


def test_notes_are_told():
    error = ValueError("boom")
    error.add_note("order 17")
    assert describe(error) == "ValueError: boom\norder 17"


def test_circles_end():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert headings(one) == ["ValueError: one", "Caused by: ValueError: two"]
    shared = ValueError("shared")
    group = ExceptionGroup("group", [shared, shared])
    shared.__context__ = group
    assert headings(group) == [
        "ExceptionGroup: group (2 sub-exceptions)",
        "Member 1 of 2: ValueError: shared",
    ]


def test_a_long_message_leaves_room_for_traceback_and_cause():
    def raises():
        try:
            raise KeyError("y" * 100_000)
        except KeyError as error:
            raise ValueError("x" * 100_000) from error

    text = describe(raised(raises))
    assert len(text.encode()) == EXCEPTION_BYTES
    assert text.startswith("ValueError: xxx")
    assert text.index("Traceback (most") == MESSAGE_BYTES + 2
    assert "\n\nCaused by: KeyError: 'yyy" in text


@pytest.mark.parametrize("count", [3, 5000])
def test_many_exceptions_are_cut_at_sixteen_kilobytes(count):
    chain = ValueError("0")
    for n in range(1, count):
        after = ValueError(str(n) * 20)
        after.__cause__ = chain
        chain = after
    group = ExceptionGroup("g", [ValueError("🙂\ud83d\x00" * 9) for _ in range(count)])
    deep = ValueError("0")
    for _ in range(count):
        deep = ExceptionGroup("deep", [deep])
    for error in (chain, group, deep):
        assert len(describe(error).encode()) <= EXCEPTION_BYTES
        assert "\n\n" in describe(error)


class Hostile(Exception):
    def __str__(self):
        raise SystemExit("no text")

    def __getattribute__(self, name):
        if name in ("__cause__", "__context__"):
            raise SystemExit("no cause")
        return super().__getattribute__(name)


def test_exceptions_that_raise_when_they_are_told_do_no_harm():
    assert describe(Hostile()).startswith("Hostile (its text could not be made)")
    group = ExceptionGroup("g", [Hostile(), ValueError("second")])
    assert "Member 1 of 2: Hostile (its text" in describe(group)


class Declined(Exception):
    pass


class TooSoon(Declined):
    pass


class Fussy(Job):
    attempts = 3
    noRetry = (Declined, KeyError)

    def handle(self):
        raise made[self.payload["raise"]]


made = {
    "only": ExceptionGroup("g", [Declined(), ExceptionGroup("h", [TooSoon(), KeyError(1)])]),
    "one": ExceptionGroup("g", [Declined()]),
    "base": BaseExceptionGroup("g", [Declined(), Declined()]),
    "mixed": ExceptionGroup("g", [Declined(), ValueError()]),
    "mixed below": ExceptionGroup("g", [Declined(), ExceptionGroup("h", [ValueError()])]),
    "other": ExceptionGroup("g", [ValueError()]),
    "exit": BaseExceptionGroup("g", [Declined(), SystemExit()]),
}


@pytest.mark.parametrize("name", ["only", "one", "base"])
def test_a_group_of_no_retry_exceptions_is_one(name):
    assert type(run(Fussy, f'{{"raise":"{name}"}}').outcome) is Failed


@pytest.mark.parametrize("name", ["mixed", "mixed below", "other", "exit"])
def test_a_group_that_holds_anything_else_is_repeated(name):
    assert type(run(Fussy, f'{{"raise":"{name}"}}').outcome) is Release


def test_a_job_that_will_be_retried_keeps_its_exception_but_not_one_that_was_put_back():
    class Fails(Job):
        attempts = 2

        def handle(self):
            if self.payload:
                self.release()
            raise ValueError("boom")

    failed, released = run(Fails).outcome, run(Fails, '{"release":1}').outcome
    assert (type(failed), type(released)) == (Release, Release)
    assert failed.exception.startswith("ValueError: boom\n\nTraceback")
    assert released.exception is None
