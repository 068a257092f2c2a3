import asyncio
import json

from lightjobs.engines.where import Where
from lightjobs.execution import registry
from lightjobs.model import Done, Status
from tests.support.documents import blocks, run

from .support import run as run_job


def test_the_job_class_and_the_dispatches_in_the_docs_do_what_they_say(engine):
    (job,) = blocks("docs/how-to/jobs.md", "A job class")
    (dispatches,) = blocks("docs/how-to/jobs.md", "Dispatch")
    names = run(dispatches, __name__, **run(job, __name__))
    counts = {queue: counted["new"] for queue, counted in engine.stats().items()}
    assert counts == {"payments": 1001, "urgent": 1}
    assert engine.stats()["payments"]["delayed"] == 1001
    stored = engine.find(names["job_id"])
    assert stored.priority == 1
    assert type(run_job(names["ProcessPayment"], stored.payload).outcome) is Done


def test_coroutines_dispatch_as_the_docs_say(engine):
    (job,) = blocks("docs/how-to/jobs.md", "A job class")
    (code,) = blocks("docs/how-to/jobs.md", "Dispatch from an asyncio program")
    job_id = asyncio.run(run(code, __name__, **run(job, __name__))["place_order"](42))
    assert (engine.find(job_id).queue, engine.find(job_id).payload) == ("urgent", '{"payment":42}')
    assert engine.stats()["payments"]["new"] == 1000


def test_methods_decide_as_the_docs_say(engine):
    (code,) = blocks("docs/how-to/jobs.md", "Values that a method decides")
    job = run(code, __name__)["SendMail"]
    ids = job().setQueue("mail").dispatchMany([{"to": ["ann"]}, {"to": ["ann"] * 11}])
    assert [engine.find(id).queue for id in ids] == ["mail", "bulk"]


def test_a_renamed_class_runs_what_waits_under_its_former_name():
    (code,) = blocks("docs/reference/handler-names.md", "Rename or move a class")
    job = run(code, __name__)["SendInvoice"]
    assert registry.lookup("App\\Jobs\\Invoice").job is job


def test_headers_travel_as_the_docs_say(engine):
    (code,) = blocks("docs/how-to/jobs.md", "Headers")
    run(code, __name__)
    (stored,) = engine.browse(Where(status=Status.NEW), 2)
    assert json.loads(stored.options) == {"headers": {"request": "r-17", "tenant": "acme"}}
