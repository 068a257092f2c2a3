import html
import re

import pytest

from lightjobs.model import NewJob, Retention
from lightjobs.web.listing import scan
from lightjobs.web.options import Options

from .jobs import LATER, fail, retry


def ids(answer):
    return [job["id"] for job in answer.json["jobs"]]


def next_page(answer, rel):
    """The address of the next page, as the page links to it."""
    found = re.search(rf'rel="{rel}" href="([^"]*)"', answer.text)
    return html.unescape(found[1]) if found else None


def test_jobs_are_listed_by_the_status_that_people_see(visit, engine):
    engine.retention = Retention(completed=None, cancelled=None)
    engine.register("w", 60)
    [running] = engine.push([NewJob("A", "runs", "{}")])
    engine.claim("w", ["runs"], 1)
    [failed] = fail(engine, "E: x")
    [waiting, delayed, paused, cancelled] = engine.push(
        [NewJob("A", "mail", "{}"), NewJob("A", "mail", "{}", LATER)] + [NewJob("B", "q", "{}")] * 2
    )
    engine.pause(paused)
    engine.cancel(cancelled)
    client = visit("read")
    for status, job_id in {
        "waiting": waiting,
        "delayed": delayed,
        "running": running,
        "failed": failed,
        "paused": paused,
        "cancelled": cancelled,
    }.items():
        answer = client.get(f"/api/jobs?status={status}")
        assert ids(answer) == [job_id]
        assert answer.json["jobs"][0]["status"] == status
        assert answer.json["counts"][status] == 1
        assert f">{job_id}</a>" in client.get(f"/jobs?status={status}").text
    assert ids(client.get("/api/jobs?status=completed")) == []
    assert client.get("/api/jobs?status=delayed").json["jobs"][0]["stored_status"] == "new"


@pytest.mark.parametrize("status", ["waiting", "failed", "delayed"])
def test_pages_are_walked_forth_and_back_and_miss_nothing(visit, engine, status):
    if status == "failed":
        fail(engine, *["E: x"] * 120)
    else:
        engine.push([NewJob("A", "mail", "{}", LATER if status == "delayed" else None)] * 120)
    client = visit("read")
    pages, address = [], f"/jobs?status={status}&queue=mail"
    while address:
        pages.append((address, ids(client.get("/api" + address))))
        address = next_page(client.get(address), "next")
    assert [len(found) for _, found in pages] == [50, 50, 20]
    assert len({each for _, found in pages for each in found}) == 120
    back = next_page(client.get(pages[2][0]), "prev")
    assert ids(client.get("/api" + back)) == pages[1][1]
    first = next_page(client.get(back), "prev")
    assert ids(client.get("/api" + first)) == pages[0][1]
    assert next_page(client.get(first), "prev") is None


def test_jobs_are_listed_by_queue_and_handler(visit, engine):
    [one, _] = engine.push([NewJob("A", "mail", "{}"), NewJob("B", "other", "{}")])
    client = visit("read")
    assert ids(client.get("/api/jobs?queue=mail")) == [one]
    assert client.get("/api/jobs?queue=mail").json["counts"]["waiting"] == 1
    assert ids(client.get("/api/jobs?handler=A")) == [one]
    assert ids(client.get("/api/jobs?handler=A&queue=other")) == []


def payload(text):
    return {"payload": text}


