import pytest

from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.version_changes import KEY, MOST_KEPT, note_version, version_changes
from tests.web.observed import add_worker


@pytest.fixture
def engine():
    return MemoryEngine()


def workers(engine, *versions):
    """Let these be the workers."""
    for each in engine.workers():
        engine.recover(each.name)
    for number, version in enumerate(versions):
        add_worker(engine, f"w{number}-{version}", version=version)


def noted(engine, *fleets):
    """The changes that are known once each of the fleets has been looked at, a minute apart."""
    for number, versions in enumerate(fleets):
        workers(engine, *versions)
        note_version(engine, 60.0 * number)
    return version_changes(engine)


def test_the_first_version_is_no_change(engine):
    assert noted(engine, [], ["1.0"], ["1.0", "1.0"], []) == []


def test_it_counts_what_most_workers_run(engine):
    fleets = [["1.0"] * 3, ["1.0", "1.0", "1.1"], ["1.0", "1.1", "1.1"], ["1.1"] * 3]
    assert noted(engine, *fleets) == [(120.0, "1.1")]


def test_half_of_the_workers_are_not_most(engine):
    assert noted(engine, ["1.0"], ["1.0", "2.0"], ["0.9", "1.0"]) == []


def test_a_version_may_come_back(engine):
    assert noted(engine, ["1.0"], ["1.1"], ["1.0"]) == [(60.0, "1.1"), (120.0, "1.0")]


def test_workers_that_are_silent_or_say_nothing_do_not_count(engine):
    add_worker(engine, "living", version="1.0")
    for number in range(3):
        add_worker(engine, f"silent-{number}", lease=-1.0, version="2.0")
        engine.register(f"older-{number}", 60)
    note_version(engine, 0.0)
    assert engine.metadata.get(KEY) == [[0.0, "1.0"]]


def test_only_the_latest_changes_are_kept(engine):
    found = noted(engine, *[[f"1.{number}"] for number in range(3 * MOST_KEPT)])
    assert [each.version for each in found] == [f"1.{n}" for n in range(41, 60)]
    assert len(engine.metadata.get(KEY)) == MOST_KEPT


@pytest.mark.parametrize(
    "value", [None, 7, "x", {}, [[]], [[1]], [["x", "y"]], [[1, 2]], [[True, "1.0"]], [[1, "2", 3]]]
)
def test_what_others_have_written_there_is_passed_over(engine, value):
    engine.metadata.set(KEY, value)
    assert noted(engine, ["1.0"], ["1.1"]) == [(60.0, "1.1")]


def test_an_engine_without_metadata_is_left_alone(engine):
    del engine.metadata
    assert noted(engine, ["1.0"], ["1.1"]) == []
