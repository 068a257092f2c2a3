"""Whatever programs, workers, people, networks and PHP do, in which order: the store is as the
model in `model/` says, and at the end each job has ended once."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import booleans

from .model.lost_replies import lost_replies
from .model.php import php_of
from .model.run import Machine, walk
from .model.steps import any_step


@pytest.fixture
def make(store):
    """Makes machines for the store, one for each order of steps."""
    php, lost = php_of(store), lost_replies(store)
    yield lambda: Machine(store, lost, php)
    lost.close()
    if php is not None:
        php.close()


class Orders(RuleBasedStateMachine):
    """Hypothesis chooses the steps."""

    def __init__(self):
        super().__init__()
        self.machine = self.make()
        self.fails = True

    @initialize(keeps=booleans())
    def begin(self, keeps):
        self.machine.begin(keeps)

    @rule(call=any_step(Machine))
    def take(self, call):
        self.fails = True
        self.machine.take(call)
        self.fails = False

    def teardown(self):
        try:
            if not self.fails:
                self.machine.drain()
        finally:
            self.machine.clean()


@pytest.mark.parametrize("seed", range(2))
def test_after_some_steps_all_is_as_promised(make, seed):
    walk(make, seed, 25)


@pytest.mark.slow
def test_after_many_steps_all_is_as_promised(make):
    for seed in range(100, 108):
        walk(make, seed, 100)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_after_steps_that_are_others_each_time_all_is_as_promised(make):
    given = settings(
        max_examples=50,
        stateful_step_count=60,
        deadline=None,
        database=None,
        derandomize=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(type("Run", (Orders,), {"make": staticmethod(make)}), settings=given)
