import pytest

import lightjobs
from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.model import Retention
from tests.support.readme import blocks, run

pytestmark = pytest.mark.usefixtures("engine")


class SendReport(Job):
    handler = "Readme\\SendReport"
    queue = "reports"

    def handle(self):
        pass


def shown(heading, **given):
    names = {"lightjobs": lightjobs, "Job": Job, "SendReport": SendReport, **given}
    for code in blocks(heading):
        names = run(code, __name__, **names)
    return names


def test_cancel(engine):
    engine.retention = Retention(cancelled=None)
    job_id = SendReport().dispatch()
    shown("Cancel", job_id=job_id)
    assert engine.find(job_id).status == "cancelled"


def test_pause_and_resume(engine):
    job_id = SendReport().dispatch()
    before = engine.find(job_id)
    shown("Pause and resume", job_id=job_id, engine=engine)
    assert engine.find(job_id) == before
    assert engine.paused_queues() == []


def test_priority(engine):
    shown("Priority")
    (stored,) = engine.browse(Where(status="new"))
    assert stored.priority == 1


def test_retention_and_cleanup(engine):
    shown("Retention and cleanup", engine=engine)
    (stored,) = engine.browse(Where(status="new"))
    assert stored.handler == "lightjobs.cleanup.CleanupJob"


def test_rate_limits():
    assert shown("Rate limits")["CallPartner"]().rateLimit() == {"limit": 10, "minutes": 1}
