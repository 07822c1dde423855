"""What may be held together: modules that require or exclude others, one SLA and one support tier. PURE."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plans.catalogue import Catalogue, Version
from plans.problems import Problem
from plans.terms import Figure
from plans.terms_schedule import TimeBand

MODULE, SLA, SUPPORT, COUPON = "module.", "sla.", "support.", "coupon."
LANGUAGES = ("en", "zh-Hans")


@dataclass(frozen=True, slots=True)
class Rules:
    """What one module says about others, by module code."""

    requires: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Clash:
    """Two things that do not go together. `kind`: requires, excludes or one_only."""

    kind: str
    option: str
    other: str


def modules_in(options: Collection[str]) -> set[str]:
    """Return the module codes among options such as `module.moderation`."""
    return {option.removeprefix(MODULE) for option in options if option.startswith(MODULE)}


def clashes(options: Collection[str], rules: Mapping[str, Rules]) -> list[Clash]:
    """Return every rule that a choice of options breaks, in a stable order."""
    return [*_rule_clashes(modules_in(options), rules), *_tier_clashes(options)]


def missing_requirements(offered: Collection[str], rules: Mapping[str, Rules]) -> list[Clash]:
    """Return the offered modules that could never be held, as what they require is not offered."""
    return [
        Clash("requires", MODULE + module, MODULE + other)
        for module in sorted(offered)
        for other in sorted(rules.get(module, Rules()).requires - set(offered))
    ]


def _rule_clashes(modules: set[str], rules: Mapping[str, Rules]) -> list[Clash]:
    found = missing_requirements(modules, rules)
    for module in sorted(modules):
        for other in sorted(rules.get(module, Rules()).excludes & modules):
            mirrored = Clash("excludes", MODULE + other, MODULE + module)
            if mirrored not in found:  # two modules that exclude each other are one clash
                found.append(Clash("excludes", MODULE + module, MODULE + other))
    return found


def _tier_clashes(options: Collection[str]) -> list[Clash]:
    found = []
    for prefix in (SLA, SUPPORT):
        tiers = sorted(option for option in options if option.startswith(prefix))
        found += [Clash("one_only", tiers[0], other) for other in tiers[1:]]
    return found


def offer_problems(version: Version, catalogue: Catalogue, path: str) -> list[Problem]:
    """Return what keeps a version from being sold although its terms are sound.

    A price needs a currency; every charge and time band a name in both languages, as invoices print them,
    and what is named or described at all is so in both; what an offered module requires must be offered
    too. Paths lead to where somebody wrote the part.
    """
    found = [*_unnamed(version.terms.charges, f"{path}.terms.charges")]
    for code, schedule in version.terms.schedules.items():
        found += _unnamed(schedule.bands, f"{path}.terms.schedules.{code}.bands")
    found += _half_named(version.terms.figures, f"{path}.terms.figures")
    if not version.terms.currency:
        found.insert(0, Problem(f"{path}.terms", "missing_field", {"field": "currency"}))
    found += _unnamed(version.closing, f"{path}.closing")
    for section in ("modules", "sla_tiers", "support_tiers", "coupons"):
        wanted = getattr(version, section)
        for index, part in enumerate(getattr(catalogue, section)):
            if part.code in wanted:
                found += _unnamed(part.charges, f"{section}[{index}].charges")
    rules = {one.code: Rules(frozenset(one.requires), frozenset(one.excludes)) for one in catalogue.modules}
    for clash in missing_requirements(version.modules, rules):
        params = {"code": clash.option.removeprefix(MODULE), "other": clash.other.removeprefix(MODULE)}
        found.append(Problem(f"{path}.modules", "requires_not_offered", params))
    return found


def _half_named(figures: Sequence[Figure], path: str) -> Iterator[Problem]:
    """Yield what one language lacks of figures that are named at all; nothing prints the others' names."""
    for index, figure in enumerate(figures):
        if figure.name:
            yield from _lacking(figure.name, f"{path}[{index}].name")


def _unnamed(charges: Sequence[Figure | TimeBand], path: str) -> Iterator[Problem]:
    for index, charge in enumerate(charges):
        yield from _lacking(charge.name, f"{path}[{index}].name")


def _lacking(name: Mapping[str, str], path: str) -> Iterator[Problem]:
    for language in LANGUAGES:
        if not name.get(language, "").strip():
            yield Problem(path, "missing_translation", {"language": language})
