"""When entries are expected next, by what the store has noted alone."""

from lightjobs.model import LastSlot
from lightjobs.watching.expected import BEHIND_SECONDS, REMOVED_SECONDS, expected

NOW = 1_000_000.0


def slot(due, next):
    return LastSlot(NOW + due, "1", NOW + due, False, next=None if next is None else NOW + next)


def test_an_entry_is_expected_at_its_next_moment():
    assert expected({"a": slot(-60, 60)}, NOW) == {"a": NOW + 60}


def test_it_is_overdue_while_no_scheduler_runs():
    slots = {"a": slot(-120, -60), "b": slot(-3600, 60), "c": slot(-3700, -100)}
    assert expected(slots, NOW) == {"a": NOW - 60, "b": NOW + 60, "c": NOW - 100}


def test_a_removed_entry_is_not_once_the_others_are_dispatched():
    gone = slot(-3660, -3600)
    just = slot(-3600 + BEHIND_SECONDS - 1, 60)
    assert "gone" in expected({"gone": gone, "other": just}, NOW)
    later = slot(-3600 + BEHIND_SECONDS, 60)
    assert expected({"gone": gone, "other": later}, NOW) == {"other": NOW + 60}


def test_entries_of_another_project_prove_nothing():
    slots = {"shop: gone": slot(-3660, -3600), "other": slot(-10, 60), "blog: x": slot(-10, 60)}
    assert expected(slots, NOW)["shop: gone"] == NOW - 3600


def test_the_only_entry_is_not_expected_for_ever_after_it_was_removed():
    assert expected({"a": slot(-90_000, -REMOVED_SECONDS + 1)}, NOW)
    assert not expected({"a": slot(-90_000, -REMOVED_SECONDS)}, NOW)


def test_paused_entries_and_those_without_a_next_moment_are_not_expected():
    slots = {"paused": slot(-60, 60)._replace(paused=True), "over": slot(-60, None)}
    assert expected(slots, NOW) == {}


def test_an_entry_that_was_resumed_is_not_overdue():
    """Its noted next moment was passed over when it was paused."""
    resumed = slot(-86_400, -3600)._replace(due=NOW - 10)
    assert expected({"daily": resumed}, NOW) == {}


def test_entries_that_were_enrolled_or_resumed_prove_no_scheduler():
    new = LastSlot(NOW, None, None, False)
    resumed = slot(-86_400, -3600)._replace(due=NOW)
    slots = {"late": slot(-3660, -3600), "new": new, "resumed": resumed}
    assert expected(slots, NOW) == {"late": NOW - 3600}
