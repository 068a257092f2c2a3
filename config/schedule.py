"""Recurring jobs. However many schedulers run, each due moment is dispatched once.

    lightjobs schedule:list

shows when each is due next. Times are those of UTC, or of an entry's `timezone`.

Commands and CleanupJob are jobs that only Python has. Where PHP works the same queues, give them
one that it does not work: `schedule.command(["ls"]).daily().queue("python")`.
"""

# from lightjobs.schedule import schedule
#
# from app_jobs.process_payment import ProcessPayment
# from lightjobs.cleanup import CleanupJob
#
# schedule.job(ProcessPayment).payload({"payment": 42}).daily().at("09:00").timezone("Europe/Paris")
#
# schedule.job(ProcessPayment).name("retries").everyMinutes(15).between("08:00", "17:00")
#
# schedule.command(["rsync", "-a", "from/", "to/"]).cron("0 3 1,15 * *").withoutOverlapping()
#
# schedule.job(CleanupJob).payload({"failed": "remove older than 30 days"}).daily().at("04:00")
