"""What a worker says of itself, read by another process."""

from __future__ import annotations

import pytest

from lightjobs.notes.worker_notes import NOTE_BYTES
from lightjobs.workers.shared import observed_memory
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.shared.observed_memory import COUNTS_BYTES


@pytest.fixture
def journal():
    made = Journal()
    yield made
    made.close()


@pytest.fixture
def reader(journal):
    return Journal(journal.descriptor).observed


def test_before_the_first_text_there_is_none(reader):
    assert (reader.note(), reader.counts()) == (None, None)


def test_the_last_text_is_read(journal, reader):
    before = 0.0
    for number in range(600):  # more than the sequence number can count
        journal.observed.write_note(f"note {number}".encode())
        journal.observed.write_counts(b"x" * number * 10)
        note, counts = reader.note(), reader.counts()
        assert note.text == f"note {number}".encode()
        assert (counts.text if counts else b"") == b"x" * number * 10
        assert note.at > before
        before = note.at


def test_the_longest_texts_fit_and_stay_apart(journal, reader):
    for letter in b"ab":
        journal.observed.write_note(bytes([letter]) * NOTE_BYTES)
        journal.observed.write_counts(bytes([letter]) * COUNTS_BYTES)
    assert reader.note().text == b"b" * NOTE_BYTES
    assert reader.counts().text == b"b" * COUNTS_BYTES


def test_a_text_that_is_too_long_leaves_the_former_one(journal, reader):
    journal.observed.write_counts(b"former")
    journal.observed.write_counts(b"x" * (COUNTS_BYTES + 1))
    assert reader.counts().text == b"former"


def test_a_writer_that_dies_in_the_middle_leaves_the_former_text(journal, reader, monkeypatch):
    """It has written its text, or half of it, but not yet that this is the current one."""
    journal.observed.write_note(b"former")

    class Dies(Exception):
        pass

    def dies(_text):
        raise Dies

    monkeypatch.setattr(observed_memory.zlib, "crc32", dies)
    with pytest.raises(Dies):
        journal.observed.write_note(b"the next")
    monkeypatch.undo()
    number = journal.observed._note._memory[journal.observed._note._number]
    at = journal.observed._note._at + (number + 1) % 2 * journal.observed._note._size
    journal._memory[at : at + 100] = b"?" * 100
    assert reader.note().text == b"former"


def test_a_torn_text_is_not_read(journal, reader):
    journal.observed.write_note(b"whole")
    text = journal.observed._note
    at = text._at + journal._memory[text._number] % 2 * text._size
    journal._memory[at + observed_memory._HEAD.size] = ord("x")
    assert reader.note() is None


def test_what_is_observed_leaves_the_journal_alone(journal, reader):
    journal.observed.write_note(b"n" * NOTE_BYTES)
    journal.observed.write_counts(b"c" * COUNTS_BYTES)
    assert journal.read() == []
