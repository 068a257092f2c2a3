"""The builder, `lightjobs.schedule`."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lightjobs import JobDefinitionError
from lightjobs.schedule import Schedule

WEEKDAYS = ["sundays", "mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays"]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("write", "cron"),
    [
        (lambda e: e.hourly(), "0 * * * *"),
        (lambda e: e.daily(), "0 0 * * *"),
        (lambda e: e.weekly(), "0 0 * * 0"),
        (lambda e: e.monthly(), "0 0 1 * *"),
        (lambda e: e.monthlyOn(15), "0 0 15 * *"),
        (lambda e: e.monthlyOn(15, "09:05"), "5 9 15 * *"),
        (lambda e: e.everyMinutes(15), "*/15 * * * *"),
        (lambda e: e.everyMinutes(1), "* * * * *"),
        (lambda e: e.daily().at("09:00"), "0 9 * * *"),
        (lambda e: e.at("9:30"), "30 9 * * *"),
        (lambda e: e.at("7:5"), "5 7 * * *"),
        (lambda e: e.at("007:5"), "5 7 * * *"),
        (lambda e: e.at(" 7 : 5\n"), "5 7 * * *"),
        (lambda e: e.at("07:05:30"), "5 7 * * *"),
        (lambda e: e.at("7:"), "0 7 * * *"),
        (lambda e: e.at(":5"), "5 0 * * *"),
        (lambda e: e.at("0:0"), "0 0 * * *"),
        (lambda e: e.at("00:00"), "0 0 * * *"),
        (lambda e: e.monthlyOn(3, "7:5"), "5 7 3 * *"),
        (lambda e: e.fridays().at("17:00"), "0 17 * * 5"),
        (lambda e: e.monthly().at("23:59"), "59 23 1 * *"),
        (lambda e: e.cron("0 8 1,15 * *"), "0 8 1,15 * *"),
        (lambda e: e.cron("  0  8 * jan  Mon-fri "), "0 8 * jan Mon-fri"),
        (lambda e: e.cron("@daily"), "0 0 * * *"),
        (lambda e: e.cron("@hourly"), "0 * * * *"),
        (lambda e: e.cron("@yearly"), "0 0 1 1 *"),
        (lambda e: e.everySeconds(90), "every 90 seconds"),
        (
            lambda e: e.everyMinutes(5).between("08:00", "17:00"),
            "*/5 * * * *, 08:00 to 17:00",
        ),
        *[
            (lambda e, day=day: getattr(e, day)(), f"0 0 * * {number}")
            for number, day in enumerate(WEEKDAYS)
        ],
    ],
)
def test_each_method_means_what_lightpacks_does(event, write, cron):
    assert write(event).entry().expression == cron


class _Never:
    async def __call__(self):
        return False


async def _never():
    return False


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda e: e.cron("61 * * * *"), ["'61 * * * *'", "Bad minute"]),
        (lambda e: e.cron("* * * *"), ["'* * * *'", "4 fields"]),
        (lambda e: e.cron("0 * * * * *"), ["6 fields"]),
        (lambda e: e.cron(""), ["0 fields"]),
        (lambda e: e.cron("0 0 30 2 *"), ["'0 0 30 2 *'", "Bad day-of-month"]),
        (lambda e: e.cron("9" * 5000 + " * * * *"), ["wrong number"]),
        (lambda e: e.cron("\x1b[2J * * * *"), ["\\x1b", "Bad minute"]),
        (lambda e: e.cron("0 0 * * MON#9"), ["Bad day-of-week"]),
        (lambda e: e.cron("@reboot"), ["'@reboot'", "@daily"]),
        (lambda e: e.cron(5), ["cron(5)"]),
        (lambda e: e.everyMinutes(0), ["everyMinutes()", "0", "1 to 59"]),
        (lambda e: e.everyMinutes(60), ["60", "1 to 59"]),
        (lambda e: e.everyMinutes("5"), ["'5'"]),
        (lambda e: e.everySeconds(0.5), ["everySeconds()", "0.5"]),
        (lambda e: e.everySeconds(True), ["True"]),
        (lambda e: e.monthlyOn(32), ["monthlyOn()", "32", "1 to 31"]),
        (lambda e: e.monthlyOn(1, "24:00"), ["monthlyOn()", "'24:00'", "00:00 to 23:59"]),
        (lambda e: e.daily().at("25:00"), ["at()", "'25:00'"]),
        (lambda e: e.daily().at("9"), ["'9'"]),
        (lambda e: e.daily().at(9), ["at()", "9"]),
        (lambda e: e.daily().at("7:60"), ["'7:60'"]),
        (lambda e: e.daily().at("7:05pm"), ["'7:05pm'"]),
        (lambda e: e.daily().at("-1:5"), ["'-1:5'"]),
        (lambda e: e.daily().at(":"), ["':'"]),
        (lambda e: e.daily().at("ab:cd"), ["'ab:cd'"]),
        (lambda e: e.daily().at("\u0660\u0669:\u0660\u0660"), ["at()"]),
        (lambda e: e.hourly().at("00:15"), ["at('00:15')", "hourly()"]),
        (lambda e: e.everySeconds(5).at("00:15"), ["everySeconds()"]),
        (lambda e: e.cron("*/5 * * * 1").at("09:00"), ["cron()"]),
        (lambda e: e.daily().hourly(), ["daily()", "hourly()"]),
        (lambda e: e.mondays().tuesdays(), ["mondays()", "tuesdays()", "cron()"]),
        (lambda e: e.at("09:00").hourly(), ["at()", "hourly()"]),
        (lambda e: e.at("09:00").daily().weekly(), ["daily()", "weekly()"]),
        (lambda e: e.daily().between("8", "17:00"), ["between()", "'8'"]),
        (lambda e: e.daily().timezone("Europe/Atlantis"), ["'Europe/Atlantis'", "Europe/Paris"]),
        (lambda e: e.daily().timezone("../../etc/passwd"), ["timezone("]),
        (lambda e: e.daily().timezone("/etc/passwd"), ["timezone("]),
        (lambda e: e.daily().timezone("Europe"), ["'Europe'"]),
        (lambda e: e.daily().timezone(None), ["None"]),
        (lambda e: e.daily().timezone("localtime"), ["'localtime'", "Europe/Paris"]),
        (lambda e: e.daily().timezone("posixrules"), ["'posixrules'"]),
        (lambda e: e.daily().timezone("right/Europe/Paris"), ["'right/Europe/Paris'"]),
        (lambda e: e.daily().accuracy("some"), ["'some'", "latest, all, none"]),
        (lambda e: e.daily().jitter("-5 seconds"), ["'-5 seconds'"]),
        (lambda e: e.daily().jitter("soon"), ["'soon'"]),
        (lambda e: e.daily().jitter(5), ["jitter(5)"]),
        (lambda e: e.daily().when(True), ["when(True)"]),
        (lambda e: e.daily().queue("a,b"), ["'a,b'"]),
        (lambda e: e.daily().name(" x").entry(), ["name("]),
        (lambda e: e.daily().name("x" * 151).entry(), ["150"]),
        (lambda e: e.daily().name("x\n").entry(), ["printable"]),
        (lambda e: e.entry(), ["SendReport", "does not say when"]),
        (lambda e: e.at("09:00").between("10:00", "11:00").entry(), ["never due"]),
        (lambda e: e.daily().isDueAt(datetime(2024, 1, 1)), ["a datetime with a zone"]),
        (lambda e: e.daily().isDueAt("2024-01-01"), ["'2024-01-01'", "a datetime with a zone"]),
        (lambda e: e.daily().nextDueAt(date(2024, 1, 1)), ["nextDueAt()", "with a zone"]),
        (lambda e: e.daily().when(lambda moment: True), ["when(", "without parameters"]),
        (lambda e: e.daily().when(_never), ["when(", "not async"]),
        (lambda e: e.daily().when(_Never()), ["when(", "not async"]),
        (lambda e: e.daily().name("").entry(), ["name("]),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(event, write, words):
    with pytest.raises(JobDefinitionError) as caught:
        write(event)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("job", ["SendReport", None, object, 5])
def test_only_a_job_class_can_be_scheduled(job):
    with pytest.raises(JobDefinitionError, match="Job class"):
        Schedule().job(job)


@pytest.mark.parametrize("command", ["rsync -a", [], [""], ["a", 5], ["a\x00b"], None])
def test_a_command_is_a_list_of_texts(command):
    with pytest.raises(JobDefinitionError, match="command"):
        Schedule().command(command)


def test_a_command_has_no_payload_of_its_own():
    with pytest.raises(JobDefinitionError, match="payload"):
        Schedule().command(["true"]).payload({})


def test_due_moments_are_in_the_entrys_zone(event):
    event.daily().at("09:00").timezone("Europe/Paris")
    due = event.nextDueAt(at("2024-07-01 07:00"))
    assert (due.isoformat(), due.tzinfo.key) == ("2024-07-02T09:00:00+02:00", "Europe/Paris")
    due = event.previousDueAt(at("2024-07-01 07:00"))
    assert due.isoformat() == "2024-06-30T09:00:00+02:00"


def test_next_is_after_and_previous_before_to_the_microsecond(event):
    event.everyMinutes(15)
    noon, moment = at("2024-07-01 12:00"), timedelta(microseconds=1)
    assert event.nextDueAt(noon) == at("2024-07-01 12:15")
    assert event.nextDueAt(noon - moment) == noon
    assert event.previousDueAt(noon) == at("2024-07-01 11:45")
    assert event.previousDueAt(noon + moment) == noon


def test_moments_of_any_zone_are_understood(event):
    event.daily().at("09:00")
    moment = datetime(2024, 7, 1, 18, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert event.isDueAt(moment)
    assert event.nextDueAt(moment) == at("2024-07-02 09:00")


def test_it_is_due_during_the_whole_minute(event):
    event.daily().at("09:00")
    assert event.isDueAt(at("2024-07-01 09:00"))
    assert event.isDueAt(at("2024-07-01 09:00:59.999"))
    assert not event.isDueAt(at("2024-07-01 09:01"))
    assert not event.isDueAt(at("2024-07-01 08:59:59.999"))


def test_an_interval_is_due_during_its_second(event):
    event.everySeconds(10)
    assert event.isDueAt(at("2024-07-01 09:00:10.5"))
    assert not event.isDueAt(at("2024-07-01 09:00:11"))


def test_sunday_is_0_and_7_and_a_name(report):
    for day in ("0", "7", "sun", "SUN"):
        event = Schedule().job(report).cron(f"0 0 * * {day}")
        assert event.nextDueAt(at("2024-07-01 00:00")) == at("2024-07-07 00:00")


def test_day_of_month_or_day_of_week(event):
    event.cron("0 0 13 * 5")
    due = [at("2024-09-01 00:00")]
    for _ in range(5):
        due.append(event.nextDueAt(due[-1]))
    assert [moment.day for moment in due[1:]] == [6, 13, 20, 27, 4]


def test_a_month_without_the_day_has_no_due_moment(event):
    event.monthlyOn(31)
    assert event.nextDueAt(at("2024-03-31 00:00")) == at("2024-05-31 00:00")


def test_there_is_an_end_to_the_calendar(event):
    event.daily()
    assert event.nextDueAt(at("9999-12-31 12:00")) is None
    assert event.previousDueAt(at("9999-12-31 12:00")) == at("9999-12-31 00:00")


def test_the_default_name_is_made_of_job_and_expression(report):
    schedule = Schedule()
    assert schedule.job(report).daily().at("09:00").entry().name == "SendReport 0 9 * * *"
    assert schedule.job(report).everySeconds(1).entry().name == "SendReport every 1 second"
    assert schedule.command(["/usr/bin/rsync", "-a"]).daily().entry().name == "rsync 0 0 * * *"
    assert schedule.job(report).daily().name("Über 5").entry().name == "Über 5"


def test_the_job_carries_payload_and_queue(engine, report):
    entry = Schedule().job(report).daily().payload({"a": 1}).queue("urgent").entry()
    new = entry.new_job(0)
    assert (new.handler, new.queue, new.payload) == ("App\\Jobs\\SendReport", "urgent", '{"a":1}')
    assert new.due is None
    assert Schedule().job(report).daily().entry().new_job(0).queue == "reports"


def test_jitter_makes_jobs_due_up_to_so_much_later(engine, event):
    entry = event.daily().jitter("+30 seconds").entry()
    late = [entry.new_job(1_000_000).due - 1_000_000 for _ in range(200)]
    assert 0 <= min(late) < 5
    assert 25 < max(late) <= 30


@pytest.mark.parametrize("day", ["daily", "mondays", "weekly", "monthly"])
def test_a_time_may_be_given_before_its_days(report, day):
    before = getattr(Schedule().job(report).at("09:30"), day)().entry()
    after = getattr(Schedule().job(report), day)().at("09:30").entry()
    assert before.recurrence.text == after.recurrence.text
