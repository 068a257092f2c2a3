"""Redis or Valkey, with the keys of Lightpack's config/redis.php."""

from lightjobs.env import env

redis = {
    "default": {
        "url": env("REDIS_URL"),
        "host": env("REDIS_HOST"),  # 127.0.0.1
        "port": env("REDIS_PORT"),  # 6379
        "username": env("REDIS_USERNAME"),
        "password": env("REDIS_PASSWORD"),
        "database": env("REDIS_DB"),  # 0
        "tls": env("REDIS_TLS"),  # no
    },
    "jobs": {
        "connection": "default",
        "prefix": env("REDIS_JOB_PREFIX"),  # jobs:
        "database": env("REDIS_JOB_DB"),  # 0
        # How new jobs are written: hash, or php as Lightpack's own workers read them.
        "format": env("REDIS_JOB_FORMAT"),  # hash
    },
}
