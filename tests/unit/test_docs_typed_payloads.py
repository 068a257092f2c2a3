import json
from decimal import Decimal

import pytest

from lightjobs import PayloadError
from lightjobs.engines.where import Where
from lightjobs.model import Failed
from tests.support.documents import blocks, run

from .support import run as run_job


def test_the_typed_payload_in_the_docs_does_what_it_says(engine):
    (code,) = blocks("docs/how-to/typed-payloads.md", "Check payloads against a class")
    names = run(code, __name__)
    send_invoice, invoice, line = names["SendInvoice"], names["Invoice"], names["Line"]
    first, second = (json.loads(job.payload) for job in engine.browse(Where(status="new")))
    assert first == second | {"due": None}
    assert send_invoice().dispatchSync(second) == Decimal("1.50")
    pen = line("pen", Decimal(1))
    path = r"payload\.lines\[2\]\.price: expected a decimal number, got a list"
    with pytest.raises(PayloadError, match=path):
        send_invoice().dispatch(invoice(7, [pen, pen, line("pen", [])]))
    assert type(run_job(send_invoice, '{"customer":"x"}').outcome) is Failed
