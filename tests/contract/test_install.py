from .support import drain, in_threads, push


def test_installing_again_does_nothing(engine):
    ids = push(engine, 2)
    if engine.schema is not None:
        assert engine.schema.install() == []
        assert engine.schema.install(dry_run=True) == []
    assert [c.id for c in drain(engine)] == ids


def test_installed_names_each_migration_with_its_time(engine):
    rows = [] if engine.schema is None else engine.schema.installed()
    assert all(name and applied_at for name, applied_at in rows)
    assert [name for name, _at in rows] == sorted(name for name, _at in rows)


def test_several_installs_at_once_are_safe(engine):
    if engine.schema is not None:
        in_threads(*[engine.schema.install] * 3)
    assert engine.problems() == []


def test_a_closed_engine_opens_again(engine):
    ids = push(engine, 2)
    engine.close()
    assert [c.id for c in drain(engine)] == ids
    engine.close()
    engine.close()
