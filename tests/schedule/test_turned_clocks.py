"""The written rule for days on which the clock is turned (lightjobs/schedule/recurrence.py)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightjobs.schedule.recurrence import Cron, Every

from . import walking

PARIS = ZoneInfo("Europe/Paris")
ODD_ZONES = [
    "Europe/Paris",
    "America/New_York",
    "America/Havana",  # midnight itself comes twice, and is skipped
    "America/Nuuk",  # the hour before midnight
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Africa/Casablanca",  # turned for Ramadan
    "Australia/Lord_Howe",  # by half an hour
    "Antarctica/Troll",  # by two hours
    "Asia/Kathmandu",
]
FIXED = {
    "30 2 * * *": lambda t: (t.hour, t.minute) == (2, 30),
    "0 0 * * *": lambda t: (t.hour, t.minute) == (0, 0),
    "*/20 0-3 * * *": lambda t: t.hour < 4 and t.minute % 20 == 0,
    "* 23 * * *": lambda t: t.hour == 23,
    "15 0,1,23 * * 0,6": lambda t: (
        t.hour in (0, 1, 23) and t.minute == 15 and t.weekday() in (5, 6)
    ),
}
HOURLY = {
    "0 * * * *": lambda t: t.minute == 0,
    "*/15 * * * *": lambda t: t.minute % 15 == 0,
    "7,50 * * * *": lambda t: t.minute in (7, 50),
    "45 * * * 0": lambda t: t.minute == 45 and t.weekday() == 6,
}


def utc(recurrence, start, end):
    """The due moments in a time of UTC, as text."""
    bounds = (int(datetime.fromisoformat(text + "+00:00").timestamp()) for text in (start, end))
    return [
        f"{datetime.fromtimestamp(moment, UTC):%d %H:%M}"
        for moment in walking.forwards(recurrence, *bounds)
    ]


def test_a_time_the_clock_skips_runs_once_right_after_the_gap():
    due = utc(Cron("30 2 * * *", PARIS), "2024-03-30 00:00", "2024-04-02 00:00")
    assert due == ["30 01:30", "31 01:00", "01 00:30"]


def test_several_times_skipped_by_one_gap_run_once_together():
    due = utc(Cron("*/10 2 * * *", PARIS), "2024-03-31 00:00", "2024-03-31 23:00")
    assert due == ["31 01:00"]


def test_a_time_the_clock_shows_twice_runs_once_the_first_time():
    due = utc(Cron("30 2 * * *", PARIS), "2024-10-26 00:00", "2024-10-29 00:00")
    assert due == ["26 00:30", "27 00:30", "28 01:30"]


def test_what_runs_every_hour_runs_once_each_real_hour():
    for day in ("2024-03-31", "2024-10-27"):
        due = utc(Cron("0 * * * *", PARIS), f"{day} 00:00", f"{day} 04:00")
        assert [moment[3:] for moment in due] == ["01:00", "02:00", "03:00", "04:00"]


def test_hours_written_out_are_every_hour_too():
    spring = ("2024-10-27 00:00", "2024-10-27 04:00")
    assert utc(Cron("0 0-23 * * *", PARIS), *spring) == utc(Cron("0 * * * *", PARIS), *spring)


def test_where_the_clock_is_turned_by_half_an_hour_each_minute_still_counts_as_shown():
    zone = ZoneInfo("Australia/Lord_Howe")
    due = utc(Cron("0 * * * *", zone), "2024-04-06 12:59", "2024-04-06 17:00")
    assert due == ["06 13:00", "06 14:00", "06 15:30", "06 16:30"]


def test_an_interval_does_not_depend_on_the_clock():
    every = Every(90)
    assert walking.forwards(every, 0, 300) == [90, 180, 270]
    assert walking.backwards(every, 0, 300) == [90, 180, 270]


def assert_as_walked(zone, hours, *tables):
    """Both ways of asking find what the walk finds, so many hours around two turns."""
    for change in walking.changes(zone)[:2] or [walking.FIRST + 9_000_000]:
        start, end = change - hours * 3600, change + hours * 3600
        for plain, texts in zip((walking.fixed, walking.hourly), tables, strict=True):
            for text, matches in texts.items():
                expected = plain(matches, zone, start, end)
                assert walking.forwards(Cron(text, zone), start, end) == expected, (zone, text)
                assert walking.backwards(Cron(text, zone), start, end) == expected, (zone, text)


@pytest.mark.parametrize("name", ODD_ZONES)
def test_each_kind_agrees_with_a_walk_through_all_minutes(name):
    assert_as_walked(ZoneInfo(name), 30, FIXED, HOURLY)


@pytest.mark.long
def test_each_kind_agrees_with_a_walk_through_all_minutes_in_every_zone():
    for zone in walking.distinct_zones():
        assert_as_walked(zone, 10, FIXED, HOURLY)


ALL_TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


def assert_inverse(recurrence, moment):
    after, before = recurrence.next_after(moment), recurrence.last_before(moment)
    assert before < moment < after
    assert recurrence.last_before(after + 1) == after
    assert recurrence.last_before(after) <= moment
    assert recurrence.next_after(before - 1) == before
    assert recurrence.next_after(before) >= moment


@given(
    st.sampled_from(ODD_ZONES).map(ZoneInfo),
    st.sampled_from([*FIXED, *HOURLY, "0 12 29 2 *", "5 4 1,15 * 5"]),
    st.integers(0, 13),
    st.integers(-7300, 7300),
)
def test_next_and_previous_are_inverse(zone, text, which, seconds):
    moments = walking.changes(zone) or [walking.FIRST]
    assert_inverse(Cron(text, zone), moments[which % len(moments)] + seconds)


def assert_one_a_day(at, zone, start, end):
    """Between the starts of two local days lies one slot for each day: within it, or right at its
    end when the day's last minutes are skipped."""
    first, last = walking.shown(start, zone).date(), walking.shown(end, zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts = [walking.day_start(day, zone) for day in days]
    recurrence = walking.daily(at, zone)
    due = recurrence.next_after(starts[0] - 1)
    if due == starts[0] and at != time(0, 0) and walking.shown(due, zone).time() != at:
        due = recurrence.next_after(due)  # it belongs to the day before
    for number, day in enumerate(days[:-1]):
        assert starts[number] <= due <= starts[number + 1], (zone.key, at, day)
        assert due < starts[number + 1] or walking.shown(due - 1, zone).date() == day
        following = recurrence.next_after(due)
        assert due < following, (zone.key, at, day)
        due = following


@given(st.sampled_from(ODD_ZONES).map(ZoneInfo), ALL_TIMES, st.integers(0, 13))
def test_each_local_day_has_one_daily_slot(zone, at, which):
    moments = walking.changes(zone) or [walking.FIRST]
    change = moments[which % len(moments)]
    assert_one_a_day(at, zone, change - 2 * walking.DAY, change + 2 * walking.DAY)


@pytest.mark.long
def test_each_local_day_of_every_zone_has_one_daily_slot_from_2024_to_2030():
    for zone in walking.distinct_zones():
        assert_one_a_day(time(2, 30), zone, walking.FIRST, walking.END)
        for change in walking.changes(zone):
            for at in times_around(change, zone):
                assert_one_a_day(at, zone, change - walking.DAY, change + walking.DAY)
                assert_inverse(walking.daily(at, zone), change)


def times_around(change, zone):
    """The times on both sides of the ends and in the middle of what a turn skips or repeats."""
    before, after = walking.shown(change - 60, zone), walking.shown(change, zone)
    middle = before + (after - before) / 2
    near = [edge + timedelta(minutes=n) for edge in (before, after) for n in (-1, 0, 1)]
    times = {moment.time().replace(second=0) for moment in [*near, middle]}
    return sorted(times | {time(0, 0), time(12, 0), time(23, 59)})
