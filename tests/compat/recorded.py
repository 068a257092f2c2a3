"""What Lightpack itself has stored, at each moment of a job's life (see recorded.jsonl)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

BIRTHDAY = 1795314092
"""When the first job was dispatched, in unix seconds."""

NOTE = {
    "payment": 42,
    "note": "café / “ok”",
    "rate": 1.0,
    "big": 9007199254740993,
    "tags": [],
    "nested": {"a": None, "b": [1, True]},
}
"""What it was dispatched with."""


class Moment(NamedTuple):
    """The whole store; `text` is the job's."""

    id: str
    text: bytes
    store: dict[str, str | dict[str, int]]

    def keys(self, job_id: str) -> set[str]:
        """The stored keys, for the job of this id."""
        return {key.replace(self.id, job_id) for key in self.store}


def _read() -> dict[str, Moment]:
    moments = {}
    lines = Path(__file__).with_name("recorded.jsonl").read_text().splitlines()
    for line in lines:
        name, store = json.loads(line).values()
        for key, value in dict(store).items():
            if isinstance(value, str):
                moments[name] = Moment(key.removeprefix("jobs:job:"), value.encode(), store)
    return moments


MOMENTS = _read()
