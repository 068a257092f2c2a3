import time

from lightjobs import Backoff, Job, current
from lightjobs.engines.where import Where
from lightjobs.model import Failed, Release
from lightjobs.testing import Jobs
from tests.support.documents import blocks, run
from tests.support.waiting import wait_until

from .support import run as run_job
from .working import Worker


def test_the_retry_policy_in_the_docs_does_what_it_says(engine):
    (code,) = blocks("docs/how-to/retries-and-timeouts.md", "Retry policy")
    charge = run(code, __name__)["Charge"]
    (stored,) = engine.browse(Where(status="new"))
    payload = stored.payload

    def ending(bank, **fields):
        return run_job(charge, payload.replace("slow", bank), **fields).outcome

    assert charge.attempts == 6
    before = time.time()
    slow = ending("slow", attempts=2, options=stored.options)
    assert type(slow) is Release
    assert before + 59 <= slow.due <= time.time() + 60
    assert before + 2.5 <= ending("slow").due <= time.time() + 7.5
    closed = ending("closed")
    assert (type(closed), closed.attempts) == (Release, 0)
    assert type(ending("declines")) is type(ending("unknown")) is Failed


def test_deadlines():
    (code,) = blocks("docs/how-to/retries-and-timeouts.md", "Deadlines")
    with Jobs() as jobs:
        names = run(code, "app_jobs.deadlines")
        jobs.travel("+3 minutes")
        assert jobs.work().cancelled == 1
        names["SyncCustomer"]().dispatch({"customer": 7})
        assert jobs.work().done == 1


def test_the_policy_of_a_project_counts_for_a_class_that_says_nothing(project):
    (code,) = blocks("docs/how-to/retries-and-timeouts.md", "One policy for the project")
    project({"config/jobs.py": code})
    current.use(None)
    current.settings()
    plain = type("Plain", (Job,), {"handler": "docs.plain"})
    assert (plain.attempts, plain.timeout) == (6, 300)
    assert plain.retryAfter == Backoff(attempts=6, base=5, cap=600)


def test_timeouts(engine):
    done = []
    (code,) = blocks("docs/how-to/retries-and-timeouts.md", "Timeouts")
    names = run(
        code,
        "app_jobs.docs",
        fetch=lambda url: [time.sleep(0.01) for _ in range(500)],
        remove_partial_download=lambda: done.append("removed"),
    )
    assert names["FetchReport"].timeout == 30
    (id,) = (job.id for job in engine.browse(Where(status="new")))
    started = time.monotonic()
    worker = Worker(engine, stop_when_empty=False)
    thread = worker.start()
    wait_until(lambda: "removed" in done)
    assert time.monotonic() - started >= 2.5
    wait_until(lambda: engine.find(id).status == "new")
    worker.stop(thread)
    assert engine.find(id).attempts == 1
