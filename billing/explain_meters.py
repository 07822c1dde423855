"""A meter as sentences: what it came to, the readings behind it, and how they were reduced."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.derivation import Node
from billing.explain_words import Explained, Reader, attribute, number_text
from plans.money import add_up
from plans.templatetags.figures import unit

SHOWN = 6  # groups of one stage told one by one; more are told together
Steps = Callable[[Node, int], Iterator[Explained]]  # the steps of a chain, at a depth


def meter_sentences(node: Node, reader: Reader, depth: int, steps: Steps) -> Iterator[Explained]:
    """Yield one sentence for the meter, one for each place behind it, and the stages between."""
    amount = f"{number_text(node.output)} {unit(node.argument.get('unit', ''))}".strip()
    yield Explained(depth, _("Measured: %(meter)s") % {"meter": reader.named(node.argument["code"])}, amount)
    yield from _places(node, reader, depth + 1)
    inner = node.children[0]
    stages = inner.children[0] if inner.word == "chain" else inner
    if not _is_plain_sum(stages):
        yield from _stages([stages], depth + 1, steps)
    if inner.word == "chain":
        yield from steps(inner, depth + 1)


def _places(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    places: dict[tuple[str, ...], list[Decimal]] = {}
    for leaf in _measured(node):
        band = leaf.argument.get("band", "")
        key = (leaf.argument.get("app", ""), leaf.argument.get("region", ""), band and reader.band(band))
        places.setdefault(key, []).append(leaf.output)
    for place, values in sorted(places.items()):
        yield _place(", ".join(filter(None, place)) or _("all"), values, _first_take(node), depth)
    yield from _reports(node, depth + 1)


def _reports(node: Node, depth: int) -> Iterator[Explained]:
    """Yield what stands in place of events: reports with their evidence, and estimates."""
    leaves = list(_measured(node))
    reported = [leaf for leaf in leaves if "report" in leaf.argument]
    for leaf in reported[:SHOWN] if len(reported) <= SHOWN else ():
        words = {"revision": leaf.argument["report"], "hash": leaf.argument.get("evidence", "–")}
        text = _("Reported, revision %(revision)s, evidence (SHA-256): %(hash)s") % words
        yield Explained(depth, text, number_text(leaf.output))
    if len(reported) > SHOWN:
        words = {"count": number_text(len(reported))}
        text = _("%(count)s reports; each with its evidence on the page of the reading") % words
        yield Explained(depth, text, number_text(add_up(leaf.output for leaf in reported)))
    if estimates := [leaf.output for leaf in leaves if "estimate" in leaf.argument]:
        count = len(estimates)
        text = ngettext("Estimated: %(count)s value", "Estimated: %(count)s values", count)
        yield Explained(depth, text % {"count": count}, number_text(add_up(estimates)))


def _place(place: str, values: Sequence[Decimal], take: str, depth: int) -> Explained:
    """Return what was read in one place: the sum or the extreme that counts, else the span of the values."""
    count = len(values)
    low, high = min(values), max(values)
    words = {"place": place, "count": number_text(Decimal(count))}
    told = ngettext("%(place)s, %(count)s reading", "%(place)s, %(count)s readings", count) % words
    if count == 1 or take == "sum":
        return Explained(depth, told, number_text(add_up(values)))
    if take in ("max", "min"):
        text = _("%(text)s, the highest") if take == "max" else _("%(text)s, the lowest")
        return Explained(depth, text % {"text": told}, number_text(high if take == "max" else low))
    span = {"text": told, "low": number_text(low), "high": number_text(high)}
    return Explained(depth, _("%(text)s, from %(low)s to %(high)s") % span, "")


def _first_take(node: Node) -> str:
    """Return how the readings themselves were taken together; `sum` where nothing else is said."""
    if node.word == "take" and any(child.word == "reading" for child in node.children):
        return node.argument["take"]
    return next((found for child in node.children if (found := _first_take(child))), "") or (
        "sum" if node.word == "meter" else ""
    )


def _measured(node: Node) -> Iterator[Node]:
    """Yield the readings behind a meter; a guess has nothing behind it."""
    if node.word == "reading" and node.argument.get("from") != "assumed":
        yield node
    for child in node.children:
        yield from _measured(child)


def _is_plain_sum(node: Node) -> bool:
    return node.argument.get("take") == "sum" and all(child.word == "reading" for child in node.children)


def _stages(level: Sequence[Node], depth: int, steps: Steps) -> Iterator[Explained]:
    """Yield the stages from fine to coarse; `level` are the groups of the coarsest one."""
    takes = [node.children[0] if node.word == "chain" else node for node in level]
    below = [child for take in takes for child in take.children if child.word != "reading"]
    if below:
        yield from _stages(below, depth, steps)
    if all(_is_nothing(node) for node in level):
        return
    if len(level) > SHOWN:
        yield _together(takes, level, depth)
        return
    for node, take in zip(level, takes, strict=True):
        yield Explained(depth, _taken(take), number_text(take.output))
        if node.word == "chain":
            yield from steps(node, depth + 1)


def _is_nothing(node: Node) -> bool:
    """Return whether a stage had one value to look at and left it as it was."""
    one = node.children[0].output if len(node.children) == 1 else None
    return node.word == "take" and node.output == one


def _together(takes: Sequence[Node], level: Sequence[Node], depth: int) -> Explained:
    """Return one sentence for many groups of a stage."""
    keys = [name for name in takes[0].argument if name not in ("take", "n")]
    words = {
        "how": _how(takes[0]),
        "keys": ", ".join(attribute(key) for key in keys),
        "count": number_text(len(level)),
    }
    values = [node.output for node in level]
    text = _("%(how)s for each %(keys)s, %(count)s in all: from %(low)s to %(high)s, together") % {
        **words, "low": number_text(min(values)), "high": number_text(max(values)),
    }  # fmt: skip
    return Explained(depth, text, number_text(add_up(values)))


def _taken(node: Node) -> str:
    keys = {name: value for name, value in node.argument.items() if name not in ("take", "n")}
    count = len(node.children)
    words = {"how": _how(node), "count": number_text(count)}
    text = ngettext("%(how)s of %(count)s value", "%(how)s of %(count)s values", count) % words
    if not keys:
        return text
    place = ", ".join(f"{attribute(name)} {value or _('(none)')}" for name, value in keys.items())
    return _("%(place)s: %(text)s") % {"place": place, "text": text}


def _how(node: Node) -> str:
    n = node.argument.get("n", "0")
    known = {
        "sum": _("Sum"),
        "count": _("Count"),
        "distinct": _("Number of different ones"),
        "min": _("Lowest"),
        "max": _("Highest"),
        "latest": _("Latest"),
        "mean": _("Average"),
        "nth_highest": _("Rank %(n)s from the top") % {"n": n},
        "mean_of_highest": _("Average of the %(n)s highest") % {"n": n},
        "percentile": _("Percentile %(n)s (nearest rank)") % {"n": n},
        "time_average": _("Average over time, divided by %(n)s,") % {"n": n},
    }
    return known[node.argument["take"]]
