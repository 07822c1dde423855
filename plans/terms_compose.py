"""One document from a plan's own terms, the parts it offers, and the charges that close a bill. PURE."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plans.problems import Problem, TermsInvalid, join
from plans.shape import Tree

_MERGED = ("numbers", "labels", "facts", "wording", "pools", "schedules")
_LISTED = ("tags", "options")


@dataclass(frozen=True, slots=True)
class Part:
    """A module or tier: the option that holds it, its own small document, and where that was written."""

    option: str  # module.<code>, sla.<code>, support.<code>, coupon.<code>
    document: Mapping[str, Any]
    path: str = ""


def compose(
    base: Mapping[str, Any],
    parts: Sequence[Part],
    closing: Sequence[Mapping[str, Any]],
    meters: Mapping[str, Mapping[str, Any]] | None = None,
    clashes: list[Problem] | None = None,
) -> dict[str, Any]:
    """Return the version's whole terms as a plain tree.

    A name that two parts use for different things is added to `clashes`; without it, TermsInvalid is raised.
    Plan charges first, then each part's (`held` while its option is), then `closing`: term
    discount and tax. `meters` are the catalogue's; those referred to and not declared are added.
    """
    whole, found = dict(base), [] if clashes is None else clashes
    whole["options"] = _union(base.get("options", []), [part.option for part in parts])
    whole["charges"] = [
        *base.get("charges", []),
        *(_held(one, part.option) for part in parts for one in part.document.get("charges", [])),
        *closing,
    ]
    whole["figures"] = [
        *base.get("figures", []),
        *(_held(one, part.option) for part in parts for one in part.document.get("figures", [])),
    ]
    for part in parts:
        for section in _MERGED:
            whole[section] = _merged(section, whole.get(section, {}), part.document.get(section, {}), found)
        for section in _LISTED:
            whole[section] = _union(whole.get(section, []), part.document.get(section, []))
    whole["meters"] = _used_meters(whole, meters or {})
    if found and clashes is None:
        raise TermsInvalid(found)
    return {section: value for section, value in whole.items() if value or section in base}


def _held(one: Mapping[str, Any], option: str) -> dict[str, Any]:
    return {**one, "held": _union([option], one.get("held", []))}


def _union(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _merged(
    section: str, first: Mapping[str, Any], second: Mapping[str, Any], found: list[Problem]
) -> dict[str, Any]:
    for name in sorted(first.keys() & second.keys()):
        if first[name] != second[name]:
            params = {"name": name, "kinds": section}
            found.append(Problem(join(section, name), "duplicate_name", params))
    return {**first, **{name: value for name, value in second.items() if name not in first}}


def _used_meters(whole: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the declared meters and those of the catalogue that some number refers to."""
    declared = dict(whole.get("meters", {}))
    sections = (whole.get(section, {}) for section in ("charges", "figures", "numbers", "pools"))
    names = {text for section in sections for text in texts_in(section)}
    taken = {*declared, *whole.get("numbers", {}), *whole.get("facts", {}), *whole.get("options", [])}
    return declared | {code: dict(known[code]) for code in sorted(names & known.keys() - taken)}


def texts_in(tree: Tree) -> Iterator[str]:
    """Yield every text of a plain tree: names among them, and more."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for child in tree.values():
            yield from texts_in(child)
    elif isinstance(tree, (list, tuple)):
        for child in tree:
            yield from texts_in(child)


def origins(
    base: Mapping[str, Any],
    parts: Sequence[Part],
    closing: Sequence[Any],
    *,
    base_path: str,
    closing_path: str,
) -> dict[str, str]:
    """Return composed path -> the path somebody wrote, for all that parts and closing bring in."""
    found = {
        join(section, name): join(join(part.path, section), name)
        for part in parts
        for section in _MERGED
        for name in part.document.get(section, {})
        if name not in base.get(section, {})
    }
    for section in ("charges", "figures"):
        paths = [join(join(base_path, section), i) for i in range(len(base.get(section, [])))]
        for part in parts:
            own = part.document.get(section, [])
            paths += [join(join(part.path, section), i) for i in range(len(own))]
        if section == "charges":
            paths += [join(closing_path, i) for i in range(len(closing))]
        found |= {join(section, i): path for i, path in enumerate(paths)}
    return found


def traced(path: str, found: Mapping[str, str], base_path: str) -> str:
    """Return where a path of the composed document was written."""
    for end in (*(index for index, letter in enumerate(path) if letter in ".["), len(path)):
        if path[:end] in found:
            return found[path[:end]] + path[end:]
    return join(base_path, path) if path else base_path
