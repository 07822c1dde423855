"""Where a difference lies and what stood there, in a reader's words. PURE."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from plans import diff_texts as texts
from plans.diff import Key, Keys, found_at
from plans.errors import spoken
from plans.money import exact
from plans.shape import Tree

CODED = ("charges", "closing", "figures")
SILENT = ("terms", "steps", "price", "cases", "bands", "closing", "charges", "reduce", "plan")
NAMESPACES = {
    "modules": "module",
    "sla_tiers": "sla",
    "support_tiers": "support",
    "coupons": "coupon",
    "features": "feature",
    "quotas": "feature",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of catalogue rows by `module.<code>`, `sla.…`, `support.…`, `feature.…`, `meter.…`."""

    language: str = "en"  # en or zh-Hans; the same as the one texts are looked up in
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def row(self, kind: str, code: Key) -> str:
        """Return the name of a row, its code where the catalogue knows none."""
        return self.said(self.names.get(f"{kind}.{code}")) or str(code)

    def said(self, name: Tree) -> str:
        """Return a text of the document in the reader's language."""
        if not isinstance(name, Mapping):
            return ""
        return str(name.get(self.language) or name.get("en") or "")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two documents a difference was found in."""

    old: Tree
    new: Tree
    naming: Naming

    def at(self, keys: Keys) -> Tree:
        """Return what stands there in the new document, else in the old one."""
        found = found_at(self.new, keys)
        return found_at(self.old, keys) if found is None else found

    def name_at(self, keys: Keys) -> str:
        """Return the name of a charge, band or other thing with a code."""
        tree = self.at(keys)
        name = self.naming.said(tree.get("name")) if isinstance(tree, dict) else ""
        return name or str(keys[-1])


def member_name(pair: Pair, keys: Keys, member: str) -> str:
    """Return the name of a member of a list: a charge, an option, a module or tier; else its code."""
    kind, dot, code = member.partition(".")
    if keys[-1:] == ("options",) and dot:
        return pair.naming.row(kind, code)
    if keys and str(keys[-1]) in NAMESPACES:
        return pair.naming.row(NAMESPACES[str(keys[-1])], member)
    return pair.name_at((*keys, member))


def place_of(pair: Pair, keys: Keys) -> str:
    """Return where `keys` lead as a phrase: `Active users, USD, up to 500`; empty for the document."""
    place = ""
    for part in _parts(pair, keys):
        place = spoken(texts.AND_PART, {"place": place, "part": part}) if place else part
    return place


def _parts(pair: Pair, keys: Keys) -> Iterator[str]:
    index = 0
    while index < len(keys):
        key, here = keys[index], keys[: index + 1]
        following = keys[: index + 2] if index + 1 < len(keys) else ()
        if following and (part := _pair_part(pair, following)) is not None:
            yield from [part] if part else []
            index += 2
            continue
        if key not in SILENT:
            yield _single(here)
        index += 1


def _pair_part(pair: Pair, keys: Keys) -> str | None:
    """Return the phrase for a section and its member, None where the two are no such pair."""
    section, member = keys[-2], keys[-1]
    if section in CODED or (section == "bands" and isinstance(found_at_code(pair, keys), str)):
        name = pair.name_at(keys)
        return spoken(texts.SECTIONS["figures"], {"name": name}) if section == "figures" else name
    if section == "bands":
        return edge_of(pair, keys)
    if section == "steps":
        return _step(pair, keys)
    if section == "cases":
        return shown(str(member))
    if section == "meters":
        return pair.naming.row("meter", member)
    if section in NAMESPACES and isinstance(member, str):
        return pair.naming.row(NAMESPACES[str(section)], member)
    if section in texts.SECTIONS:
        return spoken(texts.SECTIONS[str(section)], {"name": member})
    return None


def found_at_code(pair: Pair, keys: Keys) -> Tree:
    """Return the code of what stands there; time bands have one, bands of a tariff have not."""
    tree = pair.at(keys)
    return tree.get("code") if isinstance(tree, dict) else None


def _step(pair: Pair, keys: Keys) -> str:
    """Name a step by its place where another has the same word; else its word says enough."""
    steps, tree = pair.at(keys[:-1]), pair.at(keys)
    word = next(iter(tree), "") if isinstance(tree, dict) else ""
    same = [one for one in steps if isinstance(one, dict) and word in one] if isinstance(steps, list) else []
    if len(same) < 2 or tree not in steps:
        return ""
    return spoken(texts.NTH_STEP, {"number": steps.index(tree) + 1})


def _single(keys: Keys) -> str:
    key = keys[-1]
    if isinstance(key, int):
        return spoken(texts.NTH, {"number": key + 1})
    if key == "else":
        return spoken(texts.OTHERWISE, {})
    return what_of(key)


def what_of(key: Key) -> str:
    """Return the word for a field; one without a word is quoted."""
    known = texts.WHATS.get(str(key))
    return spoken(known, {}) if known else f"“{key}”"


def where_of(pair: Pair, keys: Keys) -> tuple[str, str]:
    """Return the place of a field and the word for the field."""
    place = place_of(pair, keys[:-1])
    last = keys[-1] if keys else "terms"
    if len(keys) > 1 and keys[-2] == "cases":  # the value picked: named by the field that picks
        return place_of(pair, keys), _picked(keys)
    if isinstance(last, int) or last == "else":
        return place_of(pair, keys), _picked(keys)
    if last in ("en", "zh-Hans") and len(keys) > 1 and keys[-2] == "description":
        return place_of(pair, keys[:-2]), what_of("description")
    if last in ("en", "zh-Hans"):
        return place_of(pair, keys[:-2]), what_of(last)
    return place, what_of(last)


def _picked(keys: Keys) -> str:
    """Return the word for the nearest field that holds a case, an operand or a member."""
    for key in reversed(keys[:-1]):
        if isinstance(key, str) and key in texts.WHATS and key not in ("cases", "else", "steps"):
            return what_of(key)
    return what_of("terms")


def edge_of(pair: Pair, keys: Keys) -> str:
    """Return a band's edge as a phrase: up to 500, below 99, above 500 for the open one."""
    word, _space, value = str(keys[-1]).partition(" ")
    if word in ("upto", "below") and value:
        return spoken(texts.UP_TO if word == "upto" else texts.BELOW, {"edge": shown(value)})
    bands = found_at(pair.new, keys[:-1]) or found_at(pair.old, keys[:-1])
    return _open_edge(bands if isinstance(bands, list) else [])


