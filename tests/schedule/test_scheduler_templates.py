"""What the store is told of each entry, for programs without the project's code."""

from __future__ import annotations

import json

import pytest

from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler import Scheduler
from lightjobs.watching.expected import expected
from tests.support.engines import Wrapped

from .running import NOON


class Told(Wrapped):
    """A schedule that notes which entries are described."""

    def __init__(self, schedule):
        super().__init__(schedule)
        self.described = []

    def describe(self, templates, nexts):
        self.described.append(sorted(templates))
        self.original.describe(templates, nexts)


@pytest.fixture
def told(engine):
    made = engine.schedule = Told(engine.schedule)
    return made


def slot(engine, name="report"):
    return engine.schedule.slots(templates=True)[name]


def test_a_new_entry_is_described(engine, recurring):
    entry = recurring(60, more=lambda e: e.payload({"a": 1}).queue("early").timezone("Asia/Tokyo"))
    Scheduler(engine, [entry]).begin(NOON)
    template = slot(engine).template
    assert (template.expression, template.zone) == (entry.expression, "Asia/Tokyo")
    assert not template.conditional
    job = template.job
    assert (job.handler, job.queue, job.payload) == ("App\\Jobs\\SendReport", "early", '{"a":1}')
    assert job.due is None
    assert json.loads(job.options) == {"entry": "report"}
    assert slot(engine).next == NOON + 60


def test_what_is_pushed_from_a_template_is_for_no_moment(engine, recurring):
    Scheduler(engine, [recurring(60, more=lambda e: e.jitter("+30 seconds"))]).begin(NOON)
    engine.push([slot(engine).template.job])
    (job,) = engine.browse(Where(status="new"))
    assert json.loads(job.options) == {"entry": "report"}
    assert slot(engine).job_id is None


def test_an_entry_with_a_condition_says_so(engine, recurring):
    Scheduler(engine, [recurring(60, more=lambda e: e.when(lambda: False))]).begin(NOON)
    assert slot(engine).template.conditional


def test_a_delay_of_the_class_is_left_out(engine):
    class Later(Job):
        delay = "+5 minutes"

        def handle(self):
            pass

    entry = Schedule().job(Later).everySeconds(60).name("later").entry()
    Scheduler(engine, [entry]).begin(NOON)
    assert slot(engine, "later").template.job.due is None


def test_a_command_has_a_template_too(engine):
    entry = Schedule().command(["rsync", "a", "b"]).everySeconds(60).name("copy").entry()
    Scheduler(engine, [entry]).begin(NOON)
    template = slot(engine, "copy").template
    assert template.job.handler == "lightjobs.RunCommand"
    assert json.loads(template.job.payload) == {"command": ["rsync", "a", "b"]}


def test_an_entry_is_described_again_only_when_it_has_changed(engine, told, recurring):
    entries = [recurring(60, "a"), recurring(60, "b")]
    Scheduler(engine, entries).begin(NOON)
    assert told.described == [["a", "b"]]
    Scheduler(engine, entries).begin(NOON + 1)
    Scheduler(engine, entries).begin(NOON + 2, among_others=True)
    assert told.described == [["a", "b"]]
    changed = recurring(30, "b", lambda e: e.payload({"x": 1}))
    Scheduler(engine, [entries[0], changed]).begin(NOON + 3)
    assert told.described == [["a", "b"], ["b"]]
    assert slot(engine, "b").template.job.payload == '{"x":1}'
    assert slot(engine, "b").next == NOON + 30


def test_each_slot_brings_the_moment_after_it(engine, recurring):
    scheduler = Scheduler(engine, [recurring(60)])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    assert (slot(engine).due, slot(engine).next) == (NOON + 60, NOON + 120)
    (job,) = engine.browse(Where(status="new"))
    assert json.loads(job.options)["slot"] == [NOON + 60, NOON + 120, "UTC"]


def test_a_moment_that_is_passed_over_brings_it_too(engine, recurring):
    scheduler = Scheduler(engine, [recurring(60, more=lambda e: e.when(lambda: False))])
    scheduler.tick(NOON)
    scheduler.tick(NOON + 60)
    assert (slot(engine).due, slot(engine).next) == (NOON + 60, NOON + 120)


def test_missed_moments_that_are_not_made_up_for_are_not_shown_as_next(engine, recurring):
    entries = [recurring(60, more=lambda e: e.accuracy("none"))]
    Scheduler(engine, entries).tick(NOON)
    Scheduler(engine, entries).begin(NOON + 7230)
    assert slot(engine).next == NOON + 7260


def test_an_entry_that_was_forgotten_meanwhile_is_described_again(engine, recurring):
    entries = [recurring(60)]
    Scheduler(engine, entries).tick(NOON)
    other = Scheduler(engine, entries)
    other.begin(NOON + 1, among_others=True)
    engine.schedule.forget_entry("report", NOON + 1000)
    other.tick(NOON + 70)
    assert slot(engine).template is not None


def test_an_entry_is_overdue_while_no_scheduler_runs_and_not_once_it_is_removed(engine, recurring):
    entries = [recurring(60), recurring(60, "other")]
    scheduler = Scheduler(engine, entries)
    for minute in (0, 1):
        scheduler.tick(NOON + 60 * minute)
    late = NOON + 3600
    assert expected(engine.schedule.slots(), late) == {"report": NOON + 120, "other": NOON + 120}
    Scheduler(engine, entries[:1]).tick(late)
    assert expected(engine.schedule.slots(), late) == {"report": late + 60}
