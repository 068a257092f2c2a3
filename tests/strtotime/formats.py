"""Every format of the PHP manual's "Supported Date and Time Formats", page by page.

After the manual's own examples come neighbours of each: other widths, cases and separators,
and texts just outside the format.
"""

from __future__ import annotations

TIME = """
4 am|4:08 am|4:08:37 am|04:08:39:12313am|4:08:39.123AM|4am|4 a.m.|4 A.M|04 PM|12am|12pm|12:00 am
12:59 pm|0am|13pm|4:8 am|4.08 am|4.08.37 p.m.|4:08:7 am|4am.|4 am,|4ampm|4 pmx|04:08|04.08|19:19
23:43|T23:43|T23.43|t23:43|4:8|24:00|24:01|25:00|04:60|4:|04:08:37|19:19:19|T19:19:19|04.08.37
23:59:60|23:59:61|4:8:7|24:00:00|00:00:00|04:03:12.45678|04:03:12.081415926|T04:03:12.5|04:03:12.
04.03.12.5|04:03:12.1234567|04:03:12.9999999|040506 |040506|T040506|t0222|T02|t2|0222|T0222|0260
2400|2401|2500|240000|235960|235961|040506+0200|040506 CET|040837CET|T191919 UTC|t0222 EST
0222 EST|02:22EST|T02:22Z|040837 |17:03:12.45678 CET|17:03:12-0300|17:03:12+02:00
17:03:12.45678 +01|17:03 Europe/Paris|back of 7pm|back of 19|front of 5am|front of 23
back of 7 p.m.|BACK OF 7PM|Back of 7|back of 24|front of 0|front of 12am|back of 12am|back of 25
back  of 7|backof 7|back of|front of 7:30
"""
"""The page "Time Formats"."""

DATE = """
5/17|05/17|10/22|10/22/78|1/17/2006|1/17/6|12/31/99|12/31/69|12/31/70|13/1|0/0|12/32|1/1/0001
5/17th|78-12-22|1814-MAY-17|5/17/2006|30-6-2008|22.12.1978|30.6.08|22\t12.78|30\t6\t2008|30.6.2008
22.12.78|1978/12/22|2008-06-30|2008/6/30|2008/06/30/|2008-6|2008-06|1978-12|2008-7-1|08-06-30
-0002-07-26|+1978-04-17|+02008-06-28|-40506-06-28|+99999-01-01|2008-6-|2008-13|2008-00|2008-00-00
2008-6-31|2026-02-30|2025-02-29|30-June 2008|22DEC78|14 III 1879|30 June 2008|1st of June
June 2008|DEC1978|March 1879|2008 June|2008-June|July 1st, 2008|April 17, 1790|May.9,78|July 1st,
Apr 17|May.9|1 July|17 Apr|9.May|30th June|31st Jan 26|May-09-78|Apr-17-1790|78-Dec-22|1814-MAY-17
15810726|20080630|2008.197|2008197|2008-197|2008.366|2008.367|2007366|1978|1960|2024|2359|2400
2460|1999|0001|9999|March|jun|DEC|sept|september|III|iii|may|Jan 1|JAN 31st|2008-W27|2008W27
2008-W28-3|2008W273|2008-W01-0|2008-W53|2009-W53-7|2008-W00|2008-W54|2008w27|2008-W28-8
2008-06-30 2008-07-01|30 June 08|30 June 8|1 Sept 2020|1 sep. 2020|5 I 2020|5 XII 2020|5 XIII 2020
4 oct
"""
"""The page "Date Formats"."""

