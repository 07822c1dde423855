"""Differences as sentences a person reads: charges by their names, bands by their edges. PURE.

Every difference is in exactly one sentence. Some sentences tell several: a module that goes takes its
charges with it, and a band whose edge moves is one removed and one added.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from plans import diff_texts as texts
from plans.diff import Difference, Keys, differences, found_at
from plans.diff_places import (
    NAMESPACES,
    Naming,
    Pair,
    edge_of,
    member_name,
    number_of,
    place_of,
    places_of,
    price_of,
    share_of,
    shown,
    what_of,
    where_of,
)
from plans.errors import spoken
from plans.money import exact, to_multiple
from plans.shape import Tree

__all__ = ["Naming", "Said", "told"]

PARTS = ("module.", "sla.", "support.", "coupon.")
LANGUAGES = {"name", "names", "description"}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, and the differences it tells."""

    text: str
    differences: tuple[Difference, ...]


def told(old: Tree, new: Tree, naming: Naming, found: Sequence[Difference] | None = None) -> list[Said]:
    """Return what changes from `old` to `new` in words, in the order of the document.

    The trees are a version (`terms`, `entitlements`, what it offers), composed terms alone, or a row of a
    catalogue file. `found` are their differences, where the caller has them already.
    """
    pair = Pair(old, new, naming)
    left = list(differences(old, new) if found is None else found)
    groups = [*_parts_that_move(left, pair), *_edges_that_move(left, pair)]
    said = [(min(left.index(one) for one in group.differences), group) for group in groups]
    taken = {id(one) for _place, group in said for one in group.differences}
    said += [(i, Said(_one(d, pair), (d,))) for i, d in enumerate(left) if id(d) not in taken]
    return [one for _place, one in sorted(said, key=lambda each: each[0])]


def _parts_that_move(found: Sequence[Difference], pair: Pair) -> Iterator[Said]:
    """A module or tier offered or withdrawn, with the charges and grants that only its holders have."""
    seen: set[str] = set()
    for anchor in found:
        option = _option(anchor)
        if option and option not in seen:
            seen.add(option)
            own = [one for one in found if one is not anchor and _belongs(one, option, anchor.kind, pair)]
            yield Said(_offer(option, anchor.kind, pair), (anchor, *own))


def _option(one: Difference) -> str:
    """Return the option that a difference adds or removes, empty if it does not."""
    keys = _bare(one.keys)
    if one.kind not in ("added", "removed") or len(keys) != 2:
        return ""
    if keys[0] == "options" and str(keys[1]).startswith(PARTS):
        return str(keys[1])
    is_list = keys[0] in ("modules", "sla_tiers", "support_tiers", "coupons") and keys[1] in (
        one.old,
        one.new,
    )
    return f"{NAMESPACES[str(keys[0])]}.{keys[1]}" if is_list else ""


def _belongs(one: Difference, option: str, kind: str, pair: Pair) -> bool:
    keys = _bare(one.keys)
    if one.kind != kind or len(keys) != 2:
        return False
    if _option(one) == option:  # offered in two places: the list of modules and the options of the terms
        return True
    if keys[0] == "entitlements":
        return keys[1] == option
    tree = pair.at(one.keys)
    return keys[0] in ("charges", "figures") and isinstance(tree, dict) and tree.get("held") == [option]


def _offer(option: str, kind: str, pair: Pair) -> str:
    prefix, _dot, code = option.partition(".")
    table = texts.OFFERED if kind == "added" else texts.WITHDRAWN
    return spoken(table[prefix], {"name": pair.naming.row(prefix, code)})


def _edges_that_move(found: Sequence[Difference], pair: Pair) -> Iterator[Said]:
    """A band with another edge and all else the same."""
    lists: dict[Keys, list[Difference]] = {}
    for one in found:
        if len(one.keys) > 1 and one.keys[-2] == "bands" and one.kind in ("added", "removed"):
            lists.setdefault(one.keys[:-1], []).append(one)
    for keys, both in lists.items():
        if [one.kind for one in both] == ["removed", "added"] and _same_price(both, pair):
            edges = {"old": edge_of(pair, both[0].keys), "new": edge_of(pair, both[1].keys)}
            yield Said(spoken(texts.BAND_MOVES, {"place": place_of(pair, keys), **edges}), tuple(both))


def _same_price(both: Sequence[Difference], pair: Pair) -> bool:
    trees = [pair.at(one.keys) for one in both]
    if not all(isinstance(tree, dict) and ("upto" in tree or "below" in tree) for tree in trees):
        return False
    first, second = ({k: v for k, v in tree.items() if k not in ("upto", "below")} for tree in trees)
    return first == second and "code" not in first


