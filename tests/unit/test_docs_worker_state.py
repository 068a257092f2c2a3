import asyncio

import pytest

from lightjobs.execution import lifecycle
from lightjobs.model import Done
from tests.support.documents import blocks, run

from .lifecycles import lifecycles  # noqa: F401
from .support import run as run_job


@pytest.mark.usefixtures("lifecycles")
def test_the_job_in_the_docs_gets_what_the_worker_made():
    (code,) = blocks("docs/how-to/worker-state.md", "Make things once for each worker")
    names = run(code, __name__)
    closed = []

    async def close(server):
        closed.append(server)

    names["MailServer"].close = close
    lifecycle.start(asyncio.run)
    made = run_job(names["SendMail"], '{"to": "ann"}')
    assert type(made.outcome) is Done
    lifecycle.stop(asyncio.run)
    assert closed == [made.job.context.state.mail_server]
