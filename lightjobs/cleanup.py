"""The ready-made job that cleans up: dispatch or schedule it."""

from __future__ import annotations

from .current import engine
from .errors import LightjobsError, PermanentJobFailure
from .job import Job


class CleanupJob(Job):
    """Calls `Engine.cleanup` with its payload:
    `CleanupJob().dispatch({"failed": "remove older than 30 days"})`."""

    def handle(self) -> dict[str, int]:
        """Returns how many jobs of each group were touched."""
        try:
            touched = engine().cleanup(**self.payload)
        except (LightjobsError, TypeError) as error:
            if isinstance(error, LightjobsError) and type(error) is not LightjobsError:
                raise  # the store is away, say: worth another run
            raise PermanentJobFailure(f"the payload of CleanupJob: {error}") from error
        self.context.logger.info("cleaned up", extra={"touched": touched})
        return touched
