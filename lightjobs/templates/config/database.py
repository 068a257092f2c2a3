"""Where JOB_ENGINE=database keeps its jobs. The comment after each key is its default."""

from lightjobs.env import env

database = {
    # driver://user:password@host:port/name. The keys below set what the URL leaves out.
    "url": env("DATABASE_URL"),
    # sqlite, pgsql, mysql or mariadb
    "driver": env("DB_DRIVER"),  # sqlite
    # The database; with sqlite the file, relative to the project's directory.
    "name": env("DB_NAME"),  # jobs.sqlite with sqlite; required with a server
    # Only for sqlite. normal: no crash of a process loses a job, but a power failure may lose the
    # most recent changes. full: a dispatch returns when the job is safe on the disk.
    "synchronous": env("DB_SYNCHRONOUS"),  # normal
    # A path that begins with a slash is a Unix socket (mysql) or its directory (pgsql). With pgsql
    # there may be several hosts, with commas between, and as many ports.
    "host": env("DB_HOST"),  # 127.0.0.1
    "port": env("DB_PORT"),  # 5432 (pgsql) or 3306 (mysql, mariadb)
    "user": env("DB_USER"),
    "password": env("DB_PSWD"),
    # off: not encrypted. on: encrypted. verify-ca: also, a trusted authority has signed the
    # server's certificate. verify: also, the certificate is for `host`.
    "tls": env("DB_TLS"),  # the driver's default: encrypted if the server offers it
    # A file with the authority's certificate.
    "tls_ca": env("DB_TLS_CA"),  # the system's authorities
    # Files with a certificate and its key, if the server asks for them.
    "tls_cert": env("DB_TLS_CERT"),
    "tls_key": env("DB_TLS_KEY"),
    # Only for pgsql. transaction: behind a connection pooler in transaction mode, such as
    # PgBouncer. session: without a pooler, or behind one in session mode.
    "pooler": env("DB_POOLER"),  # found out at each connect
    # Only for pgsql: the schema of all tables. migrate:up creates it.
    "schema": env("DB_SCHEMA"),  # where the session's search_path leads
    # What the names of the tables begin with that lightjobs adds. `jobs` has no prefix.
    "table_prefix": env("DB_TABLE_PREFIX"),  # none: job_workers and so on
}
