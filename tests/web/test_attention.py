"""Each line of what needs attention, when it should be there and when it should not."""

import time
from pathlib import Path

import pytest
from werkzeug.test import Client

from lightjobs.model import Failed, NewJob, Retention, Slot, Template, utc_text
from lightjobs.notes.observed import PARTS, Rate, Running
from lightjobs.web.access import Everybody
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.pages.attention import queues
from lightjobs.web.store import Store
from tests.support.engines import Wrapped

from .observed import add_worker, patient


@pytest.fixture
def lines(visit):
    """The lines, by what the page's JSON says."""

    def ask(options=None):
        found = visit("read", options).get("/api/").json["attention"]
        assert found["is_whole"]
        return found["lines"]

    return ask


def kinds(found):
    return [line["kind"] for line in found]


def push_due(engine, seconds, queue="mail"):
    return engine.push([NewJob("A", queue, "{}", due=time.time() - seconds)])[0]


def test_nothing_needs_anybody_at_first(visit, lines):
    assert lines() == []
    assert "Nothing needs you." in visit("read").get("/").text


def test_each_line_says_what_is_meant_and_leads_to_the_page_concerned(visit, engine, lines):
    push_due(engine, 300)
    [line] = lines()
    assert line["text"] == (
        "Queue mail: no living worker serves it, and its oldest due job has been due for 5 min."
    )
    assert line["meaning"]
    assert "--queue" in line["advice"]
    assert line["to"] == "/queues/mail"
    text = visit("read").get("/").text
    assert f'<a href="/queues/mail">{line["text"]}</a>' in text
    assert "Nothing needs you." not in text


# Queues.


def test_a_queue_that_no_worker_serves(engine, lines):
    push_due(engine, 30)
    push_due(engine, 1, "quick")
    engine.push([NewJob("A", "later", "{}", due=4e9)])
    add_worker(engine, "w", queues=("other",))
    assert [(line["kind"], "mail" in line["text"]) for line in lines()] == [
        ("unserved-queue", True)
    ]
    add_worker(engine, "w2", queues=("mail",))
    assert lines() == []


def test_a_worker_that_is_silent_serves_nothing(engine, lines):
    push_due(engine, 30)
    add_worker(engine, "w", lease=-60.0)
    assert "unserved-queue" in kinds(lines())


def test_what_a_worker_of_an_older_version_serves_is_not_known(engine, lines):
    push_due(engine, 30)
    engine.register("old", 60)
    assert lines() == []


def test_a_slow_queue(engine, lines):
    add_worker(engine, "w")
    push_due(engine, 40)
    assert lines() == []
    push_due(engine, 90)
    assert kinds(lines()) == ["slow-queue"]
    assert lines(Options(slow=100.0)) == []
    assert kinds(lines(Options(slow=30.0))) == ["slow-queue"]


def test_a_queue_that_is_paused_for_long(engine, lines):
    add_worker(engine, "w")
    engine.pause_queue("mail")
    push_due(engine, 600)
    assert lines() == []
    push_due(engine, 4000)
    assert kinds(lines()) == ["paused-queue"]
    engine.resume_queue("mail")
    assert kinds(lines()) == ["slow-queue"]


def test_many_queues_are_counted_after_the_slowest(engine, lines):
    for number in range(8):
        push_due(engine, 100 * (8 - number), f"q{number}")
    found = lines()
    assert len(found) == 6
    assert "Queue q0" in found[0]["text"]
    assert found[5]["text"] == "3 more like this."
    assert found[5]["to"] == "/queues"


def test_many_kept_jobs(engine, lines, monkeypatch):
    engine.retention = Retention(cancelled=None)
    monkeypatch.setattr(queues, "KEPT", 2)
    for count in (2, 1):
        for _ in range(count):
            engine.cancel(engine.push([NewJob("A", "mail", "{}")])[0])
        assert kinds(lines()) == ([] if count == 2 else ["many-kept-jobs"])
    [line] = lines()
    assert line["text"] == "3 jobs that have ended are kept; most of them are cancelled."


# Runs.


def note_failed(engine, hours_ago, count, handler="A", **changes):
    bucket = int(time.time() - hours_ago * 3600) // 600 * 600
    rate = Rate(600, bucket, "mail", handler, failed=count)
    engine.monitoring.note_rates([rate._replace(**changes)])


