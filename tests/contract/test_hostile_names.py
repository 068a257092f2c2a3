"""Whatever a queue, handler, payload, worker or key is called: verbs touch their own rows only."""

from __future__ import annotations

import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, NewJob, Release, Settlement, Status
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .support import unwaited

CORPUS = [
    "'; DROP TABLE jobs; --",
    "x' OR '1'='1",
    'x" OR ""="',
    "`; DELETE FROM jobs; #",
    "\\'; UPDATE jobs SET status = 'new'; -- ",
    "ends in a backslash\\",
    "a;\nDELETE FROM jobs;\nb",
    "/* */ -- # ;",
    "$$; DELETE FROM jobs; $$",
    "E'\\x41' || U&'\\0041'",
    "%s %(id)s %% %d",
    ":id :queue :limit",
    "{where} {now} {some} {collation}",
    "$1 ? @@version",
    "\\N",
    "\\.",
    "tab\tnewline\nreturn\r\\t\\n",
    "NULL",
    "0",
    "1e0",
    "%",
    "_",
    "*",
    "a,b",
    '["a"]',
    "\x01\x1a\x7f\x1b[2J",
    "Ünïcödé ß ﬁ İ",
    "🙂💥",
    "\u202e\u200b\ufeff",
    "x" * 55,
]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def engine(request):
    made = STORES[request.param](request).engine
    made.schema.install()
    yield made
    made.close()


def neighbours(text):
    """Other names that a careless comparison, or a pattern, takes for `text`."""
    near = {
        text + " ",
        " " + text,
        text.strip(),
        text.swapcase(),
        text.upper(),
        text.lower(),
        text[:-1],
        text.rstrip("\\"),
        text.replace("ü", "u").replace("Ü", "U").replace("ß", "ss").replace("ﬁ", "fi"),
        text.split(",")[0],
        "default",
        "1",
    }
    return sorted(name for name in near - {text, ""} if len(name) <= 55)


def bystanders(engine, text):
    """Ids of one waiting and one failed job in each queue beside the one called `text`."""
    ids = engine.push(
        [NewJob(f"H {name}", name, name) for name in neighbours(text) for _ in range(2)]
    )
    engine.register("neighbour", 30.0)
    for name in neighbours(text):
        (claim,) = engine.claim("neighbour", [name], 1)
        engine.settle("neighbour", [Failed(claim.id, claim.fence, name)])
    return ids


@pytest.mark.parametrize("text", CORPUS)
def test_a_hostile_name_touches_its_own_rows_only(engine, text):
    others = bystanders(engine, text)
    before = [engine.find(job_id) for job_id in others]
    counts = engine.stats()
    jobs = [NewJob(text, text, text, options=text)] * 3
    ids = [*engine.push(jobs[:1]), *engine.push(jobs)]

    engine.register(text, 30.0)
    assert engine.beat([text], 30.0) == []
    assert engine.wait([text], 0.1)
    claims = engine.claim(text, [text], 10)
    assert [claim.id for claim in claims] == ids
    assert {(c.queue, c.handler, c.payload, c.options) for c in claims} == {(text,) * 4}
    assert engine.held(text) == unwaited(*claims)
    done, failed, released, lost = ((claim.id, claim.fence) for claim in claims)
    outcomes = [Done(*done), Failed(*failed, text), Release(*released, time.time() - 1, 1)]
    assert engine.settle(text, outcomes) == [Settlement.ACCEPTED] * 3
    assert engine.recover(text) == 1
    assert engine.find(failed[0]).exception == text
    assert [job.id for job in engine.browse(Where(status=Status.FAILED, queue=text))] == [failed[0]]
    assert sorted(job.id for job in engine.browse(Where(status=Status.NEW, queue=text))) == sorted(
        [released[0], lost[0]]
    )

    which = Where(queue=text, handler=text)
    assert engine.count(which.of(status=Status.FAILED)) == engine.move("retry", which) == 1
    assert engine.pause_queue(text)
    assert engine.paused_queues() == [text]
    engine.register(f"{text}2", 30.0)
    assert engine.claim(f"{text}2", [text], 10) == []
    assert engine.resume_queue(text)
    assert engine.move("pause", which) == engine.move("resume", which) == 3
    assert engine.purge(which.of(status=Status.NEW)) == 3

    assert [engine.find(job_id) for job_id in others] == before
    assert engine.stats() == counts


@pytest.mark.parametrize("text", CORPUS)
def test_a_handler_is_told_from_all_that_look_alike(engine, text):
    others = engine.push([NewJob(name, "q", "{}") for name in neighbours(text)])
    (own,) = engine.push([NewJob(text, "q", "{}")])
    assert engine.move("pause", Where(handler=text)) == 1
    assert [job.id for job in engine.browse(Where(status=Status.PAUSED))] == [own]
    assert engine.purge(Where(status=Status.NEW)) == len(others)


@pytest.mark.parametrize("text", CORPUS)
def test_a_hostile_key_or_entry_is_only_a_name(engine, text):
    other = f"{text} "
    assert engine.hit(other, 1, 60.0) == 0.0
    assert engine.hit(text, 1, 60.0) == 0.0
    assert engine.hit(text, 1, 60.0) > 0
    engine.schedule.enroll([text, other], 1.0)
    assert engine.schedule.pause_entry(text)
    assert {name: slot.paused for name, slot in engine.schedule.slots().items()} == {
        text: True,
        other: False,
    }
