"""Writes random expressions from the grammar of the PHP manual's date and time formats.

Everything is drawn from the `random.Random` given, so the same generator serves hypothesis
(which hands in one it can shrink) and long seeded runs.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


MONTHS = _words(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
ROMAN = _words("I II III IV V VI VII VIII IX X XI XII")
DAYS = _words(
    "sunday monday tuesday wednesday thursday friday saturday sun mon tue wed thu fri sat "
    "sundays mondays fridays weekday weekdays"
)
ORDINALS = _words(
    "first second third fourth fifth sixth seventh eighth eight ninth tenth eleventh twelfth"
)
DIRECTIONS = _words("next last previous this")
UNITS = _words(
    "ms msec msecs millisecond milliseconds µs usec usecs µsec µsecs microsecond microseconds "
    "sec secs second seconds min mins minute minutes hour hours day days week weeks fortnight "
    "fortnights forthnight forthnights month months year years weekday weekdays"
)
ZONES = _words(
    "UTC GMT utc Z z EST EDT PST PDT CET CEST BST JST MSK IST a k J GMT+1 GMT-05:30 +0200 "
    "-0330 +05:45 -8 +1 +09 -11:30 +02:00:30 +123456 (UTC) (EST) Europe/Paris America/New_York "
    "Asia/Kathmandu America/Argentina/Buenos_Aires America/Port-au-Prince Europe/paris "
    "europe/paris Foo/Bar Japan Cuba Etc/GMT Pacific/Chatham Australia/Lord_Howe XYZ"
)
JUNK = _words(
    "foo $ # ~ ! ? % & * = _ [ ] { } | \\ < > ' \" 10: :30 12:60 24:01 25:00 2026-13-01 "
    "32 999 1/ /1 -- ++ +-+ W53 T @ @x noone tomorrows yester mondayy fri. of ago day week "
    "2026-W54 2026-367 00:00:61 99:99 é 日本 🙂 12 7 00 0 1e3 0x10 +1 -1 5.5 1,5 am pm"
)


def expression(random: Random) -> str:
    """One expression; most are valid, some are not."""
    pieces = [random.choice(PIECES)(random) for _ in range(random.choice((1, 1, 1, 2, 2, 2, 3, 4)))]
    text = _separator(random).join(pieces)
    if random.random() < 0.08:
        text = _damaged(random, text)
    return _cased(random, text)


def _separator(random: Random) -> str:
    return random.choice(
        (" ", " ", " ", " ", " ", "  ", "\t", ", ", ",", "", ".", "\n", "-", " - ")
    )


def _cased(random: Random, text: str) -> str:
    change: Callable[[str], str] = random.choice(
        (str, str, str, str, str.lower, str.upper, str.title, str.swapcase)
    )
    changed = change(text)
    padding = random.choice(("", "", "", "", " ", "\t", "\n"))
    return random.choice((changed + padding, padding + changed))


def _damaged(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    kind = random.randrange(4)
    if kind == 0:
        return text[:at] + random.choice(JUNK) + text[at:]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at]
    return text[:at] + random.choice("0123456789abTWtz:./-+ ,\0\u00a0\u202f") + text[at:]


def _number(random: Random, low: int, high: int, widths: tuple[int, ...] = (1, 2)) -> str:
    return str(random.randint(low, high)).zfill(random.choice(widths))


def _year(random: Random) -> str:
    return random.choice(
        (
            str(random.randint(1970, 2040)),
            str(random.randint(2025, 2027)),
            str(random.randint(1, 9999)).zfill(4),
            str(random.randint(0, 99)).zfill(2),
            str(random.randint(0, 999)),
        )
    )


def _year4(random: Random) -> str:
    return str(random.choice((random.randint(1900, 2100), random.randint(1, 9999)))).zfill(4)


def _fraction(random: Random) -> str:
    return "." + str(random.randrange(10 ** random.randint(1, 9)))


def _time(random: Random) -> str:
    hour, minute = _number(random, 0, 24), _number(random, 0, 59, (2, 2, 1))
    second = _number(random, 0, 60, (2, 2, 1))
    twelve, colon = _number(random, 1, 12), random.choice("::.")
    meridian = random.choice(("am", "pm", "AM", "PM", "a.m.", "p.m.", "a.m", "Pm"))
    space = random.choice(("", " ", "\t", "\u00a0", "\u202f"))
    return random.choice(
        (
            lambda: f"{hour}{colon}{minute}",
            lambda: f"{hour}{colon}{minute}{colon}{second}",
            lambda: f"{hour}{colon}{minute}{colon}{second}{_fraction(random)}",
            lambda: f"T{hour}:{minute}",
            lambda: f"t{hour}",
            lambda: f"T{hour}:{minute}:{second}{_fraction(random)}",
            lambda: f"{hour.zfill(2)}{minute.zfill(2)}",
            lambda: f"t{hour.zfill(2)}{minute.zfill(2)}",
            lambda: f"{hour.zfill(2)}{minute.zfill(2)}{second.zfill(2)}",
            lambda: f"T{hour.zfill(2)}{minute.zfill(2)}{second.zfill(2)}",
            lambda: f"{twelve}{space}{meridian}",
            lambda: f"{twelve}{colon}{minute}{space}{meridian}",
            lambda: f"{twelve}{colon}{minute}{colon}{second}{space}{meridian}",
            lambda: f"{twelve}:{minute}:{second}{random.choice('.:')}123{meridian}",
            lambda: f"{hour}:{minute}{space}{random.choice(ZONES)}",
            lambda: f"{hour}:{minute}:{second}{space}{random.choice(ZONES)}",
            lambda: random.choice(("noon", "midnight", "today", "now", "tomorrow", "yesterday")),
            lambda: f"{random.choice(('back', 'front'))} of {hour}{space}",
            lambda: f"{random.choice(('back', 'front'))} of {twelve}{space}{meridian}",
        )
    )()


def _date(random: Random) -> str:
    month, day = _number(random, 0, 12), _number(random, 0, 31)
    year, year4 = _year(random), _year4(random)
    name = random.choice(random.choice((MONTHS, MONTHS, ROMAN)))
    suffix = random.choice(("", "", "st", "nd", "rd", "th"))
    gap = random.choice((" ", " ", "-", ".", "", "\t", "--", ". "))
    month2, day2, slash = month.zfill(2), day.zfill(2), random.choice("-/")
    return random.choice(
        (
            lambda: f"{month}/{day}",
            lambda: f"{month}/{day}/{year}",
            lambda: f"{year4}{slash}{month2}{slash}{day2}",
            lambda: f"{year4}/{month}/{day}{suffix}",
            lambda: f"{random.choice('+-')}{year4}-{month2}-{day2}",
            lambda: f"+00{year4}-{month2}-{day2}",
            lambda: f"{year}-{month}-{day}{suffix}",
            lambda: f"{year[-2:].zfill(2)}-{month2}-{day2}",
            lambda: f"{year4}-{month}",
            lambda: f"{day}{random.choice('.-')}{month}{random.choice('.-')}{year4}",
            lambda: f"{day}.{month}.{year[-2:].zfill(2)}",
            lambda: f"{day}{suffix}{gap}{name}{gap}{year}",
            lambda: f"{name}{gap}{year4}",
            lambda: f"{year4}{gap}{name}",
            lambda: f"{name}{gap}{day}{suffix}, {year}",
            lambda: f"{name}{gap}{day}{suffix}{random.choice((',', ' ', ''))}",
            lambda: f"{day}{suffix}{gap}{name}",
            lambda: f"{year4}{month2}{day2}",
            lambda: f"{name[:3]}-{day2}-{year}",
            lambda: f"{year}-{name[:3]}-{day2}",
            lambda: name,
            lambda: year4,
            lambda: f"{year4}{random.choice(('', '.', '-'))}{random.randint(0, 366):03}",
            lambda: f"{year4}{slash.strip('/')}W{random.randint(0, 53):02}",
            lambda: f"{year4}W{random.randint(1, 53):02}{random.randint(0, 7)}",
            lambda: f"{year4}-W{random.randint(1, 53):02}-{random.randint(0, 7)}",
        )
    )()


def _stamp(random: Random) -> str:
    year4, month, day = _year4(random), _number(random, 1, 12, (2,)), _number(random, 0, 31, (2,))
    hour, minute = _number(random, 0, 24, (2,)), _number(random, 0, 59, (2,))
    second, zone = _number(random, 0, 60, (2,)), random.choice(ZONES)
    name = random.choice(MONTHS)
    clock = f"{hour}:{minute}:{second}"
    return random.choice(
        (
            lambda: f"{year4}{month}{day}T{clock}",
            lambda: f"{year4}{month}{day}t{hour}{minute}{second}",
            lambda: f"{year4}-{month}-{day}T{clock}{_fraction(random)}{zone}",
            lambda: f"{year4}-{month}-{day}T{clock}{zone}",
            lambda: f"{year4}-{month}-{day} {clock} {zone}",
            lambda: f"{year4}-{int(month)}-{int(day)}T{int(hour)}:{int(minute)}:{int(second)}",
            lambda: f"{year4}:{month}:{day} {clock}",
            lambda: f"{day}/{name[:3]}/{year4}:{clock} {zone}",
            lambda: f"{random.choice(DAYS)}, {day} {name} {year4} {clock} {zone}",
            lambda: f"{name} {day} {hour}:{minute}",
            lambda: f"{name} {day}, {clock} {zone}",
            lambda: f"{name} {day} {clock}{_fraction(random)}",
            lambda: f"{name} {day} {_number(random, 1, 12)}:{minute} pm",
            lambda: f"@{random.randint(-(10**10), 10**11)}",
            lambda: f"@{random.randint(-(10**9), 10**10)}{_fraction(random)}",
        )
    )()


def _relative(random: Random) -> str:
    unit, space = random.choice(UNITS), random.choice((" ", " ", "", "\t", "  ", "\u00a0"))
    amount = random.choice((random.randint(0, 9), random.randint(0, 100), random.randint(0, 20000)))
    sign = random.choice(("+", "-", "+", "-", "", "+-", "--", "+ ", "- "))
    day, counted = random.choice(DAYS), random.choice(ORDINALS + DIRECTIONS)
    edge = random.choice(("first", "last"))
    return random.choice(
        (
            lambda: f"{sign}{amount}{space}{unit}",
            lambda: f"{sign}{random.randint(0, 12)}{space}{day}",
            lambda: f"{amount} {unit} ago",
            lambda: f"{random.choice(DIRECTIONS)}{space}{unit}",
            lambda: f"{random.choice(ORDINALS)} {unit}",
            lambda: f"{random.choice(DIRECTIONS)} week",
            lambda: f"{counted}{space}{day}",
            lambda: f"{counted} {day} of",
            lambda: f"{counted} {day} of {random.choice(MONTHS)} {_year4(random)}",
            lambda: f"{counted} {day} of {random.choice(DIRECTIONS)} month",
            lambda: f"{edge} day of",
            lambda: f"{edge} day of {random.choice(DIRECTIONS)} {random.choice(('month', 'year'))}",
            lambda: f"{edge} day of {random.choice(MONTHS)} {_year4(random)}",
            lambda: day,
            lambda: f"{day} {random.choice(DIRECTIONS)} week",
            lambda: "ago",
        )
    )()


def _zone(random: Random) -> str:
    return random.choice(ZONES)


def _junk(random: Random) -> str:
    return random.choice(JUNK)


PIECES: tuple[Callable[[Random], str], ...] = (
    *(_time,) * 5,
    *(_date,) * 6,
    *(_stamp,) * 2,
    *(_relative,) * 9,
    *(_zone,) * 2,
    _junk,
)
