"""What Redis and Valkey promise of long lists, and of lists that PHP has written."""

import random
import time

import pytest

from lightjobs.engines.redis.bulk import PART
from lightjobs.engines.redis.listing import LISTS
from lightjobs.engines.where import Where
from lightjobs.model import Cursor, Status
from tests.support.stores import STORES

from .support import claim_one, fail, job, push, worker


@pytest.fixture(params=["redis-hash", "valkey"])
def engine(request):
    made = STORES[request.param](request).engine
    yield made
    made.close()


@pytest.fixture
def raw(engine):
    """Runs a command on a key, without its prefix."""
    return lambda command, key, *words: engine._execute(command, engine._prefix + key, *words)


def after(last):
    return Cursor(last.failed_at or last.scheduled_at, last.id)


def read(engine, where, limit, between=lambda last: None):
    """The ids of all pages."""
    found, cursor = [], None
    while page := engine.browse(where, limit, cursor):
        found += [each.id for each in page]
        cursor = after(page[-1])
        between(page[-1])
    return found


def put(engine, raw, key, ids, scores):
    for start in range(0, len(ids), 500):
        pairs = zip(scores[start : start + 500], ids[start : start + 500], strict=True)
        raw("ZADD", key, *[word for pair in pairs for word in pair])


SECOND = 1_700_000_000
DUES = {
    "one second": lambda chance: [float(SECOND)] * 900,
    "fractions of one second": lambda chance: [SECOND + chance.random() for _ in range(900)],
    "few fractions": lambda chance: [SECOND + chance.randrange(3) / 4 for _ in range(900)],
    "many seconds": lambda chance: [SECOND + chance.randrange(400) for _ in range(900)],
    "mixed": lambda chance: [
        *[float(SECOND)] * 400,
        *[SECOND + 0.5] * 250,
        *[SECOND + chance.random() * 3 for _ in range(150)],
        *[SECOND + chance.randrange(20) for _ in range(100)],
    ],
}


@pytest.mark.parametrize("name", DUES)
@pytest.mark.parametrize("limit", [7, 250, 1000])
def test_pages_are_in_the_order_of_seconds_and_ids(engine, name, limit):
    chance = random.Random(7)
    dues = DUES[name](chance)
    chance.shuffle(dues)
    ids = engine.push([job(due=due) for due in dues])
    ordered = [id for _, id in sorted((int(due), id) for due, id in zip(dues, ids, strict=True))]
    assert read(engine, Where(status="new"), limit) == ordered
    engine.move("cancel")
    gone = []

    def purge(last):
        gone.append(last.id)
        engine.purge(Where(job_id=last.id, status="cancelled"))

    engine.retention = engine.retention._replace(cancelled=None)
    for id, due in zip(ids, dues, strict=True):
        engine._execute("ZADD", f"{engine._prefix}cancelled_in:q", due, id)
        engine._execute("HSET", f"{engine._prefix}job:{id}", "failed_at", text_of(due))
    assert read(engine, Where(status="cancelled"), limit, purge) == ordered[::-1]
    assert len(gone) == -(-900 // limit)


def text_of(moment):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(int(moment)))


def test_many_lists_are_merged(engine):
    queues = 2 * LISTS + 1
    dues = [SECOND + number * 7919 % 1000 for number in range(queues)]
    ids = engine.push([job(f"q{number}", due=float(due)) for number, due in enumerate(dues)])
    ordered = [id for _, id in sorted(zip(dues, ids, strict=True))]
    assert read(engine, Where(status="new"), 150) == ordered


def test_a_list_whose_scores_are_not_the_moments_of_its_jobs_has_each_job_once(engine, raw):
    """PHP reads its clock twice, for the text and for the score."""
    ids = fail(engine, 30)
    for number, id in enumerate(ids):
        raw("HSET", f"job:{id}", "failed_at", text_of(SECOND + number // 10))
        raw("ZADD", "failed", SECOND + (number + 5) // 10, id)
    found = read(engine, Where(status="failed"), 4)
    assert sorted(found) == sorted(ids)


@pytest.mark.parametrize("score", ["-inf", "-1e300", "0", "1e300", "inf"])
def test_a_score_that_is_no_moment_holds_up_no_list(engine, raw, score):
    ids = push(engine, 5, due=float(SECOND))
    raw("ZADD", "queue:q", score, ids[0], score, ids[1])
    assert sorted(read(engine, Where(status="new"), 1)) == sorted(ids)
    assert len(engine.browse(Where(status="new"))) == 5


def test_a_filter_that_few_jobs_fit_finds_all_of_them(engine):
    push(engine, 2 * PART, due=float(SECOND))
    ids = push(engine, 3, due=SECOND + 1.0, handler="Rare")
    push(engine, 2 * PART, due=SECOND + 2.0)
    where = Where(status="new", handler="Rare")
    assert read(engine, where, 2) == [each.id for each in engine.browse(where)] == ids


def test_ids_without_jobs_are_passed_over(engine, raw):
    ids = push(engine, 3, due=float(SECOND))
    raw("ZADD", "queue:q", *[word for n in range(500) for word in (SECOND - 1, f"gone{n}")])
    assert [each.id for each in engine.browse(Where(status="new"), 2)] == ids[:2]


def test_claimed_jobs_are_listed_by_when_they_were_due(engine):
    name, other = worker(engine), worker(engine)
    late = push(engine, 3, due=SECOND + 5.0)
    early = push(engine, 3, "e", due=float(SECOND))
    engine.claim(name, ["q"], 10)
    engine.claim(other, ["e"], 10)
    assert read(engine, Where(status="queued"), 2) == early + late
    assert read(engine, Where(status="queued", worker=name), 2) == late


def test_a_chosen_job_is_touched_once(engine):
    (id,) = push(engine)
    assert engine.count(Where(status="new", ids=(id, id))) == 1
    assert engine.count(Where(status="new", ids=(id,), job_id="another")) == 0
    assert [each.id for each in engine.browse(Where(status="new", job_id=id))] == [id]


def test_a_filter_by_error_finds_what_php_has_failed(request):
    engine = STORES["redis-php"](request).engine
    (id,) = fail(engine, exception="RuntimeException: gone in /app/Work.php:7\nStack trace:")
    assert engine.count(Where(status=Status.FAILED, exception="RuntimeException")) == 1
    assert engine.move("retry", Where(exception="RuntimeException")) == 1
    assert claim_one(engine).id == id
    engine.close()
