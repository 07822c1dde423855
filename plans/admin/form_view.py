"""What the script needs to draw a form: the schema with its words, and the names there are to choose."""

from typing import Any

from plans.admin.form_help import HELP, TEXTS
from plans.admin.form_hints import CLOSED, HIDDEN, IN_LANGUAGES, INSTEAD, MAIN, REFERS, REST, SECTIONS, SHAPES
from plans.admin.form_words import LABELS, VALUES
from plans.catalogue import Version
from plans.form_schema import Described, described
from plans.models import Coupon, Feature, FeatureModule, Meter, SlaTier, SupportTier
from plans.money import EXPONENTS
from plans.terms_check import BUILTIN_FACTS, BUILTIN_LABELS

USUAL = ("CNY", "USD", "EUR", "HKD", "SGD", "JPY", "GBP")
UNITS = ("users", "messages", "requests", "GB", "connections", "minutes", "seats", "money")


def form_schema(kind: Any, *, refers: str = "") -> Described:
    """Return the described schema of `kind` in the reader's language; `refers` completes its keys."""
    found = described(kind, SHAPES)
    for name, struct in found["structs"].items():
        struct["label"] = label(name, "")
        for field in struct["fields"]:
            _dress(name, field)
        for shape in struct.get("shapes", []):
            shape["label"] = label(name, shape["key"])
            shape["help"] = _help(name, shape["key"])
        if name in MAIN:
            struct["main"] = list(MAIN[name])
    if refers:
        found["refers"] = refers
    if kind is Version:
        found["sections"] = _sections(found["structs"])
    found["texts"] = {key: str(text) for key, text in TEXTS.items()}
    found["values"] = {key: str(text) for key, text in VALUES.items()}
    found["labels"] = {key: str(text) for key, text in LABELS.items() if key[-1].isdigit()}
    return found


def label(struct: str, word: str) -> str:
    """Return what people read for a word of a struct; a word nobody named is shown as it is written."""
    found = LABELS.get(f"{struct}.{word}", LABELS.get(word))
    return word.replace("_", " ") if found is None else str(found)


def known_names() -> dict[str, Any]:
    """Return the names that texts are completed with, beside those of the document itself."""
    rows: dict[str, Any] = {
        "meters": Meter,
        "features": Feature,
        "modules": FeatureModule,
        "sla_tiers": SlaTier,
        "support_tiers": SupportTier,
        "coupons": Coupon,
    }
    named = {key: [[one.code, one.name] for one in model.objects.all()] for key, model in rows.items()}
    return {
        **named,
        "facts": [[code, unit] for code, unit in BUILTIN_FACTS.items()],
        "labels": BUILTIN_LABELS,
        "currencies": [*USUAL, *(code for code in EXPONENTS if code not in USUAL)],
        "units": list(UNITS),
        "dimensions": ["app", "region", "user", "day", "hour", "band"],
        "multiples": ["minor", "0.01", "1"],
    }


def _dress(struct: str, field: Described) -> None:
    """Add to a field what people read and how it is completed."""
    name = f"{struct}.{field['name']}"
    field["label"] = label(struct, field["name"])
    field["help"] = _help(struct, field["name"])
    if name in INSTEAD:
        field["instead"] = INSTEAD[name]
    if name in REFERS:
        field["refers"] = REFERS[name]
    for key, names in (("closed", CLOSED), ("languages", IN_LANGUAGES), ("hidden", HIDDEN)):
        if name in names or field.get("refers") in names:
            field[key] = True


def _help(struct: str, word: str) -> str:
    """Return the sentence beside a word; a charge has those of a figure as well."""
    found = HELP.get(f"{struct}.{word}") or (struct == "Charge" and HELP.get(f"Figure.{word}"))
    return str(found) if found else ""


def _sections(structs: dict[str, Described]) -> list[Described]:
    """Return the parts of a version's form; a field that no part names stands in the last one."""
    paths = [f"terms.{one['name']}" for one in structs["Document"]["fields"]]
    paths += [one["name"] for one in structs["Version"]["fields"] if one["name"] != "terms"]
    placed = {path for _key, _title, fields in SECTIONS for path in fields} | {
        name.removeprefix("Version.") for name in HIDDEN
    }
    parts = [
        {"key": key, "title": str(title), "fields": [path for path in fields if path in paths]}
        for key, title, fields in SECTIONS
    ]
    return [*parts, {"key": "rest", "title": str(REST), "fields": [p for p in paths if p not in placed]}]
