"""The schedule of `make demo-web`."""

from app_jobs.shop import FetchRates, SendReport

from lightjobs.cleanup import CleanupJob
from lightjobs.schedule import schedule

schedule.job(FetchRates).name("rates").everySeconds(20)
schedule.job(SendReport).name("sales of the minute").payload({"report": "sales"}).everyMinutes(1)
schedule.job(SendReport).name("sales of the day").payload({"report": "day"}).daily().at(
    "09:00"
).timezone("Europe/Paris")
schedule.job(CleanupJob).name("clean up").payload({"failed": "remove older than 30 days"}).cron(
    "0 4 1,15 * *"
).queue("reports")
