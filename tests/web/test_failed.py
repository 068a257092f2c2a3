import pytest

from lightjobs.engines.where import Where
from lightjobs.web.pages import failed

from .jobs import BEARER, SAME, fail, fields


def count(engine):
    return engine.count(Where(status="failed"))


def test_failed_jobs_are_grouped_by_handler_and_class_of_the_error(visit, engine):
    fail(engine, *["TimeoutError: late\nTraceback"] * 3, "ValueError: x")
    [latest] = fail(engine, "Some\\Php\\Error: no", handler="Other")
    client = visit("read")
    answer = client.get("/api/failed").json
    found = [(each["class"], each["exception"], each["count"]) for each in answer["groups"]]
    assert found == [
        ("Pay", "TimeoutError", 3),
        ("Pay", "ValueError", 1),
        ("Other", "Some\\Php\\Error", 1),
    ]
    first = answer["groups"][0]
    assert first["sample"] == "TimeoutError: late"
    assert first["first"] <= first["last"]
    assert (answer["grouped"], answer["failed"]) == (5, 5)
    assert answer["jobs"][0]["id"] == latest
    text = client.get("/failed").text
    assert "Counted in all failed jobs." in text
    assert "handler=App%5CJobs%5CPay" in text


def test_texts_that_differ_by_an_id_are_one_group(visit, engine):
    fail(engine, *[f'Order {n} is "late": 3 d' for n in (17, 4711)], "Order 3 is early", "E: 4711")
    client = visit()
    groups = client.get("/api/failed").json["groups"]
    found = {each["exception"]: (each["count"], each["q"]) for each in groups}
    assert found == {
        'Order * is "late"': (2, 'error:"Order * is ?late?"'),
        "Order * is early": (1, 'error:"Order * is early"'),
        "E": (1, None),
    }
    listed = client.get("/api/jobs", query_string={"status": "failed", "q": groups[0]["q"]}).json
    assert len(listed["jobs"]) == 2
    assert "A * stands for numbers and ids" in client.get("/failed").text


def test_a_group_of_texts_is_retried_or_deleted(visit, engine):
    late = fail(engine, *[f"Order {n} is late" for n in range(5)])
    fail(engine, "Order x is late", "Order 3 is early")
    fail(engine, "Order 3 is late", handler="Other")
    client = visit()
    group = {"handler": "App\\Jobs\\Pay", "exception": "Order * is late"}
    asked = client.post("/failed", data={"action": "retry", **group}, headers=SAME)
    assert "Retry 5 failed jobs of Pay with Order * is late?" in asked.text
    client.post("/failed", data=fields(asked.text), headers=SAME)
    assert count(engine) == 3
    assert {engine.find(each).status for each in late} == {"new"}


def test_of_a_group_of_texts_only_the_latest_are_acted_on_and_that_is_said(
    visit, engine, monkeypatch
):
    monkeypatch.setattr("lightjobs.web.pages.bulk.MOST_SCANNED", 3)
    monkeypatch.setattr("lightjobs.web.listing.scan.MOST_SCANNED", 3)
    fail(engine, *[f"Order {n} is late" for n in range(5)])
    group = {"handler": "App\\Jobs\\Pay", "exception": "Order * is late"}
    asked = visit().post("/failed", data={"action": "delete", **group}, headers=SAME)
    assert "Delete 3 failed jobs" in asked.text
    assert "found among the first 3 failed jobs; for those behind, do this again" in asked.text


def test_only_the_latest_are_grouped_and_that_is_said(visit, engine, monkeypatch):
    monkeypatch.setattr(failed, "MOST_SCANNED", 10)
    fail(engine, *["E: x"] * 12)
    text = visit("write").get("/failed").text
    assert "Counted in the latest 10 of 12 failed jobs." in text
    assert "Actions are for all jobs of a group" in text


def test_buttons_are_for_those_who_may(visit, engine):
    fail(engine, "E: x")
    assert 'value="retry"' in visit("write").get("/failed").text
    assert 'value="retry"' not in visit("read").get("/failed").text


def test_a_group_of_failures_is_retried_or_deleted(visit, engine):
    fail(engine, *["TimeoutError: late"] * 2, "ValueError: x")
    fail(engine, "TimeoutError: late", handler="Other")
    client = visit()
    group = {"handler": "App\\Jobs\\Pay", "exception": "TimeoutError"}
    asked = client.post("/failed", data={"action": "retry", **group}, headers=SAME)
    assert "Retry 2 failed jobs of Pay with TimeoutError?" in asked.text
    answer = client.post("/failed", data=fields(asked.text), headers=SAME)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/failed")
    assert count(engine) == 2
    group["handler"] = "Other"
    asked = client.post("/failed", data={"action": "delete", **group}, headers=SAME)
    assert count(engine) == 2
    client.post("/failed", data=fields(asked.text), headers=SAME)
    assert count(engine) == 1


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"handler": "A"},
        {"exception": "E"},
        {"handler": "A\0", "exception": "E"},
        {"handler": "A", "exception": "\udc80"},
    ],
)
def test_a_group_must_be_named(visit, engine, form):
    fail(engine, "E: x")
    answer = visit().post("/api/failed", json={"action": "delete", **form}, headers=BEARER)
    assert answer.status_code == 400
    assert count(engine) == 1
