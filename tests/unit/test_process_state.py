"""How often all parts of the process's state are compared."""

import pytest

from lightjobs.execution.run import Run
from lightjobs.workers.process_state import FIRST_RUNS, QUICK_RUNS, WORK_SECONDS, ProcessState

from .support import claim


class Counted(ProcessState):
    looks = 0

    def _restore(self):
        self.looks += 1
        return super()._restore()


@pytest.fixture
def state():
    made = Counted(lambda: None)
    yield made
    made._descriptors.close()


def after_runs(state, count, seconds):
    """How often all was compared after `count` runs that took `seconds` each."""
    state.renew()  # pytest changes the environment between fixture and test
    before = state.looks
    for _ in range(count):
        run = Run(claim("quick"))
        run.seconds = seconds
        run.registered = object()
        state.restore_after(run)
    return state.looks - before


def test_all_is_compared_after_the_first_runs_and_then_now_and_then(state):
    assert after_runs(state, FIRST_RUNS, 0.0) == FIRST_RUNS
    assert after_runs(state, QUICK_RUNS, 0.0) == 0
    assert after_runs(state, 1, 0.0) == 1


def test_all_is_compared_when_jobs_have_run_for_some_milliseconds(state):
    after_runs(state, FIRST_RUNS, 0.0)
    assert after_runs(state, 1, WORK_SECONDS) == 1
    assert after_runs(state, 20, WORK_SECONDS / 5 + 1e-9) == 4
