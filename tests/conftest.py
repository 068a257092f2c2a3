import signal

from hypothesis import settings

settings.register_profile("lightjobs", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("lightjobs")

# A shell has what it starts in the background ignore Ctrl-C, and so would all our processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
