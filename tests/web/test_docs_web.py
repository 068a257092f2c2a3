"""The examples of docs/web.md."""

import asyncio
import subprocess
import sys
from types import SimpleNamespace

import fastapi
import flask
import httpx
import pytest
from werkzeug.test import Client

import lightjobs.web
from lightjobs import current
from lightjobs.settings.settings import Settings
from tests.support.documents import blocks, run


@pytest.fixture
def configured(engine):
    current.use(engine, Settings(engine.name))
    yield
    current.use(None)


@pytest.mark.parametrize(
    ("user", "code"),
    [
        (SimpleNamespace(is_authenticated=False), 403),
        (SimpleNamespace(is_authenticated=True, is_admin=False), 200),
        (SimpleNamespace(is_authenticated=True, is_admin=True), 200),
    ],
)
def test_in_fastapi(configured, user, code):
    (source,) = blocks("docs/web.md", "FastAPI and Starlette")
    app = fastapi.FastAPI()
    run(source, "app_jobs.docs", app=app)

    async def with_user(scope, receive, send):
        await app({**scope, "user": user}, receive, send)

    async def ask():
        transport = httpx.ASGITransport(with_user)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/jobs/queues")

    assert asyncio.run(ask()).status_code == code


def test_in_flask(configured):
    (source,) = blocks("docs/web.md", "Flask, and any other WSGI application")
    app = flask.Flask("shop")
    run(source, "app_jobs.docs", app=app, sessions={"known"}, lightjobs=lightjobs)
    client = Client(app)
    assert client.get("/jobs/queues").status_code == 403
    client.set_cookie("session", "known")
    assert client.get("/jobs/queues").status_code == 200


DJANGO = """
import django
from django.conf import settings
from django.urls import resolve
apps = ["django.contrib.contenttypes", "django.contrib.auth", "lightjobs.contrib.django"]
settings.configure(ROOT_URLCONF="__main__", INSTALLED_APPS=apps)
django.setup()
{source}
assert resolve("/jobs/queues/mail").kwargs == {{"path": "queues/mail"}}
"""


def test_in_django():
    (source,) = blocks("docs/web.md", "Django")
    subprocess.run([sys.executable, "-c", DJANGO.format(source=source)], check=True, timeout=60)
