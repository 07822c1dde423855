"""What several nouns need: metadata that merges, parameters that unset, fields taken over."""

from collections.abc import Iterable

from config.sandbox.errors import Json, unsupported

NOTHING: tuple[object, ...] = (None, "", [], {}, False)


def merged_metadata(before: Json, given: Json) -> Json:
    """Return the metadata after an update: keys merge, an empty value unsets, '' unsets all."""
    if "metadata" not in given:
        return before
    if given["metadata"] == "":
        return {}
    return {key: value for key, value in {**before, **given["metadata"]}.items() if value != ""}


def taken(given: Json, names: Iterable[str]) -> Json:
    """Return those of `names` that were given; '' becomes None."""
    return {name: None if given[name] == "" else given[name] for name in names if name in given}


def refuse(given: Json, names: Iterable[str]) -> None:
    """Refuse parameters that real Stripe obeys and the sandbox would have to ignore."""
    for name in names:
        if given.get(name) not in NOTHING:
            raise unsupported(name)


def address(given: Json | str | None) -> Json | None:
    """Return an address with all of its fields."""
    if not isinstance(given, dict):
        return None
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: given.get(name) or None for name in names}
