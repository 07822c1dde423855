"""What every benchmark gives: one entry with its ratio, its gate, and the samples behind both."""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

LEAST_ROUNDS = 5
NOISY = 0.5  # spread above which the rounds are doubled once

Timed = Callable[[], float]  # one sample, in the entry's unit


@dataclass(frozen=True)
class Side:
    """The samples of one side."""

    samples: list[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    def said(self) -> dict[str, Any]:
        return {"median": self.median, "unit": self.unit, "samples": self.samples}


@dataclass(frozen=True)
class Entry:
    """One line of the report; `gate` and `ambition` carry their sign, such as "<=1.5".

    `ratio` is the median of the ratios of the rounds, not that of the medians.
    """

    name: str
    ratio: float
    gate: str | None
    ambition: str | None
    ours: Side
    limit: Side
    spread: float
    noisy: bool = False
    machine: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.gate is None or holds(self.ratio, self.gate)

    def said(self) -> dict[str, Any]:
        """Return the entry as the JSON report has it."""
        return {**asdict(self), "ours": self.ours.said(), "limit": self.limit.said()}

    def line(self) -> str:
        """Return the entry as a person reads it."""
        reached = "" if self.ambition is None or holds(self.ratio, self.ambition) else "  (goal not reached)"
        return (
            f"{self.name:<22}{self.ratio:8.3f}   gate {self.gate or '–':<8} goal {self.ambition or '–':<8}"
            f" ours {self.ours.median:.4g} {self.ours.unit}, limit {self.limit.median:.4g} {self.limit.unit},"
            f" spread {self.spread:.2f}{' noisy' if self.noisy else ''}"
            f"{'' if self.passed else '  MISSED'}{reached}"
        )


def holds(ratio: float, bound: str) -> bool:
    """Tell whether a ratio keeps a bound such as ">=0.40"."""
    sign, figure = bound[:2], float(bound[2:])
    return ratio <= figure if sign == "<=" else ratio >= figure


def interleaved(ours: Timed, limit: Timed) -> tuple[list[float], list[float], bool]:
    """Return the samples of both sides, taken in turns and in changing order."""
    mine: list[float] = []
    theirs: list[float] = []
    _rounds(ours, limit, mine, theirs)
    noisy = spread_of([a / b for a, b in zip(mine, theirs, strict=True)]) > NOISY
    if noisy:
        _rounds(ours, limit, mine, theirs)
    return mine, theirs, noisy


def _rounds(ours: Timed, limit: Timed, mine: list[float], theirs: list[float]) -> None:
    for turn in range(LEAST_ROUNDS):
        order = [(ours, mine), (limit, theirs)]
        for timed, samples in order if turn % 2 else reversed(order):
            samples.append(timed())


def spread_of(ratios: Sequence[float]) -> float:
    """Return (max − min) ÷ median."""
    return (max(ratios) - min(ratios)) / statistics.median(ratios)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "fsync_ms": _fsync_ms(),
        "python": sys.version.split()[0],
        **_server(),
    }


def _cpu() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _server() -> dict[str, str]:
    """Return the database's version and those settings that a timing depends on."""
    wanted = ["server_version", "fsync", "synchronous_commit", "autovacuum", "shared_buffers"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [wanted])
        return dict(cursor.fetchall())


def sized(full: int, *, least: int = 1) -> int:
    """Return a size as `--scale` asks for."""
    return max(least, int(full * float(os.environ.get("RATECARD_BENCH_SCALE", "1"))))


def compared(
    name: str, ours: Timed, limit: Timed, *, unit: str, gate: str | None, ambition: str | None
) -> Entry:
    """Measure both sides in turns; return the median of the rounds' ratios with what it came from."""
    mine, theirs, noisy = interleaved(ours, limit)
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    sides = Side(mine, unit), Side(theirs, unit)
    return Entry(name, statistics.median(ratios), gate, ambition, *sides, spread_of(ratios), noisy, machine())


def _fsync_ms() -> float:
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "probe").open("wb") as file:
        samples = []
        for _turn in range(20):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            samples.append((time.perf_counter() - began) * 1000)
    return statistics.median(samples)
