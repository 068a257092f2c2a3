import pytest

from lightjobs.notes.observed import BOUNDS, PARTS, Rate
from lightjobs.watching.summaries import by_minute, grouped, percentile, runs_a_minute, summary
from lightjobs.web.formatting import at_most, percent


def parts(**counts):
    """A distribution; `parts(p3=5)` has 5 runs in the fourth part."""
    return tuple(counts.get(f"p{at}", 0) for at in range(PARTS))


@pytest.mark.parametrize(
    ("counts", "percents", "about", "bound", "shown"),
    [
        ({"p0": 10}, 50, 0.0025, 0.005, "≤ 5 ms"),
        ({"p1": 10}, 50, 0.0075, 0.01, "≤ 10 ms"),
        ({"p0": 94, "p9": 6}, 95, BOUNDS[8] + (BOUNDS[9] - BOUNDS[8]) / 6, 5.0, "≤ 5 s"),
        ({"p0": 95, "p9": 5}, 95, 0.005, 0.005, "≤ 5 ms"),
        ({"p15": 1}, 99, 1800.0, None, "> 30 min"),
        ({"p14": 1}, 100, 1800.0, 1800.0, "≤ 30 min"),
    ],
)
def test_a_percentile_is_shown_by_the_bound_of_its_part(counts, percents, about, bound, shown):
    found = percentile(parts(**counts), percents)
    assert found == {"about": pytest.approx(about), "at_most": bound}
    assert at_most(found) == shown


def test_without_runs_there_is_nothing_to_show():
    found = summary([])
    assert found["runs"] == 0
    assert {found[name] for name in ("failing", "mean", "wait_p95", "duration_p50")} == {None}
    assert (at_most(None), percent(None)) == ("–", "–")  # noqa: RUF001 - a dash is meant


def test_rates_are_added_up_without_the_samples_of_a_queue():
    rates = [
        Rate(60, 0, "q", "A", done=6, retried=1, failed=1, milliseconds=900, waits=parts(p0=8)),
        Rate(60, 60, "q", "B", released=2, milliseconds=100),
        Rate(60, 60, "q", "", depth=5, latency=7.0),
    ]
    found = summary(rates)
    assert [found[name] for name in ("runs", "done", "retried", "released", "failed")] == [
        *(10, 6, 1, 2, 1)
    ]
    assert (found["failing"], found["mean"]) == (0.2, 0.1)
    assert found["wait_p95"]["at_most"] == 0.005
    assert set(grouped(rates, lambda rate: rate.handler)) == {"A", "B"}


def test_runs_a_minute_count_the_minute_that_has_begun_for_what_it_is():
    now = 6000.0 + 30  # in the middle of a minute
    rates = [Rate(60, 6000, "q", "A", done=5), Rate(60, 5940, "q", "A", done=10)]
    rates += [Rate(60, 5340, "q", "A", done=1000)]  # too long ago
    assert runs_a_minute(rates, now, minutes=1) == pytest.approx(10)
    assert by_minute(rates, now, minutes=3) == [0, 10, 5]


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0 %"), (1.0, "100 %"), (0.004, "0.4 %"), (0.123, "12 %")]
)
def test_shares_are_shown_in_percent(share, shown):
    assert percent(share) == shown
