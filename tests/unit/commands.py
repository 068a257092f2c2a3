"""What the tests of several commands need."""

import json
import time

from lightjobs import current
from lightjobs.model import Failed

PROJECT_THAT_FAILS = {
    "app_jobs/broken.py": "raise RuntimeError('imported')",
    "config/schedule.py": "raise RuntimeError('imported')",
    "config/jobs.py": "jobs = {'middleware': ['app_jobs.broken.No']}",
}
"""Files of a project whose modules fail when they are imported, its settings excepted."""


def fail_all(queue="default", exception="ValueError: boom\n\nTraceback"):
    engine = current.engine()
    name = f"w{time.monotonic_ns()}"
    engine.register(name, 30)
    claims = engine.claim(name, [queue], 100)
    engine.settle(name, [Failed(c.id, c.fence, exception) for c in claims])
    return [c.id for c in claims]


def dispatch(call, *more):
    status, out, _err = call("job:dispatch", "ProcessPayment", '{"payment": 42}', "--json", *more)
    assert status == 0
    return json.loads(out)["id"]
