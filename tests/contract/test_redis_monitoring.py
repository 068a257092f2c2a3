"""What Redis and Valkey promise of workers' notes, errors and the history beyond the seam."""

import time

import pytest

from lightjobs.engines.redis.monitoring import BUCKETS, QUEUES
from lightjobs.model import Failed, Template
from lightjobs.notes.attempt_errors import ERRORS_LENGTH, AttemptError, error_line
from lightjobs.notes.observed import SAMPLE, SPANS, Rate
from tests.support.stores import STORES

from .support import claim_one, job, push, worker


@pytest.fixture(params=["redis-hash", "valkey"])
def engine(request):
    made = STORES[request.param](request).engine
    yield made
    made.close()


@pytest.fixture
def raw(engine):
    """Runs a command on a key, without its prefix."""
    return lambda command, key, *words: engine._execute(command, engine._prefix + key, *words)


def rate(bucket, span=60, **fields):
    return Rate(span, bucket, "q", "h", **fields)


@pytest.mark.parametrize(("span", "kept"), SPANS.items())
def test_the_history_ends_by_itself(engine, raw, span, kept):
    bucket = int(time.time()) // span * span
    engine.monitoring.note_rates([rate(bucket, span, done=1)])
    assert kept < raw("TTL", f"rates:{span}:{bucket}") <= kept + span
    assert kept < raw("TTL", f"rates:{span}") <= kept + span
    engine.monitoring.begin_sample(bucket)
    assert 0 < raw("TTL", f"sampled:{bucket}") <= 3600


def test_a_history_of_many_buckets_is_read_in_parts(engine):
    newest = int(time.time()) // 60 * 60
    buckets = [newest - 60 * age for age in range(2 * BUCKETS + 1)][::-1]
    engine.monitoring.note_rates([rate(bucket, done=1) for bucket in buckets])
    assert [each.bucket for each in engine.rates(60, 0)] == buckets


def test_a_row_of_the_history_takes_little_room(engine, raw):
    bucket = int(time.time()) // 60 * 60
    engine.monitoring.note_rates([rate(bucket, done=1, milliseconds=3)])
    engine.monitoring.note_rates([rate(bucket, failed=1)])
    assert raw("HGETALL", f"rates:60:{bucket}") == {b'["q","h"]': b"1,,,1,3"}
    engine.monitoring.note_rates([rate(bucket)._replace(handler=SAMPLE, depth=0, latency=1.5)])
    assert raw("HGET", f"rates:60:{bucket}", b'["q",""]') == b",,,,,0,1.5"


def test_latency_looks_at_many_queues_in_parts(engine):
    count = 2 * QUEUES + 1
    engine.push([job(f"q{number}", due=time.time() - 100) for number in range(count)])
    assert len(engine.latency()) == count


def test_the_note_that_an_older_version_left_of_a_forgotten_worker_is_removed(engine, raw):
    name, gone = worker(engine), worker(engine)
    engine.beat([name, gone], 30.0, {name: "{}", gone: "{}"})
    raw("ZREM", "workers", gone)
    engine.recover()
    assert raw("HKEYS", "worker_notes") == [name.encode()]


def test_the_errors_are_cut_by_characters_at_the_end_of_a_line(engine, raw):
    (id,) = push(engine)
    name = worker(engine)
    lines = [f'{{"n":{number},"e":"{"é" * 1000}"}}' for number in range(20)]
    for line in lines:
        claim = claim_one(engine, name)
        engine.settle(name, [Failed(id, claim.fence, "E", line)])
        engine.move("retry")
    kept = raw("HGET", f"job:{id}", "errors").decode().split("\n")
    assert kept == lines[::-1][: len(kept)]
    length = len("\n".join(kept))
    assert length <= ERRORS_LENGTH < length + len(lines[0])


def test_an_older_version_reads_what_is_noted_of_an_entry(engine, raw):
    engine.schedule.enroll(["e"], 100.0)
    engine.schedule.describe({"e": Template(job(), "* * * * *", "UTC")}, {"e": 160.0})
    assert raw("HGET", "slots", "e") == b"100.000000 0   0"
    raw("HSET", "slots", "e", "220.000000 0   0")  # it dispatched a slot
    assert engine.schedule.slots()["e"].next is None


@pytest.mark.parametrize("written", ["", "{", "[]", "[1,2,3,4]", '[["h"],"* * * * *","UTC"]'])
def test_a_template_that_cannot_be_read_is_none(engine, raw, written):
    engine.schedule.enroll(["e"], 100.0)
    raw("HSET", "slot_templates", "e", written)
    assert engine.schedule.slots(templates=True)["e"].template is None


def test_a_job_in_phps_form_keeps_the_last_exception_alone(request):
    engine = STORES["redis-php"](request).engine
    (id,) = push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    line = error_line(AttemptError(1, 1000.5, 0.25, name, "error", "E"))
    engine.settle(name, [Failed(id, claim.fence, "E", line)])
    assert b"errors" not in engine._execute("GET", f"jobs:job:{id}")
    assert (engine.find(id).exception, engine.find(id).errors) == ("E", ())
    engine.close()
