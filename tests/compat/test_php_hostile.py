"""Whatever stands in Redis as a job of PHP's, no worker stops and nothing is executed."""

from __future__ import annotations

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, Settlement, Status
from tests.support.waiting import wait_until

from .peer import serialized
from .shared_redis import php_job

ID = "job_6b0251ac994364.82404417"
GOOD = serialized(php_job(ID))
BIG = b"9" * 30
PAST = "2020-01-01 00:00:00"
NO_COUNTS = ["nan", float("nan"), float("inf"), -3, 1.5, 1e300, 2**53 + 1, "9999999999999999999"]


def with_field(value: bytes) -> bytes:
    """A good job with one more field, whose value is `value`."""
    return GOOD.replace(b"a:8:{", b"a:9:{", 1)[:-1] + b's:5:"extra";' + value + b"}"


def instead_of(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


HOSTILE = {
    "object": with_field(b'O:8:"stdClass":0:{}'),
    "object with properties": with_field(b'O:8:"Evil\\Foo":1:{s:1:"a";i:1;}'),
    "object as a whole": b"O" + b':8:"stdClass"' + GOOD[1:],
    "object of its own format": with_field(b'C:11:"ArrayObject":2:{aa}'),
    "case of an enum": with_field(b'E:7:"Suit:Up";'),
    "reference": with_field(b"R:1;"),
    "reference to an object": with_field(b"r:1;"),
    "reference to itself": with_field(b"a:1:{i:0;R:1;}"),
    "unknown type": with_field(b"x:1;"),
    "length too short": instead_of(b's:7:"handler"', b's:6:"handler"'),
    "length too long": instead_of(b's:7:"handler"', b's:8:"handler"'),
    "length beyond the end": with_field(b's:9999:"abc";'),
    "length of gigabytes": with_field(b's:999999999:"abc";'),
    "length no integer can hold": with_field(b"s:" + BIG + b':"abc";'),
    "negative length": with_field(b's:-1:"";'),
    "negative count": with_field(b"a:-1:{}"),
    "huge count": with_field(b"a:999999999:{}"),
    "huge count as a whole": b"a:999999999:{" + GOOD[5:],
    "count no integer can hold": with_field(b"a:" + BIG + b":{}"),
    "count too low": GOOD.replace(b"a:8:", b"a:7:", 1),
    "count too high": GOOD.replace(b"a:8:", b"a:9:", 1),
    "nested deeply": with_field(b"a:1:{i:0;" * 100_000 + b"N;" + b"}" * 100_000),
    "nested deeply, without end": with_field(b"a:1:{i:0;" * 100_000),
    "key that is an array": with_field(b"i:1;").replace(b's:5:"extra"', b"a:0:{}"),
    "key that is null": with_field(b"i:1;").replace(b's:5:"extra"', b"N"),
    "no integer": with_field(b"i:1e5;"),
    "empty integer": with_field(b"i:;"),
    "no boolean": with_field(b"b:2;"),
    "nothing": b"",
    "number": b"17",
    "false": b"b:0;",
    "null": b"N;",
    "text": b's:3:"abc";',
    "JSON": b'{"id":"' + ID.encode() + b'","handler":"x"}',
    "empty array": b"a:0:{}",
    "something after it": GOOD + b"i:1;",
    "only NULs": b"\x00" * 100,
    "only braces": b"}" * 100_000,
    "not text": b"\xff\xfe" * 50,
    **{f"cut off at {at}": GOOD[:at] for at in range(1, len(GOOD), 17)},
}

ODD = {
    "attempts": ["1", 1.0, None, True, "many", -1, 2**62, 2**63 - 1, [], *NO_COUNTS],
    "fence": ["1", None, *NO_COUNTS],
    "recoveries": ["1", None, *NO_COUNTS],
    "priority": [99, "high", *NO_COUNTS],
    "status": ["queued", "failed", "", None, 1, "NEW", "e'; DROP"],
    "queue": ["", "other", None, 7, "x" * 1000, "a,b", "\xff"],
    "id": ["job_other", "", None, 7, "*", "../x"],
    "created_at": ["0000-00-00 00:00:00", "yesterday", "", None, 0, "9" * 400],
    "scheduled_at": [
        "0000-00-00 00:00:00",
        "tomorrow",
        "",
        None,
        99999999999,
        "9" * 400 + PAST[4:],
    ],
    "handler": ["", "App\\Jobs\\Missing", b"\xff\xfe", "os.system", "x" * 5000, []],
    "payload": ["", "[1]", "null", b"\xff", "[" * 100_000, "x" * 5_000_000, {"n": 1}],
    "updated_at": [None, 7, [], ""],
    "exception": [b"\xff\xfe caf\xe9", "x" * 1_000_000, 7, []],
    "failed_at": ["", "never", 7, None],
}
"""Fields that PHP would take from anybody: such a job may run, fail or be set aside."""


def cpu_seconds_of(shared):
    """Processor time that the server has used: nobody else is served in this time."""
    used = shared.raw.info("cpu")
    return used["used_cpu_user"] + used["used_cpu_sys"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_set_aside_untouched_with_a_reason(shared, text):
    shared.engine().register("w", 30.0)
    shared.put(ID, text)
    before = cpu_seconds_of(shared)
    assert shared.engine().claim("w", ["default"], 10) == []
    assert cpu_seconds_of(shared) - before < 0.2
    assert shared.text(ID) == text
    assert shared.score("queue:default", ID) is None
    assert shared.reason(ID)


@pytest.mark.parametrize("field", ["status", "queue", "handler", "payload"])
def test_the_reason_names_the_field_that_is_not_text(shared, field):
    shared.engine().register("w", 30.0)
    shared.put_job(ID, **{field: 7})
    assert shared.engine().claim("w", ["default"], 10) == []
    assert shared.reason(ID) == f"its {field} is not text"


MANY = b"".join(b"i:%d;i:1;" % n for n in range(1_000_000))
HUGE = {
    "many values": with_field(b"a:1000000:{" + MANY + b"}"),
    "many values, then an object": with_field(b"a:1000001:{" + MANY + b'O:1:"a":0:{}'),
    "many arrays": with_field(b"a:100000:{" + b"i:0;a:0:{}" * 100_000 + b"}"),
    "many fields": b"a:9999:{" + b"".join(b's:4:"%04d";N;' % n for n in range(9999)) + b"}",
    "length of many digits": with_field(b"s:" + b"9" * 10_000_000 + b':"abc";'),
    "integer of many digits": with_field(b"i:" + b"9" * 10_000_000 + b";"),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_nobody_waits_while_a_huge_one_is_set_aside(shared, text):
    shared.engine().register("w", 30.0)
    shared.put(ID, text)
    before = cpu_seconds_of(shared)
    assert shared.engine().claim("w", ["default"], 10) == []
    assert cpu_seconds_of(shared) - before < 0.5, "to read all of it took two seconds"
    assert shared.text(ID) == text
    assert shared.reason(ID)


@pytest.mark.slow
def test_people_can_see_what_was_set_aside_and_why(shared):
    shared.put(ID, HOSTILE["object"])
    shared.project.drain()
    shown = shared.project.cli("job:show", ID)
    assert shown.returncode == 0, shown.stderr
    assert shared.reason(ID) in shown.stdout


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_command_stumbles_over_it(shared, text):
    shared.put(ID, text)
    shared.raw.zadd("jobs:failed", {ID: 1})
    engine = shared.engine()
    engine.find(ID)
    engine.stats()
    for status in ("new", "failed", "queued"):
        engine.browse(Where(status=status))
    engine.move("retry")
    engine.move("retry", Where(job_id=ID))
    assert shared.text(ID) == text


def test_php_still_retries_all_failed_jobs_when_some_were_set_aside(shared):
    for n, text in enumerate(HOSTILE.values()):
        shared.put(f"job_{n}", text)
    shared.engine().register("w", 30.0)
    while shared.raw.zcard("jobs:queue:default"):
        assert shared.engine().claim("w", ["default"], 1000) == []
    shared.put_job(ID)
    shared.settle(Failed, "boom")
    assert shared.php("retry") == 1


def test_a_good_job_is_claimed_from_behind_a_thousand_bad_ones(shared):
    for n in range(1000):
        shared.raw.set(f"jobs:job:bad_{n}", b"O:1:{")
        shared.raw.zadd("jobs:queue:default", {f"bad_{n}": 1})
    shared.put_job(ID)
    shared.engine().register("w", 30.0)
    before = cpu_seconds_of(shared)
    wait_until(lambda: shared.engine().claim("w", ["default"], 1), what="the good job")
    assert cpu_seconds_of(shared) - before < 2


@pytest.mark.parametrize(
    "value",
    [
        's:8:"attempts";i:99;',
        '";s:8:"attempts";i:99;s:6:"status";s:6:"failed";}',
        'a:8:{s:2:"id";',
        "\x00\x01\r\n}",
        "💥" * 100,
    ],
)
def test_text_that_imitates_fields_is_only_text(shared, value):
    text = serialized({"first": value, **php_job(ID), "last": value})
    shared.put(ID, text)
    stored = shared.engine().find(ID)
    assert (stored.status, stored.attempts, stored.queue) == ("new", 0, "default")
    shared.settle(Failed, value)
    job = shared.php("show", id=ID)["job"]
    assert (job["first"], job["last"], job["exception"]) == (value, value, value)
    assert (job["attempts"], job["status"], next(iter(job))) == (1, "failed", "first")
    assert shared.engine().move("retry", Where(job_id=ID)) == 1
    shared.settle(Done)


def test_an_exception_that_is_not_utf_8_is_no_reason_to_refuse_a_job(shared):
    shared.put_job(ID, status="failed", exception=b"caf\xe9", failed_at="2026-11-22 02:21:32")
    shared.raw.delete("jobs:queue:default")
    shared.raw.zadd("jobs:failed", {ID: 1})
    assert shared.engine().find(ID).exception.startswith("caf")
    assert shared.engine().move("retry", Where(job_id=ID)) == 1
    shared.settle(Done)


def odd_jobs():
    """Jobs with one odd field each, and jobs without one, by id."""
    jobs = {}
    for field in php_job(ID):
        job_id = f"without_{field}"
        jobs[job_id] = php_job(job_id)
        del jobs[job_id][field]
    for field, values in ODD.items():
        for n, value in enumerate(values):
            jobs[f"{field}_{n}"] = {**php_job(f"{field}_{n}"), field: value}
    return jobs


@pytest.mark.parametrize("job_id", odd_jobs())
def test_an_odd_job_leaves_the_queue_and_costs_no_other_its_run(shared, job_id):
    engine = shared.engine()
    engine.register("w", 30.0)
    shared.put(job_id, serialized(odd_jobs()[job_id]))
    shared.put_job(ID)
    shared.raw.zadd("jobs:queue:default", {job_id: 1})
    engine.register("dying", 30.0)
    lost = engine.claim("dying", ["default"], 10)
    assert engine.recover("dying") == len(lost)
    claims = engine.claim("w", ["default"], 10)
    assert ID in {claim.id for claim in claims} <= {claim.id for claim in lost}
    assert {claim.id for claim in engine.held("w")} == {claim.id for claim in claims}
    assert shared.raw.zcard("jobs:queue:default") == 0
    # A job with a status of another place was in this one by mistake: nothing to say of it.
    elsewhere = odd_jobs()[job_id].get("status") in (Status.QUEUED, Status.FAILED)
    assert elsewhere or shared.reason(job_id) or job_id in {claim.id for claim in lost}
    outcomes = [Failed(claim.id, claim.fence, "boom") for claim in claims]
    assert engine.settle("w", outcomes) == [Settlement.ACCEPTED] * len(claims)
    assert engine.held("w") == []


def demand_that_a_worker_runs_the_good_ones(shared):
    good = {f"job_6b0251ac994364.{n:08}": 1 for n in range(20)}
    for job_id in good:
        shared.put_job(job_id)
    worker = shared.project.drain(JOB_UNKNOWN_AFTER="0")
    assert good.items() <= shared.project.runs("end").items()
    assert "a child ended" not in worker.err
    assert "Traceback" not in worker.err
    assert shared.raw.zcard("jobs:queue:default") == 0


@pytest.mark.slow
def test_no_worker_stops_at_hostile_jobs(shared):
    for n, text in enumerate(HOSTILE.values()):
        shared.put(f"hostile_{n}", text)
    demand_that_a_worker_runs_the_good_ones(shared)


@pytest.mark.slow
def test_no_worker_stops_at_odd_jobs(shared):
    for job_id, fields in odd_jobs().items():
        shared.put(job_id, serialized(fields))
    demand_that_a_worker_runs_the_good_ones(shared)


@pytest.mark.slow
def test_a_key_that_is_no_job_stops_nobody(shared):
    shared.raw.rpush("jobs:job:list", "x")
    shared.raw.sadd("jobs:job:set", "x")
    shared.raw.hset("jobs:job:hash", "x", "y")
    shared.raw.zadd("jobs:queue:default", {"list": 1, "set": 1, "hash": 1, "gone": 1, "": 1})
    shared.put_job(ID)
    shared.project.drain(seconds=20)
    assert shared.project.runs("end") == {ID: 1}
    assert shared.raw.lrange("jobs:job:list", 0, -1) == [b"x"]
    assert shared.raw.smembers("jobs:job:set") == {b"x"}
