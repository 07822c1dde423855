"""The audit kit: whole, the same twice, and its verifier catches one digit anywhere."""

import ast
import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from billing.audit.pack import kit_zip
from billing.audit.script import verify_script
from billing.verifying import faults_of
from plans.terms import canonical_json
from tests.billing import audit_world as world

pytestmark = pytest.mark.django_db
KINDS = {
    "start annual": world.annual_start,
    "cycle with usage and tax": world.cycle,
    "SLA credit and tax": world.with_credit,
    "late usage": world.late,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_customer_can_recompute_an_invoice(kind, tmp_path):
    invoice = KINDS[kind]()

    code, said = world.verify(world.files_of(invoice), tmp_path)

    assert code == 0, said
    assert "FAIL" not in said
    for line in invoice.lines.all():
        assert f"ok    {line.kind} {line.line_key}: amount" in said


def test_the_same_invoice_gives_the_same_bytes():
    invoice = world.cycle()

    assert kit_zip(invoice) == kit_zip(invoice)


def test_one_digit_in_any_file_is_named(tmp_path):
    files = world.files_of(world.cycle())

    for name in sorted(files):
        if name == "verify.py":
            continue  # a verifier that was altered cannot be asked; its hash is in the manifest
        text = files[name].decode()
        where = re.search(r"[1-8](?=[^1-8]*$)", text)
        assert where, name
        altered = text[: where.start()] + str(int(where[0]) + 1) + text[where.end() :]
        folder = tmp_path / name.replace("/", "-")
        code, said = world.verify({**files, name: altered.encode()}, folder)
        assert code == 1, name
        assert f"FAIL  {name}" in said, said


def resealed(files: dict[str, bytes], name: str, change) -> dict[str, bytes]:
    """Return the files with one changed and the manifest made to fit: what a dishonest sender would do."""
    files = {**files, name: change(files[name].decode()).encode()}
    manifest = json.loads(files["manifest.json"])
    manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
    del manifest["digest"]
    manifest["digest"] = hashlib.sha256(canonical_json(manifest)).hexdigest()
    return {**files, "manifest.json": json.dumps(manifest).encode()}


@pytest.mark.parametrize(
    ("name", "before", "after", "failing"),
    [
        ("invoice.json", '"total": 6482', '"total": 6492', "lines add up"),
        ("invoice.json", '"amount": 900', '"amount": 901', "content hash"),
        ("inputs.json", "2026-10-09T16:00:00+00:00", "2026-10-08T16:00:00+00:00", "amount"),
        ("readings.json", '"value": "30000"', '"value": "30001"', "hash"),
        ("rollups.csv", ",30000,", ",30001,", "cells as in rollups.csv"),
        ("events.csv", ",30000,", ",30001,", "cells from events"),
    ],
)
def test_a_forged_kit_with_a_fitting_manifest_fails_where_it_was_forged(
    name, before, after, failing, tmp_path
):
    files = world.files_of(world.cycle())
    assert before in files[name].decode(), files[name].decode()[:3000]

    code, said = world.verify(resealed(files, name, lambda text: text.replace(before, after)), tmp_path)

    assert code == 1
    assert any(line.startswith("FAIL") and failing in line for line in said.splitlines()), said


def test_other_prices_under_the_old_name_are_noticed(tmp_path):
    files = world.files_of(world.cycle())
    name = next(one for one in files if one.startswith("terms/"))

    code, said = world.verify(resealed(files, name, lambda text: text.replace('"3"', '"4"')), tmp_path)

    assert code == 1
    assert f"FAIL  {name}: hash" in said


def test_without_raw_events_the_kit_says_so(tmp_path):
    invoice = world.cycle()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'usage_usageevent'::regclass"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")

    code, said = world.verify(world.files_of(invoice), tmp_path)

    assert code == 0, said
    assert "raw events are not in the kit" in said


def test_the_command_writes_it(tmp_path):
    invoice = world.annual_start()
    out = io.StringIO()

    call_command("audit_kit", invoice.number, str(tmp_path / "kit.zip"), stdout=out)

    assert (tmp_path / "kit.zip").read_bytes() == kit_zip(invoice)
    assert "verify.py" in out.getvalue()


def test_the_verifier_needs_nothing_but_the_standard_library():
    known = {"csv", "hashlib", "io", "json", "sys", "zipfile", "bisect", "calendar", "collections"}
    known |= {"dataclasses", "datetime", "decimal", "fractions", "functools", "math", "pathlib", "typing"}
    known |= {"re", "zoneinfo"}
    tree = ast.parse(verify_script())
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert imported <= known
    for path in (Path(__file__).resolve().parents[2] / "billing/audit/kit").glob("*.py"):
        names = re.findall(r"^(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert all(one.startswith("billing.audit.kit") or one.split(".")[0] in known for one in names)


def test_an_invoice_issued_at_an_instant_of_any_offset_proves_itself():
    """The hash was once made of the instant as its caller wrote it, not as it is stored."""
    assert faults_of(world.late()) == []
