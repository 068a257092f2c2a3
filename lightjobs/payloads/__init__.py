"""Payloads: what is dispatched with a job.

A payload with annotations is first *dumped*, each value to what JSON can hold, and then *encoded*
as JSON text. On its way back it is *decoded* and *loaded*.
"""
