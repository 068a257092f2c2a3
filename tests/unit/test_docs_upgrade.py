import pytest

from lightjobs import PayloadError
from lightjobs.model import Done, Failed
from tests.support.documents import blocks, run

from .support import run as run_job


def test_a_changed_payload_is_understood_as_the_docs_say():
    (code,) = blocks("docs/how-to/upgrade.md", "Change a payload")
    job = run(code, "app_jobs.billing")["SendInvoice"]
    for stored in ('{"customer":7}', '{"customer":7,"currency":"EUR","country":"FR"}'):
        ran = run_job(job, stored)
        assert type(ran.outcome) is Done
    assert job().dispatchSync({"customer": 7}) == "7 pays in EUR"
    with pytest.raises(PayloadError, match="country"):
        job().dispatchSync({"customer": 7, "country": "FR"})
    job.attempts = 3
    unfit = run_job(job, '{"client":7}', attempts=1)
    assert type(unfit.outcome) is Failed
    assert "payload.customer" in unfit.outcome.exception