def _one(one: Difference, pair: Pair) -> str:
    """Return the sentence of one difference."""
    keys = _bare(one.keys)
    head = keys[0] if keys else ""
    if one.kind == "moved":
        return _order(one, pair)
    if head in ("entitlements", "features") and len(keys) > 1:
        return _grant(one, keys, pair)
    if head in texts.RULES_NEW and len(keys) == 2 and one.kind != "changed":
        table = texts.RULES_NEW if one.kind == "added" else texts.RULES_GONE
        return spoken(table[str(head)], {"name": pair.naming.row("module", keys[1])})
    if len(keys) == 1 and head in texts.LIST_OFFERED and one.kind in ("added", "removed"):
        return _list_of_parts(one, str(head), pair)
    if len(keys) == 2 and head in ("charges", "closing", "figures") and one.kind != "changed":
        return _charge(one, str(head), pair)
    if len(keys) > 2 and keys[-2] == "bands" and one.kind in ("added", "removed"):
        return _band(one, pair)
    return _field(one, keys, pair)


def _bare(keys: Keys) -> Keys:
    """Return the keys within the terms."""
    return keys[1:] if keys[:1] == ("terms",) and len(keys) > 1 else keys


def _list_of_parts(one: Difference, section: str, pair: Pair) -> str:
    """Return the sentence of a whole list that one side does not have."""
    table = texts.LIST_OFFERED if one.kind == "added" else texts.LIST_WITHDRAWN
    codes = pair.at(one.keys)
    rows = codes if isinstance(codes, list) else [codes]
    names = ", ".join(pair.naming.row(NAMESPACES[section], str(code)) for code in rows)
    return spoken(table[section], {"names": names or "–"})


def _grant(one: Difference, keys: Keys, pair: Pair) -> str:
    if keys[0] == "features" and {one.old, one.new} <= {None, *texts.FOLLOWS}:  # of a version, by module
        return spoken(texts.FOLLOWS[one.new or "pinned"], {"name": pair.naming.row("module", keys[-1])})
    feature = pair.naming.row("feature", keys[-1])
    if len(keys) == 3 and keys[1] != "plan":
        prefix, _dot, code = str(keys[1]).partition(".")
        module = pair.naming.row(prefix, code)
        feature = spoken(texts.WITH_MODULE, {"feature": feature, "module": module})
    text = {"added": texts.GRANTS_NEW, "removed": texts.GRANTS_GONE}.get(one.kind, texts.GRANTS_BECOME)
    return spoken(text, {"feature": feature, **_values(one, pair)})


def _charge(one: Difference, section: str, pair: Pair) -> str:
    name = pair.name_at(one.keys)
    if section == "figures":
        return spoken(texts.FIGURE_IS_NEW if one.kind == "added" else texts.FIGURE_IS_GONE, {"name": name})
    price = price_of(pair.at(one.keys))
    text = texts.CHARGE_IS_NEW if one.kind == "added" else texts.CHARGE_IS_GONE
    return spoken(text, {"name": name, "price": price})


def _band(one: Difference, pair: Pair) -> str:
    params = {
        "place": place_of(pair, one.keys[:-1]),
        "edge": edge_of(pair, one.keys),
        "price": price_of(pair.at(one.keys)),
    }
    return spoken(texts.BAND_IS_NEW if one.kind == "added" else texts.BAND_IS_GONE, params)


def _field(one: Difference, keys: Keys, pair: Pair) -> str:
    """Return the sentence of a field: a number that rises or falls, or one text for another."""
    tree = pair.at(one.keys)
    old, new = number_of(one.old), number_of(one.new)
    if one.kind == "changed" and old is not None and new is not None and old != new:
        return _figure(one, (old, new), pair)
    if keys and keys[-2:-1] and keys[-2] == "steps" and isinstance(tree, dict) and len(tree) == 1:
        (word,) = tree  # a whole step: its word says what it is
        return _placed_value(replace(one, keys=(*one.keys, word)), pair)
    return _placed_value(one, pair)


