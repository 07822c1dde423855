"""A judgement of availability in sentences: what was measured, what left the count, what follows."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.derivation import Node, from_tree
from billing.explain_tree import Explained, Reader, told
from billing.explain_words import number_text
from billing.models import SlaAssessment
from plans.money import from_minor
from plans.promise_words import exclusion_name
from plans.templatetags.figures import exact_money, moment, money, unit


def assessment_sentences(row: SlaAssessment) -> list[Explained]:
    """Return how a window was judged: for each app and region what was measured, and the formula."""
    reader = Reader(row.currency, {})
    found: list[Explained] = [_left_out(one, row.customer.billing_zone) for one in row.excluded]
    for part in row.parts:
        found += _part(part, row, reader)
    found += _too_small(row)
    return found


def _part(part: dict[str, Any], row: SlaAssessment, reader: Reader) -> Iterator[Explained]:
    words = {
        "app": part["app"],
        "region": part["region"] or _("all regions"),
        "good": number_text(Decimal(part["good"])),
        "total": number_text(Decimal(part["total"])),
        "unit": unit(part["unit"]),
    }
    text = _("%(app)s, %(region)s: %(good)s of %(total)s %(unit)s were good") % words
    yield Explained(0, text, f"{number_text(Decimal(part['availability']))} %")
    if Decimal(part.get("excluded_minutes", 0)):
        yield Explained(1, _("Left out of failed and total"), _minutes(part["excluded_minutes"]))
    if count := part.get("outages", 0):
        words = {"n": number_text(count), "longest": _minutes(part["longest_outage"])}
        text = ngettext("%(n)s outage counts", "%(n)s outages count, the longest %(longest)s", count) % words
        yield Explained(1, text, _minutes(part["failed_minutes"]))
    derivation = from_tree(part["derivation"])
    if not _says_fee(derivation):
        yield Explained(1, _("Paid for this time"), money(part["fee"], row.currency))
    yield from told(derivation, reader, 1)


def _says_fee(node: Node) -> bool:
    """Return whether the formula's own steps tell what was paid."""
    own = node.word == "fact" and node.argument.get("name") == "fee"
    return own or any(_says_fee(child) for child in node.children)


def _minutes(text: str) -> str:
    return f"{number_text(Decimal(text))} {unit('minutes')}"


def _left_out(one: dict[str, Any], zone: str) -> Explained:
    words = {
        "kind": exclusion_name(one["kind"]),
        "reference": one["reference"],
        "start": moment(datetime.fromisoformat(one["start"]), zone),
        "end": moment(datetime.fromisoformat(one["end"]), zone),
    }
    text = _("Does not count: %(kind)s %(reference)s, %(start)s to %(end)s") % words
    if one["notice_at"] is None:
        return Explained(0, text, "")
    told_at = moment(datetime.fromisoformat(one["notice_at"]), zone)
    return Explained(0, text, _("announced %(when)s") % {"when": told_at})


def _too_small(row: SlaAssessment) -> Iterator[Explained]:
    """Say why nothing is given although something was missed."""
    if row.smallest is None or row.amount or row.quantity:
        return
    earned = sum(part["amount"] for part in row.parts)
    units = sum((Decimal(part.get("quantity", 0)) for part in row.parts), Decimal(0))
    if not earned and not units:
        return
    in_money = row.promised.in_money
    smallest = exact_money(row.smallest, row.currency) if in_money else number_text(row.smallest)
    rule = row.promised.smallest_payable
    text = _("Too small to be given: it has to reach %(smallest)s")
    if rule is not None and rule.exceeds is not None:
        text = _("Too small to be given: it has to be more than %(smallest)s")
    value = exact_money(from_minor(earned, row.currency), row.currency) if in_money else number_text(units)
    yield Explained(0, text % {"smallest": smallest}, value)
