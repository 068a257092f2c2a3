"""Redis, Valkey, PostgreSQL and MariaDB servers for the tests: real ones, on free ports, in folders
that go with them. Nothing needs to run beforehand, and no server outlives the tests.

`with redis_server(password="x") as server:` starts one, and so do `valkey_server`,
`postgres_server`, `mariadb_server`, `redis_cluster` and `valkey_cluster`. The fixtures
(`fixtures.py`) give a test one that the whole session shares, emptied.
"""
