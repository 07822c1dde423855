"""Names that people read, in both languages or not at all. PURE."""

from collections.abc import Iterator, Mapping

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
