"""From a film to its page: a chain with a batch in it. `pipeline("casablanca").dispatch()` from
another module begins it."""

from __future__ import annotations

from lightjobs import Job, batch, chain
from lightjobs.flow.chains import Chain

PARTS = 8


class Split(Job):
    """Cuts a film into parts that can be encoded at the same time."""

    queue = "video"

    def handle(self) -> None:
        self.context.logger.info("%s is cut into %d parts", self.payload["film"], PARTS)


class EncodePart(Job):
    """Encodes one part. Of one film, three run at a time, so that other films get on."""

    queue = "video"
    attempts = 3
    retryAfter = "+10 seconds"
    groupLimit = 3

    def group(self) -> str:
        return str(self.payload["film"])

    def handle(self) -> None:
        for percent in range(0, 101, 25):
            self.progress(percent, 100)


class Concatenate(Job):
    """Puts the parts together again, once all are encoded."""

    queue = "video"

    def handle(self) -> str:
        return f"https://videos.example.org/{self.payload['film']}"


class Publish(Job):
    """Tells the world where the film is."""

    queue = "video"

    def handle(self) -> None:
        self.context.logger.info("%s is published", self.previous)


class TellEditor(Job):
    """Tells the editor that a film could not be published."""

    queue = "mail"

    def handle(self) -> None:
        self.context.logger.warning("%s could not be published", self.payload["film"])


def pipeline(film: str) -> Chain:
    """All that is done with a film."""
    about = {"film": film}
    parts = [EncodePart().setPayload({**about, "part": part}) for part in range(PARTS)]
    return chain(
        Split().setPayload(about),
        batch(parts, name=f"parts of {film}"),
        Concatenate().setPayload(about),
        Publish(),
    ).catch(TellEditor().setPayload(about))
