"""The dispatcher on every store, by a clock that the test moves."""

import random
import time

import pytest

from lightjobs import Job
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler

HOUR = 3600


class Tick(Job):
    handler = "tests.Tick"
    queue = "ticks"


def entries():
    schedule = Schedule()
    for n in range(5):
        schedule.job(Tick).name(f"entry {n}").everySeconds(10).accuracy("all")
    return [event.entry() for event in schedule.events]


def moved(engine, schedulers, now, seconds, seed):
    """Let all schedulers tick for so long, in any order."""
    chance = random.Random(seed)
    for second in range(seconds):
        for scheduler in chance.sample(schedulers, len(schedulers)):
            scheduler.tick(now + second)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_set_by_an_hour_doubles_nothing(engine, step):
    now = int(time.time()) // 10 * 10
    schedulers = [Scheduler(engine, entries()) for _ in range(3)]
    moved(engine, schedulers, now, 31, seed=1)
    assert engine.stats()["ticks"]["new"] == 5 * 3
    # One starts anew after the step, as one of another machine whose clock is right goes on.
    schedulers = [*schedulers[1:], Scheduler(engine, entries())]
    moved(engine, schedulers, now + 31 + step, 40, seed=2)
    moved(engine, schedulers, now + 71, 41, seed=3)  # the clock is set right again
    noted = {name: int(slot.due) for name, slot in engine.schedule.slots().items()}
    latest = max(now + 110, now + 70 + step)
    assert set(noted.values()) == {latest}
    expected = range(now + 10, latest + 1, 10)
    assert engine.stats()["ticks"]["new"] == 5 * len(expected)
