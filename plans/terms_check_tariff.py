"""A tariff checked: its form, and bands that rise and end open or with `ask`. PURE."""

from collections.abc import Iterator
from decimal import Decimal

from plans.problems import Problem, join
from plans.terms import Band, Tariff

_PRICES = ("each", "per", "partial", "flat", "times")


def tariff_problems(path: str, tariff: Tariff) -> Iterator[Problem]:
    """Yield what is wrong with one tariff; its numbers are checked elsewhere."""
    given = [word for word in _PRICES if getattr(tariff, word) is not None]
    if tariff.pick is not None:
        beside = [*given, *(word for word in ("mode", "bands", "by") if getattr(tariff, word) is not None)]
        if beside:
            yield Problem(path, "mixed_forms", {"words": ", ".join(["pick", *beside])})
    elif tariff.bands is None:
        yield from _single(path, tariff)
    else:
        yield from _banded(path, tariff, tariff.bands)


def _single(path: str, tariff: Tariff) -> Iterator[Problem]:
    if tariff.mode is not None:
        yield Problem(join(path, "mode"), "mode_without_bands")
    if tariff.each is None and tariff.flat is None:
        yield Problem(path, "tariff_empty")
    if tariff.by is not None:
        yield Problem(join(path, "by"), "mixed_forms", {"words": "by, no bands"})
    if tariff.partial is not None and tariff.per is None:
        yield Problem(join(path, "partial"), "partial_without_per")


def _banded(path: str, tariff: Tariff, bands: list[Band]) -> Iterator[Problem]:
    if tariff.mode is None:
        yield Problem(path, "mode_missing")
    if tariff.mode == "graduated" and tariff.by is not None:
        yield Problem(join(path, "by"), "by_with_graduated")
    if not bands:
        yield Problem(join(path, "bands"), "bands_empty")
    for index, band in enumerate(bands):
        here = join(join(path, "bands"), index)
        yield from _edge(here, band, last=index == len(bands) - 1)
        yield from _prices(here, tariff, band)
    yield from _rising(path, bands)


def _edge(path: str, band: Band, *, last: bool) -> Iterator[Problem]:
    if band.upto is not None and band.below is not None:
        yield Problem(path, "band_edge_double")
    has_edge = band.upto is not None or band.below is not None
    if last and has_edge:
        yield Problem(path, "last_band_closed")
    if not last and not has_edge:
        yield Problem(path, "band_edge_missing")


def _prices(path: str, tariff: Tariff, band: Band) -> Iterator[Problem]:
    own = [word for word in _PRICES if getattr(band, word) is not None]
    if band.ask and own:
        yield Problem(path, "ask_with_price")
    if not band.ask and all(
        getattr(one, word) is None for one in (band, tariff) for word in ("each", "flat")
    ):
        yield Problem(path, "tariff_empty")
    if band.partial is not None and band.per is None and tariff.per is None:
        yield Problem(join(path, "partial"), "partial_without_per")


def _rising(path: str, bands: list[Band]) -> Iterator[Problem]:
    """Edges rise; `below: 100` may be followed by `upto: 100`, which then holds exactly 100."""
    before: tuple[Decimal, int] | None = None
    for index, band in enumerate(bands):
        text = band.upto if band.below is None else band.below
        if not isinstance(text, str) or not text.replace(".", "", 1).isdigit():
            continue  # an edge that is a formula is known only when rated
        edge = (Decimal(text), 0 if band.below is not None else 1)
        if before is not None and edge <= before:
            params = {"edge": text, "before": format(before[0], "f")}
            yield Problem(join(join(path, "bands"), index), "band_edge_falling", params)
        before = edge