def _open_edge(bands: list[Tree]) -> str:
    for band in reversed(bands):
        if isinstance(band, dict) and "upto" in band:
            return spoken(texts.ABOVE, {"edge": shown(band["upto"])})
        if isinstance(band, dict) and "below" in band:
            return spoken(texts.FROM, {"edge": shown(band["below"])})
    return spoken(texts.REST, {})


def price_of(tree: Tree) -> str:
    """Return what a tariff, band or charge costs in a phrase, where that can be said in one."""
    if not isinstance(tree, dict):
        return spoken(texts.BY_FORMULA, {})
    if "steps" in tree or "of" in tree:
        return _charge_price(tree)
    if isinstance(tree.get("cases"), dict):
        return _joined([f"{case} {price_of(one)}" for case, one in tree["cases"].items()])
    if isinstance(tree.get("bands"), list) and tree["bands"]:
        return _joined([_joined(list(_prices(band))) for band in tree["bands"] if isinstance(band, dict)])
    if list(tree) == ["flat"]:
        return shown(tree["flat"])
    return _joined(list(_prices(tree))) or spoken(texts.BY_FORMULA, {})


def _charge_price(charge: Mapping[str, Tree]) -> str:
    """Return the price a charge has, or the share it takes of others."""
    steps = [step for step in charge.get("steps") or [] if isinstance(step, dict)]
    for step in steps:
        if "price" in step:
            return price_of(step["price"])
    of, share = charge.get("of"), number_of(steps[0].get("times")) if steps else None
    if isinstance(of, dict) and isinstance(of.get("spend"), list) and share is not None and 0 < share <= 1:
        return spoken(texts.SHARE_PRICE, {"share": share_of(share), "charges": _tags(of["spend"])})
    return spoken(texts.BY_FORMULA, {})


def _tags(codes: list[Tree]) -> str:
    """Return charges by the words for their tags; what has no word is quoted."""
    words = [spoken(texts.TAGS[one], {}) if one in texts.TAGS else f"“{one}”" for one in map(str, codes)]
    return _joined(words)


def share_of(share: Decimal) -> str:
    """Return 0.2 as `20 %`."""
    with exact():
        return f"{(share * 100).normalize():f} %"


def _prices(tree: Mapping[str, Tree]) -> Iterator[str]:
    if str(tree.get("ask", "false")).lower() == "true":
        yield spoken(texts.ON_REQUEST, {})
    if "flat" in tree:
        yield spoken(texts.FLAT_PRICE, {"value": shown(tree["flat"])})
    if "each" in tree:
        text = texts.BLOCK_PRICE if "per" in tree else texts.EACH_PRICE
        yield spoken(text, {"value": shown(tree["each"]), "per": shown(tree.get("per", "1"))})


def _joined(parts: list[str]) -> str:
    whole = ""
    for part in parts:
        whole = spoken(texts.COMMA, {"first": whole, "second": part}) if whole else part
    return whole


def number_of(value: Tree) -> Decimal | None:
    """Return a literal as a number, None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.copy_abs() < Decimal(10) ** 30 else None


def shown(value: Tree, places: int = 0) -> str:
    """Return a value for reading: 1,000 · 0.20 · yes · fee × 0.5 stays `times: fee, 0.5`."""
    if isinstance(value, bool) or value in ("true", "false"):
        return spoken(texts.YES if value in (True, "true") else texts.NO, {})
    if value == "unlimited":
        return spoken(texts.UNLIMITED, {})
    if isinstance(value, dict):
        return "; ".join(f"{key}: {shown(part)}" for key, part in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(shown(part) for part in value) or "–"
    number = number_of(value)
    if number is None or (isinstance(value, str) and ("e" in value.lower() or value.startswith("+"))):
        return str(value) if str(value).strip() else f"“{value}”"
    return f"{number:,.{max(places, places_of(number))}f}"


def places_of(number: Decimal) -> int:
    """Return how many decimal places a number is written with."""
    return max(0, -int(number.as_tuple().exponent))
