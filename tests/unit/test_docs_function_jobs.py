from lightjobs.engines.where import Where
from lightjobs.execution import registry
from tests.support.documents import blocks, run

from .support import run as run_job


def test_the_function_jobs_in_the_docs_do_what_they_say(engine):
    (code,) = blocks("docs/how-to/function-jobs.md", "Make a function a job")
    names = run(code, __name__)
    assert names["send_email"]("ann") == "Hello, ann"
    counts = {queue: counted["new"] for queue, counted in engine.stats().items()}
    assert counts == {"emails": 3, "urgent": 1, "default": 1}
    assert engine.stats()["urgent"]["delayed"] == 1
    for stored in engine.browse(Where(status="new")):
        assert run_job(registry.lookup(stored.handler).job, stored.payload).exception is None
