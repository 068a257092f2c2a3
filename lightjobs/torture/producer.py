"""The process that dispatches jobs, until its standard input ends. Run as a module.

Its ledger says of each job that its dispatch began, and what came of it: stored, refused (the
store does not have it), or in doubt.
"""

from __future__ import annotations

import random
import select
import sys
from itertools import count
from pathlib import Path

from ..errors import StoreInDoubt, StoreUnavailable
from ..process import prelude
from .notes import LEDGER, Notes
from .orders import Orders

PAUSE_SECONDS = 0.04
"""The time between two dispatches."""

BATCH_SHARE, LARGEST_BATCH = 0.1, 10
"""How many dispatches have several jobs, and how many at most."""

LONG_SHARE, LONG_SECONDS = 0.05, (0.2, 0.8)
"""How many jobs take long, and how long: so there is always one for a fault to hit."""

SHORT_SECONDS = 0.01
"""How long all others take at most."""


def main() -> None:
    """Dispatch until told to stop. The argument is the seed."""
    prelude.play()
    from .jobs import KINDS, payload  # here: they need the settings

    chance = random.Random(sys.argv[1])
    notes = Notes(Path(Orders.of_environment().folder) / LEDGER)
    kinds, shares = zip(*KINDS, strict=True)
    numbers = count(1)
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        size = chance.randint(2, LARGEST_BATCH) if chance.random() < BATCH_SHARE else 1
        batch = [next(numbers) for _ in range(size)]
        (kind,) = chance.choices(kinds, shares)
        payloads = [payload(number, _seconds(chance)) for number in batch]
        notes.add("asked", batch)
        try:
            if size == 1:
                kind().dispatch(payloads[0])
            else:
                kind.dispatchMany(payloads)
        except StoreInDoubt:
            notes.add("doubt", batch)
        except StoreUnavailable:
            notes.add("refused", batch)
        else:
            notes.add("stored", batch)


def _seconds(chance: random.Random) -> float:
    if chance.random() < LONG_SHARE:
        return chance.uniform(*LONG_SECONDS)
    return chance.uniform(0, SHORT_SECONDS)


if __name__ == "__main__":
    main()
