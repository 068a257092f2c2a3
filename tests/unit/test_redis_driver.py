"""redis-py is imported without importlib.metadata, and nobody notices."""

import subprocess
import sys

import pytest

START = (
    "import importlib, sys, threading\n"
    "assert 'importlib.metadata' not in sys.modules\n"
    "from lightjobs.engines.redis import connect, driver\n"
)


def passes(source):
    subprocess.run([sys.executable, "-c", START + source], check=True, timeout=30)


def test_a_worker_does_not_pay_for_what_redis_py_does_not_need():
    passes("assert not {'importlib.metadata', 'email', 'zipfile', 'lzma'} & set(sys.modules)\n")


@pytest.mark.parametrize(
    "use",
    [
        "import importlib.metadata as found",
        "from importlib import metadata as found",
        "import importlib.metadata; found = importlib.metadata",
        "found = importlib.import_module('importlib.metadata')",
    ],
)
def test_who_imports_it_afterwards_has_it(use):
    passes(
        f"{use}\n"
        "assert found.version('redis') == __import__('redis').__version__\n"
        "assert importlib.metadata is sys.modules['importlib.metadata']\n"
        "assert type(sys.modules['importlib.metadata']) is type(sys)\n"
    )


def test_redis_py_finds_its_version_if_it_asks():
    passes(
        "import redis.utils\n"
        "assert type(redis.utils.metadata) is driver.Later\n"
        "assert redis.utils.get_lib_version() == redis.__version__\n"
        "assert type(sys.modules['importlib.metadata']) is type(sys)\n"
    )


def test_what_is_there_already_stays():
    source = (
        "import importlib.metadata as before\n"
        "from lightjobs.engines.redis import connect\n"
        "import importlib.metadata, redis.utils\n"
        "assert importlib.metadata is before is redis.utils.metadata\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)


def test_two_threads_that_look_into_it_at_once_have_the_same():
    passes(
        "import redis.utils\n"
        "gate, found = threading.Barrier(8), []\n"
        "def look():\n"
        "    gate.wait()\n"
        "    found.append(redis.utils.metadata.PackageNotFoundError)\n"
        "threads = [threading.Thread(target=look) for _ in range(8)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        "assert len(found) == 8 and len(set(found)) == 1\n"
    )


def test_who_meets_it_during_the_import_has_it_too():
    source = (
        "import importlib, sys\n"
        "from types import ModuleType\n"
        "from lightjobs.engines.redis.driver import Later\n"
        "later = sys.modules['wsgiref.util'] = Later('wsgiref.util')\n"
        "import wsgiref; wsgiref.util = later\n"
        "import wsgiref.util as met\n"
        "assert met is later and callable(met.guess_scheme)\n"
        "assert type(wsgiref.util) is type(sys.modules['wsgiref.util']) is ModuleType\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=30)
