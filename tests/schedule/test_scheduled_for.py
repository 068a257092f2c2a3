"""A job of the schedule knows its moment and the next one."""

import calendar
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lightjobs import Job
from lightjobs.execution.context import JobContext
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler
from tests.unit.support import claim, ran
from tests.unit.working import Worker

from .running import NOON

PARIS = ZoneInfo("Europe/Paris")


def at(*fields, zone=PARIS):
    return datetime(*fields, tzinfo=zone)


class Report(Job):
    attempts = 3

    def handle(self):
        ran.append((self.context.scheduled_for, self.context.next_for))
        if self.context.attempt < 3:
            raise ValueError("again")


@pytest.fixture(autouse=True)
def _none_ran():
    ran.clear()


def work_at(engine, event, moment):
    """Work the job that a scheduler, begun the day before, dispatches at `moment`."""
    scheduler = Scheduler(engine, [event.entry()])
    scheduler.tick(moment - 86_400)
    scheduler.tick(moment)
    Worker(engine).run()
    assert engine.stats() == {}


def test_each_run_of_the_job_has_the_moment_in_the_zone_of_its_entry(engine):
    event = Schedule().job(Report).daily().at("09:00").timezone("Europe/Paris")
    work_at(engine, event, at(2026, 3, 28, 9).timestamp() + 1000)
    # The clock is put forward in the night between them.
    assert ran == [(at(2026, 3, 28, 9), at(2026, 3, 29, 9))] * 3
    assert {each.tzinfo for pair in ran for each in pair} == {PARIS}
    assert (ran[0][1] - ran[0][0].astimezone(UTC)).total_seconds() == 23 * 3600


def test_moments_that_are_made_up_for_have_each_their_own(engine):
    event = Schedule().job(Report).everySeconds(43_200).accuracy("all").jitter("+1 second")
    scheduler = Scheduler(engine, [event.entry()])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 86_400)
    Worker(engine).run()
    noon = datetime.fromtimestamp(NOON, UTC)
    due = [datetime.fromtimestamp(NOON + n * 43_200, UTC) for n in (1, 2, 3)]
    assert sorted(set(ran)) == [(due[0], due[1]), (due[1], due[2])]
    assert noon < due[0]


def test_the_last_moment_of_all_has_no_next_one():
    entry = Schedule().job(Report).cron("0 0 31 12 *").timezone("UTC").entry()
    due = calendar.timegm((9999, 12, 31, 0, 0, 0))
    options = json.loads(entry.new_job(due).options)
    assert options["slot"] == [due, None, "UTC"]
    context = JobContext(claim(options=json.dumps(options)))
    assert context.scheduled_for == at(9999, 12, 31, zone=UTC)
    assert context.next_for is None


@pytest.mark.parametrize("slot", [None, [], [1, 2], ["1", "2", "UTC"], [1, 2, None], {"due": 1}])
@pytest.mark.parametrize("options", [None, '{"attempts":2}', '{"entry":"x","slot":%s}'])
def test_a_job_that_is_not_of_the_schedule_has_none(options, slot):
    stored = options and options.replace("%s", json.dumps(slot))
    context = JobContext(claim(options=stored))
    assert (context.scheduled_for, context.next_for) == (None, None)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "\x00"])
def test_a_zone_that_is_unknown_here_is_utc(zone):
    stored = json.dumps({"slot": [NOON, NOON + 60, zone]})
    context = JobContext(claim(options=stored))
    assert context.scheduled_for == datetime.fromtimestamp(NOON, UTC)
    assert context.scheduled_for.tzinfo is UTC


def test_outside_the_schedule_there_is_no_moment(engine):
    Report().setAttempts(1).dispatch()
    Worker(engine).run()
    assert ran == [(None, None)]
