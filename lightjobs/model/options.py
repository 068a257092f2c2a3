"""The names in a job's options, JSON text that travels with it."""

from __future__ import annotations

ENTRY_OPTION = "entry"
"""In a job's options: the name of the entry of the schedule that it is for."""

SLOT_OPTION = "slot"
"""In a job's options: the moment of the entry that it is for and the next one, both in unix seconds
(the latter null if there is none), and the name of the entry's time zone."""

HEADERS_OPTION = "headers"
"""In a job's options: what `setHeaders` was given, a dict of text."""

EXPIRES_OPTION = "expires"
"""In a job's options: the moment (unix seconds) by which it must have been started."""

RETRY_UNTIL_OPTION = "retryUntil"
"""In a job's options: the moment (unix seconds) after which none of its runs begins."""

TRACE_OPTION = "trace"
"""In a job's options: the trace that it was dispatched in, a dict of W3C's headers."""

CHAIN_OPTION = "chain"
"""In a job's options: what follows when it is done, a list of steps as `batches` writes them."""

CATCH_OPTION = "catch"
"""In a job's options: what is pushed when it fails for good, likewise. The store reads it, because
a job also fails when its workers die."""

PREVIOUS_OPTION = "previous"
"""In a job's options: the result of the link before it in its chain."""

BATCH_OPTION = "batch"
"""In a job's options: the id of the batch that it is part of."""
