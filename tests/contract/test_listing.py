"""Lists of jobs page by page, and the filters by error, worker and ids."""

import time
from itertools import chain

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Cursor, Done, Failed, utc_text

from .support import claim_one, fail, push, worker


def joined(found):
    return list(chain.from_iterable(found))


def pages(engine, where, limit):
    """All pages of a list, read one after the other."""
    found, after = [], None
    while page := engine.browse(where, limit, after):
        assert len(found) < 50, "the list does not end"
        found.append([each.id for each in page])
        last = page[-1]
        after = Cursor(last.failed_at or last.scheduled_at, last.id)
    return found


def test_pages_of_ended_jobs_follow_each_other_without_gap_or_double(engine):
    ids = fail(engine, 7) + fail(engine, 5, "other")
    whole = [each.id for each in engine.browse(Where(status="failed"), 100)]
    assert sorted(whole) == sorted(ids)
    found = pages(engine, Where(status="failed"), 5)
    assert [len(page) for page in found] == [5, 5, 2]
    assert joined(found) == whole
    of_one = pages(engine, Where(status="failed", queue="other"), 2)
    assert sorted(joined(of_one)) == sorted(ids[7:])


def test_pages_of_waiting_jobs_follow_each_other(engine):
    now = int(time.time())
    ids = []
    for due in (now - 50, now - 50, now - 49, now - 10, now + 100, now + 100, now + 200):
        ids += push(engine, 2, due=float(due))
        ids += push(engine, 1, "other", due=float(due), priority=1)
    where = Where(status="new")
    whole = engine.browse(where, 100)
    assert sorted(each.id for each in whole) == sorted(ids)
    assert [each.scheduled_at for each in whole] == sorted(each.scheduled_at for each in whole)
    for limit in (1, 2, 4, 50):
        assert joined(pages(engine, where, limit)) == [each.id for each in whole]
    of_one = [each.id for each in engine.browse(where.of(queue="other"), 100)]
    assert joined(pages(engine, where.of(queue="other"), 3)) == of_one
    assert len(of_one) == 7


def test_a_page_goes_on_although_the_job_before_it_is_gone(engine):
    fail(engine, 6)
    whole = [each.id for each in engine.browse(Where(status="failed"), 100)]
    first = engine.browse(Where(status="failed"), 3)
    after = Cursor(first[-1].failed_at, first[-1].id)
    engine.purge(Where(job_id=first[-1].id, status="failed"))
    assert [each.id for each in engine.browse(Where(status="failed"), 3, after)] == whole[3:]


def test_the_place_before_all_jobs_of_a_second(engine):
    now = int(time.time())
    early = push(engine, due=float(now - 100))
    due = push(engine, 2, due=float(now + 100))
    after = Cursor(utc_text(now + 100), "")
    assert sorted(each.id for each in engine.browse(Where(status="new"), 10, after)) == sorted(due)
    before = Cursor(utc_text(now - 101), "")
    assert len(engine.browse(Where(status="new"), 10, before)) == 3
    assert early


def test_the_place_before_all_jobs_that_ended_in_a_second(engine):
    fail(engine, 3)
    whole = [each.id for each in engine.browse(Where(status="failed"), 10)]
    ended = [engine.find(id).failed_at for id in whole]
    for second in set(ended):
        found = engine.browse(Where(status="failed"), 10, Cursor(second, ""))
        assert [each.id for each in found] == whole[ended.index(second) :]
    long_ago = Cursor(utc_text(time.time() - 1000), "")
    assert engine.browse(Where(status="failed"), 10, long_ago) == []


@pytest.mark.parametrize("after", [Cursor("", ""), Cursor("x", "y"), Cursor("9999", "' OR 1=1")])
def test_an_odd_cursor_is_no_error(engine, after):
    push(engine)
    fail(engine, queue="f")
    for status in ("new", "failed", "queued", "completed"):
        assert len(engine.browse(Where(status=status), 10, after)) <= 1


# Filters.


def failed_with(engine, exception, **fields):
    return fail(engine, exception=exception, **fields)[0]


