"""How jobs are queued and worked. The comment after each key is its default."""

from lightjobs.env import env

jobs: dict[str, object] = {
    # redis | valkey | database | memory | sync | null, or module:Class
    "engine": env("JOB_ENGINE"),  # sync
    # The packages that contain Job classes, separated by commas.
    "modules": env("JOB_MODULES"),  # app_jobs
    # The retry policy of job classes that set no values of their own: how many times a job is run
    # at most, when a failed run is repeated ("+30 seconds", a list of such, or a Backoff), and how
    # many seconds a run may take.
    "attempts": env("JOB_ATTEMPTS"),  # 1, or the Backoff's
    "retry_after": env("JOB_RETRY_AFTER"),  # now
    "timeout": env("JOB_TIMEOUT"),  # no limit
    # Seconds after which the jobs of a worker that has gone silent go back to their queue.
    "lease": env("JOB_LEASE"),  # 30
    # How long a job waits for a worker that knows its handler, in seconds or such as 2 hours. Then
    # it fails.
    "unknown_after": env("JOB_UNKNOWN_AFTER"),  # 1 day
    # Seconds that a handler has after its timeout before its process is killed.
    "timeout_grace": env("JOB_TIMEOUT_GRACE"),  # 5
    # Bytes of JSON. A larger payload is refused at dispatch.
    "max_payload": env("JOB_MAX_PAYLOAD"),  # 1048576
    # What happens to jobs that have ended: drop, keep, or how long to keep them, such as 7 days.
    "retain_completed": env("RETAIN_COMPLETED"),  # drop
    "retain_failed": env("RETAIN_FAILED"),  # keep
    "retain_cancelled": env("RETAIN_CANCELLED"),  # drop
    "retain_history": env("RETAIN_HISTORY"),  # keep
    # How many seconds a dispatch waits for a store that does not answer.
    "enqueue_timeout": env("JOB_ENQUEUE_TIMEOUT"),  # 5
    # What goes before the names of the schedule's entries: two projects that share a store need
    # different ones.
    "schedule_name": env("JOB_SCHEDULE_NAME"),  # none
    # What runs around every job: subclasses of Middleware or their dotted paths, such as
    # "lightjobs.middleware.Logging" and "lightjobs.middleware.Timing".
    "middleware": [],
}
