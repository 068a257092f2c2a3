"""What `lightjobs.strtotime` promises beyond agreeing with PHP."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from lightjobs.strtotime import strtotime

from .steps import steps

NEW_YORK = ZoneInfo("America/New_York")
BASE = datetime(2026, 5, 13, 13, 14, 15, 250_000, tzinfo=NEW_YORK)

HOSTILE = [
    "x" * 1_000_000,
    " " * 1_000_000,
    "1" * 1_000_000,
    "+" * 1_000_000,
    "🙂" * 1_000_000,
    "\0" * 1_000_000,
    "\ud800" * 1_000_000,
    "+1 day " * 150_000,
    " " * 65_536,
    *("+1 day " * 585, "1960" * 1024, "now" * 1365, "9" * 4096, ". " * 2048, "1960. " * 682),
    *("1" + " " * 4095, "jan" + ".- \t" * 1023, "1960" + " ." * 2046, "+" * 4096, "+-" * 2048),
    *("a" * 4096, "a " * 2048, "A/" * 2048, "Aa/" * 1365, "(" * 4096, "first day of" * 341),
    *("10:00:00." + "1" * 4000, "@" + "1" * 4000, "@1." + "1" * 4000, "\u00a0" * 4096, "é" * 4096),
    *("last day of next month " * 178, "jan 1" + "st" * 2045, "next " * 819, "@-" + "9" * 4000),
    *("\ud800", "now\ud800", "🙂", "now🙂", "\0" * 4096, "1\0" * 2048, "jan 1\0" * 600),
    *("1ms" * 1365, "1ms" * 20_000, "-1 weekday" * 409, "(" * 2048 + "1" * 2048),
]
REPEATED = ("9", "1ms", "1 . ", "+1 day ", "last day of next month ", "+", "jan 1st", "a ", "\0")

MOST_STEPS = 125_000
"""The costliest text needs 97,000 steps of 20 to 40 nanoseconds. Steps are counted because a time
in milliseconds fails on a busy machine; benchmarks/strtotime.py prints the times."""


def work(expression: str) -> int:
    def call() -> None:
        with suppress(ValueError):
            strtotime(expression, BASE)

    call()  # builds the lexer states that the text needs, which are kept
    return steps(call)


@pytest.mark.parametrize("expression", HOSTILE, ids=range(len(HOSTILE)))
def test_every_text_is_answered_within_milliseconds(expression: str) -> None:
    assert work(expression) < MOST_STEPS


@pytest.mark.parametrize("piece", REPEATED, ids=repr)
def test_the_work_grows_no_faster_than_the_text(piece: str) -> None:
    times = 2000 // len(piece)
    short, long = work(piece * times), work(piece * times * 2)
    assert long < 2 * short + 100


@given(st.text(max_size=40) | st.text("+-0123456789:./ TtWZ@dayswekmonthfrialgo\0", max_size=30))
def test_only_value_errors_are_raised(expression: str) -> None:
    with suppress(ValueError):
        assert strtotime(expression, BASE).tzinfo is NEW_YORK


@pytest.mark.parametrize("expression", ["", "foo", "10:00 11:00", "Foo/Bar", "now\ud800"])
def test_a_refusal_names_the_expression(expression: str) -> None:
    with pytest.raises(ValueError) as caught:
        strtotime(expression)
    assert repr(expression) in str(caught.value)


def test_a_refusal_shortens_a_long_expression() -> None:
    with pytest.raises(ValueError, match=r"'xxx+'\.\.\. \(1000000 characters\)$") as caught:
        strtotime("x" * 1_000_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("expression", "valid"),
    [
        ("+1 sec " * 585, True),  # 4095 characters
        ("+1 sec " * 586, False),
        (" " * 60_000 + "+1 sec" + " " * 5_000, True),
        (" " * 70_000 + "+1 sec", False),
    ],
)
def test_long_texts(expression: str, valid: bool) -> None:
    if valid:
        assert strtotime(expression, BASE) == BASE + timedelta(seconds=expression.count("+"))
    else:
        with pytest.raises(ValueError):
            strtotime(expression, BASE)


@pytest.mark.parametrize(
    "expression",
    [
        "+10000-01-01",
        "-0001-01-01",
        "0000-12-31",
        "9999-12-31 +1 day",
        "0001-01-01 -1 sec",
        "+9000 years",
        "-9999999999999 days",
        "@253402300800",
        "@-62135596801",
        "@9223372036854775807",
    ],
)
def test_moments_outside_the_years_1_to_9999_are_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        strtotime(expression, BASE.replace(tzinfo=UTC))


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Europe/Paris", "Pacific/Auckland"])
@pytest.mark.parametrize("expression", ["9999-12-31 23:59:59", "0001-01-01 00:00:00"])
def test_the_ends_of_the_range_are_within_it_in_every_zone(name: str, expression: str) -> None:
    zone = ZoneInfo(name)
    expected = datetime.fromisoformat(expression).replace(tzinfo=zone)
    assert strtotime(expression, BASE.astimezone(zone)) == expected
    assert strtotime("now", expected) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("now", 250_000),
        ("+5 minutes", 250_000),
        ("next month", 250_000),
        ("next week", 250_000),
        ("first day of", 250_000),
        ("Europe/Paris", 250_000),
        ("+300 ms", 550_000),
        ("+800 ms", 50_000),
        ("300 ms ago", 550_000),
        ("-1 µs", 249_999),
        ("today", 0),
        ("tomorrow", 0),
        ("monday", 0),
        ("10:00", 0),
        ("1030", 0),
        ("2026-01-01", 0),
        ("jan", 0),
        ("1999", 0),
        ("@1700000000", 0),
        ("@1700000000.5", 500_000),
        ("@-1.5", 500_000),
        ("10:00:00.25", 250_000),
        ("10:00:00.1234567", 123_456),
        ("10:00:00.5 +700 ms", 200_000),
        ("2026-01-01T10:00:00.125Z", 125_000),
    ],
)
def test_microseconds(expression: str, expected: int) -> None:
    """As `new DateTimeImmutable($expression)` has them, were it called at the base."""
    assert strtotime(expression, BASE).microsecond == expected


ZONES = [
    UTC,
    NEW_YORK,
    ZoneInfo("Europe/Paris"),
    timezone(timedelta(hours=5, minutes=45)),
    timezone(timedelta(hours=-3, minutes=-30, seconds=-7)),
    tz.UTC,
    tz.gettz("America/New_York"),
    tz.tzoffset(None, 7200),
]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_result_is_in_the_zone_of_the_base(zone: tzinfo) -> None:
    base = datetime(2026, 1, 31, 9, 30, tzinfo=zone)
    assert strtotime("now", base) == base
    assert strtotime("now", base).tzinfo is zone
    assert strtotime("+1 month", base) == datetime(2026, 3, 3, 9, 30, tzinfo=zone)
    assert strtotime("tomorrow noon", base) == datetime(2026, 2, 1, 12, 0, tzinfo=zone)
    assert strtotime("2026-07-01 10:00 UTC", base) == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", [NEW_YORK, tz.gettz("America/New_York")], ids=["zoneinfo", "tz"])
def test_gap_and_fold(zone: tzinfo) -> None:
    def moment(expression: str, base: datetime) -> str:
        # Through UTC: moments of a repeated hour never equal one in another zone (PEP 495).
        return f"{strtotime(expression, base).astimezone(UTC):%d %H:%M}"

    before_gap = datetime(2026, 3, 8, 1, 30, tzinfo=zone)
    assert moment("+1 hour", before_gap) == "08 07:30"
    before_fold = datetime(2026, 11, 1, 0, 30, tzinfo=zone)
    assert moment("+1 hour", before_fold) == "01 05:30"
    assert moment("+2 hours", before_fold) == "01 07:30"
    assert moment("01:30 EST", before_fold) == "01 06:30"
    assert strtotime("01:30 EST", before_fold).fold == 1
    # PHP's strtotime keeps clock fields, not moments: the second pass is read as the first.
    assert moment("now", datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=zone)) == "01 05:30"


def test_a_base_inside_a_gap_is_the_moment_it_stands_for() -> None:
    base = datetime(2026, 3, 8, 2, 30, tzinfo=NEW_YORK)
    assert strtotime("now", base).hour == 3


def test_a_naive_base_is_utc() -> None:
    assert strtotime("+1 day", datetime(2026, 1, 1)) == datetime(2026, 1, 2, tzinfo=UTC)
    assert strtotime("now", datetime(2026, 1, 1)).tzinfo is UTC


def test_no_base_is_the_current_time_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= strtotime("now") <= datetime.now(UTC)
    assert strtotime("now").tzinfo is UTC
