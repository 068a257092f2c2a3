"""Where JOB_ENGINE=database keeps its jobs. A key left unset takes the default named beside it."""

from lightjobs.env import env

database = {
    "driver": env("DB_DRIVER"),  # sqlite
    # For sqlite: the file, relative to the project's folder.
    "name": env("DB_NAME"),  # jobs.sqlite
    # normal: survives any crash of a process; a power cut may lose the last moments.
    # full: every dispatch is on the disk before it returns.
    "synchronous": env("DB_SYNCHRONOUS"),  # normal
    "host": env("DB_HOST"),
    "port": env("DB_PORT"),
    "user": env("DB_USER"),
    "password": env("DB_PSWD"),
}
