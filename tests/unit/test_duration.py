import time

import pytest

from lightjobs.settings.duration import ANY_AGE, age, ago

ZONES = ["+07:00", "+5:30", "JST", "UTC", "Asia/Tokyo", "7 days JST", "-7 days +09:00"]
"""What PHP reads as zones. Together with a length of time, the zone's offset would be added."""


@pytest.mark.parametrize(
    "text", ["7 days", "+7 days", "-7 days", "7 days ago", "1 week", "168 hours"]
)
def test_an_age_is_a_length_of_time(text):
    assert age(text) == 7 * 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1 second", 1), ("90 seconds", 90), ("1 month", 31 * 86400), ("0 days", 0)],
)
def test_ages(text, seconds):
    assert age(text) == seconds


@pytest.mark.parametrize(
    "text", ["tomorrow", "2020-01-01", "monday", "soon", "", "7", "+7", "-1", *ZONES]
)
def test_other_text_is_not_a_length_of_time(text):
    with pytest.raises(ValueError, match=r"is not a length of time such as 7 days"):
        age(text)


@pytest.mark.parametrize("text", ["1 week", "-1 week", "1 week ago"])
def test_ago_is_in_the_past(text):
    week = 7 * 86400
    before = int(time.time())
    assert before - week <= ago(text) <= time.time() - week


def test_a_date_in_the_past_is_that_date():
    assert ago("2001-09-09 01:46:40 UTC") == 1_000_000_000


@pytest.mark.parametrize("text", ["2001-09-09", "yesterday", "first day of last month 09:00"])
def test_a_date_is_in_the_past(text):
    assert ago(text) < time.time()


@pytest.mark.parametrize("text", ["tomorrow", "next monday", "soon", "+7", "-1", "2020", *ZONES])
def test_text_that_is_neither_a_length_nor_a_past_date_is_refused(text):
    with pytest.raises(ValueError, match=r"is neither a length of time such as 7 days nor a past"):
        ago(text)


@pytest.mark.parametrize("text", ["0 seconds", "0 days", "-0 days", "0 minutes ago"])
def test_everything_is_older_than_nothing(text):
    assert ago(text) == ANY_AGE > time.time() + 86400
