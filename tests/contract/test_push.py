import re
import time

import pytest

from lightjobs.errors import LightjobsError
from lightjobs.model import Done, NewJob, utc_text

from .support import HANDLER, claim_one, drain, in_threads, job, processes, push, worker

HOSTILE = [
    "plain",
    "it's",
    'double "quotes"',
    "back\\slash \\n \\u0041",
    "'); DROP TABLE jobs; --",
    "%s %d {} :id ? $1",
    "* ? [a-z]",
    "tab\tand\nline",
    "é ü 漢字 🙂",
    "\u202e right to left",
    "\x1b[31m",
    "   spaces around   ",
    'a:1:{s:2:"id";i:1;}',
    "NULL",
    "0",
]


def test_push_returns_ids_as_different_strings_in_order(engine):
    ids = push(engine, 50)
    assert len(set(ids)) == 50
    assert all(type(id) is str and id for id in ids)
    assert [claim.id for claim in drain(engine)] == ids


def test_ids_are_never_given_out_twice(engine):
    first = push(engine, 3)
    claims = drain(engine)

    engine.settle(worker(engine), [Done(c.id, c.fence) for c in claims])
    assert not set(first) & set(push(engine, 3))


def test_ids_belong_to_the_jobs_in_order(engine):
    ids = engine.push([job(payload=f'{{"n":{n}}}') for n in range(20)])
    assert [engine.find(id).payload for id in ids] == [f'{{"n":{n}}}' for n in range(20)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("handler", HOSTILE),
        ("queue", HOSTILE),
        ("payload", HOSTILE),
        ("options", [*HOSTILE, None]),
        ("due", [4102444800.25, 4102444800.75, 4102444801.75]),
        ("priority", [2, 1, 0, -1, -2]),
        ("nothing", [None] * 3),
    ],
)
def test_of_many_jobs_those_values_differ_that_were_given_so(engine, column, values):
    same = job("mail", HOSTILE[1], due=4102444900.5, priority=1, options=HOSTILE[2])
    jobs = [same if column == "nothing" else same._replace(**{column: each}) for each in values]
    for each, id in zip(jobs, engine.push(jobs), strict=True):
        stored = engine.find(id)
        told = stored.handler, stored.queue, stored.payload, stored.options, stored.priority
        assert told == (each.handler, each.queue, each.payload, each.options, each.priority)
        assert stored.scheduled_at == utc_text(each.due)


def test_push_of_nothing_stores_nothing(engine):
    assert engine.push([]) == []
    assert engine.stats() == {}


def test_push_stores_all_or_none(engine):
    try:
        engine.push([job(), job(), NewJob(HANDLER, "q", None), job()])
        stored = 4
    except LightjobsError:
        stored = 0
    assert engine.stats().get("q", {"new": 0})["new"] == stored
    assert len(push(engine, 2)) == 2


def test_a_pushed_job_is_new_and_as_given(engine):
    before = int(time.time())
    (id,) = engine.push([job("mail", '{"a":1}', priority=1, options='{"attempts":3}')])
    stored = engine.find(id)
    assert stored._replace(created_at="", scheduled_at="") == (
        id,
        HANDLER,
        "mail",
        '{"a":1}',
        "new",
        0,
        1,
        "",
        "",
        None,
        None,
        0,
        None,
        '{"attempts":3}',
        *(None,) * 7,
    )
    for text in (stored.created_at, stored.scheduled_at):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text)
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(before))
        assert moment <= text


def test_due_is_stored_as_utc_text(engine):
    (id,) = push(engine, due=4102444800.75)
    assert engine.find(id).scheduled_at == "2100-01-01 00:00:00"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_exactly(engine, text):
    bystander = push(engine, queue="bystander")[0]
    new = NewJob(f"Handler {text}", f"queue {text}", text, options=text)
    (id,) = engine.push([new])
    stored = engine.find(id)
    assert (stored.handler, stored.queue, stored.payload, stored.options) == (
        new.handler,
        new.queue,
        text,
        text,
    )
    assert list(engine.stats()) == sorted(["bystander", new.queue])
    claim = claim_one(engine, queue=new.queue)
    assert (claim.handler, claim.queue, claim.payload, claim.options) == (*new[:3], text)
    assert engine.find(bystander).status == "new"


def test_a_payload_with_nul_comes_back_exactly(engine):
    (id,) = push(engine, payload='{"a":"b\\u0000c"}')
    assert engine.find(id).payload == '{"a":"b\\u0000c"}'


def test_a_payload_of_a_megabyte_comes_back_exactly(engine):
    payload = '{"a":"' + "x'\"é🙂" * 200_000 + '"}'
    (id,) = push(engine, payload=payload)
    assert engine.find(id).payload == payload
    assert claim_one(engine).payload == payload


def test_the_longest_names_fit(engine):
    (id,) = push(engine, queue="🙂" * 55, handler="é" * 255)
    stored = engine.find(id)
    assert (stored.queue, stored.handler) == ("🙂" * 55, "é" * 255)


def test_threads_may_push_at_the_same_time(engine):
    def pushes():
        return [id for n in range(20) for id in push(engine, 1 + n % 3)]

    ids = [id for result in in_threads(*[pushes] * 4) for id in result]
    assert len(set(ids)) == len(ids)
    assert {claim.id for claim in drain(engine)} == set(ids)


@pytest.mark.slow
def test_processes_pushing_at_the_same_time_lose_nothing(engine, environment):
    printed = processes(
        environment,
        """
from lightjobs.model import NewJob
for n in range(100):
    print(*engine.push([NewJob("h", "q", "{}")] * (1 + n % 5)))
""",
    )
    ids = " ".join(printed).split()
    assert len(set(ids)) == len(ids) == 600
    assert {claim.id for claim in drain(engine)} == set(ids)
