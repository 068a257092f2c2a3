"""The examples of chains, batches, groups and unique jobs in app_jobs."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from lightjobs.engines.where import Where

from .conftest import REPOSITORY
from .working import Worker


@pytest.fixture
def example(monkeypatch, engine):
    """Imports a module of app_jobs."""
    monkeypatch.syspath_prepend(REPOSITORY)
    monkeypatch.setattr(sys, "path_importer_cache", {})
    return lambda name: import_module(f"app_jobs.{name}")


def test_the_video_pipeline(example, engine, caplog):
    caplog.set_level("INFO", "lightjobs.job")
    example("video").pipeline("casablanca").dispatch()
    Worker(engine, queues=("video", "mail")).run()
    assert "casablanca is cut into 8 parts" in caplog.text
    assert "https://videos.example.org/casablanca is published" in caplog.text
    assert "could not" not in caplog.text
    (batch,) = engine.batches.browse()
    assert (batch.name, batch.done, batch.percent) == ("parts of casablanca", 8, 100)


def test_the_mail_of_a_small_tenant_does_not_wait(example, engine):
    mail = example("campaign").CampaignMail
    mail.dispatchMany([{"tenant": "large"}] * 100)
    mail().dispatch({"tenant": "small"})
    engine.register("w", 30)
    claims = engine.claim("w", ["mail"], 100)
    assert len(claims) == 11
    assert '"small"' in claims[1].payload


def test_the_index_waits_for_the_last_change(example, engine):
    index = example("search_index").IndexArticle
    ids = {index().dispatch({"article": 1, "version": version}) for version in range(5)}
    (stored,) = engine.browse(Where(status="new"))
    assert ids == {stored.id}
    assert '"version":4' in stored.payload.replace(" ", "")


def test_the_webhook_is_told_once_a_minute(example, engine):
    hook = example("webhook").TellWebhook
    first = hook().dispatch({"url": "https://example.org"})
    Worker(engine, queues=("webhooks",)).run()
    assert hook().dispatch({"url": "https://example.org"}) == first
    assert engine.stats().get("webhooks", {}).get("new", 0) == 0
