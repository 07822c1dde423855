"""Names: those that people read, in both languages or not at all, and those that stand for nothing. PURE."""

from collections.abc import Collection, Iterator, Mapping

from plans.problems import Problem, join

LOCALES = ("en", "zh-Hans")


def localised(path: str, name: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is missing or too much in a name; whether it may be left out is for publish to say."""
    if not name or set(name) == set(LOCALES):
        return
    missing = [locale for locale in LOCALES if locale not in name]
    extra = sorted(set(name) - set(LOCALES))
    yield from (Problem(join(path, "name"), "missing_field", {"field": locale}) for locale in missing)
    known = {"known": ", ".join(LOCALES)}
    yield from (Problem(join(path, "name"), "unknown_field", {"field": one, **known}) for one in extra)


def unknown_name(lines: Collection[str], labels: Collection[str], path: str, name: str, near: str) -> Problem:
    """Return the problem of a name that is no number; a charge or a label is told how it is referred to."""
    if name in lines:
        return Problem(path, "name_is_charge", {"name": name})
    if name in labels:
        return Problem(path, "name_is_label", {"name": name})
    return Problem(path, "unknown_name", {"name": name, "near": near})
