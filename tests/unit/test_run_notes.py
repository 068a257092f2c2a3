import pytest

from lightjobs.notes.run_notes import (
    TEXT_LENGTH,
    Progress,
    Result,
    progress_text,
    read_progress,
    read_result,
    result_text,
)


def test_a_result_comes_back():
    text = result_text('{"a":[1,null]}', "host:1:ab", 1000.5, 0.25)
    assert text == '{"v":{"a":[1,null]},"w":"host:1:ab","at":1000.5,"s":0.25}'
    assert read_result(text) == Result({"a": [1, None]}, True, "host:1:ab", 1000.5, 0.25)


def test_a_result_that_is_null_is_kept_and_one_that_is_not_kept_is_none():
    assert read_result(result_text("null", "w", 1.0, 1.0)) == Result(None, True, "w", 1.0, 1.0)
    assert read_result(result_text(None, "w", 1.0, 1.0)) == Result(None, False, "w", 1.0, 1.0)


@pytest.mark.parametrize(
    "progress", [Progress(0), Progress(1.5), Progress(3, 10), Progress(3, 10, "“rows” 💥")]
)
def test_a_progress_comes_back(progress):
    assert read_progress(progress_text(progress)) == progress


def test_the_text_of_a_progress_is_cut():
    assert read_progress(progress_text(Progress(1, None, "x" * 999))).text == "x" * TEXT_LENGTH


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "{}", "[]", "null", "{", "[" * 9999),
        *('{"v":1}', '{"w":1,"at":"x","s":1}', '{"w":"","at":1e999,"s":1}'),
        *('{"d":"x"}', '{"d":NaN}', '{"d":null}', '{"d":[]}'),
    ],
)
def test_what_cannot_be_read_is_nothing(text):
    assert read_result(text) is None
    assert read_progress(text) is None


@pytest.mark.parametrize(
    ("progress", "percent"),
    [
        (Progress(1), None),
        (Progress(1, 0), None),
        (Progress(1, -5), None),
        (Progress(1, 4), 25.0),
        (Progress(9, 4), 100.0),
        (Progress(-1, 4), 0.0),
    ],
)
def test_the_percentage_stays_between_0_and_100(progress, percent):
    assert progress.percent == percent
