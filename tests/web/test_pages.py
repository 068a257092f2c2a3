import html
import json
import time

import pytest
from werkzeug.test import Client

from lightjobs.errors import StoreUnavailable
from lightjobs.model import Flow, NewBatch, NewJob
from lightjobs.web.access import Everybody
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.store import Store
from tests.support.engines import Wrapped

from .addresses import NAMES, address

BEARER = {"Authorization": "Bearer x"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("job", "batch")])
def test_each_page_is_there_without_jobs(visit, name):
    answer = visit("read").get(address(name))
    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_there_with_jobs_and_its_json_is_the_same(visit, engine, name):
    engine.push([NewJob("A", "mail", "{}"), NewJob("B", "mail", "{}", due=4e9)])
    engine.batches.push(NewBatch("b1"), [NewJob("A", "mail", "{}", flow=Flow(batch="b1"))])
    client = visit("read")
    assert client.get(address(name)).status_code == 200
    answer = client.get("/api" + address(name))
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert isinstance(answer.json, dict)


def test_the_queues_are_counted_in_the_words_of_the_page(visit, engine):
    engine.push([NewJob("A", "mail", "{}"), NewJob("B", "mail", "{}", due=4e9)])
    engine.pause_queue("mail")
    [row] = visit("read").get("/api/queues").json["queues"]
    assert (row["name"], row["state"]) == ("mail", "paused")
    assert (row["waiting"], row["delayed"], row["running"]) == (1, 1, 0)


def test_a_queue_is_paused_and_resumed_by_those_who_may(visit, engine):
    engine.push([NewJob("A", "mail", "{}")])
    client = visit("write")
    headers = {"Origin": "http://localhost"}
    answer = client.post("/queues", data={"action": "pause", "queue": "mail"}, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queues")
    assert engine.paused_queues() == ["mail"]
    assert "Queue mail is paused." in client.get("/queues").text
    assert "Queue mail is paused." not in client.get("/queues").text  # it is said once
    client.post("/queues/mail", data={"action": "resume"}, headers=headers)
    assert engine.paused_queues() == []


def test_those_who_may_only_look_see_no_buttons_and_change_nothing(visit, engine):
    engine.push([NewJob("A", "mail", "{}")])
    client = visit("read")
    for path in ("/queues", "/queues/mail"):
        assert '<form method="post"' not in client.get(path).text
        assert '<form method="post"' in visit("write").get(path).text
    answer = client.post(
        "/queues/mail", data={"action": "pause"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 403
    assert engine.paused_queues() == []


def test_the_api_changes_by_json_and_a_bearer_token(visit, engine):
    client = visit("write")
    pause = {"action": "pause", "queue": "mail"}
    answer = client.post("/api/queues", json=pause, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    answer = client.post("/api/queues", json=pause, headers=BEARER)
    assert answer.json == {"message": "Queue mail is paused.", "count": 1}
    assert engine.paused_queues() == ["mail"]


@pytest.mark.parametrize(
    "queue",
    ["a/b", "a//b", "ü &?#%", '"<img onerror=x>', "..a", ".", "..", "a/../b", "./a", "a/", "/a"],
)
def test_a_queue_of_any_name_has_its_page(visit, engine, queue):
    engine.push([NewJob("A", queue, "{}")])
    client = visit("write")
    text = client.get("/queues").text
    link = text.split('scope="row"')[1].split('href="')[1].split('"')[0]
    assert client.get("/api" + html.unescape(link)).json["queue"] == queue


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nope", 404),
        ("/api/nope", 404),
        ("/static/0/nope.js", 404),
        ("/static/0/VENDORED.txt", 404),
        ("/queues/" + "x" * 60, 404),
        ("/?x=" + "y" * 20_000, 414),
        ("/?x=" + "y" * 10_000_000, 414),
    ],
)
def test_what_is_not_there_is_told_in_a_page_or_as_json(visit, path, code):
    answer = visit().get(path)
    assert answer.status_code == code
    if path.startswith("/api/"):
        assert answer.json["status"] == code
    else:
        assert answer.text.count("<h1>") == 1
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"data": {"action": "explode"}}, 400),
        ({"data": {"action": "pause", "queue": ""}}, 400),
        ({"json": ["pause"]}, 400),
        ({"json": {"action": {}}}, 400),
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": {"action": "pause", "queue": "x" * 2_000_000}}, 413),
        ({"data": b"x" * 2_000_000}, 413),
    ],
)
def test_a_wrong_form_is_refused(visit, sent, code):
    answer = visit().post("/queues", headers=BEARER, **sent)
    assert answer.status_code == code
    assert "Traceback" not in answer.text


