"""Pictures and tables of what the benchmarks have found, drawn from their JSON.

`catalogue.py` says which there are, `bars.py` and `lines.py` draw, `style.py` is the look that they
share, and `tables.py` writes the tables. The same JSON gives the same bytes.
"""
