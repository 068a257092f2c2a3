"""The example jobs of the demo: every module in here is imported by `lightjobs`."""
