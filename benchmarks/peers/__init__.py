"""The queues that lightjobs is compared with, each behind the same few names.

A module here defines, on the store that the environment names, a job that does nothing but count
itself and one that notes when it started, and

    dispatch()            store one job that counts, as its documentation shows
    dispatch_stamp(at)    store one that stamps
    dispatch_many(jobs)   store many at once; missing where the library has no such call

as functions, or as coroutine functions together with `session()`, an async context. Everything
is left at its default, workers are started by the command that its documentation gives first.
"""
