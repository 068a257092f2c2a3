import itertools
import time

import pytest
from werkzeug.test import Client

from lightjobs.model import NewJob
from lightjobs.web.access import Everybody
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.store import Store
from tests.support.engines import Wrapped
from tests.support.waiting import wait_until

from .observed import add_runs, add_worker, patient


def row(client, name="mail"):
    rows = client.get("/api/queues").json["queues"]
    return next(each for each in rows if each["name"] == name)


def test_a_queue_tells_its_latency_and_its_oldest_job(visit, engine):
    hour_ago = time.time() - 3600
    first, _second = engine.push(
        [NewJob("A", "mail", "{}", due=hour_ago), NewJob("A", "mail", "{}")]
    )
    engine.push([NewJob("A", "later", "{}", due=4e9)])
    client = visit()
    found = row(client)
    assert found["latency"] == pytest.approx(3600, abs=120)
    assert found["oldest"] == first
    assert (row(client, "later")["latency"], row(client, "later")["oldest"]) == (0, None)
    text = " ".join(client.get("/queues").text.split())
    assert f'1 h <small>job <a href="/jobs/{first}">{first}</a>' in text


def test_a_queue_tells_of_the_living_workers_that_serve_it(visit, engine):
    add_worker(engine, "a")
    add_worker(engine, "b", queues=("mail", "other"))
    add_worker(engine, "gone", lease=-60.0)
    engine.register("old", 60)  # notes nothing
    client = visit()
    assert (row(client)["workers"], row(client, "other")["workers"]) == (2, 1)
    answer = client.get("/api/")
    assert answer.json["places"] == {"all": 8, "busy": 6, "unknown": 1}
    assert "6 of 8" in client.get("/").text
    assert "1 worker of an older version does not say what it does" in client.get("/").text


def test_a_queue_tells_of_its_last_hour(visit, engine):
    add_runs(engine, "mail", "A", done=6, retried=2)
    add_runs(engine, "mail", "B", failed=2)
    engine.push([NewJob("A", "mail", "{}")])
    client = visit()
    found = row(client)
    assert found["failing"] == 0.4
    assert found["wait_p95"]["at_most"] == 0.05
    assert 0.9 <= found["per_minute"] <= 1.0
    assert sum(found["minutes"]) == 10
    assert "≤ 50 ms" in client.get("/queues").text
    handlers = client.get("/api/queues/mail").json["handlers"]
    assert [(each["handler"], each["runs"], each["failing"]) for each in handlers] == [
        ("A", 8, 0.25),
        ("B", 2, 1.0),
    ]
    assert handlers[0]["mean"] == 0.3


def test_what_comes_next_is_in_the_order_of_claims(visit, engine):
    now = time.time()
    engine.push(
        [
            NewJob("late", "mail", "{}", due=now - 10),
            NewJob("early", "mail", "{}", due=now - 20),
            NewJob("urgent", "mail", "{}", due=now - 5, priority=2),
            NewJob("not yet", "mail", "{}", due=now + 1000, priority=2),
        ]
    )
    answer = visit().get("/api/queues/mail").json
    assert [job["handler"] for job in answer["next"]] == ["urgent", "early", "late"]
    assert answer["next_is_certain"] is True
    engine.register("w", 60)
    claimed = [claim.handler for claim in engine.claim("w", ["mail"], 10)]
    assert claimed == ["urgent", "early", "late"]


def test_a_long_queue_is_not_looked_through_and_that_is_said(visit, engine):
    engine.push([NewJob("A", "mail", "{}")] * 150)
    client = visit()
    answer = client.get("/api/queues/mail").json
    assert (len(answer["next"]), answer["next_is_certain"]) == (25, False)
    assert "others may have a higher priority" in client.get("/queues/mail").text


@pytest.mark.parametrize("slow", ["stats", "paused_queues", "latency", "workers", "rates"])
def test_a_number_that_takes_long_is_left_out_and_comes_later(engine, slow, monkeypatch):
    patient(monkeypatch, 0.05)
    engine.push([NewJob("A", "mail", "{}")])
    is_slow = [True]

    def verb(*arguments):
        while is_slow[0]:
            time.sleep(0.01)
        return getattr(engine, slow)(*arguments)

    client = Client(WebApp(Store(Wrapped(engine, **{slow: verb})), Everybody("read"), Options()))
    assert client.get("/").status_code == client.get("/queues/mail").status_code == 200
    if slow in ("stats", "paused_queues"):
        assert client.get("/api/queues").json["queues"] is None
    else:
        answer = wait_until(lambda: client.get("/api/queues").json["queues"])
        field = {"latency": "latency", "workers": "workers", "rates": "minutes"}[slow]
        assert answer[0][field] is None
    is_slow[0] = False
    patient(monkeypatch, 10)
    assert row(client)[{"rates": "minutes"}.get(slow, "latency")] is not None


def test_a_page_waits_for_all_its_numbers_together_no_longer_than_for_one(engine, monkeypatch):
    waited = []

    def get(self, key, query, patience=None):
        waited.append(patience)
        time.sleep(0.02)

    monkeypatch.setattr("lightjobs.watching.figures.Figures.get", get)
    Client(WebApp(Store(engine), Everybody("read"), Options())).get("/queues/mail")
    assert len(waited) > 2
    assert all(first >= then + 0.02 for first, then in itertools.pairwise(waited))
