"""A model of what every engine promises, and a machine that drives both in any order.

`values.py` has what the model keeps, `store.py` the model itself, `outcomes.py`, `ties.py` and
`claims.py` what it says of settlements, of keys and batches, and of claims. `looks.py` compares it
with an engine. `machine.py` and `faults.py` have the steps, `lost_replies.py` and `php.py` what a
network and a PHP worker do.
"""
