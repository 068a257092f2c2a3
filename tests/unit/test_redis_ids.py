"""Ids of jobs in Redis."""

import re
import time

import pytest

from lightjobs.engines.redis import ids


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(ids, "_latest", 0)
    monkeypatch.setattr(time, "time_ns", lambda: 1_699_999_999_999_998_000)


def born(id):
    assert re.fullmatch(r"job_[0-9a-f]{13}\.\d{8}", id)
    return int(id[4:12], 16) * 1_000_000 + int(id[12:17], 16)


def test_each_id_is_a_microsecond_later_than_the_one_before_also_in_the_next_second():
    first = 1_699_999_999_999_998
    assert [born(id) for id in ids.new_ids(5)] == list(range(first, first + 5))
    assert [born(id) for id in ids.new_ids(2)] == [first + 5, first + 6]


def test_a_batch_may_be_longer_than_a_second_has_microseconds():
    made = ids.new_ids(1_000_100)
    assert made == sorted(set(made))
    assert born(made[-1]) - born(made[0]) == 1_000_099


def test_no_ids_are_made_for_no_jobs():
    assert ids.new_ids(0) == []
