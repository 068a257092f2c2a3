import pytest

from lightjobs import engines
from lightjobs.engines import connect, resolve
from lightjobs.engines.sql.database import Database
from lightjobs.settings import database_url, stores
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import Settings


def test_every_engine_that_may_be_set_has_its_place_in_the_code():
    assert set(engines.ENGINES) == set(stores.ENGINES)


def test_every_driver_that_may_be_set_has_its_class():
    assert set(engines.DRIVERS) == set(stores.DRIVERS)


@pytest.mark.parametrize("name", stores.ENGINES)
def test_each_engine_is_made_without_connecting(name):
    engine = connect(Settings(name))
    assert engine.name == name
    engine.close()


@pytest.mark.parametrize("driver", stores.DRIVERS)
def test_each_driver_is_made_from_the_settings(driver):
    kind = resolve(engines.DRIVERS[driver])
    assert issubclass(kind, Database)
    assert kind(DatabaseSettings(driver, "shop")).label.endswith("shop")


@pytest.mark.parametrize(
    ("driver", "scheme"),
    [(driver, scheme) for driver, schemes in stores.DRIVERS.items() for scheme in schemes],
)
def test_each_scheme_of_a_url_chooses_its_driver(driver, scheme):
    assert database_url.parse(f"{scheme}:///shop")["driver"] == driver
