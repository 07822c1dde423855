"""Which call goes where: paths and parameters from `fields.json`, handlers by operation."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from config.sandbox.errors import Json, ParameterError
from config.sandbox.state import Tx

Handler = Callable[..., Json]  # (tx, params, *ids of the path)
HANDLERS: dict[str, Handler] = {}


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API."""

    operation: str
    method: str
    path: str
    pattern: re.Pattern[str]
    params: dict[str, Json]


def handles(operation: str) -> Callable[[Handler], Handler]:
    """Register the function that carries out `operation`."""

    def register(handler: Handler) -> Handler:
        HANDLERS[operation] = handler
        return handler

    return register


@cache
def document() -> dict[str, Any]:  # Any: parsed JSON
    """Return `fields.json`."""
    return json.loads(Path(__file__).with_name("fields.json").read_text("utf-8"))  # type: ignore[no-any-return]


def api_version() -> str:
    """Return the version of the API that the SDK was generated for."""
    return str(document()["api_version"])


@cache
def routes() -> list[Route]:
    """Return every served call."""
    return [
        Route(r["operation"], r["method"], r["path"], _pattern(r["path"]), r["params"])
        for r in document()["routes"]
    ]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", r"([^/]+)", re.escape(path)))


def match(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route of a call and the ids in its path, or raise a 404 that says what to do."""
    for route in routes():
        found = route.pattern.fullmatch(path)
        if found and route.method == method:
            return route, found.groups()
    message = (
        f"Unrecognized request URL ({method}: {path}). The sandbox serves only the part of Stripe that "
        "Ratecard uses; it never makes up a success."
    )
    raise ParameterError(message, status=404)


def run(tx: Tx, route: Route, params: Json, ids: tuple[str, ...]) -> Json:
    """Carry out one call."""
    return HANDLERS[route.operation](tx, params, *ids)
