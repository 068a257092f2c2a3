import time

from lightjobs.engines.where import Where
from lightjobs.model import Failed, Release
from tests.support.readme import blocks, run

from .support import run as run_job


def test_the_retry_policy_in_the_readme_does_what_it_says(engine):
    (code,) = blocks("Retry policy")
    charge = run(code, __name__)["Charge"]
    (stored,) = engine.browse(Where(status="new"))
    payload = stored.payload

    def ending(bank, **fields):
        return run_job(charge, payload.replace("slow", bank), **fields).outcome

    assert charge.attempts == 6
    slow = ending("slow", attempts=2, options=stored.options)
    assert type(slow) is Release
    assert 58 < slow.due - time.time() <= 60
    assert 2.4 < ending("slow").due - time.time() <= 7.5
    closed = ending("closed")
    assert (type(closed), closed.attempts) == (Release, 0)
    assert type(ending("declines")) is type(ending("unknown")) is Failed
