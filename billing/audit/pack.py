"""The audit kit of one invoice as a zip: the same invoice gives the same bytes while its events are kept."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

from billing.audit.behind import CELL_COLUMNS, EVENT_COLUMNS, behind, reading_said, table
from billing.audit.contents import inputs_file, invoice_file, terms_hashes
from billing.audit.readme import README
from billing.audit.script import verify_script
from billing.models import Invoice
from billing.verifying import readings_behind
from plans.models import PlanVersion
from plans.selectors import terms_of
from plans.terms import canonical_json
from usage.models import Reading
from usage.recounting import asks_for_worth

FORMAT = "ratecard-audit-kit/1"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: nothing depends on when it was packed
READABLE = 0o644 << 16


def kit_name(invoice: Invoice) -> str:
    """Return the file name of an invoice's kit."""
    return f"audit-kit-{invoice.number or invoice.public_id}.zip"


def kit_zip(invoice: Invoice) -> bytes:
    """Return the kit's bytes: fixed times, sorted names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in sorted(kit_files(invoice).items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, READABLE
            made.writestr(entry, content)
    return packed.getvalue()


def kit_files(invoice: Invoice) -> dict[str, bytes]:
    """Return the files of an issued invoice's kit by name, the manifest among them."""
    lines = list(invoice.lines.select_related("invoice__customer").order_by("position"))
    inputs = inputs_file(invoice, lines)
    readings = readings_behind(invoice, lines)
    rows = behind(readings)
    files = {
        "README.txt": README.encode(),
        "verify.py": verify_script(),
        "invoice.json": _pretty(invoice_file(invoice, lines)),
        "inputs.json": _pretty(inputs),
        "readings.json": _pretty([reading_said(one) for one in readings]),
        "rollups.csv": table(CELL_COLUMNS, rows.cells),
        "events.csv": table(EVENT_COLUMNS, rows.events),
        **_terms(terms_hashes(inputs) | _rules(readings)),
    }
    return {**files, "manifest.json": _manifest(invoice, files)}


def _rules(readings: Iterable[Reading]) -> set[str]:
    """Return the terms by which the readings say what an event is worth."""
    return {one.manifest["grain"]["rule"] for one in readings if asks_for_worth(one)}


def _terms(hashes: set[str]) -> dict[str, bytes]:
    found = {}
    for version in PlanVersion.objects.filter(terms_hash__in=hashes).order_by("pk"):
        found[f"terms/{version.terms_hash}.json"] = terms_of(version).canonical
    return found


def _manifest(invoice: Invoice, files: dict[str, bytes]) -> bytes:
    named = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    said = {"format": FORMAT, "invoice": invoice.public_id, "files": named}
    return _pretty({**said, "digest": hashlib.sha256(canonical_json(said)).hexdigest()})


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
