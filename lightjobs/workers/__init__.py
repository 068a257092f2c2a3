"""Working jobs. The files follow the life of a claim.

`in_flight` holds the runs of one worker by their state. `claiming` takes jobs in, `runners` runs
their handlers, `timeouts` ends those that take too long, `settling` brings their outcomes to the
store; `loop` is all of that in turns, and `keeper` steps in when a job turns out long.

`child` is the process in which a loop runs, `supervisor` the one that starts children, beats for
them and reclaims what a dead one held (`reclaim`, `late_hooks`). `foreground` and `embedded` run
loops in a process of their own or of another program, as a `local_worker` with a `heartbeat`.
"""
