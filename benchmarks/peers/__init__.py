"""The queues that lightjobs is compared with, each behind the same few names.

A module here defines, on the store that the environment names, the jobs of `work.py`, as far as
the library can run them, and

    dispatch(job, value)             store one of them, as the library's documentation shows
    dispatch_many(job, value, jobs)  store many at once; missing where the library has no such call
    dispatch_async(job, value)       store one from a coroutine; missing where `dispatch` does

as functions, or as coroutine functions together with `session()`, an async context. Everything
is left at its default unless `concurrent.py` or the module says otherwise.
"""