@pytest.mark.parametrize(
    ("words", "job", "fits"),
    [
        ("handler:Pay", {}, True),
        ("handler:pa*", {}, True),
        ("handler:App\\Jobs\\Pay", {}, True),
        ("handler:Pa", {}, False),
        ("handler:[P]ay", {}, False),
        ("queue:mail", {}, True),
        ("queue:m*l", {}, True),
        ("queue:other", {}, False),
        ("error:TimeoutError", {}, True),
        ("error:time*", {}, True),
        ("error:Timeout", {}, False),
        ("worker:host-a", {}, True),
        ("worker:host-b", {}, False),
        ("refused", {}, True),
        ("handler:Pay error:TimeoutError refused", {}, True),
        ("handler:Pay error:TimeoutError accepted", {}, False),
        ('"connection refused"', {}, True),
        ('"refused connection"', {}, False),
        ("payload:4711", payload('{"id": 4711}'), True),
        ("payload:4711", payload('{"id": 14711}'), False),
        ("payload:4711", payload('{"id": "a4711b"}'), True),
        ("payload:4711", payload('{"id": 4711.0}'), True),
        ("payload:4711.0", payload('{"id": 4711}'), True),
        ("payload:9007199254740993", payload('{"id": 9007199254740993}'), True),
        ("payload:9007199254740993", payload('{"id": 9007199254740992}'), False),
        ("payload:zürich", payload('{"to": "Z\\u00fcrich"}'), True),
        ("payload:https://x.example/a", payload('{"to": "https:\\/\\/x.example\\/a"}'), True),
        ("payload:to", payload('{"to": 1}'), True),
        ("s3cret", payload('{"password": "s3cret"}'), False),
        ("payload:s3cret", payload('{"password": "s3cret"}'), False),
        ("payload:1e999999999999999999999", payload('{"a": 1e999999999999999999999}'), True),
    ],
)
def test_words_are_what_a_job_must_have(visit, engine, words, job, fits):
    [job_id] = fail(engine, "TimeoutError: connection refused\nTraceback", **job)
    answer = visit("read").get("/api/jobs", query_string={"status": "failed", "q": words})
    assert ids(answer) == ([job_id] if fits else [])


def test_an_id_is_found_whatever_its_status(visit, engine):
    [failed] = fail(engine, "E: x")
    answer = visit("read").get(f"/api/jobs?status=waiting&q={failed}")
    assert [(job["id"], job["status"]) for job in answer.json["jobs"]] == [(failed, "failed")]


def test_hidden_payloads_are_not_searched(visit, engine):
    fail(engine, "E: x", payload='{"a": "findme"}')
    client = visit("read", Options(hide_payloads=True))
    assert ids(client.get("/api/jobs?status=failed&q=findme")) == []
    answer = client.get("/api/jobs?status=failed&q=payload:findme")
    assert (answer.status_code, "hidden" in answer.json["reason"]) == (400, True)
    assert "findme" not in client.get("/jobs?status=failed").text


def test_a_search_says_how_far_it_came_and_goes_on(visit, engine, monkeypatch):
    monkeypatch.setattr(scan, "MOST_SCANNED", 30)
    first = fail(engine, "E: rare")
    fail(engine, *["E: x"] * 70)
    client = visit("read")
    address, answers = "/jobs?status=failed&q=rare", []
    while address:
        answers.append(client.get(address))
        found = re.search(r'<a href="([^"]*)">go on</a>', answers[-1].text)
        address = html.unescape(found[1]) if found else None
    assert len(answers) == 3
    assert "Searched 30 of 71 failed jobs" in answers[0].text
    assert "Searched 60 of 71 failed jobs" in answers[1].text
    assert f">{first[0]}</a>" in answers[2].text


def test_a_retried_job_shows_its_last_error(visit, engine):
    retry(engine, "ValueError: no such card\nTraceback")
    [job] = visit("read").get("/api/jobs?status=delayed").json["jobs"]
    assert (job["error"], job["attempts"]) == ("ValueError: no such card", 1)


@pytest.mark.parametrize(
    "query",
    [
        "status=new",
        "status=<b>",
        "after=x",
        "after=20260101000000",
        "after=99999999999999-1",
        "after=²0260101000000-1",
        "back=x",
        "seen=x",
        "q=" + "x" * 501,
        "q=" + "a+" * 40,
        "queue=%00",
        "q=a%00",
    ],
)
@pytest.mark.parametrize("path", ["/jobs", "/api/jobs"])
def test_a_wrong_address_is_told(visit, query, path):
    answer = visit("read").get(f"{path}?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "query",
    ["after=20260101000000-", "after=00010101000000-x", "queue=" + "x" * 200, "q=%22", "q=%FF"],
)
def test_an_address_that_leads_to_no_jobs_is_no_error(visit, query):
    assert ids(visit("read").get(f"/api/jobs?{query}")) == []
