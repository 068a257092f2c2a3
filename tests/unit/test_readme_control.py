import pytest

import lightjobs
from lightjobs import Job
from lightjobs.record import Retention

from .readme import code

pytestmark = pytest.mark.usefixtures("engine")


class SendReport(Job):
    handler = "Readme\\SendReport"
    queue = "reports"

    def handle(self):
        pass


def run(heading, **given):
    names = {"lightjobs": lightjobs, "Job": Job, "SendReport": SendReport, **given}
    for block in code(heading):
        exec(compile(block, f"README {heading}", "exec"), names)
    return names


def test_cancel(engine):
    engine.retention = Retention(cancelled=None)
    job_id = SendReport().dispatch()
    run("### Cancel", job_id=job_id)
    assert engine.find(job_id).status == "cancelled"


def test_pause_and_resume(engine):
    job_id = SendReport().dispatch()
    before = engine.find(job_id)
    run("### Pause and resume", job_id=job_id, engine=engine)
    assert engine.find(job_id) == before
    assert engine.paused_queues() == []


def test_priority(engine):
    run("### Priority")
    (stored,) = engine.browse("new")
    assert stored.priority == 1


def test_retention_and_cleanup(engine):
    run("### Retention and cleanup", engine=engine)
    (stored,) = engine.browse("new")
    assert stored.handler == "lightjobs.cleanup.CleanupJob"


def test_rate_limits():
    assert run("### Rate limits")["CallPartner"]().rateLimit() == {"limit": 10, "minutes": 1}
