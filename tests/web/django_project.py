"""A Django project with the page, in a process of its own: Django is set up only once in each."""

import asyncio
import re
import sys

import django
from django.conf import settings

database, handler_kind = sys.argv[1:]

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    SECRET_KEY="x",
    ROOT_URLCONF=__name__,
    LOGIN_URL="/login/",
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": database,
            "TEST": {"NAME": database},
        }
    },
    LIGHTJOBS={"database": None},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "lightjobs.contrib.django",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import Permission, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import AsyncClient, Client, override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402

from lightjobs.contrib.django import urls  # noqa: E402
from tests.web.mounted import SAME, Answer, check_mounted, hidden  # noqa: E402

admins = path("admin/", admin.site.urls)
urlpatterns = [admins, path("jobs/", include("lightjobs.contrib.django.urls"))]


def sender(user):
    client = (Client if handler_kind == "wsgi" else AsyncClient)(enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user)

    def send(method, path, headers=None, form=None):
        values = {"headers": headers or {}}
        if form is not None:
            values["data"] = "&".join(f"{name}={value}" for name, value in form.items())
            values["content_type"] = "application/x-www-form-urlencoded"
        answer = getattr(client, method.lower())(path, **values)
        if asyncio.iscoroutine(answer):
            answer = asyncio.run(answer)
        return Answer(answer.status_code, answer.headers, answer.content.decode())

    return send


call_command("migrate", verbosity=0)
call_command("check", fail_level="WARNING")
call_command("makemigrations", check=True, verbosity=0)

nobody = sender(None)
customer = sender(User.objects.create_user("customer"))
staff = sender(User.objects.create_user("staff", is_staff=True))
boss = sender(User.objects.create_superuser("boss"))
operator = User.objects.create_user("operator")
operator.user_permissions.add(Permission.objects.get(codename="operate"))
operator = sender(operator)
gone = sender(User.objects.create_user("gone", is_staff=True, is_active=False))

answer = nobody("GET", "/jobs/queues?a=1")
assert (answer.status, answer.headers["Location"]) == (302, "/login/?next=/jobs/queues%3Fa%3D1")
assert nobody("GET", "/jobs/api/queues").status == 403
assert nobody("GET", "/jobs/health").status == 200
assert customer("GET", "/jobs/").status == 403
assert gone("GET", "/jobs/").status == 302
assert staff("GET", "/jobs/").status == 200
assert 'method="post"' not in staff("GET", "/jobs/queues").text

form = {"action": "pause", "queue": "other"}
for who in (nobody, customer, staff):
    assert who("POST", "/jobs/queues", SAME, form).status == 403
assert boss("POST", "/jobs/queues", SAME, form).status == 403  # without Django's token
token = hidden(boss("GET", "/jobs/queues").text)
assert set(token) == {"csrfmiddlewaretoken"}
assert boss("POST", "/jobs/queues", {}, {**form, **token}).status == 303

LINK = '<a href="/admin/lightjobs/queues/"'
for who in (staff, boss):
    assert LINK in who("GET", "/admin/").text
    answer = who("GET", "/admin/lightjobs/queues/")
    assert (answer.status, answer.headers["Location"]) == (302, "/jobs/")
assert customer("GET", "/admin/lightjobs/queues/").headers["Location"].startswith("/admin/login/")
assert staff("GET", "/admin/lightjobs/queues/add/").status == 404
with override_settings(ROOT_URLCONF=(admins,)):  # the page is not mounted
    assert staff("GET", "/admin/").status == 200
    assert LINK not in staff("GET", "/admin/").text
    assert staff("GET", "/admin/lightjobs/queues/").status == 404

check_mounted(operator)

assert urls._app() is urls._app()
assert not re.search(r"app_jobs|config\.schedule", " ".join(sys.modules))