def test_a_method_that_a_page_has_not_is_refused(visit):
    answer = visit().post("/about", headers=BEARER)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


class Away(Wrapped):
    def __getattr__(self, name):
        if name in ("name", "retention", "schema", "unworkable"):
            return getattr(self.original, name)
        if name in ("schedule", "monitoring", "batches", "unique"):  # whose verbs are away likewise
            return Away(getattr(self.original, name))

        def away(*arguments, **keywords):
            raise StoreUnavailable("redis: connection refused")

        return away


@pytest.mark.parametrize("name", [name for name in NAMES if name != "about"])
def test_a_store_that_is_away_is_said_and_the_page_stays_up(engine, name):
    client = Client(WebApp(Store(Away(engine)), Everybody("read"), Options()))
    for path in (address(name), "/api" + address(name)):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "connection refused" in answer.text
        assert answer.headers["Retry-After"] == "5"
        assert ('http-equiv="refresh"' in answer.text) == (not path.startswith("/api/"))
    assert client.get("/robots.txt").status_code == 200


def test_health_says_whether_the_store_is_up_and_no_more(visit, engine):
    answer = visit().get("/health")
    assert (answer.status_code, answer.json) == (200, {"store": "up"})
    client = Client(WebApp(Store(Away(engine)), Everybody("read"), Options()))
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (503, {"store": "down"})


def test_an_error_of_the_page_is_logged_and_shows_no_traceback(engine, caplog):
    broken = Wrapped(engine, stats=lambda: 1 / 0)
    answer = Client(WebApp(Store(broken), Everybody("read"), Options())).get("/queues")
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text


POLL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_a_poll_gets_the_part_that_changes_and_only_if_it_has_changed(visit, engine):
    client = visit()
    answer = client.get("/queues", headers=POLL)
    assert "<h1>" not in answer.text
    again = client.get("/queues", headers={**POLL, "If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")


def test_a_page_does_not_wait_for_a_slow_number_but_its_script_and_programs_do(engine, monkeypatch):
    monkeypatch.setattr("lightjobs.web.visit.GLANCE", 0.02)
    engine.push([NewJob("A", "mail", "{}")])

    def asked(*arguments, **options):
        """The answer of a new page."""

        def stats():
            time.sleep(0.5)
            return engine.stats()

        slow = Wrapped(engine, stats=stats)
        client = Client(WebApp(Store(slow), Everybody("read"), Options()))
        return client.get(*arguments, **options).text

    text = asked("/queues")
    assert "still being counted" in text
    assert "data-missing" in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "/queues/mail" in asked("/queues", headers=POLL)
    assert '"name": "mail"' in asked("/api/queues")


def test_a_page_that_has_all_its_numbers_is_not_asked_for_again_at_once(visit, engine):
    text = visit().get("/queues").text
    assert "data-missing" not in text
    assert "refresh" not in text.partition("</head>")[0]


def test_how_often_a_page_is_refreshed_stays_in_the_addresses(visit, engine):
    engine.push([NewJob("A", "mail", "{}")])
    text = visit().get("/queues?poll=15").text
    assert 'data-poll="15"' in text
    assert "/queues/mail?poll=15" in text
    assert 'data-poll="5"' in visit().get("/queues?poll=7").text
    assert 'data-poll="off"' in visit().get("/queues?poll=off").text


def test_json_has_only_ascii(visit, engine):
    engine.push([NewJob("A", "\ud800ü", "{}")]) if engine.name == "memory" else None
    answer = visit().get("/api/queues")
    assert answer.data.isascii()
    json.loads(answer.data)


def test_a_change_is_seen_at_once(visit, engine):
    client = visit()

    def state():
        return [row["state"] for row in client.get("/api/queues").json["queues"]]

    engine.push([NewJob("A", "mail", "{}")])
    assert state() == ["open"]
    client.post("/api/queues/mail", json={"action": "pause"}, headers=BEARER)
    assert state() == ["paused"]
    client.post("/api/queues/mail", json={"action": "resume"}, headers=BEARER)
    assert state() == ["open"]
