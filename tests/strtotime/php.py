"""A running PHP to ask, or the record of its answers for machines without PHP."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from .pairs import Answer, Pair

_HERE: Final = Path(__file__).parent
_RECORD: Final = _HERE / "recorded.jsonl"
_CHUNK: Final = 100
"""Pairs in flight; both pipes hold that many without either side waiting for the other."""


class Php:
    """One `php` process that answers pairs until `close`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["php", "-d", "error_reporting=0", str(_HERE / "oracle.php")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
        )

    @staticmethod
    @cache
    def installed() -> bool:
        """Whether there is a `php` of the version that strtotime follows."""
        if shutil.which("php") is None:
            return False
        return subprocess.check_output(["php", "-r", "echo PHP_VERSION;"]).startswith(b"8.2.")

    def answers(self, pairs: Sequence[Pair]) -> list[Answer]:
        """PHP's answers, in the order of `pairs`."""
        answers: list[Answer] = []
        for start in range(0, len(pairs), _CHUNK):
            answers += self._chunk(pairs[start : start + _CHUNK])
        return answers

    def _chunk(self, pairs: Sequence[Pair]) -> list[Answer]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.writelines(json.dumps(pair) + "\n" for pair in pairs)
        stdin.flush()
        replies = (json.loads(stdout.readline()) for _ in pairs)
        return [Answer(None if s is False else s, us) for s, us in replies]

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Record:
    """PHP's recorded answers. It knows only the recorded pairs."""

    def __init__(self) -> None:
        self._answers: dict[Pair, Answer] = {}
        for line in _RECORD.read_text("ascii").splitlines():
            zone, base, expression, seconds, microseconds = json.loads(line)
            self._answers[Pair(zone, base, expression)] = Answer(seconds, microseconds)

    @property
    def pairs(self) -> list[Pair]:
        """All pairs there are answers for."""
        return list(self._answers)

    def answers(self, pairs: Sequence[Pair]) -> list[Answer]:
        """The recorded answers; KeyError for a pair that was not recorded."""
        return [self._answers[pair] for pair in pairs]

    def close(self) -> None:
        """Nothing to end."""


Oracle = Php | Record


def write_record(php: Php, pairs: Iterable[Pair]) -> None:
    """Record PHP's answers to `pairs` in the file `Record` reads."""
    listed = list(dict.fromkeys(pairs))
    lines = (
        json.dumps([*pair, *answer]) + "\n"
        for pair, answer in zip(listed, php.answers(listed), strict=True)
    )
    _RECORD.write_text("".join(lines), "ascii")
