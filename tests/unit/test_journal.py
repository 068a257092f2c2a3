import pytest

from lightjobs.model import Done, Failed, HandBack, Release
from lightjobs.workers.shared.journal import SLOTS, Journal, JournalEntry

from .support import claim


@pytest.fixture
def journal():
    made = Journal()
    yield made
    made.close()


@pytest.fixture
def reader(journal):
    """The journal as another process opens it."""
    return Journal(journal.descriptor)


def test_a_new_journal_holds_nothing(journal):
    assert journal.read() == []
    assert journal.room() == SLOTS


def test_a_claim_is_read_back_as_not_started(journal, reader):
    journal.claimed(claim(id="7", fence=3))
    assert reader.read() == [JournalEntry("7", 3, False, None)]


def test_a_started_job_is_read_back_as_started(journal, reader):
    journal.started(journal.claimed(claim(id="7", fence=3)))
    assert reader.read() == [JournalEntry("7", 3, True, None)]


@pytest.mark.parametrize(
    "outcome",
    [
        Done("7", 3),
        Done("7", 3, "nightly"),
        Done("7", 3, None, '{"v":"é \\u0000"}', 3600.0),
        Release("7", 3, 1234.5678, 2),
        Failed("7", 3, "boom 🙂 \x00 \ud83d " + "x" * 16_000),
        HandBack("7", 3),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_a_finished_job_is_read_back_with_its_outcome(journal, reader, outcome):
    slot = journal.claimed(claim(id="7", fence=3))
    journal.started(slot)
    journal.finished(slot, outcome)
    (held,) = reader.read()
    assert held == JournalEntry("7", 3, True, outcome)
    assert type(held.outcome) is type(outcome)


def test_a_result_for_which_there_is_no_room_is_left_out(journal, reader):
    """Without it the job is done, and does not run again."""
    done = Done("7", 3, None, "x" * 60_000, 3600.0)
    for _ in range(30):
        journal.finished(journal.claimed(claim(id="7", fence=3)), done)
    found = [entry.outcome for entry in reader.read()]
    assert len(found) == 30
    assert {entry._replace(result=None) for entry in found} == {done._replace(result=None)}
    assert 15 < sum(entry.result is not None for entry in found) < 20


def test_settled_jobs_are_forgotten_and_others_are_not(journal, reader):
    slots = [journal.claimed(claim(id=str(n), fence=n)) for n in range(4)]
    journal.settled(slots[1:3])
    assert sorted(held.id for held in reader.read()) == ["0", "3"]
    assert journal.room() == SLOTS - 2


def test_a_slot_used_again_keeps_nothing_of_its_former_job(journal, reader):
    for n in range(SLOTS + 5):
        slot = journal.claimed(claim(id=f"first-{n}"))
        journal.started(slot)
        journal.finished(slot, Failed(f"first-{n}", 1, "boom"))
        journal.settled([slot])
    slot = journal.claimed(claim(id="2", fence=9))
    assert reader.read() == [JournalEntry("2", 9, False, None)]
    journal.started(slot)
    journal.finished(slot, Done("2", 9))
    assert reader.read() == [JournalEntry("2", 9, True, Done("2", 9))]


def test_all_slots_can_be_held_at_once(journal, reader):
    slots = [journal.claimed(claim(id=str(n), fence=n + 1)) for n in range(SLOTS)]
    assert journal.room() == 0
    assert len(set(slots)) == SLOTS
    held = reader.read()
    assert {h.id for h in held} == {str(n) for n in range(SLOTS)}
    journal.settled(slots)
    assert journal.room() == SLOTS
    assert reader.read() == []


def test_when_the_heap_is_full_a_finished_job_counts_as_started_and_done_still_fits(
    journal, reader
):
    text = "x" * 16_000
    slots = []
    for n in range(100):
        slot = journal.claimed(claim(id=str(n)))
        journal.started(slot)
        journal.finished(slot, Failed(str(n), 1, text))
        slots.append(slot)
    held = reader.read()
    known = [h for h in held if h.outcome is not None]
    assert all(h.started for h in held)
    assert 50 < len(known) < 100
    assert {h.outcome.exception for h in known} == {text}
    slot = journal.claimed(claim(id="done"))
    journal.started(slot)
    journal.finished(slot, Done("done", 1))
    assert JournalEntry("done", 1, True, Done("done", 1)) in reader.read()


def test_the_heap_is_empty_again_when_nothing_is_held(journal, reader):
    for _ in range(50):
        slots = []
        for n in range(4):
            slot = journal.claimed(claim(id=str(n)))
            journal.started(slot)
            journal.finished(slot, Failed(str(n), 1, "x" * 16_000))
            slots.append(slot)
        assert all(held.outcome for held in reader.read())
        journal.settled(slots)


def test_an_outcome_longer_than_the_heap_leaves_the_job_started(journal, reader):
    slot = journal.claimed(claim(id="7"))
    journal.started(slot)
    journal.finished(slot, Failed("7", 1, "x" * 3_000_000))
    assert reader.read() == [JournalEntry("7", 1, True, None)]


def test_the_longest_ids_and_fences_fit(journal, reader):
    php = "job_6b0248b2884c72.73476817"
    journal.claimed(claim(id=php, fence=2**62))
    journal.claimed(claim(id=str(2**63 - 1), fence=1))
    assert {(h.id, h.fence) for h in reader.read()} == {(php, 2**62), (str(2**63 - 1), 1)}


def test_what_waits_behind_a_running_job_can_be_taken_away(journal, reader):
    slots = [journal.claimed(claim(id=str(n), fence=n)) for n in range(4)]
    assert reader.unstarted() == set()  # nothing runs
    journal.started(slots[0])
    waiting = reader.unstarted()
    assert {(id, fence) for _slot, id, fence in waiting} == {("1", 1), ("2", 2), ("3", 3)}
    assert journal.started(slots[1])
    assert sorted(reader.take(waiting)) == [("2", 2), ("3", 3)]
    assert not journal.started(slots[2])
    assert [held.started for held in sorted(reader.read())] == [True, True, False, False]


def test_a_slot_used_again_is_not_taken_away(journal, reader):
    first = journal.claimed(claim(id="1", fence=1))
    second = journal.claimed(claim(id="2", fence=1))
    journal.started(first)
    waiting = reader.unstarted()
    journal.settled([second])
    assert journal.claimed(claim(id="3", fence=1)) == second
    assert reader.take(waiting) == []
    journal.settled([second])
    assert journal.claimed(claim(id="4", fence=1)) == second
    assert journal.started(second)
