"""The shop of `make demo-web`."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.support.processes import parents
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def test_it_shows_its_jobs_at_the_address_that_it_prints_until_ctrl_c():
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.demo_web"],
        cwd=ROOT,
        env={**os.environ, "JOB_ENGINE": "sync", "PYTHONUNBUFFERED": "1"},  # the demo has its own
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        link, folder = printed(process, r"http://\S+"), Path(printed(process, r"/\S+(?=\. Ctrl-C)"))
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

        def get(path):
            address = urljoin(link.partition("?")[0], path)
            with browser.open(address, timeout=20) as answer:
                return json.load(answer)

        browser.open(link, timeout=20).close()

        def is_at_work():
            entries = get("api/schedule")["entries"]
            failed = {row["name"]: row["failed"] for row in get("api/queues")["queues"] or ()}
            return failed.get("payments", 0) >= 8 and len(entries or ()) == 4

        wait_until(is_at_work, 90, "jobs have failed, and there is a schedule", pause=0.5)
        started = [pid for pid, parent in parents().items() if parent == process.pid]
        assert len(started) == 4
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not folder.exists()
    assert not set(started) & set(parents())


def printed(process, pattern):
    """The next text that it prints which fits."""
    lines = iter(process.stdout.readline, "")
    return next(found[0] for line in lines if (found := re.search(pattern, line)))
