import re
from datetime import UTC, datetime, timedelta

from lightjobs.execution import registry
from lightjobs.model import Done
from lightjobs.schedule.loading import load
from lightjobs.schedule.scheduler import Scheduler
from tests.support.documents import blocks


def test_the_schedule_in_the_docs_is_dispatched_as_it_says(project, engine):
    jobs, code = blocks("docs/how-to/schedule.md", "Dispatch jobs on a schedule")
    files = {"app_jobs/__init__.py": "", "app_jobs/reports.py": jobs, "config/schedule.py": code}
    root = project(files)
    registry.load(["app_jobs"])
    entries = load(root)
    monday = datetime(2024, 7, 15, tzinfo=UTC)
    Scheduler(engine, entries).begin(monday.timestamp() - 1)
    scheduler = Scheduler(engine, entries)
    engine.register("w", 30)
    ran = {}
    for minute in range(24 * 60):
        moment = monday + timedelta(minutes=minute)
        scheduler.tick(moment.timestamp())
        for queue in ("default", "slow", "pings"):
            for claim in engine.claim("w", [queue], 10):
                ran.setdefault((re.split(r"[.\\]", claim.handler)[-1], queue), []).append(moment)
                engine.settle("w", [Done(claim.id, claim.fence)])
    assert {name: len(moments) for name, moments in ran.items()} == {
        ("SendReport", "default"): 2,
        ("SendReport", "slow"): 1,
        ("Ping", "pings"): 37,
        ("CleanupJob", "default"): 1,
        ("RunCommand", "default"): 24,
    }
    assert [moment.hour for moment in ran["SendReport", "default"]] == [0, 7]  # 9 in Paris
