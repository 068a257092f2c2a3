"""A job that is dispatched from coroutines."""

from lightjobs import Job

from .support import ran


class Work(Job):
    queue = "work"

    def handle(self):
        ran.append(self.payload)
        if "raise" in self.payload:
            raise KeyError("from the handler")
