"""Rates, workers' notes and error lines, apart from any store."""

import json

import pytest

from lightjobs.notes.attempt_errors import (
    ERRORS_LENGTH,
    TEXT_LENGTH,
    AttemptError,
    error_line,
    errors_of,
    lost_pieces,
    with_line,
)
from lightjobs.notes.observed import (
    BOUNDS,
    NOTHING,
    PARTS,
    Rate,
    Running,
    Worker,
    WorkerNote,
    added,
    merged,
    part_of,
)
from lightjobs.notes.worker_notes import MOST_RUNNING, NOTE_BYTES, note_text, read_note


@pytest.mark.parametrize(
    ("seconds", "part"),
    [(0, 0), (0.005, 0), (0.0051, 1), (0.5, 6), (1, 7), (1800, 14), (1800.1, 15), (1e9, 15)],
)
def test_a_duration_belongs_to_the_first_part_whose_bound_it_does_not_pass(seconds, part):
    assert part_of(seconds) == part


def test_a_distribution_has_a_part_for_each_bound_and_one_for_the_rest():
    assert len(NOTHING) == PARTS == len(BOUNDS) + 1 == 16
    assert list(BOUNDS) == sorted(BOUNDS)


def test_rates_are_merged_by_adding_their_counts():
    first = Rate(60, 120, "q", "h", 1, 2, 3, 4, 5, tuple(range(16)), NOTHING, None, 2.5)
    second = Rate(60, 180, "r", "i", 10, 20, 30, 40, 50, NOTHING, tuple(range(16)), 7, 1.5)
    expected = (60, 120, "q", "h", 11, 22, 33, 44, 55, tuple(range(16)), tuple(range(16)), 7, 2.5)
    assert added(first, second) == merged([first, second]) == expected
    assert merged([]) is None
    assert merged([first]) == first


def note(**changes):
    made = WorkerNote(
        *("host", 1, 2, "0.1", "3.11", 5.5, 30.0, ("q",), 4, "idle", 99, 0, {"done": 1}, ())
    )
    return made._replace(**changes)


def test_a_note_comes_back_from_its_text():
    full = note(running=(Running("9", "é💥\\", "q", 2, 7.25),), queues=("a", "b"))
    assert read_note(note_text(full)) == full
    assert read_note(note_text(full).encode()) == full


def test_a_long_note_leaves_out_the_shortest_runs():
    runs = tuple(Running(f"job_{n}", "App\\Jobs\\" + "H" * 240, "q" * 55, 1, n) for n in range(60))
    text = note_text(note(running=runs))
    assert len(text.encode()) <= NOTE_BYTES
    kept = read_note(text).running
    assert 10 < len(kept) <= MOST_RUNNING
    assert kept == runs[: len(kept)]


def test_a_note_of_many_queues_stays_short():
    queues = tuple(f"{n:02}" + "💥" * 53 for n in range(500))
    assert len(note_text(note(queues=queues)).encode()) <= NOTE_BYTES


@pytest.mark.parametrize("text", [None, "", b"", "x", "[]", "1", "{}", "[" * 10**5, '{"host":{}}'])
def test_text_that_is_no_note_is_none(text):
    assert read_note(text) is None


@pytest.mark.parametrize("key", ["pid", "queues", "running", "ended", "since", "lease"])
def test_a_note_with_a_wrong_value_is_none(key):
    values = json.loads(note_text(note()))
    assert read_note(json.dumps({**values, key: None})) is None
    assert read_note(json.dumps({**values, "more": 1})) == note()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999", "1" + "0" * 400])
def test_numbers_that_are_none_are_not_read(number):
    for key in ("since", "lease"):
        text = note_text(note(**{key: 77.25}))
        assert read_note(text.replace("77.25", number)) is None
    assert errors_of(error_line(ERROR).replace("1000.25", number)) == ()


def test_a_worker_is_silent_once_two_thirds_of_its_lease_are_over():
    assert not Worker("w", 11.0, note()).is_silent
    assert Worker("w", 9.0, note()).is_silent
    assert Worker("w", 11.0, note()).silent_for == 19.0
    assert Worker("w", 31.0, note()).silent_for == 0.0
    assert (Worker("w", 1.0, None).is_silent, Worker("w", -1.0, None).is_silent) == (False, True)
    assert Worker("w", 1.0, None).silent_for is None


ERROR = AttemptError(3, 1000.25, 0.125, "w", "error", "ValueError: é💥\n'\"\\")


def test_an_error_comes_back_from_its_line():
    assert errors_of(error_line(ERROR)) == (ERROR,)
    assert "\n" not in error_line(ERROR)
    unknown = ERROR._replace(seconds=None)
    assert errors_of(with_line(error_line(unknown), error_line(ERROR))) == (unknown, ERROR)


@pytest.mark.parametrize("text", ["x" * 10_000, "\x00" * 10_000, "é" * 10_000, '"' * 3999])
def test_a_long_text_is_cut_so_that_the_line_stays_short(text):
    line = error_line(ERROR._replace(text=text))
    assert len(line) < TEXT_LENGTH + 100
    assert text.startswith(errors_of(line)[0].text)


def test_a_line_that_was_cut_is_not_shown():
    lines = "\n".join(error_line(ERROR) for _ in range(2))
    assert errors_of(lines[:-5]) == (ERROR,)
    assert errors_of("nonsense\n{}\n[]\n" + error_line(ERROR)) == (ERROR,)
    assert errors_of(None) == errors_of("") == ()


def test_a_store_keeps_no_more_than_its_length():
    text = None
    for _ in range(20):
        text = with_line(error_line(ERROR._replace(text="x" * 3000)), text)
    assert len(text) == ERRORS_LENGTH
    assert with_line(None, text) == text
    assert with_line(None, None) is None


def test_the_line_of_a_lost_run_is_put_together_from_its_pieces():
    first, second, third = lost_pieces("w'\"é")
    (found,) = errors_of(f"{first}4{second}1000{third}")
    assert found == (4, 1000.0, None, "w'\"é", "lost", "its process died")
