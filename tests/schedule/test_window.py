"""`between`: only a part of the day."""

from zoneinfo import ZoneInfo

import pytest

from lightjobs.schedule import Schedule

from . import walking


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


def test_a_second_after_the_end_is_outside(report):
    entry = Schedule().job(report).everySeconds(1).between("08:00", "08:01").entry()
    due = list(entry.slots(0, walking.DAY))
    assert due == list(range(8 * 3600, 8 * 3600 + 61))
