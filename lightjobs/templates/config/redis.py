"""Redis or Valkey, with the same names as in Lightpack's config/redis.php.

The comment after each key is its default.
"""

from lightjobs.env import env

redis = {
    "default": {
        # redis://, rediss://, valkey://, valkeys:// or unix://; through sentinels redis+sentinel://
        # and so on: redis+sentinel://host:26379,host2:26379/master/0. The keys below set what the
        # URL leaves out.
        "url": env("REDIS_URL"),
        # Several such URLs, with spaces or commas between them: the jobs are spread over all these
        # servers or clusters, which know nothing of each other. Excludes REDIS_URL. New ones are
        # added at the end.
        "urls": env("REDIS_URLS"),
        # A path that begins with a slash is a Unix socket.
        "host": env("REDIS_HOST"),  # 127.0.0.1
        "port": env("REDIS_PORT"),  # 6379
        "username": env("REDIS_USERNAME"),
        "password": env("REDIS_PASSWORD"),
        # The login at the sentinels, if they ask for one.
        "sentinel_username": env("REDIS_SENTINEL_USERNAME"),
        "sentinel_password": env("REDIS_SENTINEL_PASSWORD"),
        "database": env("REDIS_DB"),  # 0
        # What all keys on this connection begin with, before the prefix of the jobs.
        "prefix": env("REDIS_PREFIX", empty=True),
        "tls": env("REDIS_TLS"),  # no
        # A file with the certificate of the authority that signed the server's.
        "tls_ca": env("REDIS_TLS_CA"),  # the system's authorities
        "tls_verify": env("REDIS_TLS_VERIFY"),  # yes
        # The version of RESP: 2 or 3.
        "protocol": env("REDIS_PROTOCOL"),  # 2
    },
    "jobs": {
        # The section with the server. The environment describes only `default`.
        "connection": "default",
        # What the keys of the jobs begin with. With a Redis Cluster it needs a hash tag: {jobs}:
        "prefix": env("REDIS_JOB_PREFIX", empty=True),  # jobs:
        # Lightpack's workers do not read it: to share their queue, leave it unset.
        "database": env("REDIS_JOB_DB"),  # that of the connection
        # How new jobs are stored: hash, or php, which Lightpack's own workers can read.
        "format": env("REDIS_JOB_FORMAT"),  # hash
        # Over how many shards the jobs are spread on each server, 1 to 256. In a Redis Cluster each
        # shard has a slot of its own; a power of two of them is spread evenly over the nodes.
        "shards": env("REDIS_JOB_SHARDS"),  # 1
    },
}