def test_more_jobs_failed_than_in_the_hour_before(engine, lines):
    note_failed(engine, 1.1, 3)
    note_failed(engine, 0, 3)
    assert lines() == []
    note_failed(engine, 0, 1)
    [line] = lines()
    assert line["kind"] == "failing-handler"
    assert "A: 4 jobs failed in the last hour, 3 in the hour before" in line["text"]
    assert line["to"] == "/jobs?status=failed&handler=A"


def test_failures_of_long_ago_and_attempts_that_are_repeated_need_nobody(engine, lines):
    note_failed(engine, 1.1, 3)
    note_failed(engine, 0, 0, retried=50)
    assert lines() == []


def test_why_jobs_fail_is_said(engine, lines):
    note_failed(engine, 0, 2)
    engine.push([NewJob("A", "mail", "{}")] * 2)
    engine.register("w", 60)
    errors = iter(("KeyError: a", "OSError"))
    for claim in engine.claim("w", ["mail"], 2):
        engine.settle("w", [Failed(claim.id, claim.fence, next(errors))])
    text = lines()[0]["text"]
    assert "0 in the hour before (" in text
    assert "KeyError" in text
    assert "OSError" in text


def note_durations(engine, place, handler="A", queue="mail"):
    """Note runs of `handler` in one part of the distribution."""
    durations = [0] * PARTS
    durations[place] = 100
    bucket = int(time.time()) // 3600 * 3600
    engine.monitoring.note_rates(
        [Rate(3600, bucket, queue, handler, done=100, durations=tuple(durations))]
    )


@pytest.mark.parametrize(
    ("place", "seconds", "is_long"),
    [
        (10, 110, True),  # 95 of 100 take up to 10 s
        (10, 90, False),
        (0, 70, True),  # up to 5 ms
        (0, 50, False),  # but no run counts that has not lasted for a minute
        (15, 19_000, True),  # more than half an hour
        (15, 17_000, False),
        (None, 100_000, False),  # nothing is known of the handler
    ],
)
def test_a_run_that_lasts_much_longer_than_others(engine, lines, place, seconds, is_long):
    if place is not None:
        note_durations(engine, place)
    run = Running("4711", "A", "mail", 1, time.time() - seconds)
    add_worker(engine, "w", running=(run,))
    assert kinds(lines()) == (["long-run"] if is_long else [])
    if is_long:
        assert "Job 4711 of A" in lines()[0]["text"]


# Workers.


def test_a_worker_whose_beat_is_overdue(engine, lines):
    add_worker(engine, "w", pid=17)
    assert lines() == []
    add_worker(engine, "gone", lease=0.01, pid=18)
    time.sleep(0.1)
    [line] = lines()
    assert line["kind"] == "silent-worker"
    assert "Worker 18 on host-a" in line["text"]
    assert line["to"] == "/workers"


def test_a_worker_of_another_version(engine, lines):
    for name in ("a", "b"):
        add_worker(engine, name)
    assert lines() == []
    add_worker(engine, "c", version="9.9", pid=33)
    [line] = lines()
    assert line["kind"] == "other-version"
    assert line["text"] == ("Most workers have version 0.1.0 of lightjobs; 33 on host-a has 9.9.")


def test_the_version_of_a_worker_that_is_silent_does_not_count(engine, lines):
    add_worker(engine, "w")
    add_worker(engine, "gone", lease=0.01, version="9.9")
    time.sleep(0.1)
    assert kinds(lines()) == ["silent-worker"]


# The schedule.


def describe(engine, entry, next_in, job_due_in=None):
    """An entry that is due in `next_in` seconds, and was dispatched for `job_due_in`."""
    now = time.time()
    engine.schedule.enroll([entry], now - 7200)
    job = NewJob("A", "mail", "{}", options=f'{{"entry": "{entry}"}}')
    if job_due_in is not None:
        engine.schedule.push_slots([Slot(entry, now + job_due_in, job)])
    engine.schedule.describe({entry: Template(job, "* * * * *", "UTC")}, {entry: now + next_in})


def test_an_entry_that_is_overdue(engine, lines):
    describe(engine, "report", -30)
    assert lines() == []
    describe(engine, "report", -90)
    [line] = lines()
    assert (line["kind"], line["to"]) == ("overdue-entry", "/schedule")
    assert "entry report has been due for 1 min" in line["text"]
    engine.schedule.pause_entry("report")
    assert lines() == []


def test_an_entry_that_was_removed_from_the_schedule_is_no_alarm(engine, lines):
    describe(engine, "report", -1000)
    assert kinds(lines()) == ["overdue-entry"]
    describe(engine, "other", 60, job_due_in=-10)
    assert "overdue-entry" not in kinds(lines())


