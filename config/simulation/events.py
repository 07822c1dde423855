"""Events that the meters of a running copy take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

KINDS = ("single", "group")


@dataclass(frozen=True, slots=True)
class TypeFed:
    """One event type: the properties its meters need."""

    name: str
    numbers: tuple[tuple[str, str], ...]  # property, kind of the meter
    users: tuple[str, ...]
    kinds: bool  # whether it may say single or group


def types_of(meters: Sequence[Mapping[str, Any]], only: Sequence[str] = ()) -> list[TypeFed]:
    """Return the event types that feed meters, as GET /api/v1/meters lists them; `only` some of them."""
    fed: dict[str, list[Mapping[str, Any]]] = {}
    for meter in meters:
        if meter["source"] == "events" and (not only or meter["event_type"] in only):
            fed.setdefault(meter["event_type"], []).append(meter)
    return [_type(name, found) for name, found in sorted(fed.items())]


def _type(name: str, meters: Sequence[Mapping[str, Any]]) -> TypeFed:
    counted = [meter for meter in meters if meter["kind"] in ("sum", "gauge")]
    return TypeFed(
        name,
        tuple(sorted({(meter["value_property"] or "value", meter["kind"]) for meter in counted})),
        tuple(sorted({meter["user_property"] or "user" for meter in meters if meter["kind"] == "unique"})),
        any("kind" in meter["dimensions"] for meter in meters),
    )


class Maker:
    """Makes events of one app. Ids are the run's and a number, so a batch sent again is the same batch."""

    def __init__(
        self,
        app: str,
        types: Sequence[TypeFed],
        run: str,
        random: Random,
        *,
        users: int,
        regions: Sequence[str],
    ) -> None:
        self._app, self._types, self._run, self._random = app, types, run, random
        self._users, self._regions, self._made = users, regions, 0

    def make(self, at: datetime, busy: float) -> dict[str, Any]:
        """Return the next event; `busy` (1 is the mean) lifts peaks."""
        random, kind = self._random, self._random.choice(self._types)
        self._made += 1
        data: dict[str, Any] = {name: self._number(meter, busy) for name, meter in kind.numbers}
        data |= {name: f"u_{int(random.paretovariate(0.7)) % self._users:06d}" for name in kind.users}
        if kind.kinds:
            data["kind"] = random.choice(KINDS)
        if self._regions:
            data["region"] = random.choice(self._regions)
        return {
            "specversion": "1.0",
            "id": f"{self._run}-{self._made}",
            "source": "simulate_usage",
            "type": kind.name,
            "subject": self._app,
            "time": at.isoformat(timespec="milliseconds"),
            "data": data,
        }

    def _number(self, kind: str, busy: float) -> str:
        if kind == "gauge":
            return str(int(200 * busy + self._random.randrange(50)))
        return f"{self._random.randrange(1, 500) / 100:.2f}"
