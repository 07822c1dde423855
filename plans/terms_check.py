"""What a document means, checked: every fault with its path. PURE."""

from plans.problems import Problem
from plans.terms import Document

BUILTIN_FACTS = {"seats": "seats", "fee": "money", "availability": "percent"}
BUILTIN_LABELS: dict[str, list[str]] = {"term": ["monthly", "annual"]}


def problems(document: Document) -> list[Problem]:
    return []
