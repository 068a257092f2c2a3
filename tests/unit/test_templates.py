from pathlib import Path

import pytest

from lightjobs.settings.config_files import TEMPLATES

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["jobs", "database", "redis", "schedule"])
def test_the_repositorys_config_is_what_init_writes(name):
    own = REPOSITORY / "config" / f"{name}.py"
    assert own.read_text() == (TEMPLATES / "config" / f"{name}.py").read_text()


def test_every_config_template_is_in_the_repository():
    names = {path.name for path in (TEMPLATES / "config").glob("*.py")}
    assert names == {path.name for path in (REPOSITORY / "config").glob("*.py")}


def test_the_repositorys_example_environment_is_what_init_writes():
    assert (REPOSITORY / ".env.example").read_text() == (TEMPLATES / "env.example").read_text()
