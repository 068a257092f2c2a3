"""The tokens that PHP knows, in its order of preference.

Which texts each rule matches is a fact about PHP (its manual's "Supported Date and Time Formats"
and the scanner of timelib 2022.12). The notation is that of `pattern`.

Oddities of PHP that are kept: day suffixes (`st`), the `T` of timestamps and the `W` of week
dates are case-sensitive, while words are not. A twelve-hour time must be followed by a blank or
the end of the text, which is represented by NUL. `sept` is a month, but `tues` is not a day.
"""

from __future__ import annotations

from typing import Final

DEFINITIONS: Final[dict[str, str]] = {
    "space": "[ \t]+|\u00a0+|\u202f+",
    "fraction": "\\.[0-9]+",
    # numbers of a clock; a name that ends in "0" requires the leading zero
    "hour": "[01]?[0-9]|2[0-4]",
    "hour0": "[01][0-9]|2[0-4]",
    "hour12": "0?[1-9]|1[0-2]",
    "minute": "[0-5]?[0-9]",
    "minute0": "[0-5][0-9]",
    "second": "<minute>|60",
    "second0": "<minute0>|60",
    "meridian": "[AaPp]\\.?[Mm]\\.?[\0\t ]",
    "zone": "\\(?[A-Za-z]{1,6}\\)?|[A-Z][a-z]+([_/-][A-Za-z]+)+",
    "correction": (
        "(GMT)?[+-](<hour>(:?<minute>)?|<hour0><minute0><second0>|<hour0>:<minute0>:<second0>)"
    ),
    # numbers of a calendar
    "month": "0?[0-9]|1[0-2]",
    "month0": "0[0-9]|1[0-2]",
    "day": "([0-2]?[0-9]|3[01])(st|nd|rd|th)?",
    "day0": "0[0-9]|[1-2][0-9]|3[01]",
    "year": "[0-9]{1,4}",
    "year2": "[0-9]{2}",
    "year4": "[0-9]{4}",
    "day_of_year": "00[1-9]|0[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6]",
    "week_of_year": "0[1-9]|[1-4][0-9]|5[0-3]",
    # words
    "day_name": (
        "'sun'('days?')?|'mon'('days?')?|'tue'('sdays?')?|'wed'('nesdays?')?"
        "|'thu'('rsdays?')?|'fri'('days?')?|'sat'('urdays?')?"
    ),
    "day_word": "<day_name>|'weekdays?'",
    "month_short": "'jan'|'feb'|'mar'|'apr'|'may'|'jun'|'jul'|'aug'|'sept?'|'oct'|'nov'|'dec'",
    "month_word": (
        "'jan'('uary')?|'feb'('ruary')?|'mar'('ch')?|'apr'('il')?|'may'|'june?'|'july?'"
        "|'aug'('ust')?|'sep'('t'|'tember')?|'oct'('ober')?|'nov'('ember')?|'dec'('ember')?"
    ),
    "month_name": "<month_word>|I{1,3}|I?V|VI{1,3}|I?X|XI{1,2}",
    "ordinal": (
        "'first'|'second'|'third'|'fourth'|'fifth'|'sixth'|'seventh'|'eighth?'|'ninth'|'tenth'"
        "|'eleventh'|'twelfth'"
    ),
    "direction": "'next'|'last'|'previous'|'this'",
    "unit": (
        "'ms'|'µs'|('msec'|'millisecond'|'µsec'|'microsecond'|'usec'|'sec'|'second'|'min'"
        "|'minute'|'hour'|'day'|'fortnight'|'forthnight'|'month'|'year')'s?'|'weeks'|<day_word>"
    ),
    # pieces shared by several rules
    "gap": "[ .\t-]*",
    "month_day": "<month_name><gap><day>([,.stndrh\t ]+|\0)",
    "time12": "<hour12>[:.]<minute0><space>?<meridian>",
    "time12_long": "<hour12>[:.]<minute>[:.]<second0><space>?<meridian>",
    "time24": "'t'?<hour>[:.]<minute>",
    "time24_long": "'t'?<hour>[:.]<minute>[:.]<second>",
    "time24_zone": "'t'?<hour>[:.]<minute>[:.]<second0><space>?(<correction>|<zone>)",
}
"""Patterns that rules refer to by name."""

