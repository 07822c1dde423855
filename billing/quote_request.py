"""What a quote is asked for, read strictly: every field that is not right is named at once. PURE."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from plans.problems import Problem, join
from plans.shape import Strict, mended
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


def read_request(tree: Tree) -> tuple[QuoteRequest, list[Fault]]:
    """Return the request with every fault of its shape; what is at fault is left out of it."""
    problems = list(_unstorable(tree, ""))
    odd = {one.path for one in problems}
    found: QuoteRequest = mended(tree, QuoteRequest, "", problems)
    problems += [one for one in _too_much(found) if one.path not in odd]
    if problems:
        lost = {one.path for one in problems}
        sound = [name for name in found.__struct_fields__ if name not in lost]
        found = QuoteRequest(**{name: _kept(getattr(found, name), name, lost) for name in sound})
    return found, [fault_of(one, tree) for one in problems]


def _too_much(request: QuoteRequest) -> Iterator[Problem]:
    """Yield what is larger than a quote takes."""
    if request.seats > MOST_SEATS:
        params = {"value": str(request.seats), "low": "0", "high": str(MOST_SEATS)}
        yield Problem("seats", "out_of_range", params)
    for meter, rows in request.usage.items():
        if isinstance(rows, list) and len(rows) > MOST_ROWS:
            params = {"count": str(len(rows)), "most": str(MOST_ROWS)}
            yield Problem(join("usage", meter), "too_many", params)


def _kept(value: Any, path: str, lost: Collection[str]) -> Any:
    """Return a value without what is at fault; entries of a list keep their places."""
    if isinstance(value, dict):
        whole = {key: part for key, part in value.items() if join(path, key) not in lost}
        return {key: _kept(part, join(path, key), lost) for key, part in whole.items()}
    if isinstance(value, list):
        return [_kept(part, join(path, index), lost) for index, part in enumerate(value)]
    return value


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
