"""What `make soak` calls a broken promise."""

import pytest

from tests.proofs.soaking import accounts, samples
from tests.proofs.soaking.samples import SLACK, Sample

MB = 1 << 20
LEDGER = ["end 1", "failed 2", "cancelled 3"]
NOTES = ["end 1", "failed 2", "slot a", "slot b"]


def read(tmp_path, ledger=LEDGER, notes=NOTES, cancelled=1):
    for name, lines in (("ledger", ledger), ("notes", notes)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    return accounts.read(tmp_path / "ledger", tmp_path / "notes", cancelled)


def test_jobs_that_came_to_what_they_should_balance(tmp_path):
    found = read(tmp_path)
    assert found.balanced
    assert "3 dispatched = 1 completed + 1 failed on purpose + 1 cancelled; 2 disp" in str(found)
    assert "BROKEN" not in str(found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ledger": [*LEDGER, "end 4"]}, "1 lost"),
        ({"notes": [*NOTES, "end 1"]}, "1 repeated"),
        ({"notes": [*NOTES, "slot a"]}, "1 repeated"),
        ({"notes": [*NOTES, "failed 1"]}, "1 unexpected"),
        ({"notes": [*NOTES, "end 3"]}, "1 unexpected"),
        ({"notes": [*NOTES, "end 0"]}, "1 unexpected"),
        ({"cancelled": 0}, "0 cancelled"),
    ],
)
def test_any_other_outcome_breaks_the_balance(tmp_path, changes, said):
    found = read(tmp_path, **changes)
    assert not found.balanced
    assert said in str(found)
    assert "BROKEN" in str(found)


def course(*found):
    (only,) = samples.courses([{"worker": sample} for sample in found])
    return only


def test_a_process_that_stays_as_it_is_breaks_nothing():
    filled = [Sample(size * MB, 20, 4) for size in (10, 20, 30, *[31] * 9)]
    assert course(*filled).broken == []
    assert "BROKEN" not in samples.table([course(*filled)])


def test_one_that_grows_is_told_by_how_much():
    grown = [Sample((100 + 2 * n) * MB, 20, 4) for n in range(12)]
    assert course(*grown).broken == ["memory"]
    assert "13.2%  " in samples.table([course(*grown)])
    within = int(100 * MB * 1.05) + SLACK
    assert course(*[Sample(100 * MB, 2, 1)] * 6, *[Sample(within, 2, 1)] * 6).broken == []


def test_one_that_takes_more_descriptors_or_threads_is_told():
    few, more = [Sample(MB, 20, 4)] * 6, [Sample(MB, 20, 4)] * 5
    assert course(*few, *more, Sample(MB, 21, 4)).broken == ["descriptors"]
    assert course(*few, *more, Sample(MB, 20, 5)).broken == ["threads"]


def test_a_process_that_came_or_went_on_the_way_is_left_out():
    rows = [{"page": Sample(MB, 1, 1)} for _ in range(8)]
    rows[6] = {**rows[6], "command": Sample(MB, 1, 1)}
    assert [each.name for each in samples.courses(rows)] == ["page"]
