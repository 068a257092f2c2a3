"""The examples of docs/migrate/ do what the guides say."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from lightjobs.testing import Jobs
from tests.support.documents import blocks, run


@pytest.fixture
def follow(project):
    """Writes the files of a page's blocks; the code of the others is run when it is asked for."""
    project({"app_jobs/__init__.py": ""})

    def write(code):
        programs = []
        for block in code:
            path = re.match(r"# ([\w/]+\.py)", block)[1]
            if path.startswith(("app_jobs/", "config/")):
                project({path: block})
            else:
                programs.append(block)
        return lambda: [run(program, "program") for program in programs]

    return write


@pytest.fixture
def jobs():
    with Jobs() as jobs:
        yield jobs


def test_celery(follow, jobs):
    follow(blocks("docs/migrate/celery.md", "An example"))()
    now, later, elsewhere = jobs.dispatched("SendWelcome")
    assert (now.payload, now.queue, now.delay) == ({"user": 7}, "mail", 0)
    assert later.payload == {"user": 7, "template": "reminder"}
    assert 3599 <= later.delay <= 3600
    assert elsewhere.queue == "bulk"
    result = jobs.work()
    assert (result.done, result.failed) == (1, 1)  # MailboxFull is not repeated
    jobs.travel("+1 hour")
    assert jobs.work().done == 1
    monday = datetime(2030, 1, 7, tzinfo=UTC)
    ((moment, _),) = jobs.schedule(monday, monday + timedelta(days=7))
    assert (moment.weekday(), moment.hour) == (0, 9)


def test_celerys_backoff(follow, jobs):
    follow(blocks("docs/migrate/celery.md", "An example"))
    from app_jobs.mail import send_welcome

    job = type(send_welcome.as_job())
    assert job.attempts == 4
    assert (job.retryAfter.base, job.retryAfter.cap, job.timeout) == (1, 600, 30)
    assert job().rateLimit() == {"limit": 100, "minutes": 1}


def test_a_chain_of_celery(follow, jobs):
    follow(blocks("docs/migrate/celery.md", "Canvas"))
    from app_jobs.orders import order, orders

    order(5)
    assert jobs.work().done == 2
    jobs.assert_dispatched("Charge", {"order": 5}, times=1)
    orders([6, 7])
    assert jobs.work().done == 3
    jobs.assert_dispatched("Report", {}, times=1)


def test_rq(follow, jobs):
    follow(blocks("docs/migrate/rq.md", "An example"))()
    dispatched = jobs.dispatched("MakeThumbnails")
    assert [each.payload["album"] for each in dispatched] == [17, 18, 19, *range(20, 30)]
    assert 599 <= dispatched[1].delay <= 600
    assert dispatched[2].priority == "highest"
    assert jobs.work("images").done == 12
    from app_jobs.thumbnails import make_thumbnails

    for attempt, delay in enumerate(["+10 seconds", "+30 seconds", "+1 minute"], 1):
        ran = jobs.perform(make_thumbnails.as_job(), {"album": -1}, attempt=attempt)
        ran.assert_retried(ConnectionError, delay=delay)
    jobs.perform(make_thumbnails.as_job(), {"album": -1}, attempt=4).assert_done()


def test_dramatiq(follow, jobs):
    follow(blocks("docs/migrate/dramatiq-huey-arq.md", "Dramatiq"))
    from app_jobs.reports import NoSuchReport, build_report

    now, later = jobs.dispatched("BuildReport")
    assert (now.queue, now.payload) == ("reports", {"report": 7})
    assert 9 <= later.delay <= 10
    job = build_report.as_job()
    assert (job.attempts, job.timeout, job.retryAfter.cap) == (21, 600, 7 * 24 * 3600)
    jobs.perform(job, {"report": 0}).assert_failed(NoSuchReport)


def test_huey(follow, jobs):
    follow(blocks("docs/migrate/dramatiq-huey-arq.md", "Huey"))
    from app_jobs.backup import backup

    jobs.assert_dispatched("Backup", {"database": "shop"}, times=2)
    assert [backup.as_job().retryAfter.seconds(n) for n in (1, 2, 3)] == [10, 20, 40]
    day = datetime(2030, 1, 1, tzinfo=UTC)
    assert [m.hour for m, _ in jobs.schedule(day, day + timedelta(days=1))] == [3]


def test_arq(follow, jobs):
    programs = follow(blocks("docs/migrate/dramatiq-huey-arq.md", "arq"))()
    asyncio.run(programs[0]["enqueue"]())
    now, later = jobs.dispatched("Download")
    assert (now.delay, now.payload) == (0, {"url": "https://example.com/"})
    assert 59 <= later.delay <= 60
    from app_jobs.download import Client, Download

    released = asyncio.run(handled(Download, Client(), {"url": "x" * 101}))
    assert released == "JobReleased"
    assert asyncio.run(handled(Download, Client(), {"url": "x"})) is None


async def handled(job, client, payload):
    """The name of what `handle` raises when it is called with a client."""
    try:
        await job().setPayload(payload).handle(client)
    except Exception as error:
        return type(error).__name__


def test_lightpack(follow, jobs):
    follow(blocks("docs/migrate/laravel-lightpack.md", "Lightpack: an example"))
    from app_jobs.send_invoice import SendInvoice

    SendInvoice().dispatch({"invoice": 3})
    (dispatched,) = jobs.dispatched()
    assert (dispatched.handler, dispatched.queue) == ("App\\Jobs\\SendInvoice", "billing")
    assert jobs.work().done == 1
    jobs.perform(SendInvoice, {}).assert_retried(KeyError, delay="+30 seconds")


def test_laravel(follow, jobs):
    follow(blocks("docs/migrate/laravel-lightpack.md", "Laravel: an example"))()
    now, later = jobs.dispatched("ProcessPodcast")
    assert (now.queue, now.delay) == ("podcasts", 0)
    assert (later.queue, later.payload) == ("slow", {"podcast": 8})
    assert 599 <= later.delay <= 600
    from app_jobs.process_podcast import ProcessPodcast

    jobs.perform(ProcessPodcast, {"podcast": 0}).assert_failed("there is no such podcast")
    for attempt, delay in enumerate(["+1 second", "+5 seconds", "+10 seconds"], 1):
        ran = jobs.perform(ProcessPodcast, {}, attempt=attempt)
        ran.assert_retried(KeyError, delay=delay)
    jobs.perform(ProcessPodcast, {}, attempt=4).assert_failed(KeyError)


def test_sidekiq(follow, jobs):
    follow(blocks("docs/migrate/sidekiq-hummingbird.md", "Sidekiq: an example"))()
    dispatched = jobs.dispatched("HardJob")
    assert len(dispatched) == 102
    assert {each.queue for each in dispatched} == {"critical"}
    assert 299 <= dispatched[1].delay <= 300
    assert jobs.work().done == 101
    from app_jobs.hard_job import HardJob

    none = {"user": 8, "plan": "none"}
    jobs.perform(HardJob, none, attempt=5).assert_retried(LookupError, delay="+50 seconds")
    jobs.perform(HardJob, none, attempt=6).assert_failed(LookupError)


def test_the_first_page_shows_a_job(jobs):
    (code,) = blocks("docs/index.md", "lightjobs")
    job = run(code, __name__)["SendWelcome"]
    jobs.assert_dispatched(job, {"name": "Ann"}, times=1)
    assert jobs.work().done == 1
