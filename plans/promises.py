"""What a version promises beside its prices: SLA and support tiers, frozen when it is published. PURE.

The formulas of a promise are figures of the version's terms. The rest (windows, exclusions, claims, form,
response times) stands beside the terms, as it changes no invoice: terms are what a version charges, and
their hash means equal prices.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from plans.catalogue import Catalogue, SlaTier, SupportTier, Version
from plans.problems import Problem
from plans.shape import Tree, build
from plans.sla_terms import PROMISE_FIELDS, Form, SlaPromise
from plans.support_terms import PROMISE_FIELDS as SUPPORT_FIELDS
from plans.support_terms import SupportPromise
from plans.terms import Document, Formula, Tariff, to_tree
from plans.terms_check import BUILTIN_FACTS, BUILTIN_LABELS
from plans.terms_units import figure_kind
from plans.terms_walk import walk

Promises = Mapping[str, Any]  # option -> the tree of its promise
SMALLEST = ".smallest"  # the figure's code, after the option


def frozen_promise(tier: SlaTier) -> SlaPromise:
    """Return what a tier promises, without its names and its price."""
    return SlaPromise(**{name: getattr(tier, name) for name in PROMISE_FIELDS})


def frozen_support(tier: SupportTier) -> SupportPromise:
    """Return what a support tier promises, without its names and its price."""
    return SupportPromise(**{name: getattr(tier, name) for name in SUPPORT_FIELDS})


def compose_promises(version: Version, catalogue: Catalogue) -> dict[str, Tree]:
    """Return option -> promise of every tier that a version offers, as plain trees."""
    slas = {one.code: frozen_promise(one) for one in catalogue.sla_tiers}
    supports = {one.code: frozen_support(one) for one in catalogue.support_tiers}
    found = {f"sla.{code}": to_tree(slas[code]) for code in version.sla_tiers if code in slas}
    return found | {
        f"support.{code}": to_tree(supports[code]) for code in version.support_tiers if code in supports
    }


def sla_promise(promises: Promises, option: str) -> SlaPromise | None:
    """Return the frozen promise of an SLA option; None where the version froze none."""
    found: SlaPromise | None = _typed(promises, option, SlaPromise)
    return found


def support_promise(promises: Promises, option: str) -> SupportPromise | None:
    """Return the frozen promise of a support option; None where the version froze none."""
    found: SupportPromise | None = _typed(promises, option, SupportPromise)
    return found


def _typed(promises: Promises, option: str, kind: Any) -> Any:
    tree = promises.get(option)
    return None if tree is None else build(tree, kind, "", [])


def _unknowable(document: Document, code: str, path: str) -> Iterator[Problem]:
    """A label such as “review done” may be on record for nobody when a window is judged."""
    known = {*BUILTIN_LABELS, "currency"}
    for figure in document.figures:
        if figure.code not in (f"sla.{code}", f"sla.{code}{SMALLEST}"):
            continue
        for _where, part in walk(figure, ""):
            picks = isinstance(part, (Formula, Tariff)) and part.pick is not None
            if picks and part.pick not in known and part.otherwise is None:
                yield Problem(f"{path}.figure", "promise_else", {"label": part.pick})


def given_problems(document: Document, code: str, promise: SlaPromise, path: str) -> Iterator[Problem]:
    """Yield where a tier's figure and its form do not go together; expects sound terms."""
    kind = figure_kind(document, f"sla.{code}", BUILTIN_FACTS)
    if promise.in_money and kind == "quantity":
        yield Problem(f"{path}.figure", "figure_not_money")
    if not promise.in_money and kind == "money":
        yield Problem(f"{path}.figure", "figure_is_money", {"form": promise.form_word})
    yield from _unknowable(document, code, path)
    pack = promise.form.pack if isinstance(promise.form, Form) else None
    if pack is not None and pack.pool not in document.pools:
        yield Problem(f"{path}.form.pack.pool", "unknown_pool", {"pool": pack.pool})
