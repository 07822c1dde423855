"""An answer as plain values for programs: exact amounts as text, trees, hashes to compare by. PURE."""

import hashlib
from typing import Any

from billing.derivation import to_tree
from billing.question import Question
from billing.rating import ENGINE
from billing.situation_run import Answer
from billing.values import Line, Rating
from plans.ratio import decimal_text
from plans.terms import canonical_json


def answer_tree(question: Question, answer: Answer) -> dict[str, Any]:
    """Return the answer of a question. The same files give the same bytes, on any machine, on any day."""
    hashes = [rating.inputs_hash for rating in answer.ratings]
    return {
        "plan": question.plan,
        "version": question.version,
        "unpriced": list(question.unpriced),
        "ask": question.situation.ask,
        "total": decimal_text(answer.amount),
        "unit": answer.unit,
        "currency": answer.ratings[0].currency if answer.ratings else None,
        "lines": [
            _line(line, index)
            for index, rating in enumerate(answer.ratings)
            for line in rating.lines
            if question.situation.ask in ("total", line.charge)
        ],
        "derivations": [] if answer.ratings else [to_tree(node) for node in answer.derivations],
        "bills": [_bill(rating) for rating in answer.ratings],
        "notes": [{"path": one.path, "code": one.code, "text": one.sentence()} for one in question.notes],
        "terms_hash": question.terms.hash,
        "inputs_hash": hashes[0] if len(hashes) == 1 else _together(hashes) if hashes else None,
        "engine": ENGINE,
    }


def _together(hashes: list[str]) -> str:
    """Return one hash for several bills, in their order."""
    return hashlib.sha256(canonical_json(hashes)).hexdigest()


def _bill(rating: Rating) -> dict[str, Any]:
    return {
        "total": decimal_text(rating.total),
        "draws": [
            {
                "pool": one.pool,
                "pack": one.holding,
                "charge": one.charge,
                "quantity": decimal_text(one.quantity),
            }
            for one in rating.draws
        ],
        "notes": list(rating.notes),
        "inputs_hash": rating.inputs_hash,
    }


def _line(line: Line, bill: int) -> dict[str, Any]:
    return {
        "bill": bill,
        "key": line.key,
        "charge": line.charge,
        "name": dict(line.label),
        "tags": list(line.tags),
        "credit": line.credit,
        "app": line.app,
        "region": line.region,
        "period": {"start": line.period.start.isoformat(), "end": line.period.end.isoformat()},
        "quantity": None if line.quantity is None else decimal_text(line.quantity),
        "unit": line.unit,
        "amount": decimal_text(line.amount),
        "derivation": to_tree(line.derivation),
    }
