"""What a quote is asked for, read strictly: every field that is not right is named at once. PURE."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from plans.problems import Problem, join
from plans.shape import Strict, build
from usage.parsing_values import Refused
from usage.parsing_values import text as checked_text

LONGEST = 200  # characters of any one text
MOST_SEATS = 100_000
MOST_ROWS = 1_000  # values of one meter
Tree = Any  # what JSON can say
_NEXT = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


class QuoteRequest(Strict):
    """One request. Numbers may be JSON numbers or text; usage is that of one month, by meter.

    Without a `plan`, `modules` name a bundle, and the cheapest plan on sale that offers all of them answers.
    """

    plan: str | None = None
    modules: list[str] = []
    sla: str | None = None
    support: str | None = None
    options: dict[str, str] = {}
    term: Literal["monthly", "annual"] = "monthly"
    currency: str | None = None
    seats: int = 0
    usage: "dict[str, str | list[str | dict[str, str]]]" = {}
    facts: dict[str, str] = {}
    labels: dict[str, str] = {}
    customer: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is not right: where (a JSON pointer), a code, and the sentence."""

    pointer: str
    code: str
    detail: str

    @property
    def fields(self) -> dict[str, str]:
        """What problem+json lists."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


def read_request(tree: Tree) -> tuple[QuoteRequest | None, list[Fault]]:
    """Return the request, or every fault of its shape."""
    problems = list(_unstorable(tree, ""))
    found = build(tree, QuoteRequest, "", problems) if not problems else None
    if found is not None and found.seats > MOST_SEATS:
        params = {"value": str(found.seats), "low": "0", "high": str(MOST_SEATS)}
        problems.append(Problem("seats", "out_of_range", params))
    if found is not None:
        problems += [
            Problem(
                join("usage", meter),
                "out_of_range",
                {"value": str(len(rows)), "low": "0", "high": str(MOST_ROWS)},
            )
            for meter, rows in found.usage.items()
            if isinstance(rows, list) and len(rows) > MOST_ROWS
        ]
    return (None if problems else found), [fault_of(one, tree) for one in problems]


def fault_of(problem: Problem, tree: Tree) -> Fault:
    """Return a problem of a path as a fault at its pointer."""
    path = problem.path
    if problem.code == "missing_field":
        path = join(path, problem.params["field"])
    return Fault(pointer_of(path, tree), problem.code, problem.sentence())


def pointer_of(path: str, tree: Tree) -> str:
    """Return the JSON pointer of a path such as `usage.messages[0].at`; keys of the tree may hold dots."""
    found, rest, node = "", path, tree
    while rest:
        key = _key(rest, node)
        found += "/" + key.replace("~", "~0").replace("/", "~1")
        inner = f"[{key}]" if rest.startswith(f"[{key}]") else key
        rest = rest.removeprefix(inner).removeprefix(".")
        node = _child(node, key)
    return found or "/"


def _key(rest: str, node: Tree) -> str:
    """Return the next key: an index, the longest key of the node that fits, or the text up to a dot."""
    if isinstance(node, Mapping):
        fitting = [key for key in node if rest == key or rest.startswith((f"{key}.", f"{key}["))]
        if fitting:
            return str(max(fitting, key=len))
    step = _NEXT.match(rest)
    return rest if step is None else step[1] or step[2]


def _child(node: Tree, key: str) -> Tree:
    if isinstance(node, Mapping):
        return node.get(key)
    if isinstance(node, list) and key.isdigit() and int(key) < len(node):
        return node[int(key)]
    return None


def _unstorable(tree: Tree, path: str) -> Iterator[Problem]:
    """Yield texts that no column can hold, or that hide what they say."""
    if isinstance(tree, str) and tree:
        try:
            checked_text(tree, path, longest=LONGEST)
        except Refused as no:
            yield Problem(
                path, "text_too_long" if no.code == "too_long" else "text_control", {"most": str(LONGEST)}
            )
    elif isinstance(tree, Mapping):
        for key, inner in tree.items():
            unreadable = list(_unstorable(key, path))
            yield from unreadable or _unstorable(inner, join(path, key))
    elif isinstance(tree, list):
        for index, inner in enumerate(tree):
            yield from _unstorable(inner, join(path, index))
