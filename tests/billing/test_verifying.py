"""A proof has three levels, and whatever is altered is reported: once, at its level."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.verifying import faults_of, proof_of
from tests.billing import audit_world as world

pytestmark = pytest.mark.django_db


def alter(sql: str, *values: object) -> None:
    """Do what no program may: change a stored row with triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the world of the test still owes
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        assert cursor.rowcount >= 1
        cursor.execute("SET session_replication_role = DEFAULT")


def test_a_sound_invoice_is_proved_down_to_its_events():
    proof = proof_of(world.cycle())

    assert proof.faults == ()
    assert (proof.lines, proof.readings, proof.cells, proof.recounted) == (5, 2, 4, 4)


@pytest.mark.parametrize("make", [world.annual_start, world.with_credit, world.late])
def test_every_kind_of_invoice_proves_itself(make):
    assert proof_of(make()).faults == ()


def reading_hash_of(sql: str) -> str:
    """Return an update of the readings of messages."""
    return (
        f"UPDATE usage_reading r SET {sql} FROM plans_meter m WHERE m.id = r.meter_id AND m.code = 'messages'"
    )


ALTERATIONS = {
    "a number in a derivation": (
        "derivation",
        """UPDATE billing_invoiceline SET derivation = jsonb_set(derivation, '{children,1,input}', '"71001"')
           WHERE charge = 'messages'""",
    ),
    "a leaf of a derivation, all above it made to fit": (
        "derivation",
        """UPDATE billing_invoiceline SET derivation = replace(derivation::text, '"30000"', '"30001"')::jsonb
           WHERE charge = 'messages'""",
    ),
    "the hash of a line's inputs": (
        "derivation",
        "UPDATE billing_invoiceline SET inputs_hash = repeat('0', 64) WHERE charge = 'messages'",
    ),
    "a line's amount, and the total with it": (
        "lines",
        """WITH line AS (UPDATE billing_invoiceline SET amount = amount + 1,
                         exact_amount = exact_amount + 0.01, inputs_hash = '',
                         derivation = '{"word": "literal", "output": "9.01"}'
                         WHERE charge = 'messages' RETURNING invoice_id)
           UPDATE billing_invoice SET total = total + 1, subtotal = subtotal + 1
           WHERE id IN (SELECT invoice_id FROM line)""",
    ),
    "a word of the document": (
        "document",
        "UPDATE billing_invoiceline SET description = '{\"en\": \"Gift\"}' WHERE charge = 'base'",
    ),
    "the total": (
        "document",
        "UPDATE billing_invoice SET total = total + 1, subtotal = subtotal + 1 WHERE kind = 'cycle'",
    ),
    "the terms": (
        "terms",
        """UPDATE plans_planversion SET terms = replace(terms::text, '"50000"', '"40000"')::jsonb
           WHERE terms_hash <> ''""",
    ),
    "a reading's value": ("readings", reading_hash_of("value = r.value + 1")),
    "a reading's cell": (
        "readings",
        reading_hash_of("""cells = replace(r.cells::text, '"30000"', '"30001"')::jsonb"""),
    ),
    "a reading's manifest": (
        "readings",
        reading_hash_of("""manifest = jsonb_set(r.manifest, '{batches}', '"{[1,2)}"')"""),
    ),
    "a roll-up": ("roll-ups", "UPDATE usage_usagerollup SET sum = sum + 1 WHERE sum = 30000"),
    "a raw event": ("raw events", "UPDATE usage_usageevent SET value = value + 1 WHERE value = 30000"),
    "a user of a raw event": (
        "raw events",
        "UPDATE usage_usageevent SET user_digest = gen_random_uuid() WHERE event_key ="
        " (SELECT event_key FROM usage_usageevent WHERE user_digest IN (SELECT user_digest FROM"
        " usage_usageevent WHERE user_digest IS NOT NULL GROUP BY 1 HAVING count(*) = 2) LIMIT 1)",
    ),
    "an event that was taken away": ("raw events", "DELETE FROM usage_usageevent WHERE value = 20000"),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_what_is_altered_is_reported_at_its_level_alone(what):
    level, sql = ALTERATIONS[what]
    invoice = world.cycle()

    alter(sql)

    invoice.refresh_from_db()
    faults = proof_of(invoice).faults
    assert faults
    assert {fault.level for fault in faults} == {level}, [str(fault) for fault in faults]


def test_events_that_retention_dropped_are_no_fault():
    invoice = world.cycle()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'usage_usageevent'::regclass"
        )
        ((name,),) = cursor.fetchall()
        cursor.execute(f"DROP TABLE {name}")

    proof = proof_of(invoice)

    assert proof.faults == ()
    assert 0 < proof.recounted < proof.cells


def test_the_command_says_how_far_it_went_and_what_it_found():
    invoice, out = world.cycle(), io.StringIO()
    call_command("verify_invoice", invoice.number, stdout=out)
    assert out.getvalue().strip() == (
        f"{invoice.number}: sound (derivation of 5 lines, 2 readings, raw events of 4 of 4 cells)"
    )

    alter(ALTERATIONS["a raw event"][1])
    with pytest.raises(CommandError):
        call_command("verify_invoice", invoice.number, stdout=out)
    assert "raw events: the events of 2026-09-19T16:00:00+00:00 give 30001" in out.getvalue()
    assert faults_of(invoice) == []  # the books ask without counting raw events again


def test_lines_hash_what_they_were_made_from():
    lines = world.cycle().lines.order_by("position")

    assert len({line.inputs_hash for line in lines}) == len(lines)
    assert all(len(line.inputs_hash) == 64 for line in lines)
    assert json.dumps(lines.get(charge="messages").derivation).count('"hash"') == 3
