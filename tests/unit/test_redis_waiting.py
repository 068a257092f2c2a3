"""How long jobs in Redis have been due, by their scores and ids."""

import pytest

from lightjobs.engines.redis.ids import new_ids
from lightjobs.engines.redis.waiting import waited, waits

SECOND = 1_700_000_000


def pushed(second, microseconds):
    return f"job_{second:08x}{microseconds:05x}.12345678"


def test_the_id_tells_when_in_its_second_a_job_was_pushed():
    assert waited(SECOND + 0.75, str(SECOND), pushed(SECOND, 500_000)) == pytest.approx(0.25)
    (id,) = new_ids(1)
    second, microseconds = int(id[4:12], 16), int(id[12:17], 16)
    assert waited(second + 2.0, str(second), id) == pytest.approx(2 - microseconds / 1_000_000)


def test_a_job_that_was_due_at_another_time_than_it_was_pushed_goes_by_its_score():
    early = pushed(SECOND - 60, 500_000)
    assert waited(SECOND + 0.75, str(SECOND), early) == 0.75
    assert waited(SECOND + 0.75, f"{SECOND}.500000", pushed(SECOND, 1)) == pytest.approx(0.25)


@pytest.mark.parametrize("at", [SECOND - 5.0, SECOND + 0.25, SECOND + 0.5])
def test_no_wait_is_negative(at):
    assert waited(at, str(SECOND), pushed(SECOND, 500_000)) == 0.0


@pytest.mark.parametrize("id", ["", "x", f"job_{SECOND:08x}", f"job_{SECOND:08x}zzzzz.1", "💥"])
def test_an_id_that_was_made_otherwise_goes_by_its_score(id):
    assert waited(SECOND + 0.75, str(SECOND), id) == 0.75


@pytest.mark.parametrize("due", ["-inf", "-5", "0", "1e300", "inf"])
def test_any_score_gives_a_wait(due):
    assert waited(SECOND, due, pushed(SECOND, 1)) >= 0


def test_jobs_that_were_pushed_together_have_waited_about_as_long():
    near = [pushed(SECOND, 100_000 + number) for number in range(500)]
    found = waits(SECOND + 0.5, [500, str(SECOND)], near)
    assert found == pytest.approx([0.4] * 500, abs=0.001)
    far = [pushed(SECOND, 900 * number) for number in range(500)]
    found = waits(SECOND + 0.5, [500, str(SECOND)], far)
    assert found == pytest.approx([0.5 - 0.0009 * number for number in range(500)])


def test_each_score_stands_for_as_many_jobs_as_it_says():
    ids = [pushed(SECOND, 500_000), pushed(SECOND, 250_000), "a"]
    dues = [2, str(SECOND), 1, str(SECOND - 1)]
    assert waits(SECOND + 1.0, dues, ids) == pytest.approx([0.5, 0.75, 2.0])