def fail_all(engine):
    """Let the due jobs fail, and return the id of the last one."""
    worker = f"w{time.monotonic_ns()}"
    engine.register(worker, 60)
    claims = engine.claim(worker, ["mail"], 10)
    engine.settle(worker, [Failed(claim.id, claim.fence, "E: no") for claim in claims])
    return claims[-1].id


def entry_lines(found):
    return [line for line in found if line["kind"] == "failing-entry"]


def test_an_entry_whose_last_two_jobs_failed(engine, lines):
    describe(engine, "report", 60, job_due_in=-60)
    fail_all(engine)
    assert entry_lines(lines()) == []
    describe(engine, "report", 60, job_due_in=0)
    assert entry_lines(lines()) == []
    last = fail_all(engine)
    [line] = entry_lines(lines())
    assert line["to"] == f"/jobs/{last}"
    describe(engine, "other", 60, job_due_in=0)
    fail_all(engine)  # of another entry, with the same handler
    assert len(entry_lines(lines())) == 1


def test_a_job_that_failed_long_before_the_last_one_is_not_the_one_before_it(engine):
    for _ in range(2):
        describe(engine, "report", 60, job_due_in=0)
        fail_all(engine)

    def kinds_if_created(seconds_later):
        moment = utc_text(time.time() + seconds_later)
        later = Wrapped(engine, find=lambda id: engine.find(id)._replace(created_at=moment))
        client = Client(WebApp(Store(later), Everybody("read"), Options()))
        return kinds(client.get("/api/").json["attention"]["lines"])

    assert "failing-entry" in kinds_if_created(60)
    assert "failing-entry" not in kinds_if_created(600)


# The store, and all together.


def test_what_check_warns_of(engine):
    warned = Wrapped(engine, warnings=lambda: ["It forgets <b>jobs</b>."])
    client = Client(WebApp(Store(warned), Everybody("read"), Options()))
    [line] = client.get("/api/").json["attention"]["lines"]
    assert (line["kind"], line["to"]) == ("store-warning", "/about")
    assert "It forgets &lt;b&gt;jobs&lt;/b&gt;." in client.get("/").text


@pytest.mark.parametrize("slow", ["latency", "workers", "stats", "warnings", "paused_queues"])
def test_what_is_still_being_looked_at_is_not_said_to_need_nobody(engine, slow, monkeypatch):
    patient(monkeypatch, 0.05)
    is_slow = [True]

    def verb(*arguments):
        while is_slow[0]:
            time.sleep(0.01)
        return getattr(engine, slow)(*arguments)

    client = Client(WebApp(Store(Wrapped(engine, **{slow: verb})), Everybody("read"), Options()))
    answer = client.get("/")
    assert "Nothing needs you." not in answer.text
    assert "The store is still being looked at" in answer.text
    is_slow[0] = False
    patient(monkeypatch, 10)
    assert "Nothing needs you." in client.get("/").text


def test_names_never_become_part_of_the_page(visit, engine):
    hostile = '"><img src=x onerror=alert(1)>\x1b'
    push_due(engine, 100, hostile)
    note_failed(engine, 0, 5, hostile)
    note_durations(engine, 0, hostile)
    run = Running(hostile, hostile, hostile, 1, time.time() - 1000)
    add_worker(engine, "w", version=hostile, host=hostile, running=(run,))
    add_worker(engine, "w2")
    add_worker(engine, hostile, lease=-60.0, host=hostile)
    describe(engine, hostile.replace('"', "'"), -90)
    client = visit("read")
    found = set(kinds(client.get("/api/").json["attention"]["lines"]))
    assert {
        *("unserved-queue", "failing-handler", "long-run", "silent-worker"),
        *("other-version", "overdue-entry"),
    } == found
    text = client.get("/").text
    assert "<img" not in text
    assert "\x1b" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;\\x1b" in text


def test_each_kind_of_line_has_its_part_in_the_runbook():
    folder = Path(queues.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    named = {
        part.split('"')[0]
        for part in source.split('Line(\n            "')[1:] + source.split('Line(\n        "')[1:]
    }
    text = Path("docs/how-to/attention.md").read_text(encoding="utf-8")
    headings = {
        line.removeprefix("## ").strip().lower().replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("## ")
    }
    assert len(named) == 11
    assert named == headings
