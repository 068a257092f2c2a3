"""`lightjobs web` as a process."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.model import NewJob
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.environment import outside
from tests.support.site import ROOT, WAITS, Site


@pytest.fixture
def folder(tmp_path):
    """A project whose job modules and schedule cannot be imported, with a job in its store."""
    (tmp_path / "app_jobs").mkdir()
    (tmp_path / "config").mkdir()
    for name in ("app_jobs/__init__.py", "config/schedule.py", "broken.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')")
    (tmp_path / "config" / "jobs.py").write_text("jobs = {'middleware': ['broken.Middleware']}")
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(tmp_path / "jobs.sqlite"))))
    engine.schema.install()
    engine.push([NewJob("A", "mail", '{"password": "s3cret"}')])
    engine.close()
    return tmp_path


@pytest.fixture
def site(folder):
    started = []

    def start(*options, **environment):
        started.append(Site(folder, *options, JOB_ENGINE="database", **environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


pytestmark = pytest.mark.slow


def test_the_page_is_opened_by_its_link_and_imports_nothing_of_the_project(site):
    page = site()
    assert page.get("/")[0] == 401
    status, headers, _ = page.get(page.path)
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"].partition(";")[0]
    status, headers, text = page.get("/queues", Cookie=cookie, **WAITS)
    assert (status, "mail" in text) == (200, True)
    assert headers["Server"] == "lightjobs"
    assert page.get("/health")[2] == '{"store": "up"}\n'
    status, _, text = page.get("/queues", Cookie=cookie, Host="evil.example")
    assert status == 421
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = page.get("/queues", "POST", "action=pause&queue=mail", Cookie=cookie, **form)
    assert answer[0] == 403  # there is no --write


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it(site, number):
    status, _out, err = site().stop(number)
    assert (status, err) == (0, "")


@pytest.mark.parametrize("path", ["/jobs", "/jobs/", "/jobs/queues"])
def test_a_prefix_is_in_all_addresses(site, path):
    page = site("--prefix=/jobs", "--no-auth")
    assert page.path == "/jobs/"
    status, _, text = page.get(path)
    assert status == 200
    assert 'href="/jobs/queues"' in text
    assert 'href="/queues"' not in text
    assert page.get("/queues")[0] == 200  # a proxy that takes the prefix off


def test_headers_of_a_proxy_are_believed_only_if_it_is_trusted(site):
    forwarded = {
        "X-Forwarded-For": "10.1.2.3",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "jobs.example.com",
    }
    page = site()
    assert "Secure" not in page.get(page.path, **forwarded)[1]["Set-Cookie"]
    page = site("--trusted-proxy=127.0.0.1", "--allowed-host=jobs.example.com")
    assert "Secure" in page.get(page.path, **forwarded)[1]["Set-Cookie"]
    assert page.get(page.path, **{**forwarded, "X-Forwarded-Host": "evil.example"})[0] == 421


def test_a_change_is_written_to_the_log(site):
    page = site("--write", JOB_WEB_PASSWORD="s3cret")
    headers = {"Authorization": "Bearer s3cret", "Content-Type": "application/json"}
    body = '{"action": "pause", "queue": "mail"}'
    assert page.get("/api/queues", "POST", body, **headers)[0] == 200
    _, _, err = page.stop()
    assert "lightjobs.web: user='bearer' address=127.0.0.1 action=queues:pause" in err


@pytest.mark.parametrize(
    ("options", "secret", "status"),
    [
        (("--no-auth",), "", 403),
        (("--no-auth", "--write"), "", 200),
        ((), "all", 403),
        (("--write",), "all", 200),
        (("--write",), "look", 403),
    ],
)
def test_only_with_write_and_the_password_for_it_something_is_changed(
    site, options, secret, status
):
    given = {} if not secret else {"JOB_WEB_PASSWORD": "all", "JOB_WEB_READ_PASSWORD": "look"}
    page = site(*options, **given)
    headers = {"Authorization": f"Bearer {secret or 'x'}", "Content-Type": "application/json"}
    assert page.get("/api/queues", **headers)[0] == 200
    body = '{"action": "pause", "queue": "mail"}'
    assert page.get("/api/queues", "POST", body, **headers)[0] == status


@pytest.mark.parametrize("length", [100_000, 10_000_000])
def test_a_query_that_is_too_long_is_refused(site, length):
    page = site("--no-auth")
    try:
        status = page.get("/?x=" + "y" * length)[0]
    except (BrokenPipeError, ConnectionResetError):
        status = 431  # the server did not read on
    assert status in (414, 431)
    assert page.get("/")[0] == 200


def test_a_form_that_is_too_long_is_refused(site):
    page = site("--no-auth", "--write")
    try:
        status = page.get("/queues", "POST", b"x" * 20_000_000, Authorization="Bearer x")[0]
    except (BrokenPipeError, ConnectionResetError):
        status = 413  # the server did not read on
    assert status == 413
    assert page.get("/")[0] == 200


def test_a_store_that_is_away_does_not_keep_the_page_from_starting(site, folder):
    page = site("--no-auth", DB_NAME=str(folder / "no" / "such.sqlite"))
    status, _, text = page.get("/", **WAITS)
    assert status == 503
    assert "such.sqlite" in text
    assert page.get("/health")[0] == 503


def test_tables_that_are_missing_are_said(site, folder):
    page = site("--no-auth", DB_NAME=str(folder / "empty.sqlite"))
    status, _, text = page.get("/", **WAITS)
    assert status == 503
    assert "migrate:up" in text


def refused(folder, *options, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "lightjobs", "web", *options],
        cwd=folder,
        env={**outside(str(ROOT)), "JOB_ENGINE": "database", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.returncode, done.stderr


BOTH = {"JOB_WEB_PASSWORD": "same", "JOB_WEB_READ_PASSWORD": "same"}

REFUSED = [
    (["--host=0.0.0.0"], {}, "JOB_WEB_PASSWORD is not set; --host=0.0.0.0 needs it, or --no-auth"),
    (["--write"], {"JOB_WEB_READ_PASSWORD": "a"}, "JOB_WEB_PASSWORD is not set"),
    ([], BOTH, "JOB_WEB_READ_PASSWORD is the same as JOB_WEB_PASSWORD"),
    (["--prefix=jobs"], {}, "'jobs' is not a path; allowed: such as /jobs"),
    (["--prefix=/a?b"], {}, "'/a?b' is not a path"),
    (["--allowed-host=http://a"], {}, "'http://a' is not a host"),
    (["--port=70000"], {}, "--port"),
    ([], {"JOB_WEB_PORT": "x"}, "--port"),
    ([], {"JOB_WEB_REDACT": "("}, "JOB_WEB_REDACT: '(' is not a regular expression"),
    ([], {"JOB_WEB_LINKS": "x"}, "JOB_WEB_LINKS has 'x'; allowed: Name=https://"),
    ([], {"JOB_WEB_LINKS": "Logs=javascript:x"}, "'javascript:x'; allowed: an address with"),
    ([], {"JOB_WEB_SLOW": "soon"}, "JOB_WEB_SLOW is 'soon'; allowed: seconds"),
    ([], {"JOB_ENGINE": "memory"}, "The page has no jobs to show either."),
    ([], {"JOB_ENGINE": "sync"}, "The page has no jobs to show either."),
]


@pytest.mark.parametrize(("options", "environment", "reason"), REFUSED)
def test_what_cannot_be_served_is_refused_with_the_reason(tmp_path, options, environment, reason):
    status, err = refused(tmp_path, *options, **{"JOB_WEB_PORT": "0", **environment})
    assert status == 2
    assert reason in err


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, err = refused(tmp_path, f"--port={port}")
    assert status == 1
    assert f"cannot listen on 127.0.0.1:{port}: " in err


def test_a_host_that_is_none_is_named(tmp_path):
    status, err = refused(tmp_path, "--host=no.such.host.invalid", JOB_WEB_PASSWORD="a")
    assert status == 1
    assert "cannot listen on no.such.host.invalid:8585" in err


WITHOUT = """
import sys
for name in ("werkzeug", "jinja2", "waitress"):
    sys.modules[name] = None
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: (
    None if name in ("werkzeug", "waitress") else real(name, *more)
)
"""


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    environment = {**outside(str(tmp_path), str(ROOT)), "JOB_ENGINE": "database"}
    for command in (["-m", "lightjobs", "web"], ["-c", "import lightjobs.web"]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "pip install 'lightjobs[web]'" in done.stderr.strip().splitlines()[-1]
        if "-m" in command:
            assert done.returncode == 2
            assert len(done.stderr.splitlines()) == 1


def test_a_project_without_the_extra_can_be_checked(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    environment = {**outside(str(tmp_path), str(ROOT)), "JOB_ENGINE": "null"}
    done = subprocess.run(
        [sys.executable, "-m", "lightjobs", "check", "--json"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "web" not in done.stdout
    assert done.stderr == ""
