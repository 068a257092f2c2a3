"""What an entry of the schedule dispatches, as the text that stores keep."""

from __future__ import annotations

import json
from typing import Any

from ..model import NewJob, Template, flow_row, read_flow
from ..notes.attempt_errors import UNREADABLE


def template_text(template: Template) -> str:
    """`template` as JSON text in ASCII."""
    job = template.job
    values = {
        "handler": job.handler,
        "queue": job.queue,
        "payload": job.payload,
        "priority": job.priority,
        "options": job.options,
        "flow": flow_row(job.flow),
        "expression": template.expression,
        "zone": template.zone,
        "conditional": template.conditional,
    }
    return json.dumps(values, separators=(",", ":"))


def read_template(text: str | bytes | None) -> Template | None:
    """The template that `text` holds; None for no text, and for text that is no template: another
    version may have written it."""
    if not text:
        return None
    try:
        return _template(json.loads(text))
    except UNREADABLE:
        return None


def _template(values: Any) -> Template:
    options = values["options"]
    job = NewJob(
        str(values["handler"]),
        str(values["queue"]),
        str(values["payload"]),
        priority=int(values["priority"]),
        options=None if options is None else str(options),
        flow=read_flow(values.get("flow")),
    )
    expression, zone = str(values["expression"]), str(values["zone"])
    return Template(job, expression, zone, bool(values["conditional"]))
