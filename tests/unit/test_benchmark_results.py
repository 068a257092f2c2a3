"""What benchmarks report: figures, ratios, errors, and the JSON that keeps them."""

from __future__ import annotations

import sys

import pytest

from benchmarks.figures import Failed, Found, Part
from benchmarks.options import arguments
from benchmarks.peers.catalogue import Peer
from benchmarks.peers.measure import Bench
from benchmarks.report import median_ratio, show, within_rounds
from benchmarks.results import Results, read


def part(key="drain", figures=None, **more):
    found = Found(figures or {"lightjobs": [200.0, 300.0], "huey": [100.0, 100.0]})
    return Part(key, f"the {key}", "jobs/s", [found], **more)


@pytest.fixture
def results(tmp_path):
    def begin(*words):
        options = arguments("redis", None, ["drain"], ["--json", str(tmp_path / "a.json"), *words])
        return Results(options, {"redis": "7.0"})

    return begin


def test_a_peer_that_fails_has_no_more_turns_and_the_others_go_on(capsys):
    turns = []

    def measure(name):
        turns.append(name)
        if name == "rq":
            raise Failed("the worker ended with 1")
        return 5.0

    found = Found()
    for _ in range(2):
        for name in ("lightjobs", "rq", "huey"):
            found.take(name, lambda name=name: measure(name))
    assert turns == ["lightjobs", "rq", "huey", "lightjobs", "huey"]
    assert found.figures == {"lightjobs": [5.0, 5.0], "rq": [], "huey": [5.0, 5.0]}
    assert found.errors == {"rq": "the worker ended with 1"}
    assert "rq has failed: the worker ended with 1" in capsys.readouterr().out


def test_any_exception_of_a_measurement_is_the_error_of_its_peer():
    found = Found()
    found.take("rq", lambda: [][0])
    assert found.errors == {"rq": "IndexError('list index out of range')"}


def peer(tmp_path, worker, program=(sys.executable, "-c", "print(1)")):
    return Bench(str(tmp_path), {}), Peer("rq", 10, 0, lambda n: worker, program=program)


def test_a_worker_that_cannot_be_started_has_failed(tmp_path):
    bench, missing = peer(tmp_path, [str(tmp_path / "none")])
    with pytest.raises(Failed, match="none does not start: No such file"):
        bench.drain(missing, 1, 10)


def test_a_worker_that_ends_has_failed_with_its_last_words(tmp_path):
    bench, ending = peer(tmp_path, [sys.executable, "-c", "raise SystemExit('no broker')"])
    with pytest.raises(Failed, match=r"ended with 1 after 0 of 2 jobs: no broker"):
        bench.drain(ending, 1, 10)


def test_a_dispatching_process_that_ends_has_failed_with_its_last_words(tmp_path):
    program = (sys.executable, "-c", "raise SystemExit('no broker')")
    bench, ending = peer(tmp_path, [], program)
    with pytest.raises(Failed, match=r"the dispatching process ended with 1: no broker"):
        bench.produce(ending, "one", 10)


def test_a_ratio_is_the_median_of_the_ratios_to_the_best_of_each_round():
    found = Found({"own": [10.0, 30.0, 50.0], "a": [5.0, 1.0, 1.0], "b": [1.0, 10.0, 10.0]})
    assert within_rounds(found, "own", ["a", "b"], less=False) == [2.0, 3.0, 5.0]
    assert median_ratio(found, "own", ["a", "b"], less=False) == 3.0
    assert median_ratio(found, "own", ["a", "b"], less=True) == 30.0


def test_a_peer_that_fails_in_a_later_round_still_counts_in_the_earlier_ones():
    found = Found({"own": [10.0, 30.0], "a": [10.0], "b": [5.0, 10.0], "c": []})
    assert within_rounds(found, "own", ["a", "b", "c"], less=False) == [1.0, 3.0]
    assert median_ratio(found, "own", ["c"], less=False) is None


def test_there_is_no_ratio_to_nothing():
    found = Found({"own": [10.0, 30.0], "a": [0.0, 10.0]})
    assert within_rounds(found, "own", ["a"], less=True) == [3.0]


def test_what_is_printed_shows_ratios_and_errors(capsys):
    failing = part(wanted=5.0, apart={"bare": 0.5}, target=300.0)
    failing.points[0].figures.update({"bare": [400.0, 400.0], "rq": []})
    failing.points[0].errors["rq"] = "Traceback:\n  line 1\nValueError: no"
    show(failing)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the drain, jobs/s"
    assert [line.split()[0] for line in lines[1:5]] == ["bare", "lightjobs", "huey", "rq"]
    assert lines[4].endswith("failed: ValueError: no")
    assert lines[5] == "    lightjobs is 2.50 of the best other (wanted >= 5)  MISSED"
    assert lines[6] == "    lightjobs is 0.62 of bare (wanted >= 0.5)"
    assert lines[7] == "    lightjobs is 250 jobs/s (wanted >= 300)  MISSED"


def test_a_series_is_printed_with_a_column_for_each_value(capsys):
    points = [
        Found({"lightjobs": [10.0], "arq": [5.0]}, x=1),
        Found({"lightjobs": [900.0], "arq": []}, {"arq": "it hangs"}, x=1000),
    ]
    show(Part("io", "I/O", "jobs/s", points, x="concurrency", wanted=4))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:4] == [
        ["concurrency", "1", "1,000"],
        ["lightjobs", "10.0", "900"],
        ["arq", "5.00", "failed"],
    ]
    assert " ".join(lines[4]) == "arq at 1,000: it hangs"
    assert lines[5] == ["of", "the", "best", "other", "2.00", "-", "(wanted", ">=", "4)", "MISSED"]


def test_the_file_gives_back_what_was_added_and_how_it_was_measured(results, tmp_path):
    series = Part("io", "I/O", "jobs/s", [Found({"arq": [5.0]}, {"rq": "no"}, 1)], x="concurrency")
    run = results("--rounds=2")
    for each in (part(wanted=2.0, apart={"bare": None}), series):
        run.add(each)
    stored = read(tmp_path / "a.json")
    assert list(stored) == ["drain", "io"]
    assert stored["io"].part == series
    assert stored["drain"].part == part(wanted=2.0, apart={"bare": None})
    circumstances = stored["drain"].run
    assert circumstances.rounds == 2
    assert circumstances.versions["redis"] == "7.0"
    assert {"lightjobs", "python"} <= set(circumstances.versions)
    assert {"cpu", "cores", "kernel", "load"} <= set(circumstances.machine)
    assert circumstances.command.startswith("python -m benchmarks.redis")


def test_a_part_measured_again_replaces_itself_and_no_other(results, tmp_path):
    first = results()
    first.add(part("drain"))
    first.add(part("start"))
    first._run.date = "2026-01-01T00:00:00Z"
    first.add(part("start"))
    results("--rounds=7").add(part("drain", {"lightjobs": [9.0]}))
    stored = read(tmp_path / "a.json")
    assert list(stored) == ["drain", "start"]
    assert stored["drain"].part.points[0].figures == {"lightjobs": [9.0]}
    assert stored["drain"].run.rounds == 7
    assert stored["start"].run.date == "2026-01-01T00:00:00Z"


def test_a_quick_run_does_not_go_where_the_whole_run_is():
    assert arguments("redis", None, ["drain"], []).json.name == "redis.json"
    quick = arguments("redis", None, ["drain"], ["--quick", "--rounds=5"])
    assert (quick.json.name, quick.rounds) == ("redis-quick.json", 1)
