"""`make pictures`: the pictures of the page in the documentation, docs/pictures/*.webp.

They are taken from the shop of `make demo-web` by Chromium. An hour of history is made up, for
nobody waits that long for a picture.
"""

from __future__ import annotations

import io
import math
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from lightjobs import engine
from lightjobs.notes.observed import PARTS, SAMPLE, Rate
from scripts.demo import PROJECT
from scripts.demo_web import sell, shop

FOLDER = PROJECT / "docs/pictures"
WIDTH = 1280
MOST = 150_000
"""Bytes of a picture."""

PAGES = {
    "workers": ("/workers", 900),
    "overview": ("/", 1600),
    "jobs": ("/jobs?status=completed", 860),
    "job": ("/jobs/{failed}", 1600),
    "failed": ("/failed", 900),
    "history": ("/history", 980),
}
"""The path of each page, and the height of its picture at most."""
DARK = {"overview-dark": ("/", 1600)}

HANDLERS = {
    "payments": ("App\\Jobs\\ProcessPayment", 240, 3),
    "mail": ("App\\Jobs\\SendReceipt", 60, 4),
    "billing": ("App\\Jobs\\Billing\\SendInvoice", 60, 3),
    "imports": ("App\\Jobs\\FetchRates", 3, 6),
    "images": ("App\\Jobs\\ResizeImages", 12, 11),
    "reports": ("App\\Jobs\\SendReport", 1, 9),
}
"""Of each queue its handler, how many runs a minute there are, and which part of BOUNDS most of
them take."""


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, shop(Path(made)) as (link, _):
        make_up_history()
        for _ in range(75):  # until the schedule has had its minute
            sell()
            time.sleep(1)
        work()
        with sync_playwright() as playwright:
            options = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=options
            )
            take(browser, link, PAGES, "light")
            take(browser, link, DARK, "dark")
            browser.close()
    return 0


def work() -> None:
    """Have workers do what takes a while, and say so."""
    from app_jobs.shop import ResizeImages  # type: ignore[import-untyped]

    ResizeImages.dispatchMany([{"album": n, "seconds": 45} for n in range(3)])
    for _ in range(20):
        sell()
        time.sleep(1)


def make_up_history() -> None:
    """An hour of runs, as a shop may have them whose busy time was half an hour ago."""
    this_minute = int(time.time() // 60 * 60)
    rates = []
    for queue, (handler, runs, usual) in HANDLERS.items():
        for ago in range(1, 61):
            load = 0.5 + math.exp(-(((ago - 28) / 9) ** 2)) + random.random() / 8
            count = max(1, round(runs * load))
            failed = sum(random.random() < 0.01 * load for _ in range(count))
            retried = sum(random.random() < 0.08 * load for _ in range(count))
            rate = Rate(
                *(60, this_minute - 60 * ago, queue, handler),
                done=max(0, count - failed - retried),
                retried=retried,
                failed=failed,
                milliseconds=40 * count,
                durations=spread(count, usual),
                waits=spread(count, min(PARTS - 1, round(1 + 5 * load))),
            )
            sample = Rate(60, this_minute - 60 * ago, queue, SAMPLE)
            depth = round(runs * max(0.0, load - 0.6) / 3)
            rates += [rate, sample._replace(depth=depth, latency=depth / max(1, runs) * 60)]
    engine().monitoring.note_rates(rates)


def spread(count: int, usual: int) -> tuple[int, ...]:
    """A distribution of `count` runs around the part `usual`."""
    parts = [0] * PARTS
    for _ in range(count):
        parts[min(PARTS - 1, max(0, round(random.gauss(usual, 1))))] += 1
    return tuple(parts)


def take(browser: Browser, link: str, pages: dict[str, tuple[str, int]], scheme: str) -> None:
    """Take the pictures of `pages`."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    tab = context.new_page()
    tab.goto(link)
    sell()
    base = link.partition("/?")[0]
    tab.goto(f"{base}/jobs?status=failed&q=handler:ImportCatalog")
    [failed] = re.findall(r'href="/jobs/(\d+)', tab.content())[:1]
    for name, (path, most) in pages.items():
        tab.goto(base + path.format(failed=failed))
        tab.wait_for_timeout(1000)  # charts are drawn
        tab.locator("footer").evaluate("each => each.remove()")
        height = tab.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        tab.set_viewport_size({"width": WIDTH, "height": min(most, height)})
        save(tab.screenshot(), FOLDER / f"{name}.webp")
    context.close()


def save(png: bytes, path: Path) -> None:
    """Write the picture, small."""
    Image.open(io.BytesIO(png)).save(path, "WEBP", lossless=True, quality=100, method=6)
    assert path.stat().st_size < MOST, f"{path} is larger than {MOST:,} bytes"
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
