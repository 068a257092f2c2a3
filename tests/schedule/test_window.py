"""`between`: only a part of the day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lightjobs import JobDefinitionError
from lightjobs.schedule import Schedule

from . import walking
from .test_turned_clocks import FIXED


def clock(t):
    return (t.hour, t.minute)


WINDOWS = {
    ("08:00", "17:00"): lambda t: (8, 0) <= clock(t) <= (17, 0),
    ("22:30", "02:15"): lambda t: clock(t) >= (22, 30) or clock(t) <= (2, 15),
    ("01:30", "02:15"): lambda t: (1, 30) <= clock(t) <= (2, 15),
    ("02:30", "02:30"): lambda t: clock(t) == (2, 30),
    ("23:30", "00:20"): lambda t: clock(t) >= (23, 30) or clock(t) <= (0, 20),
}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ["UTC", "Europe/Paris", "America/Havana", "America/Nuuk"])
def test_only_moments_inside_are_due(report, window, name):
    zone = ZoneInfo(name)
    inside = WINDOWS[window]
    for minutes in (1, 15):
        event = Schedule().job(report).everyMinutes(minutes).between(*window).timezone(name)
        entry = event.entry()
        for change in walking.changes(zone)[:2] or [walking.FIRST]:
            start, end = change - walking.DAY, change + walking.DAY
            expected = walking.hourly(
                lambda t, n=minutes: t.minute % n == 0 and inside(t), zone, start, end
            )
            assert expected
            assert walking.forwards(entry, start, end) == expected
            assert walking.backwards(entry, start, end) == expected
            assert list(entry.slots(start, end)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    "name",
    [
        "Europe/Paris",
        *(pytest.param(f"America/{at}", marks=pytest.mark.long) for at in ("Havana", "Nuuk")),
    ],
)
def test_of_times_that_a_gap_skips_those_inside_run_right_after_it(report, window, name):
    zone = ZoneInfo(name)
    inside = WINDOWS[window]
    for text, matches in FIXED.items():
        event = Schedule().job(report).cron(text).between(*window).timezone(name)
        for change in walking.changes(zone)[:2]:
            start, end = change - walking.DAY // 2, change + walking.DAY
            expected = walking.fixed(lambda t, m=matches: m(t) and inside(t), zone, start, end)
            try:
                entry = event.entry()
            except JobDefinitionError:
                assert expected == []
                continue
            assert walking.forwards(entry, start, end) == expected, text
            assert walking.backwards(entry, start, end) == expected, text


def test_a_skipped_time_counts_as_what_the_clock_would_have_shown(event):
    event.daily().at("02:30").timezone("Europe/Paris")
    noon = datetime(2024, 3, 29, 12, tzinfo=UTC)
    event.between("02:00", "02:59")
    assert [event.nextDueAt(noon + timedelta(days=n)).hour for n in range(3)] == [2, 3, 2]
    event.between("03:00", "04:00")
    with pytest.raises(JobDefinitionError, match="never due"):
        event.entry()


def test_a_second_after_the_end_is_outside(report):
    entry = Schedule().job(report).everySeconds(1).between("08:00", "08:01").entry()
    due = list(entry.slots(0, walking.DAY))
    assert due == list(range(8 * 3600, 8 * 3600 + 61))
