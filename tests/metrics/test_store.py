"""What the store tells."""

import pytest

from lightjobs.errors import StoreUnavailable
from lightjobs.metrics.families import Distribution
from lightjobs.metrics.store import StoreMetrics
from lightjobs.model import NewJob
from lightjobs.watching.figures import Figures
from tests.support.notes import note_worker

from .samples import some_store


def values(engine, *queues):
    """Each series by the name of its metric without the prefix and its labels."""
    return {
        (family.name.removeprefix("lightjobs_"), *labels): value
        for family in StoreMetrics(engine, queues).families()
        for labels, value in family.samples
    }


def test_jobs_are_counted_by_the_words_that_people_see():
    found = values(some_store())
    counts = {key[2]: count for key, count in found.items() if key[:2] == ("queue_jobs", "mail")}
    assert counts == {
        **{"waiting": 1, "delayed": 1, "running": 1, "failed": 1},
        **{"paused": 0, "cancelled": 0, "completed": 0},
    }


def test_an_empty_queue_keeps_its_series_while_a_worker_serves_it():
    found = values(some_store())
    assert found["queue_jobs", "idle", "waiting"] == 0
    assert found["queue_latency_seconds", "idle"] == 0
    assert found["queue_workers", "idle"] == 1
    assert found["queue_workers", "slow"] == 0


def test_workers_are_those_that_live():
    engine = some_store()
    engine.register("of an older version", 30.0)
    note_worker(engine, "silent", lease=1.0)
    engine.register("dead", -1.0)
    found = values(engine)
    assert found["workers",] == 2
    assert (found["workers_places",], found["workers_busy",]) == (2, 1)


def test_queues_can_be_chosen_and_are_then_shown_in_any_case():
    found = values(some_store(), "mail", "none yet")
    assert {key[1] for key in found if key[0] == "queue_jobs"} == {"mail", "none yet"}
    assert found["queue_workers", "none yet"] == 0


def test_the_schedule_is_shown():
    found = values(some_store())
    assert found["schedule_last_run_timestamp_seconds", "nightly"] == 2000
    assert found["schedule_next_run_timestamp_seconds", "nightly"] == 3e9
    assert found["schedule_paused", "nightly"] == 0
    assert found["schedule_paused", "weekly"] == 1
    assert ("schedule_last_run_timestamp_seconds", "weekly") not in found


def test_runs_are_not_counted():
    families = StoreMetrics(some_store()).families()
    assert {family.kind for family in families} == {"gauge"}
    assert not any(isinstance(v, Distribution) for f in families for _, v in f.samples)


def test_a_store_that_is_away_is_said_to_be(caplog):
    engine = some_store()

    def away():
        raise StoreUnavailable("away")

    engine.workers = away
    shown = StoreMetrics(engine)
    for _ in range(3):
        shown.families()
    assert [record.getMessage() for record in caplog.records] == ["the store is away: away"]
    found = values(engine)
    assert found["store_up",] == 0
    assert found["scrape_duration_seconds",] >= 0
    assert not any(key[0] == "queue_jobs" for key in found)


def test_what_takes_too_long_is_left_out(monkeypatch):
    import threading

    monkeypatch.setattr("lightjobs.metrics.store.SCRAPE_SECONDS", 1.5)
    engine, over = some_store(), threading.Event()

    def slow():
        over.wait(30)
        return {}

    engine.stats = slow
    try:
        found = values(engine)
    finally:
        over.set()
    assert found["store_up",] == 0
    assert found["queue_latency_seconds", "mail"] >= 0
    assert not any(key[0] == "queue_jobs" for key in found)


def test_those_who_look_share_what_was_found():
    engine = some_store()
    shown = StoreMetrics(engine, figures=Figures(clock=lambda: 1000.0))
    shown.families()
    engine.push([NewJob("x", "later", "{}")])
    assert "later" not in {
        labels[0] for family in shown.families() for labels, _ in family.samples if labels
    }


@pytest.mark.parametrize("name", ["a\\b", 'a"b'])
def test_names_are_shown_as_they_are(name):
    engine = some_store()
    engine.push([NewJob("x", name, "{}")])
    assert values(engine)["queue_jobs", name, "waiting"] == 1
