"""Charts are drawn, and stay drawn when the page is refreshed."""

import time

import pytest
from playwright.sync_api import expect

from lightjobs.notes.observed import SAMPLE, Rate
from tests.web.addresses import NAMES

from .addresses import addresses
from .conftest import show_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

COLORS = """() => [...document.querySelectorAll(".plot[data-chart]")].map((plot) => {
  const canvas = plot.querySelector("canvas");
  if (!canvas) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
  return found.size;
})"""
"""How many colors each chart has."""


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_every_chart_has_lines_before_and_after_a_refresh(tabs, looked_at, scheme):
    drawn = {}
    with tabs(color_scheme=scheme) as page:
        for name in NAMES:
            for path in addresses(name, looked_at.values):
                page.goto(looked_at.base + path)
                charts = page.locator(".plot[data-chart]")
                if not charts.count():
                    continue
                expect(page.locator(".plot canvas")).to_have_count(charts.count())
                before = page.evaluate(COLORS)
                with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
                    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
                page.wait_for_timeout(200)
                drawn[path] = before + page.evaluate(COLORS)
    assert len(drawn) >= 2  # the overview and the history
    assert all(min(colors) >= 2 for colors in drawn.values()), drawn


AT_THE_EDGE = """() => [...document.querySelectorAll(".plot canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, 1, canvas.height);
  return data.some((value) => value > 0);
})"""
"""Of each chart, whether something is drawn at its left edge, where a label would be cut."""


LATENCIES = {
    f"queue{number}": (latency, 10 ** (number + 2))
    for number, latency in enumerate((0.0004, 0.9, 100, 560, 5_000, 90_000, 1e7, 1e9))
}
"""To how many seconds the latency of each queue has risen within an hour, and its depth."""


def lasted(engine):
    now = int(time.time() // 60 * 60)
    for queue, (latency, depth) in LATENCIES.items():
        engine.monitoring.note_rates(
            Rate(60, now - 60 * n, queue, SAMPLE, depth=depth, latency=latency / 2**n)
            for n in range(60)
        )
    return {"queue": list(LATENCIES)}


@pytest.mark.parametrize("width", [320, pytest.param(600, marks=pytest.mark.long), 1280])
@pytest.mark.parametrize("ratio", [1, pytest.param(1.5, marks=pytest.mark.long)])
def test_no_label_of_an_axis_is_cut(tabs, tmp_path, ratio, width):
    with (
        show_in(tmp_path, lasted) as shown,
        tabs(viewport={"width": width, "height": 800}, device_scale_factor=ratio) as page,
    ):
        for queue in LATENCIES:
            page.goto(f"{shown.base}/queues/{queue}")
            expect(page.locator(".plot canvas")).to_have_count(2)
            page.wait_for_timeout(50)
            assert page.evaluate(AT_THE_EDGE) == [False, False], queue
