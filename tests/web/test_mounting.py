"""The page within other programs. Django's is in test_django.py."""

import asyncio

import fastapi
import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

import lightjobs.web
from lightjobs import current
from lightjobs.engines.memory import MemoryEngine
from lightjobs.model import NewJob
from lightjobs.settings.settings import Settings

from .mounted import SAME, Answer, check_mounted


def by_wsgi(app):
    client = Client(app)

    def send(method, path, headers=None, form=None):
        answer = client.open(path, method=method, headers=headers or {}, data=form)
        return Answer(answer.status_code, answer.headers, answer.text)

    return send


def by_asgi(app):
    cookies = httpx.Cookies()

    async def ask(method, path, headers, form):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", cookies=cookies
        ) as client:
            answer = await client.request(method, path, headers=headers, data=form)
            cookies.update(client.cookies)
            return Answer(answer.status_code, answer.headers, answer.text)

    def send(method, path, headers=None, form=None):
        return asyncio.run(ask(method, path, headers or {}, form))

    return send


def in_flask(engine, level):
    app = flask.Flask("shop")
    page = lightjobs.web.wsgi_app(engine=engine, authorize=lambda request: level)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/jobs": page})
    return by_wsgi(app)


def in_starlette(engine, level):
    page = lightjobs.web.asgi_app(engine=engine, authorize=lambda scope: level)
    return by_asgi(Starlette(routes=[Mount("/jobs", page)]))


def in_fastapi(engine, level):
    async def authorize(scope):
        await asyncio.sleep(0)
        return level

    app = fastapi.FastAPI()
    app.mount("/jobs", lightjobs.web.asgi_app(engine=engine, authorize=authorize))
    return by_asgi(app)


PROGRAMS = {"flask": in_flask, "starlette": in_starlette, "fastapi": in_fastapi}


@pytest.fixture(params=PROGRAMS)
def program(request):
    return PROGRAMS[request.param]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_page_works_under_a_prefix(program, engine):
    engine.push([NewJob("A", "mail", "{}")])
    check_mounted(program(engine, "write"))
    assert engine.paused_queues() == ["mail"]


@pytest.mark.parametrize("level", [None, False])
def test_those_whom_the_program_does_not_know_see_nothing(program, engine, level):
    send = program(engine, level)
    for path in ("/jobs/", "/jobs/api/queues", "/jobs/nope"):
        assert send("GET", path).status == 403
    assert send("POST", "/jobs/queues", SAME, {"action": "pause", "queue": "a"}).status == 403
    assert engine.paused_queues() == []


def test_those_who_may_read_change_nothing(program, engine):
    send = program(engine, "read")
    assert send("GET", "/jobs/").status == 200
    assert send("POST", "/jobs/queues", SAME, {"action": "pause", "queue": "a"}).status == 403
    assert engine.paused_queues() == []


def test_another_site_changes_nothing_with_the_cookies_of_the_program(program, engine):
    send = program(engine, "write")
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        assert (
            send("POST", "/jobs/queues", headers, {"action": "pause", "queue": "a"}).status == 403
        )
    assert engine.paused_queues() == []


@pytest.mark.parametrize("answer", [True, "admin", 1, "WRITE"])
def test_an_answer_that_means_nothing_opens_nothing(program, engine, answer, caplog):
    assert program(engine, answer)("GET", "/jobs/").status == 500
    assert 'allowed: None, "read" or "write"' in caplog.text


@pytest.mark.parametrize("make", [lightjobs.web.wsgi_app, lightjobs.web.asgi_app])
def test_a_page_that_everybody_could_see_cannot_be_made(make):
    with pytest.raises(TypeError):
        make()
    with pytest.raises(TypeError, match="authorize is missing"):
        make(authorize=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"redact": ["("]},
        {"links": {"Logs": "javascript:alert(1)"}},
        {"links": {"Logs": "https://logs.example/{payload}"}},
        {"frame_ancestors": "'none'; script-src *"},
        {"frame_ancestors": "a\r\nX: y"},
    ],
)
def test_wrong_options_are_refused_when_the_page_is_made(wrong):
    with pytest.raises((ValueError, lightjobs.LightjobsError)):
        lightjobs.web.wsgi_app(authorize=lambda request: "read", **wrong)


def test_the_engine_is_opened_at_the_first_request(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = lightjobs.web.wsgi_app(authorize=lambda request: "read")
    used = MemoryEngine()
    monkeypatch.setattr(current, "_engine", None)
    monkeypatch.setattr(current, "_settings", None)
    current.use(used, Settings("memory"))
    try:
        used.push([NewJob("A", "mail", "{}")])
        assert "mail" in Client(page).get("/queues").text
    finally:
        current.use(None)


def test_wrong_settings_are_told_in_the_log_and_not_in_the_page(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JOB_ENGINE", "oracle-s3cret")
    current.use(None)
    answer = Client(lightjobs.web.wsgi_app(authorize=lambda request: "read")).get("/")
    assert answer.status_code == 503
    assert "s3cret" not in answer.text
    assert "JOB_ENGINE is 'oracle-s3cret'" in caplog.text
    current.use(None)


def test_a_server_that_runs_the_page_alone_starts_and_stops(engine):
    app = lightjobs.web.asgi_app(engine=engine, authorize=lambda scope: "read")

    async def live():
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent = []

        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        return sent

    assert asyncio.run(live()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