COMPOUND = """
10/Oct/2000:13:55:36 -0700|10/Oct/2000:13:55:36 +01:00|1/Jan/2026:00:00:00 +0000
10/Oct/2000:13:55:36|2008:08:07 18:11:31|2008-07-01T22:35:17.02|2008-07-01T22:35:17.02Z
2008-07-01T22:35:17.02+0200|2008-07-01T22:35:17Z|2008-07-01T22:35:17+02:00|2008-07-01T22:35:17
2008-7-1T9:3:37|2008-07-01 22:35:17 UTC|20080701T22:38:07|XX|20080701t223807|20080701T093807
20080701T9:38:07|20080701T223807Z|20080701 22:38:07|2008-07-01T22:35|2008-07-01T22
2008-07-01t22:35:17|2008-07-01T22:35:17.123456789+05:30|20080701T22:38:07.5|@1215282385|@-1|@0
@1607974647.503686|@-0.4|@-1.5|@1.|@1.1234567|@|@ 5|@+5|@99999999999|@9223372036854775808
@1215282385 +1 day|@1215282385 10:00|@1215282385 UTC|UTC @1215282385|@5 @6|@1700000000.5 +300 ms
Sat, 13 Mar 2010 11:30:00 GMT|Sat, 13 Mar 2010 11:30 UTC|Saturday, 13-Mar-10 11:30:00 UTC
Sat Mar 13 11:30:00 2010|Sat Mar 13 11:30:00 EST 2010|Sat, 13 Mar 2010 11:30:00 +0100 (CET)
2010-03-13T11:30:00-05:00|Mar 13 11:30:00|Mar 13 11.30|Mar 13 11.30.15|Mar 13, 11:30 pm
Mar 13 11:30:15 pm|Mar 13 11:30:15.5|Mar 13 11:30 CET|May-09-78 10:00
Thursday, 14-May-26 09:00:00 CEST|14 May 2026 09:00 Europe/Paris|Thu, 01 Jan 1970 00:00:00 GMT
"""
"""The page "Compound Formats", and the mail and HTTP dates made of several."""

RELATIVE = """
yesterday 14:00|14:00 yesterday|midnight|today|now|noon|yesterday noon|noon yesterday|tomorrow
NOON TOMORROW|first day of january 2008|last day of next month|first day of|last day of
last day of feb 2024|first day of next year|first day of this month 10:00|10:00 first day of
last day of february|First Day Of Next Month|first  day of|firstday of|first sat of July 2008
last wed of|last mon of next month|second friday of|fifth monday of|twelfth sat of this month
next monday of|previous fri of may|this tue of|third friday of january 2027|first weekday of
last sun of march 2026 02:30|+5 weeks|12 day|-7 weekdays|+3 weekdays|0 weekdays|5 weekdays ago
+1 weekday|weekday|weekdays|-1 weekday 10:00|fifth day|second month|eight days|eighth day
twelfth week|last day|this year|next month|previous week|last year|2 days ago|8 days ago 14:00
2 months 5 days ago|2 days ago 1 week|1 month ago 2 weeks ago|ago|monday ago|-2 days ago|Monday
sat|sun|mon next week|monday next week|Monday next week|sunday this week|friday last week
this week|next week|previous week|next monday|last friday|this tuesday|previous sunday
monday monday|tues|wednes|thurs|sats|mondays|2 mondays|-2 mon|+1 sunday|third tuesday
saturday this week|sunday next week|next week monday|weds|first week
+1 week 2 days 4 hours 2 seconds|+1 week|+1 month|-1 month|+1 year|+13 months|-14 months|+100 days
-400 days|+1 fortnight|fortnight|next fortnight|2 fortnights ago|+1 forthnight|+300 ms|+1500 msec
-1 ms|+1 µs|+5 usecs|10 microseconds|300 ms ago|+ 5 days|- 5 days|+-5 days|--5 days|++5 days
+5days|+5 DAYS|5 days|5day|+1 sec|+90 mins|+36 hours|-25 hours|+ 1week|+9999999999999 sec
+99999999999999 sec|+1000000 days|+5000 years|-1 days +1 month|+1 month -1 day|+0 day|- - 5 days
tomorrow noon|tomorrow midnight|tomorrow 10:00|10:00 tomorrow|yesterday tomorrow|tomorrow +1 day
+1 day tomorrow|now + 1 day|now+1day|today 15:00|2026-01-31 +1 month|2024-02-29 +1 year
2026-03-31 -1 month|31 January 2026 next month|2010-01-31 last day of next month|2026-05-05 monday
monday 2026-05-05|2026-05-05 next monday|5 May 2026 +2 weekdays 09:00
"""
"""The page "Relative Formats"."""

