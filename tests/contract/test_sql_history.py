"""What is special to the history in SQL databases: pages, parts, and names they cannot hold."""

import time

import pytest

from lightjobs.engines.sql import monitoring
from lightjobs.errors import LightjobsError
from lightjobs.notes.observed import SAMPLE, Rate
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

MINUTE = int(time.time()) // 60 * 60


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def engine(request):
    engine = STORES[request.param](request).engine
    engine.schema.install()
    yield engine
    engine.close()


def rate(number=0, **fields):
    return Rate(60, MINUTE - number % 7 * 60, f"q{number % 5}", f"h{number}", 1)._replace(**fields)


def test_rates_of_many_pages_come_in_order_and_each_once(engine, monkeypatch):
    rates = [rate(number) for number in range(100)]
    engine.monitoring.note_rates(rates)
    for rows in (1, 7, 100, 101):
        monkeypatch.setattr(monitoring, "PART", rows)
        assert engine.rates(60, 0) == sorted(rates)
        assert engine.rates(60, 0, queue="q1") == sorted(r for r in rates if r.queue == "q1")


def test_parts_are_noted_together_or_not_at_all(engine, monkeypatch):
    monkeypatch.setattr(monitoring, "PART", 2)
    wrong = rate(handler="z", done=None)
    with pytest.raises(LightjobsError):
        engine.monitoring.note_rates([rate(1), rate(2), rate(3), rate(4), wrong])
    assert engine.rates(60, 0) == []


@pytest.mark.parametrize("name", ["half \udc80", "nul \x00", "x" * 300])
def test_a_name_that_a_database_cannot_hold_is_written_so_that_it_can(engine, name):
    engine.monitoring.note_rates([rate(queue=name, handler=name)] * 2)
    (found,) = engine.rates(60, 0)
    assert found.done == 2
    assert found.queue[:4] == found.handler[:4] == name[:4]


def test_that_a_sample_was_begun_is_no_rate(engine):
    engine.monitoring.begin_sample(MINUTE)
    assert engine.rates(60, 0) == []
    sample = rate(queue="", handler=SAMPLE, done=0, depth=0, latency=0.0)
    engine.monitoring.note_rates([sample])
    assert engine.rates(60, 0) == [sample]
    assert not engine.monitoring.begin_sample(MINUTE)


def test_the_upkeep_deletes_old_rates_in_parts_and_not_at_every_call(engine, monkeypatch):
    monkeypatch.setattr(monitoring, "PART", 2)
    old = [rate(bucket=MINUTE - 86_400 - 60 * number) for number in range(5)]
    engine.monitoring.note_rates(old)
    left = []
    for _ in range(3):
        engine.tidy()
        left.append(len(engine.rates(60, 0)))
        engine.tidy()
        assert len(engine.rates(60, 0)) == left[-1]
        engine.monitoring._forget_at = 0.0
    assert left == [3, 1, 0]
