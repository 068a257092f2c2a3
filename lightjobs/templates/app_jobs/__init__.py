"""The jobs of this project: every module in here is imported by `lightjobs`."""
