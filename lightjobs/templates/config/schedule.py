"""Recurring jobs. Each slot is dispatched once, no matter how many schedulers run.

    lightjobs schedule:list

shows when each entry is due next. Times are in UTC unless an entry sets its `timezone`.

Only Python can run commands and CleanupJob. If PHP works the same queues, give these entries a
queue that PHP does not work: `schedule.command(["ls"]).daily().queue("python")`.
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
