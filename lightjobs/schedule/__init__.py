"""The scheduler: recurring jobs. A project writes them in config/schedule.py:

from lightjobs.schedule import schedule

schedule.job(SendReport).daily().at("09:00").timezone("Europe/Paris")
"""

from .book import Schedule, schedule

__all__ = ["Schedule", "schedule"]
