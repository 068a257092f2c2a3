"""The site is built from docs/ without a warning, and asks nobody else for anything."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.documents import ROOT, pages

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stderr
    return folder


def test_every_page_is_on_the_site(site):
    for name in pages():
        place = name.removeprefix("docs/").removesuffix(".md").removesuffix("index")
        if name != "README.md":
            assert (site / place.lower().replace("/index", "") / "index.html").exists(), name


def test_nothing_is_loaded_from_elsewhere(site):
    loaded = re.compile(r'<(?:script|img|link)[^>]*(?:src|href)="(https?:[^"]*)"')
    for path in site.rglob("*.html"):
        assert loaded.findall(path.read_text(encoding="utf-8")) == [], path


def test_pages_outside_of_docs_lead_to_their_neighbors(site):
    text = (site / "changelog/index.html").read_text(encoding="utf-8")
    assert 'href="../how-to/databases/"' in text
    assert 'href="changelog/"' in (site / "index.html").read_text(encoding="utf-8")


def test_llms_txt_names_pages_that_exist_with_what_they_are_about(site):
    text = (site / "llms.txt").read_text(encoding="utf-8")
    links = re.findall(r"^- \[.+?\]\((.+?)\)", text, re.MULTILINE)
    assert len(links) > 40
    assert [link for link in links if not (site / link / "index.html").exists()] == []
    assert "- [Write and dispatch jobs](how-to/jobs/): A job is a class with" in text
    assert "\n## Migrate\n" in text


def test_llms_full_txt_has_the_text_of_each_page(site):
    text = (site / "llms-full.txt").read_text(encoding="utf-8")
    assert "<!-- how-to/jobs.md -->\n\n# Write and dispatch jobs" in text
    assert "### job:work" in text
    assert "<!-- generated" not in text
    assert "<!-- changelog.md -->" not in text
