"""Working jobs. The files follow the life of a claim.

`in_flight` holds the runs of one worker by their state. `claiming` takes jobs in, `runners` and
`pool_runner` run their handlers, `timeouts` ends those that take too long, and `settling` sends
their outcomes to the store. `loop` does all of that in turns, and `keeper` steps in when a job
turns out to be long.

A loop runs in a process of its own, `child`. The `supervisor` starts children, beats for them, and
reclaims the jobs of those that die (`reclaim`, `late_hooks`). `foreground` and `embedded` need no
child: they run a loop in the calling process as a `local_worker`, for which a `heartbeat` beats.
"""
