"""When the hooks of a job are called, and what they find."""

import pytest

from lightjobs import Job
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.hooks import execute_hook, has_hook
from lightjobs.model import Done

from .support import run


def test_only_an_overridden_hook_counts():
    class Plain(Job):
        def handle(self):
            if self.payload:
                raise ValueError

    class Hooked(Plain):
        def onSuccess(self):
            pass

        def onFailure(self):
            pass

    class Retried(Hooked):
        attempts = 2

    assert [has_hook(run(Plain, p)) for p in ("{}", '{"a":1}')] == [False, False]
    assert [has_hook(run(Hooked, p)) for p in ("{}", '{"a":1}')] == [True, True]
    assert [has_hook(run(Retried, p)) for p in ("{}", '{"a":1}')] == [True, False]


@pytest.mark.parametrize("error", [ValueError("hook"), SystemExit(1), KeyboardInterrupt()])
def test_a_hook_that_raises_is_logged(caplog, error):
    class Hooked(Job):
        def handle(self):
            pass

        def onSuccess(self):
            raise error

    result = run(Hooked)
    run_here(execute_hook(result), False)
    (record,) = caplog.records
    assert "onSuccess" in record.getMessage()
    assert record.job_id == result.claim.id
    assert type(result.outcome) is Done


def test_on_failure_finds_the_exception():
    seen = []

    class Hooked(Job):
        def handle(self):
            raise ValueError("boom")

        def onFailure(self):
            seen.append(self.getException())

    result = run(Hooked)
    run_here(execute_hook(result), False)
    assert seen == [result.exception]