ZONES = """
UTC|utc|GMT|Z|z|a|M|n|y|j|J|EST|est|EDT|CEST|(EST)|((EST)|(EST|EST)|+1|+01|+0100|+01:00|-5|-0530
+05:45|+1:5|+24|GMT+1|GMT-0500|gmt+1|UTC+1|+010203|+01:02:03|+25|+2500|+0160|+00:00|Europe/Paris
europe/paris|Europe/PARIS|EUROPE/Paris|America/New_York|America/Argentina/Buenos_Aires
America/Port-au-Prince|Etc/GMT|Etc/GMT+5|Japan|japan|Cuba|Singapore|US/Eastern|Us/Eastern|Foo/Bar
EST5EDT|10:00 EST5EDT|UTC UTC|UTC EST|UTC EST CET|10:00 EST EDT|10:00+1 EST|+1 +2|+1 +2 +3
10:00 Europe/Paris|2026-10-25 02:30 Europe/Paris|2026-10-25 02:30 America/New_York
2026-11-01 01:30 America/New_York|2026-11-01 01:30 EDT|2026-11-01 01:30 EST|2026-03-08 02:30
2026-03-08 02:30 America/New_York|2026-03-29 02:30|2026-10-25 02:30|2026-11-01 01:30
2026-04-05 01:45|2026-10-04 02:15|2026-10-04 02:15 Australia/Lord_Howe
"""
"""Zones, and clock readings that a change of the offset skips or repeats."""

DOUBTFUL = """
foo|tomorrows|10:00 11:00|2026-01-01 2026-01-02|5|12|999|1e5|10:00 noon 11:00|noon 10:00
10:00 10am|jan feb|#|10:00 $|2026-01-01T|now now|now,now|now.|,|.|;|today;|2026-01-01, 10:00|1 2|+
-|+day|day|week|month|of|next|last|first|next next month|next  month|month next|2026 2027
10:00 2026|10:00 2026 2027|2026 10:00|2026 1030|é|日本|🙂 now|+1 µSEC|10:00 UTC 2026-01-01 +1 day
+1 day 2026-01-01 UTC 10:00|now yesterday|monday 10:00 monday
"""
"""Junk, doubled pieces, and letters that only look right."""

BLANKS = (
    *("", " ", "  ", "\t", "\n", "\r", "\v", "\f", " now ", "\nnow\n", "now \r\n", "\x85now"),
    *("\0", "now\0", "\0now", "no\0w", "7pm\0", "7 pm\0 monday", "jan 1\0", "jan 1\0 10:00"),
    *("jan 1\x0010:00", "jan 1\x0010:00 pm", "10:00\n11:00", "10:00\nUTC", "10:00\r\nUTC"),
    *("10:00\u2003UTC", "10:00\u00a0UTC", "4\u00a0pm", "4\u202fpm", "+1\u00a0day", "+1\u202fday"),
    *("next\u00a0month", "next\tmonth", "jan 5 10:00:00\u00a0UTC", "jan 5 10:00:00 UTC"),
    *("\u00a0", "\u3000", "\ufeffnow", "\uff4e\uff4f\uff57", "\u017fat", "1\uff10:00", "wee\u212a"),
)
"""Blanks, line ends, NUL bytes and no-break spaces, where they count and where not."""


def documented() -> list[str]:
    """All expressions above, each once."""
    pages = (TIME, DATE, COMPOUND, RELATIVE, ZONES, DOUBTFUL)
    lines = (line for page in pages for line in page.strip("\n").split("\n"))
    return list(dict.fromkeys([*(part for line in lines for part in line.split("|")), *BLANKS]))
