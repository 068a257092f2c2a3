"""The examples of the pages about FastAPI, Flask and SQLAlchemy, done as they say."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys

import httpx
import pytest

from tests.support.documents import blocks
from tests.support.environment import outside
from tests.support.servers.programs import free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def done(folder, *command, **env):
    """The output of a program that ends well."""
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**outside(), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@contextlib.contextmanager
def uvicorn(folder):
    """The application shop:app, served; gives its address and a function that returns its log."""
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "shop:app", f"--port={port}"],
            cwd=folder,
            env={**outside(), "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def printed():
        return (folder / "log").read_text()

    try:
        wait_until(lambda: "Uvicorn running" in printed() or process.poll() is not None)
        assert process.poll() is None, printed()
        yield f"http://127.0.0.1:{port}", printed
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_documented_fastapi_application_works(tmp_path):
    page = blocks(
        "docs/how-to/fastapi.md",
        "Use lightjobs with FastAPI, Starlette or Litestar",
        "python",
        "sh",
    )
    source, commands = page
    assert "LIGHTJOBS_PRELUDE=shop lightjobs migrate:up" in commands
    assert "uvicorn shop:app" in commands
    (tmp_path / "shop.py").write_text(source)
    done(tmp_path, "lightjobs", "migrate:up", LIGHTJOBS_PRELUDE="shop")
    with uvicorn(tmp_path) as (address, printed):
        answer = httpx.post(f"{address}/users/ann")
        assert (answer.status_code, answer.json()) == (202, {"job": "1"})
        wait_until(lambda: "welcome, ann" in printed(), what=printed())


def test_the_documented_lifespan_of_ones_own_works(tmp_path):
    (source,) = blocks("docs/how-to/fastapi.md", "Your own lifespan")
    more = """
import lightjobs, os
lightjobs.configure(url="sqlite:///jobs.sqlite")
asked = []
@app.get("/asked")
async def count():
    return len(asked)
@app.get("/")
async def ask():
    asked.append(1)
@app.post("/")
async def begin(url: str):
    return await Fetch().dispatchAsync({"url": url})
"""
    (tmp_path / "shop.py").write_text(source + more)
    done(tmp_path, "lightjobs", "migrate:up", LIGHTJOBS_PRELUDE="shop")
    with uvicorn(tmp_path) as (address, printed):
        httpx.post(f"{address}/", params={"url": f"{address}/"})
        wait_until(lambda: httpx.get(f"{address}/asked").json() == 1, what=printed())
        with contextlib.closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as connection:
            query = "SELECT count(*) FROM jobs"
            wait_until(lambda: connection.execute(query).fetchone() == (0,), what=printed())


def test_the_documented_flask_application_works(tmp_path):
    source, factory = blocks("docs/how-to/flask.md", "Use lightjobs in a Flask application")
    (commands,) = blocks("docs/how-to/flask.md", "Use lightjobs in a Flask application", "sh")
    (tmp_path / "shop.py").write_text(source)
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.sqlite")) as connection:
        connection.execute("CREATE TABLE shipped (number)")
        for command in ("lightjobs migrate:up", "lightjobs job:work"):
            assert f"flask --app shop {command}" in commands
        done(tmp_path, "flask", "--app", "shop", "lightjobs", "migrate:up")
        request = "import shop; print(shop.app.test_client().post('/orders/7').text)"
        ended = subprocess.run(
            [sys.executable, "-c", request], cwd=tmp_path, env=outside(), capture_output=True
        )
        assert ended.stdout == b"1\n", ended.stderr
        done(tmp_path, "flask", "--app", "shop", "lightjobs", "job:work", "--stop-when-empty")
        assert connection.execute("SELECT number FROM shipped").fetchall() == [(7,)]
    (tmp_path / "other.py").write_text(factory)
    assert "job:work" in done(tmp_path, "flask", "--app", "other", "lightjobs", "--help")


def test_the_documented_page_in_flask_works(tmp_path):
    (source,) = blocks("docs/how-to/flask.md", "The page")
    more = """
@app.get("/login")
def login():
    session["is_admin"] = True
    return ""
client = app.test_client()
print(client.get("/jobs/").status_code)
client.get("/login")
print(client.get("/jobs/").status_code)
"""
    (tmp_path / "shop.py").write_text(source + more)
    assert done(tmp_path, "shop", JOB_ENGINE="memory") == "403\n200\n"
