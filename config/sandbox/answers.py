"""Lists with cursors, and `expand`."""

import json
from collections.abc import Callable

from config.sandbox.errors import ApiError, Json, missing
from config.sandbox.state import Tx, conditions, visible

DEFAULT_LIMIT, LARGEST_LIMIT, DEEPEST = 10, 100, 4
RANGE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
CURSORS = frozenset({"limit", "starting_after", "ending_before", "expand"})
# Fields that Stripe leaves out of an object unless they are expanded: (object, field) -> builder.
INCLUDABLE: dict[tuple[str, str], Callable[[Tx, Json], Json | None]] = {}
Shape = Callable[[Tx, Json], Json]
# How a stored object becomes an answer, where it is more than its visible fields.
SHAPES: dict[str, Shape] = {}


def shaped(tx: Tx, thing: Json) -> Json:
    """Return a stored object as Stripe would answer it."""
    shape = SHAPES.get(thing["object"])
    return visible(shape(tx, thing) if shape else thing)


def envelope(url: str, data: list[Json], *, more: bool = False) -> Json:
    """Return a list object."""
    return {"object": "list", "data": data, "has_more": more, "url": url}


def page(
    tx: Tx,
    kind: str,
    params: Json,
    url: str,
    *,
    oldest_first: bool = False,
    where: Json | None = None,
    extra: tuple[str, list[object]] = ("", []),
) -> Json:
    """Return one page of the objects of a kind, newest first unless told.

    `where` and those of `params` that are fields (not cursors or `created`) must match;
    `extra` is a further SQL condition with its values.
    """
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= LARGEST_LIMIT:
        word = "between 1 and 100"
        raise ApiError(
            f"Invalid integer: limit must be {word}", code="parameter_invalid_integer", param="limit"
        )
    clause, values = _filters(params, where or {})
    clause, values = clause + extra[0], [*values, *extra[1]]
    clause, values, backwards = _cursor(tx, params, clause, values, oldest_first=oldest_first)
    order = "ASC" if oldest_first != backwards else "DESC"
    query = f"SELECT body FROM objects WHERE object = ?{clause} ORDER BY seq {order} LIMIT ?"  # noqa: S608
    rows = tx.sql(query, kind, *values, limit + 1).fetchall()
    data = [shaped(tx, json.loads(row["body"])) for row in rows[:limit]]
    return envelope(url, data[::-1] if backwards else data, more=len(rows) > limit)


def _filters(params: Json, where: Json) -> tuple[str, list[object]]:
    given = {name: value for name, value in params.items() if name not in CURSORS and value != ""}
    clause, values = conditions(
        {**{name: v for name, v in given.items() if not isinstance(v, dict)}, **where}
    )
    for name, parts in given.items():
        for word, value in parts.items() if isinstance(parts, dict) else ():
            if word in RANGE:  # created, due_date
                clause += f" AND json_extract(body, '$.{name}') {RANGE[word]} ?"
            else:  # payment[payment_intent]
                clause += f" AND json_extract(body, '$.{name}.{word}') = ?"
            values.append(value)
    return clause + " AND json_extract(body, '$.deleted') IS NULL", values


def _cursor(
    tx: Tx, params: Json, clause: str, values: list[object], *, oldest_first: bool
) -> tuple[str, list[object], bool]:
    if "starting_after" in params and "ending_before" in params:
        raise ApiError("You cannot use both starting_after and ending_before.", code="parameters_exclusive")
    for name in ("starting_after", "ending_before"):
        if name in params:
            later = (name == "starting_after") == oldest_first
            sign = ">" if later else "<"
            return (
                f"{clause} AND seq {sign} ?",
                [*values, _place(tx, params[name], name)],
                name == "ending_before",
            )
    return clause, values, False


def _place(tx: Tx, object_id: str, param: str) -> int:
    row = tx.sql("SELECT seq, object FROM objects WHERE id = ?", object_id).fetchone()
    if row is None:
        raise missing("object", object_id, param=param, status=400)
    return int(row["seq"])


def expand(tx: Tx, answer: Json, paths: list[str]) -> Json:
    """Return `answer` with each named field replaced by the object whose id it holds."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise ApiError("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(tx, answer, steps, path)
    return answer


def _expand(tx: Tx, node: object, steps: list[str], path: str) -> None:
    if isinstance(node, list):
        for item in node:
            _expand(tx, item, steps, path)
        return
    if not isinstance(node, dict):
        return
    name, rest = steps[0], steps[1:]
    builder = INCLUDABLE.get((str(node.get("object")), name))
    if builder and name not in node:
        node[name] = builder(tx, node)
    elif isinstance(node.get(name), str):
        node[name] = _looked_up(tx, node[name], path)
    elif name not in node:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    if rest:
        _expand(tx, node[name], rest, path)


def _looked_up(tx: Tx, value: str, path: str) -> Json:
    found = tx.peek(value)
    if found is None:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    return shaped(tx, found)
