"""What job:work --stop-when-empty says about jobs that it did not run."""

import time

import pytest

from lightjobs import cli
from lightjobs.cli.left_waiting import left_waiting
from lightjobs.model import NewJob


def push(engine, queue="default", count=1, **fields):
    return engine.push([NewJob("App\\Jobs\\X", queue, "{}", **fields)] * count)


def test_nothing_waits_so_nothing_is_said(engine):
    assert left_waiting(engine, ["default"]) == []


def test_jobs_of_other_queues_are_counted_and_named(engine):
    push(engine, "mail"), push(engine, "payments", 2)
    assert left_waiting(engine, ["default", "urgent"]) == [
        "no job is due in default, urgent",
        "3 jobs are due in other queues: payments (2), mail (1)",
    ]


def test_delayed_jobs_are_counted_with_the_soonest_moment(engine):
    now = int(time.time())
    push(engine, due=now + 7200.0), push(engine, "mail", due=now + 3600.0)
    soonest = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now + 3600))
    _empty, line = left_waiting(engine, ["default"])
    assert line == (
        f"2 jobs are due later: default (1), mail (1); the soonest at {soonest} UTC, in 60 minutes"
    )


def test_jobs_of_paused_queues_are_told_apart(engine):
    push(engine), push(engine, "mail")
    engine.pause_queue("default")
    assert left_waiting(engine, ["default"]) == [
        "no job is due in default",
        "1 job is due in other queues: mail (1)",
        "1 job waits in paused queues: default (1)",
    ]


def test_a_worker_that_did_not_stop_for_emptiness_says_nothing(engine):
    push(engine), push(engine, "mail")
    assert left_waiting(engine, ["default"]) == []


def test_many_queues_are_counted_and_names_are_escaped(engine):
    for number in range(7):
        push(engine, f"q\x1b{number}")
    (line,) = left_waiting(engine, ["default"])[1:]
    assert line.endswith(" and 2 more")
    assert "\x1b" not in line


@pytest.mark.parametrize(("options", "said"), [([], True), (["--quiet"], False)])
def test_the_command_says_it(capfd, options, said):
    cli.run(["init"])
    cli.run(["job:dispatch", "ProcessPayment", '{"payment": 1}', "--queue=payments"])
    cli.run(["job:dispatch", "ProcessPayment", '{"payment": 1}', "--delay=+1 hour"])
    capfd.readouterr()
    assert cli.run(["job:work", "--workers=0", "--stop-when-empty", *options]) == 0
    out = capfd.readouterr().out
    assert ("1 job is due in other queues: payments (1)" in out) == said
    assert ("1 job is due later: default (1); the soonest at " in out) == said
