"""Where JOB_ENGINE=database keeps its jobs. A key left unset takes the default named beside it."""

from lightjobs.env import env

database = {
    # driver://user:password@host:port/name; what it does not say, the keys below do.
    "url": env("DATABASE_URL"),
    "driver": env("DB_DRIVER"),  # sqlite; or pgsql, mysql, mariadb
    # For sqlite: the file, relative to the project's folder.
    "name": env("DB_NAME"),  # jobs.sqlite
    # normal: survives any crash of a process; a power cut may lose the last moments.
    # full: every dispatch is on the disk before it returns.
    "synchronous": env("DB_SYNCHRONOUS"),  # normal
    # Beginning with a slash: a socket (mysql), or the folder that holds it (pgsql).
    "host": env("DB_HOST"),  # 127.0.0.1
    "port": env("DB_PORT"),  # 5432 or 3306
    "user": env("DB_USER"),
    "password": env("DB_PSWD"),
    # off; on: encrypted; verify-ca: a known authority has signed the server's certificate, too;
    # verify: and the server proves that it is `host`.
    "tls": env("DB_TLS"),  # as the driver does: encrypted where the server offers it
    "tls_ca": env("DB_TLS_CA"),  # the system's
    "tls_cert": env("DB_TLS_CERT"),
    "tls_key": env("DB_TLS_KEY"),
}
