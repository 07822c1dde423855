"""Postings: each fact in money once, under its business key, balanced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.models import Account, LedgerEntry, LedgerTransaction
from plans.actor import Actor


@dataclass(frozen=True, slots=True)
class Posting:
    """One transaction before it is a row; sides in minor units, debit positive. Zero sides are left out."""

    business_key: str
    kind: str
    customer_id: int
    currency: str
    sides: Mapping[Account, int]


def post(postings: Iterable[Posting], *, at: datetime, by: Actor) -> None:
    """Store postings whose key is new (the caller holds the customers' locks)."""
    wanted = [one for one in postings if any(one.sides.values())]
    rows = [
        LedgerTransaction(
            business_key=one.business_key,
            kind=one.kind,
            customer_id=one.customer_id,
            currency=one.currency,
            at=at,
            by=by.id,
        )
        for one in wanted
    ]
    stored = LedgerTransaction.objects.bulk_create(rows)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            transaction=row,
            customer_id=one.customer_id,
            currency=one.currency,
            account=account,
            amount=amount,
        )
        for row, one in zip(stored, wanted, strict=True)
        for account, amount in one.sides.items()
        if amount
    )
