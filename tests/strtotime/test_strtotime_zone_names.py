"""The table of zone names is the same as PHP's, and `zoneinfo` knows every identifier in it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lightjobs.strtotime.zone_names import ABBREVIATIONS, IDENTIFIERS

from .php import Php

NOT_ZONES = {"leapseconds", "localtime", "tzdata.zi"}
"""Files that Debian's PHP lists as zones. No text can name them: its scanner reads six letters."""


def _php(code: str) -> Any:
    return json.loads(subprocess.check_output(["php", "-r", f"echo json_encode({code});"]))


def test_every_identifier_has_a_zone() -> None:
    for identifier in IDENTIFIERS.values():
        assert (
            datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(identifier)).utcoffset()
            is not None
        )


@pytest.mark.skipif(
    not Php.installed(),
    reason="asks php 8.2 for its zones; test_zone_names_agree asks the record about each name",
)
def test_the_tables_are_those_of_php() -> None:
    listed = _php("timezone_identifiers_list(DateTimeZone::ALL_WITH_BC)")
    assert {*listed} - NOT_ZONES == {*IDENTIFIERS.values()}
    first = _php("array_map(fn ($zones) => $zones[0], timezone_abbreviations_list())")
    assert {n: (zone["offset"], zone["dst"]) for n, zone in first.items()} == ABBREVIATIONS
