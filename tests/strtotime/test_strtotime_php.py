"""The same answers as PHP for documented and generated expressions.

If PHP 8.2 is installed, a process of it is asked; otherwise the answers recorded from it in
`recorded.jsonl` are used. `STRTOTIME_PAIRS=50000 pytest tests/strtotime` compares that many
distinct generated pairs instead of 20,000 (it needs `php` and takes about 4 seconds), and
`STRTOTIME_SEED=text` generates other pairs.
"""

from __future__ import annotations

import os
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from .expressions import expression
from .moments import BASES, ZONES
from .pairs import Pair, agree, documented_pairs, generated_pairs, ours, zone_name_pairs
from .php import Oracle, Php, Record
from .record import RECORDED_PAIRS

PAIRS = int(os.environ.get("STRTOTIME_PAIRS", "20000"))
SEED = os.environ.get("STRTOTIME_SEED", "generated")

KNOWN_DIFFERENCES: dict[str, str] = {}
"""Expressions on which we differ from PHP, with the reason. None are known."""


def differences(oracle: Oracle, pairs: list[Pair]) -> list[str]:
    found = []
    for pair, theirs in zip(pairs, oracle.answers(pairs), strict=True):
        mine = ours(pair)
        if pair.expression not in KNOWN_DIFFERENCES and not agree(theirs, mine):
            found.append(f"{pair}: PHP {theirs}, we {mine}")
    return found


def test_documented_formats_agree(oracle: Oracle) -> None:
    assert differences(oracle, list(documented_pairs())) == []


def test_zone_names_agree(oracle: Oracle) -> None:
    assert differences(oracle, list(zone_name_pairs())) == []


def test_recorded_answers_agree(record: Record) -> None:
    assert differences(record, record.pairs) == []


def test_generated_expressions_agree(oracle: Oracle) -> None:
    seeded = (PAIRS, SEED) if isinstance(oracle, Php) else (RECORDED_PAIRS, "generated")
    pairs = generated_pairs(*seeded)
    assert len(set(pairs)) == len(pairs) == seeded[0]
    found = differences(oracle, pairs)
    assert found == [], f"{len(found)} of {len(pairs)} pairs differ"


def test_half_of_the_generated_expressions_are_valid(record: Record) -> None:
    pairs = generated_pairs(RECORDED_PAIRS)
    valid = sum(answer.seconds is not None for answer in record.answers(pairs))
    assert valid > len(pairs) / 2


def _pairs(record: Record) -> st.SearchStrategy[Pair]:
    if not Php.installed():
        return st.sampled_from(record.pairs)
    randoms = st.randoms(use_true_random=False)
    return st.builds(_pair, st.sampled_from(ZONES), st.sampled_from(BASES), randoms)


def _pair(zone: str, base: int, random: Random) -> Pair:
    return Pair(zone, base, expression(random))


@settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
)
@given(data=st.data())
def test_shrunk_counterexample(oracle: Oracle, record: Record, data: st.DataObject) -> None:
    """Has few examples compared with the run above, but reduces a failure to its smallest form."""
    assert differences(oracle, [data.draw(_pairs(record))]) == []
