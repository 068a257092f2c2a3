"""Whether what was dispatched came to what it should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple


class Accounts(NamedTuple):
    """What the ledger says, and what the jobs have noted."""

    expected: dict[str, str]
    """How the job of each number must end: end, failed or cancelled."""
    noted: Counter[tuple[str, str]]
    """How often each number came to each of them."""
    cancelled: int
    """How many jobs the store has cancelled."""

    @property
    def lost(self) -> list[str]:
        """The jobs that did not come to what they should."""
        return [
            number
            for number, outcome in self.expected.items()
            if outcome != "cancelled" and not self.noted[outcome, number]
        ]

    @property
    def unexpected(self) -> int:
        """Outcomes that no job should have come to."""
        return sum(
            count
            for (outcome, number), count in self.noted.items()
            if outcome != "slot" and self.expected.get(number) != outcome
        )

    @property
    def repeated(self) -> int:
        """Outcomes that were noted again."""
        return sum(count - 1 for count in self.noted.values())

    @property
    def balanced(self) -> bool:
        """Whether jobs dispatched = completed + failed on purpose + cancelled, each once."""
        wanted = sum(outcome == "cancelled" for outcome in self.expected.values())
        return not (self.lost or self.unexpected or self.repeated) and self.cancelled == wanted

    def __str__(self) -> str:
        by_outcome = Counter(outcome for outcome, number in self.noted if outcome != "slot")
        slots = sum(outcome == "slot" for outcome, _ in self.noted)
        said = (
            f"{len(self.expected):,} dispatched = {by_outcome['end']:,} completed + "
            f"{by_outcome['failed']:,} failed on purpose + {self.cancelled:,} cancelled; "
            f"{slots} dispatched by the schedule; {len(self.lost)} lost, {self.unexpected} "
            f"unexpected, {self.repeated} repeated"
        )
        return said if self.balanced else f"{said}  BROKEN: {', '.join(self.lost[:20])}"


def read(ledger: Path, notes: Path, cancelled: int) -> Accounts:
    """The accounts of a soak that is over."""
    expected = {number: outcome for outcome, number in _lines(ledger)}
    return Accounts(expected, Counter(_lines(notes)), cancelled)


def _lines(path: Path) -> list[tuple[str, str]]:
    pairs = (line.split(" ", 1) for line in path.read_text().splitlines())
    return [(word, number) for word, number in pairs]
