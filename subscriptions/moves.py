"""Whether an agreement goes to a newer version at a renewal: dates, locks and cadence. PURE."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from plans.terms import Document
from plans.terms_asked import asked_of
from plans.terms_timing import billed_every, timings
from plans.terms_walk import reachable_names

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
TERM = {"monthly": 1, "annual": 12}


@dataclass(frozen=True, slots=True)
class Edition:
    """One published version of a plan, as far as moving to it goes."""

    key: int
    number: int
    effective_at: datetime
    archived_at: datetime | None
    moves: bool


def sold_at(editions: Iterable[Edition], at: datetime) -> Edition | None:
    """Return the edition on sale at an instant: the last one begun, unless it is archived by then."""
    begun = [
        one
        for one in editions
        if one.effective_at <= at and (one.archived_at is None or one.archived_at > one.effective_at)
    ]
    last = max(begun, key=lambda one: one.effective_at, default=None)
    return None if last is None or (last.archived_at is not None and last.archived_at <= at) else last


def renewal_months(documents: Iterable[Document], term: str) -> int:
    """Return how many months lie between renewals: the term, and whole bills of every charge."""
    lengths = {TERM.get(term, 1)}
    for document in documents:
        for timing in timings(document).values():
            lengths.add(MONTHS.get(billed_every(timing.every, term), 1))
    return math.lcm(*lengths)


def locked_beyond(lock_until: datetime | None, edge: datetime) -> bool:
    """Return whether a price lock reaches past a renewal; one that ends right there does not."""
    return lock_until is not None and lock_until > edge


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an agreement has that a new version must have a price for."""

    term: str
    currency: str
    options: Sequence[str]
    seats: int
    labels: Mapping[str, str]
    facts: Mapping[str, str]


def hindrances(old: Document, new: Document, held: Holdings) -> list[tuple[str, str]]:
    """Return (kind, name) of everything held that the new document cannot price; empty: it moves.

    Kinds: term, currency, option, seats, label, fact.
    """
    found: list[tuple[str, str]] = []
    if held.term not in (new.labels.get("term") or TERM):
        found.append(("term", held.term))
    sold = [new.currency] if isinstance(new.currency, str) else list(new.currency or [])
    if held.currency not in sold:
        found.append(("currency", held.currency))
    found += [("option", option) for option in held.options if option not in new.options]
    if held.seats and _prices_seats(old) and not _prices_seats(new):
        found.append(("seats", str(held.seats)))
    asked = asked_of(new)
    found += [("label", label) for label, vs in asked.labels.items() if held.labels.get(label) not in vs]
    found += [("fact", fact) for fact in asked.facts if fact not in held.facts]
    return found


def carried(new: Document, held: Holdings) -> tuple[dict[str, str], dict[str, str]]:
    """Return the labels and facts that go on under the new document; those it does not ask for end."""
    asked = asked_of(new)
    labels = {label: held.labels[label] for label in asked.labels}
    return labels, {fact: held.facts[fact] for fact in asked.facts}


def _prices_seats(document: Document) -> bool:
    return any("seats" in reachable_names(document, charge) for charge in document.charges)


def plain_facts(facts: Mapping[str, str]) -> dict[str, Decimal]:
    """Return stored facts as numbers."""
    return {name: Decimal(value) for name, value in facts.items()}
