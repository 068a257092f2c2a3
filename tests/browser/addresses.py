"""Where every page is, with whatever values there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.web.addresses import address

Values = Mapping[str, Sequence[str]]
"""For each name in the paths, what can stand for it."""


def addresses(name: str, values: Values) -> list[str]:
    """The paths of the page `name`, one for each of its values."""
    longest = max(len(each) for each in values.values())
    found = []
    for n in range(longest):
        found.append(address(name, {key: each[n % len(each)] for key, each in values.items()}))
    return list(dict.fromkeys(found))
