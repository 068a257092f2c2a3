"""Redis or Valkey, with the keys of Lightpack's config/redis.php."""

from lightjobs.env import env

redis = {
    "default": {
        # redis://, rediss://, valkey://, valkeys:// or unix://; what it does not say, the keys
        # below do.
        "url": env("REDIS_URL"),
        "host": env("REDIS_HOST"),  # 127.0.0.1; beginning with a slash: a socket
        "port": env("REDIS_PORT"),  # 6379
        "username": env("REDIS_USERNAME"),
        "password": env("REDIS_PASSWORD"),
        "database": env("REDIS_DB"),  # 0
        "tls": env("REDIS_TLS"),  # no
        # A file with the authority that signed the server's certificate.
        "tls_ca": env("REDIS_TLS_CA"),  # the system's
        "tls_verify": env("REDIS_TLS_VERIFY"),  # yes
        "protocol": env("REDIS_PROTOCOL"),  # RESP 2; 3 is understood, too
    },
    "jobs": {
        "connection": "default",
        # A Redis Cluster needs a hash tag in it: {jobs}:
        "prefix": env("REDIS_JOB_PREFIX", empty=True),  # jobs:
        "database": env("REDIS_JOB_DB"),  # 0
        # How new jobs are written: hash, or php as Lightpack's own workers read them.
        "format": env("REDIS_JOB_FORMAT"),  # hash
    },
}
