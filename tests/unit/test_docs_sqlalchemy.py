import pytest
import sqlalchemy

from lightjobs.engines.where import Where
from tests.support.documents import blocks, run


def test_a_job_is_sent_after_the_commit_as_the_docs_say(engine):
    (source,) = blocks("docs/how-to/sqlalchemy.md", "Dispatch after a commit of SQLAlchemy's")
    names = run(source, "app_jobs.docs")
    with names["engine"].begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE users (name text UNIQUE)"))
    names["sign_up"]("ann")
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        names["sign_up"]("ann")
    names["engine"].dispose()
    assert [stored.payload for stored in engine.browse(Where(status="new"))] == ['{"name":"ann"}']