RULES: Final[list[tuple[str, str]]] = [
    ("yesterday", "'yesterday'"),
    ("now", "'now'"),
    ("noon", "'noon'"),
    ("midnight", "'midnight'|'today'"),
    ("tomorrow", "'tomorrow'"),
    ("timestamp", "@-?[0-9]+"),
    ("timestamp_fraction", "@-?[0-9]+\\.[0-9]{0,6}"),
    ("edge_of_month", "('first'|'last')' day of'"),
    ("around_hour", "('back'|'front')' of '<hour>(<space>?<meridian>)?"),
    ("weekday_of_month", "(<ordinal>|<direction>)<space><day_name><space>'of'"),
    ("time12", "<hour12><space>?<meridian>|<time12>|<time12_long>"),
    ("time_mssql", "<hour12>:<minute0>:<second0>[:.][0-9]+<meridian>"),
    ("time24", "'t'<hour>|<time24>|<time24_long>|<time24_long><fraction>"),
    ("time_or_year", "'t'?<hour0><minute0>"),
    ("time_compact", "'t'?<hour0><minute0><second0>"),
    ("date_american", "<month>/<day>(/<year>)?"),
    (
        "date_iso",
        "[+-]?<year4>-<month0>-<day0>|<year4>/<month0>/<day0>/?|<year4>/<month>/<day>",
    ),
    ("date_short_year", "<year2>-<month0>-<day0>"),
    ("date_iso", "[+-][0-9]{5,19}-<month0>-<day0>"),
    ("month_of_year", "<year4>-<month>"),
    ("date_short_year", "<year>-<month>-<day>"),
    ("date_full", "<day>[ \t.-]*<month_name>[ \t.-]*<year>"),
    ("date_pointed", "<day>[.\t-]<month>[.-]<year4>"),
    ("date_pointed", "<day>[.\t]<month>\\.<year2>"),
    ("month_then_year", "<month_name><gap><year4>"),
    ("year_then_month", "<year4><gap><month_name>"),
    ("month_then_day", "<month_name><gap><day>[,.stndrh\t ]+<year>|<month_day>"),
    ("day_then_month", "<day><gap><month_name>"),
    ("date_compact", "<year4><month0><day0>"),
    (
        "timestamp_text",
        "<year4><month0><day0>T<hour>:<minute0>:<second0>"
        "|<year4><month0><day0>'t'<hour><minute0><second0>"
        "|<year4>-<month0>-<day0>T<hour0>:<minute0>:<second0><fraction><correction>?"
        "|<year4>-<month>-<day>T<hour>:<minute>:<second>"
        "|<year4>:<month0>:<day0> <hour0>:<minute0>:<second0>",
    ),
    ("day_of_year", "<year4>[.-]?<day_of_year>"),
    ("week", "<year4>-?W<week_of_year>-?[0-7]"),
    ("week", "<year4>-?W<week_of_year>"),
    ("month_then_day", "<month_short>-<day0>-<year>"),
    ("year_month_day_text", "<year>-<month_short>-<day0>"),
    (
        "log_format",
        "<day>/<month_short>/<year4>:<hour0>:<minute0>:<second0><space><correction>",
    ),
    ("year", "<year4>"),
    ("ago", "'ago'"),
    ("weekday", "<day_word>"),
    ("relative_week", "<direction><space>'week'"),
    ("relative_word", "(<ordinal>|<direction>)<space><unit>"),
    ("month", "<month_word>"),
    ("zone", "<correction>|<zone>"),
    ("month_day_time12", "<month_day>(<time12>|<time12_long>)"),
    ("month_day_time24", "<month_day>(<time24>|<time24_long>|<time24_zone>)"),
    ("relative_number", "[+-]*[ \t]*[0-9]{1,13}<space>?(<unit>|'week')"),
    # PHP takes these one at a time. None of them begins another token, so here a run is one token.
    ("blank", "[.,\0\n \t\u00a0\u202f]+"),
]
"""`(name, pattern)`. If two rules match the same text, the earlier one applies."""
