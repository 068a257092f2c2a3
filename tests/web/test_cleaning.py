import html
import re

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Failed, NewJob

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def failed(engine):
    """Makes failed jobs in the queue "mail"."""

    def make(count):
        engine.push([NewJob("A", "mail", "{}")] * count)
        engine.register("w", 60)
        while claims := engine.claim("w", ["mail"], 500):
            engine.settle("w", [Failed(claim.id, claim.fence, "E: x") for claim in claims])

    return make


def count(engine):
    return engine.count(Where(status="failed"))


def fields(text):
    """The hidden fields of the question."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def test_a_cleanup_is_counted_first_and_done_once_it_was_confirmed(visit, engine, failed):
    failed(3)
    engine.push([NewJob("A", "other", "{}")])
    client = visit()
    form = {"action": "cleanup", "failed": "remove", "pending": "nothing", "age": "7 days"}
    asked = client.post("/queues/mail", data=form, headers=SAME)
    assert asked.status_code == 200
    assert "Clean up the queue mail? failed: remove 3 jobs." in asked.text
    assert count(engine) == 3
    done = client.post("/queues/mail", data=fields(asked.text), headers=SAME)
    assert (done.status_code, done.headers["Location"]) == (303, "/queues/mail")
    assert "Cleaned up: 3 failed jobs (remove)." in client.get("/queues/mail").text
    assert count(engine) == 0
    assert engine.count(Where(status="new")) == 1


def test_an_age_is_part_of_the_choice(visit, engine, failed):
    failed(2)
    form = {"action": "cleanup", "failed": "remove older than", "age": "1 day"}
    text = visit().post("/queues/mail", data=form, headers=SAME).text
    assert "failed: remove older than 1 day 0 jobs" in text


def test_many_are_removed_only_if_their_number_is_typed(visit, engine, failed):
    failed(1001)
    client = visit()
    form = {"action": "cleanup", "failed": "remove"}
    asked = fields(client.post("/queues/mail", data=form, headers=SAME).text)
    for typed in ("", "1000", "x"):
        again = client.post("/queues/mail", data={**asked, "typed": typed}, headers=SAME)
        assert again.status_code == 200
        assert "This is not what was asked for." in again.text
    assert count(engine) == 1001
    done = client.post("/queues/mail", data={**asked, "typed": "1,001"}, headers=SAME)
    assert (done.status_code, count(engine)) == (303, 0)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"failed": "explode"},
        {"failed": "remove older than", "age": "soon"},
        {"failed": "remove older than"},
        {"pending": "nothing"},
    ],
)
def test_a_wrong_choice_changes_nothing(visit, engine, failed, form):
    failed(1)
    for path, headers in (("", SAME), ("/api", {"Authorization": "Bearer x"})):
        answer = visit().post(
            f"{path}/queues/mail",
            data={"action": "cleanup", "sure": "yes", **form},
            headers=headers,
        )
        assert answer.status_code == 400
    assert count(engine) == 1


def test_the_api_cleans_up_without_a_question(visit, engine, failed):
    failed(2)
    answer = visit().post(
        "/api/queues/mail",
        json={"action": "cleanup", "failed": "remove"},
        headers={"Authorization": "Bearer x"},
    )
    assert answer.json == {"message": "Cleaned up: 2 failed jobs (remove).", "count": 2}