def test_jobs_are_found_by_the_class_of_their_error(engine):
    first = failed_with(engine, "ValueError: boom\n\nTraceback: …")
    second = failed_with(engine, "ValueError")
    third = failed_with(engine, "ValueError\nmore: text")
    failed_with(engine, "ValueErrors: boom")
    failed_with(engine, "valueerror: boom")
    other = failed_with(engine, "app.errors.Card Declined: 5")
    where = Where(status="failed", exception="ValueError")
    assert {each.id for each in engine.browse(where)} == {first, second, third}
    assert engine.count(where) == 3
    assert engine.count(Where(status="failed", exception="app.errors.Card Declined")) == 1
    for none in ("", "V", "%", "ValueErro_", "' OR ''='", "ValueError: boom"):
        assert engine.count(Where(status="failed", exception=none)) == 0
    assert engine.move("retry", where) == 3
    assert engine.purge(Where(status="failed", exception="app.errors.Card Declined")) == 1
    assert engine.find(other) is None


def test_jobs_are_found_by_their_worker(engine):
    push(engine, 3)
    first, second = worker(engine), worker(engine)
    mine = claim_one(engine, first)
    others = engine.claim(second, ["q"], 2)
    where = Where(status="queued", worker=first)
    assert [each.id for each in engine.browse(where)] == [mine.id]
    assert engine.count(where) == 1
    assert engine.count(Where(status="queued", worker=second)) == len(others) == 2
    assert engine.count(Where(status="queued", worker="nobody")) == 0


def test_jobs_are_chosen_by_their_ids(engine):
    ids = fail(engine, 5)
    chosen = tuple(ids[1:4])
    where = Where(status="failed", ids=chosen)
    assert {each.id for each in engine.browse(where)} == set(chosen)
    assert engine.count(where) == 3
    assert engine.count(Where(status="failed", ids=())) == 0
    assert engine.count(Where(status="failed", ids=("nothing", "-1", "' OR ''='"))) == 0
    assert engine.move("retry", Where(ids=(*chosen, "nothing"))) == 3
    assert {engine.find(id).status for id in (ids[0], ids[4])} == {"failed"}
    assert engine.purge(Where(status="failed", ids=(ids[0],))) == 1
    assert engine.find(ids[0]) is None
    assert engine.find(ids[4]) is not None


def test_the_filters_hold_together(engine):
    mine = failed_with(engine, "E: 1", handler="Mine", queue="a")
    failed_with(engine, "E: 1", handler="Other", queue="a")
    failed_with(engine, "F: 1", handler="Mine", queue="a")
    failed_with(engine, "E: 1", handler="Mine", queue="b")
    where = Where(status="failed", queue="a", handler="Mine", exception="E")
    assert [each.id for each in engine.browse(where)] == [mine]
    assert engine.move("retry", where) == 1
    assert engine.find(mine).status == "new"


def test_completed_jobs_are_listed_page_by_page_over_many_queues(engine):
    engine.retention = engine.retention._replace(completed=None)
    name = worker(engine)
    queues = [f"q{number}" for number in range(5)]
    for queue in queues:
        push(engine, 4, queue)
        claims = engine.claim(name, [queue], 10)
        engine.settle(name, [Done(claim.id, claim.fence) for claim in claims])
    found = pages(engine, Where(status="completed"), 7)
    assert [len(page) for page in found] == [7, 7, 6]
    assert len(set(joined(found))) == 20


def test_paused_jobs_have_pages_too(engine):
    ids = push(engine, 5)
    engine.move("pause")
    assert sorted(joined(pages(engine, Where(status="paused"), 2))) == sorted(ids)


def test_a_failure_of_a_moved_job_is_not_listed_twice(engine):
    (id,) = push(engine)
    for _ in range(2):
        claim = claim_one(engine)
        name = engine.find(id).worker
        engine.settle(name, [Failed(id, claim.fence, "E")])
        assert [each.id for each in engine.browse(Where(status="failed"))] == [id]
        engine.move("retry")
