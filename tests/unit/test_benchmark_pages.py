"""The pictures and tables of the benchmarks: made from the results, and shown with their errors."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from benchmarks.figures import Found, Part
from benchmarks.plots import __main__ as plots
from benchmarks.plots.catalogue import PICTURES, available, digest, results
from benchmarks.plots.circumstances import by_machine, versions
from benchmarks.plots.lines import spread
from benchmarks.plots.tables import Column, filled, table
from benchmarks.results import Run, Stored

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/benchmarks.md"
RUN = Run(
    date="2026-11-28T23:20:11Z",
    command="python -m benchmarks.redis",
    rounds=3,
    quick=False,
    machine={"cpu": "AMD EPYC", "cores": 2, "kernel": "Linux 6.1", "load": 0.2},
    versions={"lightjobs": "0.1.0", "huey": "3.5.4"},
)


def stored(*parts):
    return {part.key: Stored(part, RUN) for part in parts}


def drain():
    found = Found(
        {"lightjobs": [900.0, 1000.0, 1100.0], "huey": [100.0, 100.0, 100.0], "rq": []},
        {"rq": "Traceback\nModuleNotFoundError: No module named 'rq'"},
    )
    return Part("redis-drain-1", "Redis: drain", "jobs/s", [found], wanted=20)


def io():
    points = [
        Found({"lightjobs": [95.0], "arq": [90.0]}, {}, 1),
        Found({"lightjobs": [9500.0], "arq": []}, {"arq": "Failed: it hangs"}, 100),
    ]
    return Part("redis-io-async", "Redis: async", "jobs/s", points, x="concurrency")


def words(svg):
    """What the letters of a picture say: matplotlib notes it next to their paths."""
    return re.findall(r"<!-- (.*?) -->", svg.read_text(encoding="utf-8"))


def test_the_tables_of_the_page_are_those_of_the_results():
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page, results()), "run: make bench-plots"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_drawn_from_the_results_and_shown_on_the_page(picture):
    if not (shown := available(picture, results())):
        pytest.skip("nothing of it has been measured")
    svg = (PAGE.parent / f"benchmarks/{picture.name}.svg").read_text(encoding="utf-8")
    assert digest(shown) in svg, "run: make bench-plots"
    assert re.search(rf"!\[[^\]]{{20,}}\]\(benchmarks/{picture.name}\.svg\)", PAGE.read_text())


def test_the_same_results_give_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        plots.draw(stored(drain(), io()), tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["drain.svg", "io.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_picture_of_bars_says_what_was_measured_how_and_who_has_failed(tmp_path):
    (path,) = plots.draw(stored(drain()), tmp_path)
    said = words(path)
    assert {"lightjobs", "1,000", "huey", "100", "rq"} <= set(said)
    assert "failed: ModuleNotFoundError: No module named 'rq'" in said
    caption = " ".join(said)
    for each in ("2026-11-28", RUN.command, "median of 3 rounds", "AMD EPYC", "huey 3.5.4"):
        assert each in caption


def test_a_picture_of_lines_says_who_has_failed_where(tmp_path):
    (path,) = plots.draw(stored(io()), tmp_path)
    assert {"lightjobs", "arq", "arq failed at 100: Failed: it hangs"} <= set(words(path))


def test_runs_on_one_machine_share_a_caption():
    later = dataclasses.replace(
        RUN,
        command="python -m benchmarks.sql",
        machine={**RUN.machine, "load": 0.7},
        versions={"lightjobs": "0.1.0", "huey": "3.6.0", "postgresql": "15.18"},
    )
    assert len(by_machine([RUN, later])) == 1
    assert versions([RUN, later]) == "lightjobs 0.1.0, huey 3.5.4 and 3.6.0, postgresql 15.18"
    other = dataclasses.replace(RUN, machine={**RUN.machine, "cpu": "M1"})
    assert by_machine([RUN, other, later]) == [[RUN, later], [other]]


def test_names_at_the_ends_of_lines_keep_their_distance():
    heights = spread({"a": 10, "b": 12, "c": 99, "d": 100}, distance=5, top=100)
    assert heights == {"a": 10, "b": 15, "c": 95, "d": 100}


def test_a_table_has_all_names_the_ratio_and_the_errors():
    columns = [Column("redis-drain-1", "drain"), Column("redis-io-async", "async, 100", 100)]
    text = table([*columns, Column("redis-start", "start")], stored(drain(), io()))
    assert text.splitlines()[1:11] == [
        "|  | drain | async, 100 |",
        "| --- | --: | --: |",
        "| lightjobs | 1,000 | 9,500 |",
        "| huey | 100 |  |",
        "| rq | failed |  |",
        "| arq |  | failed |",
        "| *lightjobs : the best other* | 10.00 (≥ 20, missed) |  |",
        "",
        "- rq failed in *drain*: `ModuleNotFoundError: No module named 'rq'`",
        "- arq failed in *async, 100*: `Failed: it hangs`",
    ]
    assert text.splitlines()[12:] == [
        "Measured on 2026-11-28, `python -m benchmarks.redis` (median of 3 rounds, load 0.2).",
        "AMD EPYC, 2 cores, Linux 6.1; lightjobs 0.1.0, huey 3.5.4.",
        "",
    ]


def test_a_table_of_which_nothing_was_measured_says_so():
    page = "before\n<!-- table: redis -->\nold\n<!-- end -->\nafter\n"
    new = "before\n<!-- table: redis -->\nNot measured yet.\n<!-- end -->\nafter\n"
    assert filled(page, {}) == new
    assert filled(new, {}) == new
