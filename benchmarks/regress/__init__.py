"""The current tree against another commit of lightjobs: two packages, one benchmark.

`tree.py` lays a commit's package into a folder, `figures.py` names what is measured, and
`measure.py` measures it on the package that PYTHONPATH has first. It uses nothing of lightjobs but
what its users do, so it runs with old commits, too.
"""
