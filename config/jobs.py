"""How jobs are queued and worked. A key left unset takes the default named beside it."""

from lightjobs.env import env

jobs: dict[str, object] = {
    # redis | valkey | database | memory | sync | null
    "engine": env("JOB_ENGINE"),  # sync
    # The packages that hold Job classes, separated by commas.
    "modules": env("JOB_MODULES"),  # app_jobs
    # Seconds after which the jobs of a worker that went silent go back to their queue.
    "lease": env("JOB_LEASE"),  # 30
    # Seconds a handler has after its timeout, to come to an end before its process is ended.
    "timeout_grace": env("JOB_TIMEOUT_GRACE"),  # 5
    # Bytes of JSON; a larger payload is refused at dispatch.
    "max_payload": env("JOB_MAX_PAYLOAD"),  # 1048576
    # What stays of jobs that have ended: drop, keep, or keep for a time such as 7 days.
    "retain_completed": env("RETAIN_COMPLETED"),  # drop
    "retain_failed": env("RETAIN_FAILED"),  # keep
    "retain_cancelled": env("RETAIN_CANCELLED"),  # drop
    # Seconds after which dispatching gives up on a store that does not answer.
    "enqueue_timeout": env("JOB_ENQUEUE_TIMEOUT"),  # 5
    # What is done around every job: subclasses of Middleware, or their dotted paths, such as
    # "lightjobs.middleware.Logging" and "lightjobs.middleware.Timing".
    "middleware": [],
}
