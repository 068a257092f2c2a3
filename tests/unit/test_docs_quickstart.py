"""What README and the quickstart tell a newcomer to type is typed here, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import ROOT, blocks

pytestmark = pytest.mark.slow


@pytest.fixture
def newcomer(tmp_path):
    """Does what blocks say: writes their files, types their commands; returns what was printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def follow(*parts):
        printed = []
        for block in (block for part in parts for block in part):
            if block.startswith("# "):
                (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block)
                continue
            for line in block.splitlines():
                ran = subprocess.run(
                    line,
                    shell=True,
                    cwd=tmp_path,
                    env={**os.environ, "PATH": path},
                    capture_output=True,
                    text=True,
                    timeout=60,
                )
                assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
                printed.append(ran.stdout)
                if "job:failed" in line:  # then the text says: set LIMIT = 2000
                    job = tmp_path / "app_jobs/charge_card.py"
                    job.write_text(job.read_text().replace("LIMIT = 1000", "LIMIT = 2000"))
        return printed

    return follow


def test_five_minutes_with_readme(newcomer):
    printed = newcomer(blocks("README.md", "Five minutes", "sh", "python"))
    init, _, first, _, work, failed, retry, again, stats = printed
    assert "created  app_jobs/process_payment.py" in init
    assert first.count("[PROCESSED]") == 1
    assert (work.count("[PROCESSED]"), work.count("[FAILED]")) == (4, 1)
    assert "ChargeCard" in failed
    assert "1" in retry
    assert again.count("[PROCESSED]") == 1
    assert stats == "no jobs\n"


def test_the_quickstart(newcomer):
    printed = newcomer(
        blocks("docs/quickstart.md", "Make a project", "sh"),
        blocks("docs/quickstart.md", "Write a job", "sh", "python"),
        blocks("docs/quickstart.md", "See what failed, and retry it", "sh"),
    )
    _init, _, first, shop, stats, work, failed, _retry, again, left = printed
    assert first.count("[PROCESSED]") == 1
    assert shop.startswith("dispatched ")
    assert "default" in stats
    assert (work.count("[PROCESSED]"), work.count("[FAILED]")) == (3, 1)
    assert "ChargeCard" in failed
    assert again.count("[PROCESSED]") == 1
    assert left == "no jobs\n"


def test_the_demo_that_readme_begins_with(tmp_path):
    environment = {
        **os.environ,
        "JOB_ENGINE": "database",
        "DB_DRIVER": "sqlite",
        "DB_NAME": str(tmp_path / "demo.sqlite"),
    }
    command = [sys.executable, str(ROOT / "scripts/demo.py")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.findall(r"^   (completed|retried|failed) +(\d+)$", ran.stdout, re.MULTILINE) == [
        ("completed", "370"),
        ("retried", "40"),
        ("failed", "8"),
    ]
