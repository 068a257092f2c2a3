"""A shop. What differs from test to test comes from the environment."""

import json
import os

import pymysql
from django import VERSION

pymysql.install_as_MySQLdb()

SECRET_KEY = "not secret"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "site_config.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/login/"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "lightjobs.contrib.django",
    "shop",
]
if VERSION < (6,):
    INSTALLED_APPS.append("django_tasks")
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {"default": json.loads(os.environ["SHOP_DATABASE"])}
LIGHTJOBS = json.loads(os.environ.get("SHOP_LIGHTJOBS", '{"engine": "database"}'))
TASKS = {
    "default": {
        "BACKEND": "lightjobs.contrib.django.tasks.LightjobsBackend",
        "QUEUES": ["default", "mail"],
        "OPTIONS": {"attempts": 2},
    }
}
if "SHOP_TASKS" in os.environ:
    TASKS = json.loads(os.environ["SHOP_TASKS"])
