"""The tests in docs/how-to/testing.md are tests that pass."""

import os

from tests.support.documents import blocks

pytest_plugins = ["pytester"]

JOBS = """
from lightjobs import Job

class ShipOrder(Job):
    queue = "shipping"
    attempts = 3
    retryAfter = "+30 seconds"

    def handle(self):
        if self.payload.get("fails"):
            raise ConnectionError
"""

SHOP = """
from app_jobs.ship_order import ShipOrder

def place_order(number):
    ShipOrder().setDelay("+5 minutes").dispatch({"order": number})
"""


def test_the_tests_in_the_docs_pass(pytester, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("JOB_", "DB_", "REDIS_", "PYTEST_")):
            monkeypatch.delenv(name)
    page = [
        *blocks("docs/how-to/testing.md", "Test code that dispatches jobs"),
        *blocks("docs/how-to/testing.md", "One run of a job"),
        *blocks("docs/how-to/testing.md", "On a real store"),
    ]
    code = "\n".join(page)
    pytester.makefile("", **{".env": "JOB_ENGINE=database\n"})
    package = pytester.mkpydir("app_jobs")
    (package / "ship_order.py").write_text(JOBS)
    pytester.makepyfile(shop=SHOP, test_docs=code)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(passed=3)
    assert not (pytester.path / "jobs.sqlite").exists()
