"""Every module of the package has an address."""

import json
import subprocess
import sys

SCRIPT = """
import importlib, json, pkgutil
import django
import django.conf
import flask
import lightjobs
import lightjobs.contrib.flask

apps = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.admin"]
apps.append("lightjobs.contrib.django")
django.conf.settings.configure(INSTALLED_APPS=apps)
django.setup()
lightjobs.contrib.flask.Lightjobs(flask.Flask("shop"))
seen, shadowed = [], []
for info in pkgutil.walk_packages(lightjobs.__path__, "lightjobs."):
    if info.name.endswith("__main__"):
        continue
    seen.append(info.name)
    module = importlib.import_module(info.name)
    found = lightjobs
    for part in info.name.split(".")[1:]:
        found = getattr(found, part)
    if found is not module:
        shadowed.append(info.name)
print(json.dumps([seen, shadowed]))
"""


def test_no_module_is_hidden_behind_a_name_that_its_package_exports():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seen, shadowed = json.loads(done.stdout)
    assert {"lightjobs.job_class", "lightjobs.engines.redis.lua"} <= set(seen)
    assert shadowed == []


def test_a_supervisor_imports_only_what_every_start_needs():
    script = (
        "import sys\n"
        "import lightjobs.cli.work, lightjobs.workers.supervisor\n"
        "import lightjobs.engines.sql.sqlite\n"
        "late = {'asyncio', 'pickle', 'redis', 'ssl', 'subprocess', 'symtable', 'tempfile'}\n"
        "assert not late & set(sys.modules), 'each takes 1 to 50 ms of a start'\n"
        "assert 'zoneinfo' not in sys.modules, '2 ms of each start'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
