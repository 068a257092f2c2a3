"""An index for searching that follows its articles: a debounce."""

from __future__ import annotations

from lightjobs import Job


class IndexArticle(Job):
    """Indexes an article five seconds after its last change, with the latest version. While it
    waits, each further change replaces what it was dispatched with."""

    queue = "search"
    unique = "waiting"
    whenTaken = "replace"
    delay = "+5 seconds"

    def uniqueKey(self) -> str:
        return str(self.payload["article"])

    def handle(self) -> None:
        self.context.logger.info(
            "article %s is indexed as of version %s",
            self.payload["article"],
            self.payload["version"],
        )
