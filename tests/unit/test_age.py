import time

import pytest

from lightjobs.age import age, ago


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


@pytest.mark.parametrize("text", ["tomorrow", "2020-01-01", "monday", "soon", "", "7", "+7", "-1"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        age(text)


@pytest.mark.parametrize("text", ["1 week", "-1 week", "1 week ago"])
def test_ago_is_in_the_past(text):
    assert abs(ago(text) - (time.time() - 7 * 86400)) < 2


def test_a_date_in_the_past_is_that_date():
    assert ago("2001-09-09 01:46:40 UTC") == 1_000_000_000


@pytest.mark.parametrize("text", ["tomorrow", "next monday", "+7", "-1", "2020"])
def test_what_is_neither_a_length_nor_past_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        ago(text)
