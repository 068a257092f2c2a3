"""The policy of the scheduler, with a clock that the test moves."""

import pytest

from lightjobs.schedule import Schedule
from lightjobs.schedule.agenda import CATCH_UP, TOLERANCE, Agenda

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400
NOON = 1_700_000_000 // DAY * DAY + DAY // 2


@pytest.fixture
def every(report):
    """An entry due every so many seconds."""

    def make(seconds, accuracy="latest", name=None):
        event = Schedule().job(report).everySeconds(seconds).accuracy(accuracy)
        return event.name(name or f"{accuracy} {seconds}").entry()

    return make


def due(agenda, now):
    return [slot.moment for slot in agenda.due(now)]


ACCURACIES = pytest.mark.parametrize("accuracy", ["latest", "all", "none"])


@ACCURACIES
def test_a_new_entry_has_missed_nothing(every, accuracy):
    agenda = Agenda([every(60, accuracy)], {}, NOON + 30)
    assert due(agenda, NOON + 30) == []
    assert agenda.next == NOON + 60


@ACCURACIES
def test_each_moment_is_due_once(every, accuracy):
    agenda = Agenda([every(60, accuracy)], {}, NOON)
    taken = [moment for tick in range(0, 600, 7) for moment in due(agenda, NOON + tick + 0.5)]
    assert taken == list(range(NOON + 60, NOON + 600, 60))


def test_a_moment_is_due_not_a_fraction_of_a_second_early(every):
    agenda = Agenda([every(60)], {}, NOON)
    assert due(agenda, NOON + 59.999) == []
    assert due(agenda, NOON + 60) == [NOON + 60]


def test_after_downtime_latest_makes_up_for_the_last_moment_alone(every):
    entry = every(60)
    agenda = Agenda([entry], {entry.name: NOON - DAY}, NOON + 30)
    assert due(agenda, NOON + 30) == [NOON]
    assert agenda.next == NOON + 60


def test_after_downtime_all_makes_up_for_each_moment(every):
    entry = every(60, "all")
    agenda = Agenda([entry], {entry.name: NOON - 300}, NOON + 30)
    assert due(agenda, NOON + 30) == [NOON - 240, NOON - 180, NOON - 120, NOON - 60, NOON]


@pytest.mark.parametrize(("late", "is_due"), [(0, True), (TOLERANCE, True), (TOLERANCE + 1, False)])
def test_after_downtime_none_takes_only_what_is_due_now(every, late, is_due):
    entry = every(HOUR, "none")
    agenda = Agenda([entry], {entry.name: NOON - DAY}, NOON + late)
    assert due(agenda, NOON + late) == [NOON] * is_due
    assert due(agenda, NOON + HOUR) == [NOON + HOUR]


def test_nothing_missed_nothing_made_up_for(every):
    for accuracy in ("latest", "all", "none"):
        entry = every(HOUR, accuracy)
        agenda = Agenda([entry], {entry.name: NOON}, NOON + HOUR - 1)
        assert due(agenda, NOON + HOUR - 1) == []


def test_a_year_of_seconds_is_made_up_for_in_portions_that_keep_no_entry_waiting(every):
    slow, prompt = every(1, "all"), every(60)
    last = {slow.name: NOON - YEAR, prompt.name: NOON}
    agenda = Agenda([slow, prompt], last, NOON + 60)
    first = agenda.due(NOON + 60)
    assert [slot.moment for slot in first if slot.entry is slow] == list(
        range(NOON - YEAR + 1, NOON - YEAR + 1 + CATCH_UP)
    )
    assert [slot.moment for slot in first if slot.entry is prompt] == [NOON + 60]
    assert agenda.next <= NOON + 60  # look again at once
    again = due(agenda, NOON + 60)
    assert again == list(range(NOON - YEAR + 1 + CATCH_UP, NOON - YEAR + 1 + 2 * CATCH_UP))


def test_all_of_a_long_downtime_is_made_up_for_in_the_end(every):
    entry = every(1, "all")
    agenda = Agenda([entry], {entry.name: NOON - 1000}, NOON)
    taken = []
    while agenda.next <= NOON:
        taken += due(agenda, NOON)
    assert taken == list(range(NOON - 999, NOON + 1))


@ACCURACIES
def test_a_clock_set_back_an_hour_dispatches_nothing_twice(every, accuracy):
    entry = every(600, accuracy)
    agenda = Agenda([entry], {}, NOON)
    taken = due(agenda, NOON + 600)
    for now in range(NOON - HOUR + 600, NOON + 1200 + 1, 60):
        taken += due(agenda, now)
    assert taken == [NOON + 600, NOON + 1200]


@ACCURACIES
def test_a_scheduler_started_after_the_clock_was_set_back_dispatches_nothing_twice(every, accuracy):
    entry = every(600, accuracy)
    agenda = Agenda([entry], {entry.name: NOON}, NOON - HOUR)
    taken = [moment for now in range(NOON - HOUR, NOON + 601, 60) for moment in due(agenda, now)]
    assert taken == [NOON + 600]


@ACCURACIES
def test_a_clock_set_forward_an_hour_and_back_dispatches_nothing_twice(every, accuracy):
    agenda = Agenda([every(600, accuracy)], {}, NOON)
    taken = due(agenda, NOON + HOUR + 10)
    for now in range(NOON + 20, NOON + 2 * HOUR, 20):
        taken += due(agenda, now)
    assert len(taken) == len(set(taken))
    assert taken == sorted(taken)


def test_slots_are_in_the_order_of_time(every):
    entries = [every(60, "all"), every(90, "all")]
    agenda = Agenda(entries, {entry.name: NOON for entry in entries}, NOON + 300)
    assert due(agenda, NOON + 300) == [NOON + n for n in (60, 90, 120, 180, 180, 240, 270, 300)]


def test_next_is_the_earliest_of_all(every):
    agenda = Agenda([every(HOUR), every(60), every(DAY)], {}, NOON)
    assert agenda.next == NOON + 60
    assert Agenda([], {}, NOON).next is None