def _figure(one: Difference, sides: tuple[Decimal, Decimal], pair: Pair) -> str:
    old, new = sides
    if share := _discount(one, pair):
        return spoken(texts.SHARE_RISES if new > old else texts.SHARE_FALLS, share)
    places = max(places_of(old), places_of(new))
    values = {"old": shown(one.old, places), "new": shown(one.new, places)}
    where, what = where_of(pair, one.keys)
    if not where:
        return spoken(texts.WHOLE_BECOMES, {"what": what[:1].upper() + what[1:], **values})
    if old == 0:
        return spoken(texts.RISES_FROM_ZERO, {"place": where, "what": what, **values})
    params = {"place": where, "what": what, "change": _percent(new - old, old), **values}
    return spoken(texts.RISES if new > old else texts.FALLS, params)


def _discount(one: Difference, pair: Pair) -> Mapping[str, str]:
    """Return the words for a discount (a credit that is a share of something), empty for other figures."""
    start = next((i for i, key in enumerate(one.keys) if key in ("charges", "closing")), None)
    if start is None or "times" not in one.keys:
        return {}
    charge = pair.at(one.keys[: start + 2])
    shares = [number_of(one.old), number_of(one.new)]
    is_credit = isinstance(charge, dict) and str(charge.get("credit", "")).lower() == "true"
    if not is_credit or not all(share is not None and 0 <= share <= 1 for share in shares):
        return {}
    keys = one.keys[: start + 2] if _only_case(one.keys, pair) else one.keys[:-1]
    old, new = (share_of(share) for share in shares if share is not None)
    return {"place": place_of(pair, keys), "old": old, "new": new}


def _only_case(keys: Keys, pair: Pair) -> bool:
    """Return whether every other case is zero, so that the case needs no mention."""
    cases = pair.at(keys[:-1])
    if len(keys) < 2 or keys[-2] != "cases" or not isinstance(cases, dict):
        return keys[-1] == "times"
    return all(number_of(value) == 0 for case, value in cases.items() if case != keys[-1])


def _percent(change: Decimal, base: Decimal) -> str:
    with exact():
        share = to_multiple(change * 100 / base.copy_abs(), Decimal("0.1"))
        return f"{share.normalize():+,f} %"


def _placed_value(one: Difference, pair: Pair) -> str:
    texts_of = {
        "added": (texts.IS_NEW, texts.WHOLE_IS_NEW),
        "removed": (texts.IS_GONE, texts.WHOLE_IS_GONE),
        "changed": (texts.BECOMES, texts.WHOLE_BECOMES),
    }
    return _placed(*texts_of[one.kind], pair, one.keys, one)


def _placed(text: str, whole: str, pair: Pair, keys: Keys, one: Difference) -> str:
    where, what = where_of(pair, keys)
    if not where:
        what, text = what[:1].upper() + what[1:], whole
    if keys and keys[-1] in texts.PLURAL:
        text = texts.MANY[text]
    return spoken(text, {"place": where, "what": what, **_values(one, pair)})


def _order(one: Difference, pair: Pair) -> str:
    """Return the sentence of a list in another order: the one thing that moved, else both orders."""
    before, after = (str(side).split(", ") for side in (one.old, one.new))
    where, what = where_of(pair, one.keys) if one.keys else ("", what_of("terms"))
    mover = next((key for key in before if _without(before, key) == _without(after, key)), None)
    if mover is not None and not where:
        place = after.index(mover)
        names = {"what": what, "name": member_name(pair, one.keys, mover)}
        if place == 0:
            return spoken(texts.COMES_FIRST, names)
        return spoken(texts.COMES_AFTER, {**names, "other": member_name(pair, one.keys, after[place - 1])})
    sides = [", ".join(member_name(pair, one.keys, key) for key in side) for side in (before, after)]
    params = {"place": where, "what": what, "old": sides[0], "new": sides[1]}
    return spoken(texts.ORDER if where else texts.WHOLE_ORDER, params)


def _without(keys: Sequence[str], one: str) -> list[str]:
    return [key for key in keys if key != one]


def _values(one: Difference, pair: Pair) -> dict[str, str]:
    """Return both sides for reading; trees are written out."""
    sides = {"old": found_at(pair.old, one.keys), "new": found_at(pair.new, one.keys)}
    is_tariff = one.keys[-1:] in (("price",), ("table",))
    chosen = {
        side: texts.CHOICES.get((str(one.keys[-1]), str(tree))) for side, tree in sides.items() if one.keys
    }
    if any(chosen.values()):
        return {side: spoken(text, {}) if text else shown(sides[side]) for side, text in chosen.items()}
    return {side: _value(tree, getattr(one, side), is_tariff) for side, tree in sides.items()}


def _value(tree: Tree, text: str | None, is_tariff: bool) -> str:
    if is_tariff and isinstance(tree, dict):
        return price_of(tree)
    return shown((text or "") if tree is None else tree)
